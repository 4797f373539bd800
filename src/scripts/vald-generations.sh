#!/bin/sh
# Library of the Vald scripts: what a folder of an index holds, and a pod's generations in the store. It is sourced by a
# script that has refuse_volume, call_rclone and `series`, the pod's folder in the store; it runs nothing by itself:
#   read_state FOLDER                    sets `state` to none, valid or broken, and `vectors` if valid
#   list_series FILE                     lines `time;size;path` of every object in the pod's folder. A status: rclone's
#   list_committed LISTING               prints the ids that have a manifest, highest first
#   read_manifest ID MANIFEST LISTING SUMS
#                                        sets `finished`, `saved` and `vectors` and writes SUMS, as `rclone checksum`
#                                        reads it. A status: 1 sets `fault`, 2 says nothing about the generation
#   print_time SECONDS                   as the repository writes times
# What cannot be read is never taken for empty.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# read_state FOLDER: none is never saved (no *.json or *.kvsdb). Vald writes metadata.json last, so nothing in a
# complete index is newer. What cannot be read has no state: refuse_volume ends the run, or the folder counts as broken.
read_state() {
  state=none
  [ -e "$1" ] || return 0
  state=broken
  files=$(find "$1" -mindepth 1 -maxdepth 1 \( -name '*.json' -o -name '*.kvsdb' \)) || {
    refuse_volume "$1"
    return 0
  }
  if [ -z "$files" ]; then
    state=none
    return 0
  fi
  [ -s "$1/metadata.json" ] || return 0
  text=$(tr -d ' \t\r\n' <"$1/metadata.json") || {
    refuse_volume "$1/metadata.json"
    return 0
  }
  case $text in *'"is_invalid":true'*) return 0 ;; '{'*'"ngt":{"index_count":'[0-9]*'}'*'}') ;; *) return 0 ;; esac
  newer=$(find "$1" -maxdepth 1 -type f -newer "$1/metadata.json") || {
    refuse_volume "$1"
    return 0
  }
  [ -z "$newer" ] || return 0
  count=${text#*'"ngt":{"index_count":'}
  count=${count%%[!0-9]*}
  for file in ngt-meta.kvsdb grp obj prf tre; do
    [ "$count" = 0 ] || [ -s "$1/$file" ] || return 0
  done
  state=valid vectors=$count
}

# --fast-list: one listing and not one for each generation. --use-server-modtime: the store's own time of each object.
list_series() {
  call_rclone lsf -R --files-only --fast-list --use-server-modtime --format tsp --separator ';' \
    "$series" >"$1"
}

list_committed() {
  sed -n 's/^[^;]*;[^;]*;\([1-9][0-9]\{0,9\}\)\/manifest\.json$/\1/p' "$1" >"$1.ids" || return
  sort -rn "$1.ids"
}

# JSON as far as a manifest needs it: names and times have no blanks in them, so none count. Only whole numbers are
# versions of the format; the package's own is a text.
# shellcheck disable=SC2016 # these are fields and variables of awk
manifest_program='
function fail(text) { print text; failed = 1; exit 1 }
function get(source, key,    value) {
  if (!match(source, "\"" key "\":(\"[^\"]*\"|[0-9]+)")) return ""
  value = substr(source, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
  gsub(/"/, "", value)
  return value
}
FILENAME == manifest { text = text $0; next }
{
  path = size = $0
  sub(/^[^;]*;[^;]*;/, "", path)
  sub(/^[^;]*;/, "", size)
  sub(/;.*/, "", size)
  if (index(path, id "/") == 1) listed[substr(path, length(id) + 2)] = size
}
END {
  gsub(/[ \t\r]/, "", text)
  if (text !~ /^[{].*[}]$/ || !match(text, /"files":\[[^]]*\]/)) fail("has a manifest that is not whole")
  files = substr(text, RSTART + 9, RLENGTH - 10)
  rest = substr(text, 1, RSTART - 1) substr(text, RSTART + RLENGTH)
  if (rest !~ /"version":1[,}]/ || get(rest, "kind") != "vald") fail("has a manifest of another format")
  if (get(rest, "backupId") != id) fail("has the manifest of another generation")
  if (get(rest, "clusterId") != cluster) fail("is of another cluster")
  if (get(rest, "pod") != pod) fail("is of another pod")
  if (get(rest, "finished") !~ time || get(rest, "saved") !~ time) fail("has a manifest without times")
  count = split(files, entry, "[}]") - 1
  for (i = 1; i <= count; i++) {
    path = get(entry[i], "path"); size = get(entry[i], "size"); sum = get(entry[i], "sha256")
    if (path !~ /^index\/[A-Za-z0-9_-][A-Za-z0-9._-]*$/ || size !~ /^[0-9]+$/ || sum !~ /^[0-9a-f]+$/ ||
        length(sum) != 64 || path in names) fail("has a manifest with an odd file")
    names[path] = 1
    if (!(path in listed)) fail("lacks " path)
    if (listed[path] != size) fail("has " path " with " listed[path] " bytes and not " size)
    bytes += size
    printf "%s  %s\n", sum, substr(path, 7) >sums
  }
  if (count < 1 || bytes != get(rest, "bytes") + 0) fail("has a manifest whose sizes do not add up")
  print get(rest, "finished"), get(rest, "saved"), get(rest, "vectors")
}'

# read_manifest ID MANIFEST LISTING SUMS
read_manifest() {
  fault='' finished='' saved='' vectors=''
  : >"$4"
  awk -v id="$1" -v manifest="$2" -v sums="$4" -v cluster="$CLUSTER_ID" -v pod="${series##*/}" \
    -v time='^20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z$' \
    "$manifest_program" "$2" "$3" >"$4.facts" || {
    read -r fault <"$4.facts" || return 2
    return 1
  }
  read -r finished saved vectors <"$4.facts"
}

print_time() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
