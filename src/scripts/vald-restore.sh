#!/bin/sh
# Puts a Vald agent's index in place before the agent starts. Rather than let it serve an empty index where there was
# one, it refuses to start. A valid index on the disk wins, and then the store is not even asked.
# Input: the environment, see read_environment. Output: $INDEX_PATH/origin exists; lines on stderr. Exit: 0 the agent
# may start; 1 a command failed; 2 wrong input; 10 to 18 refused, see refuse_start's callers; 143 stopped by a signal.
#
# It may be killed anywhere and run again. All work happens in $stage, which every run removes first, and whatever
# comes into `origin` gets there by renames on one volume that make an index of it with the last. What was set aside for
# it stays in broken/, where the next run sees it as remains of an index: no kill point looks like a volume that never
# held one.
#
# From the store it takes what is newest there: a generation of vald-upload.sh, or the object of Vald's own sidecar. A
# generation that is damaged makes way for the one before; one that cannot be read now does not.
# shellcheck disable=SC2034,SC2154,SC2317 # variables and functions are shared with the libraries
set -eu

for library in generations fetch; do
  # shellcheck source=/dev/null
  . "${0%/*}/vald-$library.sh"
done

log_line() { printf 'vald-restore: %s\n' "$*" >&2; }

# refuse_start CODE MESSAGE HINT
refuse_start() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

refuse_volume() {
  refuse_start 16 "$1 cannot be used by user $(id -u)" 'Look at the volume, its free space and the pod'\''s fsGroup.'
}

refuse_store() {
  refuse_start 12 "$STORE_PATH $1" \
    'Check endpoint, bucket, credentials (list, read, write), network policy and RESTORE_TIMEOUT_SECONDS.'
}

