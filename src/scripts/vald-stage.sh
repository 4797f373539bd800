#!/bin/sh
# Library of vald-upload.sh: the copy of the index on the volume, from which it is uploaded. It is sourced by a script
# that has run_bounded, log_line and the folders $origin, $stage and $work, defines functions and runs nothing:
#   sign_origin                          sets `signature`. A status
#   stage_origin                         makes the copy of what has that signature. A status
#   is_staged                            a status: whether the copy is what has that signature
#   hash_stage                           writes $work/sums, as `rclone checksum` reads it. A status
#   print_manifest                       of the copy, as the generation `generation`; sets `bytes` and `saved`. A status
# The copy counts once it has its signature, and after a restart only with its hashes.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# What tells one save from another: of each file its inode, size and time in nanoseconds. A file that was written again
# differs in its time, because what is copied here has been quiet for a while.
sign_origin() {
  signature=$(cd "$origin" 2>/dev/null && stat -c '%i %s %y %n' ./* 2>/dev/null)
}

# stage_origin: a copy on the volume that no save can change any more. With copy-on-write the agent replaces files and
# never writes to one that is in place, so another name for each is a copy, without room or time. Without it a save
# writes to the very files, and to every other name of theirs with them: only a copy of the bytes is one. metadata.json
# is copied in either case; the restore and the agent may change that one. A save in between shows in the signature, and
# one that was under way in the state of the copy.
stage_origin() {
  before=$signature
  read_state "$origin"
  [ "$state" = valid ] || return 1
  { rm -rf "$stage" && mkdir -p "$stage/index"; } || return
  if [ "$COPY_ON_WRITE" = true ] && ln "$origin"/* "$stage/index/" 2>/dev/null; then
    cp -p "$origin/metadata.json" "$stage/metadata" && mv -f "$stage/metadata" "$stage/index/metadata.json" || return
  else
    rm -rf "$stage/index" && mkdir "$stage/index" && run_bounded cp -p "$origin"/* "$stage/index/" || return
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
    "saved": "$saved",
    "vectors": $vectors
  },
  "version": 1
}
MANIFEST
}
