#!/bin/sh
# Library of vald-restore.sh: what the store has of a pod, and what of it becomes the index. It is sourced after
# vald-generations.sh by a script that has refuse_start, refuse_store, refuse_volume, call_rclone, run_bounded,
# restore_object and commit_origin, defines functions and runs nothing:
#   list_generations                     lists them into $stage/series and $stage/ids
#   check_as_of                          empties `as_of` if this pod was taken back to that time before
#   note_as_of                           notes that it was
#   restore_newest                       ends the run with the index in place, or returns if there is nothing to restore
# A generation that is damaged makes way for the one before. What cannot be read now ends the run: nobody knows whether
# it is damaged, and the one before would be the loss of what was saved since.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# number_of TIME: sets `number`, which grows with the time: 2026-11-21T03:24:08Z and 2026-11-21 03:24:08 are alike.
number_of() {
  IFS='-T:Z ' read -r year month day hour minute second _ <<TIME
$1
TIME
  number=$year$month$day$hour$minute$second
}

# is_after TIME OTHER
is_after() {
  number_of "$1"
  first=$number
  number_of "$2"
  [ "$first" -gt "$number" ]
}

# Lists the pod's generations. The store has just said that there is a folder of them: an empty answer is none.
list_generations() {
  : >"$stage/ids"
  [ -n "$has_series" ] || return 0
  list_series "$stage/series" || refuse_store "cannot be listed at $POD_NAME"
  [ -s "$stage/series" ] || refuse_store "lists nothing in $POD_NAME"
  list_committed "$stage/series" >"$stage/ids" || refuse_volume "$stage"
}

# Sets `as_of` to nothing where the store says that this pod was taken back to that time already: the note on the volume
# went with its volume.
check_as_of() {
  [ -n "$as_of" ] && [ -n "$has_series" ] || return 0
  text=$(sed -n 's/^[^;]*;[^;]*;restored-as-of$/there/p' "$stage/series")
  [ -n "$text" ] || return 0
  call_rclone cat "$series/restored-as-of" >"$stage/as-of" || refuse_store 'does not give restored-as-of'
  read -r text <"$stage/as-of" || text=''
  [ "$text" = "$as_of" ] || return 0
  as_of=''
  printf '%s\n' "$text" >"$as_of_note"
}

# The index is what it was at that time. Noted in the store before the agent starts: killed in between, it is only done
# again, but a pod that lost its volume later must not lose what it saved since. The volume's own note comes last.
note_as_of() {
  [ -n "$as_of" ] || return 0
  printf '%s\n' "$as_of" >"$stage/as-of"
  call_rclone copyto --ignore-times "$stage/as-of" "$series/restored-as-of" ||
    refuse_store 'does not take restored-as-of'
  cp "$stage/as-of" "$as_of_note.new"
  mv "$as_of_note.new" "$as_of_note"
}

# get_manifest ID: a status with `fault`, or what read_manifest sets. Only what its manifest says makes way for the one
# before.
get_manifest() {
  call_rclone cat "$series/$1/manifest.json" >"$stage/manifest" ||
    refuse_store "does not give generation $1"
  status=0
  read_manifest "$1" "$stage/manifest" "$stage/series" "$stage/sums" || status=$?
  [ "$status" -lt 2 ] ||
    refuse_start 1 "the manifest of generation $1 could not be looked at" 'The next run starts over.'
  return "$status"
}

# is_whole SUMS FOLDER: rclone ends with 1 where a file differs or is missing. At the deadline nobody knows.
is_whole() {
  status=0
  run_bounded rclone --config '' checksum sha256 "$1" "$2" 2>"$stage/messages" || status=$?
  [ "$status" -lt 2 ] || refuse_start 12 "$2 could not be compared in $RESTORE_TIMEOUT_SECONDS seconds ($status)" \
    'Look at RESTORE_TIMEOUT_SECONDS: the next run starts over.'
  return "$status"
}

# fetch_generation ID: into $stage/origin; a status, with `fault`. What came is compared with the manifest's hashes; a
# difference is looked at twice, since a broken connection looks like one.
fetch_generation() {
  get_manifest "$1" || return
  log_line "restoring generation $1 of $series, saved at $saved"
  for _ in 1 2; do
    rm -rf "$stage/origin"
    # The manifest decides what is right, and not what the store remembers of an upload.
    call_rclone copy --ignore-checksum --retries 3 --low-level-retries 10 "$series/$1/index" \
      "$stage/origin" ||
      refuse_store "does not give generation $1"
    if is_whole "$stage/sums" "$stage/origin"; then
      # Not every store keeps the times of files, and the newest is what makes an index.
      touch "$stage/origin/metadata.json" || refuse_volume "$stage"
      expected=$vectors
      read_state "$stage/origin"
      [ "$state$vectors" != "valid$expected" ] || return 0
      fault='holds no complete index of as many vectors as its manifest says'
      return 1
    fi
  done
  fault='has other content than its manifest says'
  return 1
}

# A copy that vald-upload.sh had not yet brought to the store is newer than what is there, and as good: it has hashes.
# A copy of it becomes the index, because a kill in between would leave neither.
restore_staged() {
  { [ -z "$as_of" ] && [ -s "$upload/signature" ] && [ -s "$upload/sums" ]; } || return 0
  newest=$object_time
  read -r id <"$stage/ids" || id=''
  if [ -n "$id" ] && get_manifest "$id"; then newest=$saved; fi
  read_state "$upload/index"
  [ "$state" = valid ] || return 0
  epoch=$(stat -c %Y "$upload/index/metadata.json") || refuse_volume "$upload"
  time=$(print_time "$epoch")
  if [ -n "$newest" ] && ! is_after "$time" "$newest"; then return 0; fi
  is_whole "$upload/sums" "$upload/index" || return 0
  log_line "taking the copy in $upload, saved at $time: it is newer than what the store has"
  rm -rf "$stage/origin"
  run_bounded cp -pr "$upload/index" "$stage/origin" || refuse_volume "$stage"
  commit_origin "restored $vectors vectors that were not yet uploaded"
}

# The newest generation that is whole, of those that were saved by `as_of`. The object of Vald's own sidecar comes where
# it belongs by the store's own times: a cluster may have gone from one uploader to the other and back.
restore_newest() {
  if [ -n "$as_of" ] && [ -n "$object_size" ] && is_after "$object_time" "$as_of"; then object_size=''; fi
  restore_staged
  while read -r id <&3; do
    if [ -n "$object_size" ]; then
      time=$(sed -n "s/;[^;]*;$id\/manifest\.json\$//p" "$stage/series")
      if is_after "$object_time" "$time"; then restore_object; fi
    fi
    if [ -n "$as_of" ] && get_manifest "$id" && is_after "$saved" "$as_of"; then continue; fi
    : >"$stage/messages"
    if fetch_generation "$id"; then
      commit_origin "restored generation $id: $vectors vectors, saved at $saved" "$id"
    fi
    skipped=$skipped${skipped:+,}$id
    log_line "warning: generation $id $fault: trying the one before"
    if [ -s "$stage/messages" ]; then cat "$stage/messages" >&2; fi
  done 3<"$stage/ids"
  [ -z "$skipped" ] || refuse_start 13 "no generation in $series is whole" \
    'Bring back earlier versions of the objects that are damaged (bucket versioning).'
  if [ -n "$object_size" ]; then restore_object; fi
  [ -z "$as_of" ] || refuse_start 18 "$STORE_PATH has nothing of $POD_NAME that was saved by $as_of" \
    'Give a later time, or none: the index on the disk is as it was.'
}
