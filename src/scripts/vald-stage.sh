#!/bin/sh
# Library of vald-upload.sh: the copy of the index on the volume, from which it is uploaded, and what is said of it. It
# is sourced after vald-search.sh by a script that has run_bounded, log_line and the folders $volume, $origin, $stage
# and $work, defines functions and runs nothing:
#   sign_origin                          sets `signature`. A status
#   search_origin                        writes $work/searches, and sets `searched` to the signature that they are of
#   stage_origin                         makes the copy of what has that signature. A status
#   is_staged                            a status: whether the copy is what has that signature
#   hash_stage                           writes $work/sums, as `rclone checksum` reads it. A status
#   print_manifest                       of the copy, as the generation `generation`; sets `bytes` and `saved`. A status
#   print_status                         what is in the store of the index on the disk, as of now. A status
# The copy counts once it has its signature, and after a restart only with its hashes.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# What tells one save from another: of each file its inode, size and time in nanoseconds. A file that was written again
# differs in its time, because what is copied here has been quiet for a while.
sign_origin() {
  signature=$(cd "$origin" 2>/dev/null && stat -c '%i %s %y %n' ./* 2>/dev/null)
}

# What a search has found, as the manifest has it. Ten of the eleven nearest, but only those that are nearer than the
# last: where several are as near, nobody knows which of them the next search finds.
# shellcheck disable=SC2016 # these are fields and variables of awk
search_program='
function text(bytes,    byte, i, count, all) {
  count = split(bytes, byte, " ")
  for (i = 1; i <= count; i++)
    if (byte[i] == 34 || byte[i] == 92) all = all sprintf("\\%c", byte[i] + 0)
    else if (byte[i] < 32) all = all sprintf("\\u%04x", byte[i])
    else all = all sprintf("%c", byte[i] + 0)
  return "\"" all "\""
}
END {
  for (one = 1; one <= asked; one++) {
    last = results = search_results(one)
    if (results > 10) while (last > 0 && distance[last] == distance[results]) last--
    if (last < 1) continue
    printf "%s      {\n        \"id\": %s,\n        \"nearest\": [", (written++ ? ",\n" : ""), text(line[one])
    for (i = 1; i <= last; i++) printf "%s\n          %s", (i > 1 ? "," : ""), text(found[i])
    printf "\n        ]\n      }"
  }
}'

# Whether the agent answers, and serves as many vectors as were saved and nothing that was not.
is_idle() {
  reason='the agent does not answer'
  ask_agent 5 1 "$work/none" && read_answer "$work/none" 'END { print count, info[2] + info[3] + info[4] }' \
    >"$work/facts" && read -r count others <"$work/facts" || return
  reason="the agent has $count vectors and is not idle, saved are $vectors"
  [ "$count $others" = "$vectors 0" ]
}

# search_origin: what the agent finds for a few of the ids that were saved, for a restore drill to compare. It does so
# beside the backup: an agent that does not answer, or has gone on since its save, costs it some seconds and a log line.
search_origin() {
  searched='' reason='its ids cannot be read'
  [ "$port" != none ] && [ "$vectors" != 0 ] || return 0
  : >"$work/none"
  if sample_ids "$origin/ngt-meta.kvsdb" 10 >"$work/ids" && [ -s "$work/ids" ] && is_idle &&
    reason='the agent does not answer' && ask_agent 5 11 "$work/ids" && reason='the agent finds nothing' &&
    read_answer "$work/ids" "$search_program" >"$work/searches" && [ -s "$work/searches" ] && is_idle; then
    searched=$signature
  else
    log_line "this save goes up without searches: $reason"
  fi
}

# stage_origin: a copy on the volume that no save can change any more. With copy-on-write the agent replaces files and
# never writes to one that is in place, so another name for each is a copy, without room or time. Without it a save
# writes to the very files, and to every other name of theirs with them: only a copy of the bytes is one, which a file
# system such as XFS makes without room or time too, if it is asked to. metadata.json is copied in either case; the
# restore and the agent may change that one. A save in between shows in the signature, and one that was under way in the
# state of the copy.
stage_origin() {
  before=$signature
  read_state "$origin"
  [ "$state" = valid ] || return 1
  { rm -rf "$stage" && mkdir -p "$stage/index"; } || return
  if [ "$COPY_ON_WRITE" = true ] && ln "$origin"/* "$stage/index/" 2>/dev/null; then
    cp -p "$origin/metadata.json" "$stage/metadata" && mv -f "$stage/metadata" "$stage/index/metadata.json" || return
  else
    rm -rf "$stage/index" && mkdir "$stage/index" || return
    run_bounded cp --reflink=always -p "$origin"/* "$stage/index/" 2>/dev/null ||
      run_bounded cp -p "$origin"/* "$stage/index/" || return
  fi
  if ! sign_origin || [ "$signature" != "$before" ]; then
    log_line 'the index was saved while it was copied: copying it again'
    return 1
  fi
  read_state "$stage/index"
  [ "$state" = valid ] || return 1
  printf '%s\n' "$signature" >"$stage/new" && mv "$stage/new" "$stage/signature"
}

# hash_folder FOLDER FILE: as `rclone checksum` reads it, sorted by name.
hash_folder() {
  run_bounded rclone --config '' --checkers "$TRANSFERS" hashsum sha256 "$1" >"$work/hashes" &&
    sort -k 2 "$work/hashes" >"$2"
}

# hash_stage: taken where the files are, before the upload. A copy that lies there from before a restart may have lost
# what was not yet on the disk: it counts only if it still is what it was.
hash_stage() {
  hash_folder "$stage/index" "$work/sums" || return
  if [ -s "$stage/sums" ] && ! cmp -s "$work/sums" "$stage/sums"; then
    log_line "warning: the copy in $stage has changed since it was made: making it again"
    rm -rf "$stage"
    return 1
  fi
  cp "$work/sums" "$stage/new" && mv "$stage/new" "$stage/sums"
}

is_staged() { [ -s "$stage/signature" ] && [ "$signature" = "$(cat "$stage/signature")" ]; }

print_manifest() {
  rclone --config '' version >"$work/version" || return
  read -r _ version <"$work/version"
  bytes=0 files=''
  while read -r sum name; do
    size=$(stat -c %s "$stage/index/$name") || return
    bytes=$((bytes + size))
    files="$files${files:+,}
    {
      \"path\": \"index/$name\",
      \"sha256\": \"$sum\",
      \"size\": $size
    }"
  done <"$work/sums"
  searches=''
  if [ -n "$searched" ] && [ "$searched" = "$(cat "$stage/signature")" ]; then
    searches=$(cat "$work/searches") || return
    searches=$(printf '\n    "searches": [\n%s\n    ],' "$searches")
  fi
  started=$(sed -n 's/.*"started": "\(.*\)".*/\1/p' "$stage/started") || return
  now=$(stat -c %Y "$stage/index/metadata.json") || return
  saved=$(print_time "$now") || return
  now=$(date +%s) || return
  finished=$(print_time "$now") || return
  cat <<MANIFEST
{
  "backupId": $generation,
  "bytes": $bytes,
  "clusterId": "$CLUSTER_ID",
  "clusterName": "$CLUSTER_NAME",
  "encryption": {
    "type": "none"
  },
  "files": [$files
  ],
  "finished": "$finished",
  "kind": "vald",
  "script": {
    "name": "vald-upload.sh",
    "version": "$PACKAGE_VERSION"
  },
  "started": "$started",
  "tools": {
    "rclone": "${version#v}"
  },
  "vald": {
    "copyOnWrite": $COPY_ON_WRITE,
    "pod": "$POD_NAME",
    "saved": "$saved",$searches
    "vectors": $vectors
  },
  "version": 1
}
MANIFEST
}

# restored: what vald-restore.sh has put onto this volume last, and what it had to leave out for that.
print_status() {
  restored=''
  if [ -s "$volume/.restored" ]; then read -r restored <"$volume/.restored" || restored=''; fi
  case $restored in '{"at":"'*'}') restored="\"restored\":$restored," ;; *) restored='' ;; esac
  now=$(date +%s) || return
  checked=$(print_time "$now") || return
  printf '{"backupId":%s,"checked":"%s","clusterId":"%s",' "$done_id" "$checked" "$CLUSTER_ID" &&
    printf '"pod":"%s","podUid":"%s",%s"saved":"%s",' "$POD_NAME" "$POD_UID" "$restored" "$saved" &&
    printf '"state":"current","vectors":%s,"version":1}\n' "$vectors"
}