read_environment() {
  : "${BACKUP_METHOD:?persistentVolume, objectStorage or both}"
  : "${INDEX_PATH:?absolute path of two levels or more, on a volume mounted at its parent}"
  : "${COPY_ON_WRITE:?true or false, as the agent has it}"
  : "${BROKEN_INDEX_HISTORY_LIMIT:?entries of broken/ that the agent keeps}"
  : "${POD_NAME:?name of this pod}"
  : "${START_GATE:?absolute path of the named pipe that the agent reads at its start, or none}"
  : "${TERMINATION_LOG:?file whose content Kubernetes shows as the message of this container, or none}"
  check_input BACKUP_METHOD "$BACKUP_METHOD" persistentVolume objectStorage both
  check_input COPY_ON_WRITE "$COPY_ON_WRITE" true false
  check_number BROKEN_INDEX_HISTORY_LIMIT "$BROKEN_INDEX_HISTORY_LIMIT"
  case $INDEX_PATH in
    /*[!/]/*[!/]) ;;
    *) refuse_start 2 "INDEX_PATH is '$INDEX_PATH'" 'Allowed: a path of two levels or more, such as /var/ngt/index.' ;;
  esac
  volume=${INDEX_PATH%/*}
  # Outside INDEX_PATH: an agent without copy-on-write that finds no origin there moves all it sees into one.
  stage=$volume/.restore legacy=$volume/.restore-legacy note=$volume/.restore-note
  agent_stage=$volume/.staging child='' # the agent's TMPDIR
  upload=$volume/.upload as_of_note=$volume/.restored-as-of restored=$volume/.restored
  as_of='' skipped=''
  [ "$BACKUP_METHOD" != persistentVolume ] || return 0
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${CLUSTER_NAME:?name of this cluster}"
  : "${ALLOW_EMPTY_START:?true or false}"
  : "${BACKUP_INTERVAL_SECONDS:?seconds between two backups}"
  : "${RESTORE_TIMEOUT_SECONDS:?seconds that all work with the store may take}"
  : "${RESTORE_AS_OF?time that the index is to be taken back to, once, or empty}"
  check_input ALLOW_EMPTY_START "$ALLOW_EMPTY_START" true false
  check_number BACKUP_INTERVAL_SECONDS "$BACKUP_INTERVAL_SECONDS"
  check_number RESTORE_TIMEOUT_SECONDS "$RESTORE_TIMEOUT_SECONDS"
  case $CLUSTER_ID$CLUSTER_NAME$POD_NAME in
    *[!A-Za-z0-9._-]*) refuse_start 2 'CLUSTER_ID, CLUSTER_NAME or POD_NAME is no name' 'Allowed: A-Z a-z 0-9 . _ -' ;;
  esac
  case $RESTORE_AS_OF in
    '' | 20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) ;;
    *) refuse_start 2 "RESTORE_AS_OF is '$RESTORE_AS_OF'" 'Allowed: a time in UTC, such as 2026-11-21T03:00:00Z.' ;;
  esac
  # Once for each time that is given: what was saved since then must not be lost at the next start.
  series=$STORE_PATH/$POD_NAME text=''
  if [ -s "$as_of_note" ]; then read -r text <"$as_of_note" || :; fi
  [ "$text" = "$RESTORE_AS_OF" ] || as_of=$RESTORE_AS_OF
}

# check_input NAME VALUE ALLOWED…
check_input() {
  name=$1 value=$2
  shift 2
  for allowed; do [ "$value" != "$allowed" ] || return 0; done
  refuse_start 2 "$name is '$value'" "Allowed: $*."
}

check_number() {
  case $2 in '' | 0* | *[!0-9]*) refuse_start 2 "$1 is '$2'" 'Allowed: a whole number from 1.' ;; esac
}

# run_bounded COMMAND…: runs it until the deadline. In the background, because a shell looks at TERM only between
# commands but at once in `wait`. busybox's timeout becomes the command, so a signal to `child` reaches the command.
run_bounded() {
  now=$(date +%s) || return 1
  [ "$now" -lt "$deadline" ] || return 143
  timeout -k 5 $((deadline - now)) "$@" &
  child=$! result=0
  wait "$child" || result=$?
  child=''
  return "$result"
}

# --config '': a file in the image must not say what `store` is. The rest bounds waits and tries; "$@" may widen it.
call_rclone() {
  run_bounded rclone --config '' --contimeout 10s --timeout 30s --retries 2 --retries-sleep 1s --low-level-retries 2 \
    "$@"
}

# What origin holds goes to broken/, and the oldest there goes for good, for room. The folder stays the one it is: a
# sidecar that runs already watches it. metadata.json leaves first: without it what is left is never taken for an index.
empty_origin() {
  mkdir -p "$INDEX_PATH/broken" "$INDEX_PATH/origin"
  read_state "$INDEX_PATH/origin"
  if [ "$state" != none ]; then
    set -- "$INDEX_PATH"/broken/*
    # "$1" stays a pattern when there is no entry, hence -e. The names are times of one length: the oldest comes first.
    while [ -e "$1" ] && [ $# -ge "$BROKEN_INDEX_HISTORY_LIMIT" ]; do
      rm -rf "$1"
      set -- "$INDEX_PATH"/broken/*
    done
    now=$(date +%s)
    kept=$INDEX_PATH/broken/${now}000000000 # nanoseconds, as the agent names them
    mkdir -p "$kept"
    set -- "$INDEX_PATH/origin/metadata.json"
    [ -e "$1" ] || shift
    for file in "$INDEX_PATH"/origin/*; do
      [ "$file" = "$INDEX_PATH/origin/metadata.json" ] || set -- "$@" "$file"
    done
    mv "$@" "$kept/"
    log_line "the broken index is kept in $kept"
  fi
  rm -rf "$INDEX_PATH"/origin/* "$INDEX_PATH"/origin/.[!.]*
}

# replace_origin FOLDER: the only copy of a valid index becomes `origin`, by one rename. Only now may old things go.
# Killed before the last line, FOLDER is found again.
replace_origin() {
  empty_origin
  rm -rf "$INDEX_PATH/origin"
  mv "$1" "$INDEX_PATH/origin"
}

# fill_origin FOLDER: a valid index that can be fetched again moves into `origin`, which stays the folder that the
# sidecar watches. metadata.json comes last and makes it an index; killed before, the next run starts over.
fill_origin() {
  empty_origin
  folder=$1
  set --
  for file in "$folder"/*; do
    [ "$file" = "$folder/metadata.json" ] || set -- "$@" "$file"
  done
  mv "$@" "$folder/metadata.json" "$INDEX_PATH/origin/"
}

# Old agents' layout, files straight in INDEX_PATH. The agent would move them through $TMPDIR, where a kill loses them,
# and not at all once `origin` exists. Here file by file: while $legacy exists, the next run goes on with it.
move_legacy() {
  mkdir -p "$legacy" || refuse_volume "$volume"
  for file in "$INDEX_PATH"/*; do
    if [ -f "$file" ]; then mv "$file" "$legacy/"; fi
  done
  read_state "$legacy"
  [ "$state" = valid ] || refuse_start 14 "$legacy holds no complete index" "Look there, then move it off the volume."
  replace_origin "$legacy"
}

# Sets `disk` to valid (and the index is in `origin`), none or broken. A copy-on-write agent would load `backup` by
# itself, but its next save removes that generation before the new one is in place: as `origin` it is safe. A generation
# that is whole in the agent's staging was about to be put in place. It counts while there is no other: later on it may
# have lain there for long.
settle_disk() {
  disk=valid found=''
  if [ -d "$legacy" ]; then move_legacy; fi
  read_state "$INDEX_PATH/origin"
  [ "$state" != valid ] || return 0
  origin=$state
  read_state "$INDEX_PATH/backup"
  if [ "$COPY_ON_WRITE" = true ] && [ "$state" = valid ]; then
    found=$INDEX_PATH/backup
  elif [ "$COPY_ON_WRITE $origin $state" = 'true none none' ]; then
    for folder in "$agent_stage"/vald/*; do
      read_state "$folder"
      [ "$state" != valid ] || found=$folder
    done
  fi
  if [ -n "$found" ]; then
    log_line "origin holds no valid index ($origin): $found takes its place"
    replace_origin "$found"
    return 0
  fi
  read_state "$INDEX_PATH"
  # Whatever else was saved there, in backup, in broken/ or where a killed agent was moving it, counts as remains.
  remains=''
  if [ -d "$INDEX_PATH" ]; then
    remains=$(find "$INDEX_PATH" -mindepth 2 \( -name '*.json' -o -name '*.kvsdb' \)) || refuse_volume "$INDEX_PATH"
  fi
  if [ -z "$remains" ] && [ "$state" = valid ]; then
    log_line 'moving an index of the old layout into origin'
    move_legacy
  elif [ "$remains$state" = none ]; then
    disk=none
  else
    disk=broken
  fi
}

refuse_broken() {
  refuse_start 14 "$INDEX_PATH holds remains of an index, none of them valid, and $1" \
    'Look at origin, backup and broken/ there. To start empty, deliberately move them off the volume.'
}

# start_agent MESSAGE: the sidecar needs its watch directory, and without one the agent would move broken/ into it. What
# killed agents staged or were moving is never cleared away by Vald; the volume would fill up. The gate must be there
# before the agent is: for one that is missing it would take defaults. `kubectl describe pod` shows the message.
start_agent() {
  mkdir -p "$INDEX_PATH/origin" || refuse_volume "$INDEX_PATH"
  rm -rf "$agent_stage" "$INDEX_PATH"/tmp-[0-9]* || log_line "warning: $agent_stage cannot be emptied"
  [ "$START_GATE" = none ] || [ -p "$START_GATE" ] || mkfifo "$START_GATE"
  log_line "$1"
  [ "$TERMINATION_LOG" = none ] || printf '%s\n' "$1" >"$TERMINATION_LOG" || log_line 'warning: Kubernetes is not told'
  exit 0
}

# A missing bucket ends with 3, a missing prefix too on some stores. Writing the owner file, which creates no bucket,
# tells them apart.
list_store() {
  has_owner='' has_marker='' has_series='' object_size='' object_time='' status=0
  call_rclone lsf --use-server-modtime --format stp --separator ';' "$STORE_PATH" >"$stage/listing" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || refuse_store 'cannot be listed'
  while IFS=';' read -r size time name; do
    case $name in
      owner.json) has_owner=yes ;;
      "$POD_NAME.seen") has_marker=yes ;;
      "$POD_NAME.tar.gz") object_size=$size object_time=$time ;;
      "$POD_NAME/") has_series=yes ;;
    esac
  done <"$stage/listing"
}

# The owner is settled before anything else counts. After writing it the store is listed again, since an empty answer of
# a store that was not itself for a moment must not mean "no object". --ignore-existing: no store is ever taken over.
check_owner() {
  list_store
  if [ -z "$has_owner" ]; then
    [ "$ALLOW_EMPTY_START" = true ] || refuse_start 10 "$STORE_PATH has no owner.json" \
      'Check bucket, prefix and access key. For the very first start of this cluster, set ALLOW_EMPTY_START=true.'
    printf '{"cluster":"%s","clusterId":"%s"}\n' "$CLUSTER_NAME" "$CLUSTER_ID" >"$stage/owner"
    call_rclone copyto --ignore-existing "$stage/owner" "$STORE_PATH/owner.json" ||
      refuse_store 'does not take owner.json'
    list_store
    [ -n "$has_owner" ] || refuse_store 'does not list the owner.json just written'
  fi
  call_rclone cat "$STORE_PATH/owner.json" >"$stage/owner" || refuse_store 'does not give owner.json'
  text=$(tr -d ' \t\r\n' <"$stage/owner") || refuse_volume "$stage"
  id=${text#*'"clusterId":"'}
  id=${id%%'"'*}
  [ "$id" = "$CLUSTER_ID" ] || refuse_start 11 "$STORE_PATH belongs to cluster $id, this is $CLUSTER_ID" \
    'Give this cluster a prefix of its own, or the id of the cluster that it continues.'
}

write_marker() {
  printf '%s\n' "$1" >"$stage/seen" || return 1
  call_rclone copyto --ignore-times "$stage/seen" "$STORE_PATH/$POD_NAME.seen"
}

refuse_object() {
  if [ -s "$stage/messages" ]; then cat "$stage/messages" >&2; fi
  refuse_start 13 "$STORE_PATH/$POD_NAME.tar.gz $1" \
    'Bring back an earlier version of the object (bucket versioning), or enlarge the volume if it is full.'
}

# note_restored ID: for status.json, which vald-upload.sh writes; without an id it was no generation. Before the commit,
# after which nobody knows any more what was left out.
note_restored() {
  if [ -z "$1$skipped" ]; then
    rm -f "$restored"
    return
  fi
  now=$(date +%s)
  time=$(print_time "$now")
  printf '{"at":"%s",%s"skipped":[%s]}\n' "$time" "${1:+\"generation\":$1,}" "$skipped" >"$stage/restored"
  mv "$stage/restored" "$restored"
}

# commit_origin MESSAGE [ID]: make durable, mark, commit. The marker comes before the commit: after it the valid disk
# ends every run early. It is a precaution for a later loss: a store that takes no writes does not stop a good restore.
commit_origin() {
  run_bounded sync -f "$stage/origin" || refuse_volume "$stage"
  note_restored "${2-}"
  now=$(date +%s)
  write_marker "backed-up $now" || log_line "warning: $STORE_PATH takes no writes, so the next backup will fail"
  fill_origin "$stage/origin"
  rm -f "$note"
  note_as_of
  start_agent "$1${skipped:+; fallen back, as generation $skipped is damaged: what was saved since is not in it}"
}

# Download, check, commit.
restore_object() {
  archive=$stage/object.tar.gz
  log_line "restoring $STORE_PATH/$POD_NAME.tar.gz, $object_size bytes"
  call_rclone copyto --retries 3 --low-level-retries 10 "$STORE_PATH/$POD_NAME.tar.gz" "$archive" ||
    refuse_store "does not give $POD_NAME.tar.gz"
  size=$(wc -c <"$archive") || refuse_volume "$stage"
  [ "$size" -eq "$object_size" ] || refuse_object "came with $size bytes, the listing says $object_size"
  run_bounded gzip -t "$archive" 2>"$stage/messages" || refuse_object 'is not a whole gzip file'
  mkdir "$stage/origin"
  # busybox's tar only warns of a path that leads out of the folder, and takes an archive that ends early between files.
  run_bounded tar -x -z -o -f "$archive" -C "$stage/origin" 2>"$stage/messages" || refuse_object 'cannot be unpacked'
  [ ! -s "$stage/messages" ] || refuse_object 'is not as the sidecar writes it'
  odd=$(find "$stage/origin" -mindepth 1 \( ! -type f -o -links +1 \)) || refuse_volume "$stage"
  [ -z "$odd" ] || refuse_object 'has entries that are not plain files'
  read_state "$stage/origin"
  [ "$state" = valid ] || refuse_object 'holds no complete index'
  commit_origin "restored $vectors vectors"
}

# No object, nothing on the disk. The note proves that this script started this very volume empty, so with no index on
# it none was ever saved. It comes before the marker: killed between them, an idle pod would keep an ageing marker and
# no proof. Without a note, only a marker younger than one backup interval excuses: no more than that can be lost.
admit_empty_start() {
  kind='' epoch='' pod='' id='' why='a new pod: starting empty'
  now=$(date +%s)
  if [ -n "$has_marker" ]; then
    call_rclone cat "$STORE_PATH/$POD_NAME.seen" >"$stage/seen" || refuse_store "does not give $POD_NAME.seen"
    read -r kind epoch <"$stage/seen" || :
    case $epoch in '' | 0* | *[!0-9]*) age=$BACKUP_INTERVAL_SECONDS ;; *) age=$((now - epoch)) ;; esac
    if [ -f "$note" ]; then read -r pod id <"$note" || :; fi
    if [ "$kind" = first-start ] && [ "${age#-}" -lt "$BACKUP_INTERVAL_SECONDS" ]; then
      why="warning: first started ${age}s ago, no backup yet: starting empty again"
    elif [ "$kind" = first-start ] && [ "$pod $id" = "$POD_NAME $CLUSTER_ID" ]; then
      why='this volume never held a saved index: starting empty again'
    else
      refuse_start 15 "$POD_NAME was seen before ($kind $epoch) and $STORE_PATH/$POD_NAME.tar.gz is gone" \
        "Bring back a version of the object. If there was no data, deliberately remove $STORE_PATH/$POD_NAME.seen."
    fi
  fi
  printf '%s %s\n' "$POD_NAME" "$CLUSTER_ID" >"$note"
  [ -n "$has_marker" ] || write_marker "first-start $now" || refuse_store "does not take $POD_NAME.seen"
  start_agent "$why"
}

start_valid() {
  rm -f "$note"
  start_agent "the index on the disk is valid: $vectors vectors"
}

main() {
  read_environment
  trap 'rm -rf "$stage" || :' EXIT
  # Waits for what it has told to end, so that nothing writes to $stage any more while the trap of EXIT removes it.
  trap 'if [ -n "$child" ]; then kill "$child" || :; wait "$child" || :; fi
    log_line "stopped by a signal, the next run starts over"; exit 143' TERM INT
  rm -rf "$stage" || log_line "warning: $stage cannot be removed"
  settle_disk
  if [ "$disk$as_of" = valid ]; then start_valid; fi
  # Where a gate is there already, so is a sidecar. Told to stop now, it would upload whatever has a metadata.json.
  if [ "$disk" = broken ] && [ -p "$START_GATE" ] && [ -e "$INDEX_PATH/origin/metadata.json" ]; then
    mv "$INDEX_PATH/origin/metadata.json" "$INDEX_PATH/origin/broken-metadata.json"
  fi
  if [ "$BACKUP_METHOD" = persistentVolume ]; then
    [ "$disk" = none ] || refuse_broken 'there is no store to restore from'
    start_agent 'no index on the volume: starting empty'
  fi
  now=$(date +%s)
  deadline=$((now + RESTORE_TIMEOUT_SECONDS))
  mkdir "$stage" || refuse_volume "$volume"
  found=${vectors-}
  check_owner
  list_generations
  check_as_of
  vectors=$found
  if [ "$disk$as_of" = valid ]; then start_valid; fi
  restore_newest
  [ "$disk" = none ] || refuse_broken "$STORE_PATH has no $POD_NAME.tar.gz"
  admit_empty_start
}

main "$@"
