#!/usr/bin/env bash
# Library of rondb-restore.sh and rondb-verify.sh: one backup set as it is in the store. It is sourced after
# rondb-run.sh and rondb-store.sh, defines functions and runs nothing:
#   get_manifest FOLDER ID FILE          gets a manifest. A status: 12 the store, 19 it is none: sets `fault`
#   list_set FOLDER FILE                 lists the objects of a set: lines of path, tab, size
#   compare_set MANIFEST LISTING         lines of path, tab, what is wrong; none if every file is listed in its size
#   derive_manifest ID LISTING FILE      of a set without manifest, from what is listed. A status; sets `fault`
#   run_parallel MOST FILE FUNCTION      FUNCTION for each line of a file, so many at once. A status
# What cannot be read is never taken for empty.
# shellcheck disable=SC2016,SC2034,SC2154 # programs of jq; variables of the script that sources this

# Definitions for jq. `fault` says what is wrong with a manifest, or null: the same as the package's readManifest as far
# as a restore depends on it.
set_program='def is_count: type == "number" and . >= 0 and . == floor;

def is_path: type == "string" and length <= 1024 and (test("[[:cntrl:]]") | not)
  and (split("/") | length > 0 and all(.[]; . != "" and . != "." and . != ".."));

def is_file: type == "object" and (.path | is_path) and (.size | is_count)
  and (.sha256 | type == "string" and test("^[0-9a-f]{64}$"));

def is_node: type == "object" and (.nodeId | is_count) and .nodeId >= 1 and .nodeId <= 144
  and (.parts | is_count) and .parts >= 1 and .parts <= 128;

# Every file that a set must have: each row is in the files of one node only, and ndb_restore misses none of them.
def inventory($id): "users.sql", "databases.sql", (.[] | .nodeId as $node | .parts as $parts
  | range(1; $parts + 1) as $part
  | "rondb/\($node)/" + (if $parts == 1 then "" else "BACKUP-\($id)-PART-\($part)-OF-\($parts)/" end)
  | . + "BACKUP-\($id)-0.\($node).Data", . + "BACKUP-\($id).\($node).ctl", . + "BACKUP-\($id).\($node).log");

def fault($id): if type != "object" then "is no object"
  elif .version != 1 then "has version \(.version), and this release knows 1"
  elif .kind != "rondb" then "is of \(.kind) and not of rondb"
  elif .backupId != $id then "says that it is backup \(.backupId)"
  elif (.clusterId | type) != "string" or (.finished | type) != "string" then "does not say whose it is, and when"
  elif (.files | type) != "array" or (all(.files[]; is_file) | not) then "has no files, or one without path, size, hash"
  elif (.files | map(.path) | unique | length) != (.files | length) then "names a file twice"
  elif (.files | map(.size) | add) != .bytes then "has sizes that do not add up"
  elif [.rondb.records, .rondb.logRecords] | all(.[]; is_count) | not then "has no counts of rows"
  elif (.rondb.topology.nodes | type) != "array" then "names no nodes"
  else .rondb.topology.nodes as $nodes | (reduce .files[].path as $path ({}; .[$path] = 1)) as $there
    | if ($nodes | length) == 0 or (all($nodes[]; is_node) | not) then "names no nodes, or odd ones"
      elif ($nodes | map(.nodeId) | unique | length) != ($nodes | length) then "names a node twice"
      elif ($nodes | map(.parts) | unique | length) != 1 then "has nodes with different numbers of parts"
      elif ($nodes | map(.nodeGroup) | unique | length) != .rondb.topology.nodeGroups
      then "has not a node of every node group"
      else first(($nodes | inventory($id)) | select(. as $path | $there | has($path) | not) | "lacks \(.)"), null
      | . end end;

# From a listing alone: all parts of each node that has any.
def derived($id): map({path: .[0], size: .[1]})
  | map(select(.path | test("^(users|databases)\\.sql$|^rondb/[1-9][0-9]*/")))
  | . as $files | (map(.path | capture("^rondb/(?<node>[0-9]+)/(BACKUP-[0-9]+-PART-[0-9]+-OF-(?<parts>[0-9]+)/)?"))
    | group_by(.node) | map({nodeId: (.[0].node | tonumber), parts: ([.[].parts // "1" | tonumber] | max)})) as $nodes
  | {backupId: $id, verified: false, bytes: ($files | map(.size) | add), files: ($files | sort_by(.path)),
     rondb: {topology: {nodes: ($nodes | sort_by(.nodeId))}}};

def derived_fault($id): (reduce .files[].path as $path ({}; .[$path] = 1)) as $there | .rondb.topology.nodes as $nodes
  | if ($nodes | length) == 0 then "has no files of data nodes"
    elif ($nodes | map(.parts) | unique | length) != 1 then "has nodes with different numbers of parts"
    else first(($nodes | inventory($id)) | select(. as $path | $there | has($path) | not) | "lacks \(.)"), null
    | . end;
'

# get_manifest FOLDER ID FILE
get_manifest() {
  fault=''
  retry_command get_text "$1/manifest.json" "$3" || return 12
  if [[ ! -s $3 ]]; then
    fault='has no manifest'
  else
    fault=$(jq -r "$set_program first(fault($2) // \"\")" "$3" 2>/dev/null) || fault='is not JSON'
  fi
  [[ -z $fault ]] || return 19
}

# rclone ends with 3 where a folder is not there.
list_set() {
  local result=0
  call_rclone lsjson -R --files-only --no-modtime --no-mimetype "$1" >"$2.json" || result=$?
  ((result != 3)) || printf '[]' >"$2.json"
  ((result == 0 || result == 3)) || return 1
  jq -r '.[] | "\(.Path)\t\(.Size)"' "$2.json" >"$2"
}

compare_set() {
  call_jq -r --rawfile listing "$2" '
    ($listing | split("\n")[:-1] | map(split("\t")) | reduce .[] as $line ({}; .[$line[0]] = ($line[1] | tonumber)))
      as $sizes
    | .files[] | $sizes[.path] as $size | select($size != .size)
    | "\(.path)\t\(if $size == null then "is missing" else "has \($size) bytes and not \(.size)" end)"' "$1"
}

derive_manifest() {
  call_jq -R '. / "\t" | [.[0], (.[1] | tonumber)]' "$2" >"$3.lines"
  call_jq -s "$set_program derived($1)" "$3.lines" >"$3"
  fault=$(jq -r "$set_program first(derived_fault($1) // \"\")" "$3") || fault='cannot be read'
  [[ -z $fault ]]
}

# After a failure no more are begun. Each status counts: whoever only waits for all of them gets 0 whatever they did.
run_parallel() {
  local line running=0 failed=''
  while IFS= read -r line; do
    if ((running >= $1)); then
      wait -n || failed=yes
      running=$((running - 1))
    fi
    [[ -z $failed ]] || break
    "$3" "$line" </dev/null &
    running=$((running + 1))
  done <"$2"
  for (( ; running > 0; running--)); do wait -n || failed=yes; done
  [[ -z $failed ]]
}
