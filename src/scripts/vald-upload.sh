#!/bin/sh
# Uploads a Vald agent's index each time it was saved, as a new generation in the pod's folder in the store, at most one
# in a backup interval, and once more when it is told to stop: as a native sidecar that is after the agent's last save.
# Input: the environment, see read_environment. Output: lines on stderr; generations, and status.json, in the store.
# Exit: 0 told to stop, and what was saved is in the store; 2 wrong input; 10 to 17 refused, see refuse's callers.
#
# It may be killed anywhere. The copy on the volume is made first, and goes only when its generation is committed, so an
# upload that did not end is gone on with at the next start. A generation is committed by its manifest, which comes
# last, when all that it names was read back from the store: without one it is no backup, whatever lies there.
# Nothing here waits by the clock of the day, which may jump: see read_uptime.
# shellcheck disable=SC2034,SC2154 # variables are shared with the libraries
set -eu

log_line() { printf 'vald-upload: %s\n' "$*" >&2; }

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

# While it runs, what cannot be read is looked at again; the library takes it for broken.
refuse_volume() { log_line "warning: $1 cannot be read"; }

for library in generations search stage retention; do
  # shellcheck source=/dev/null
  . "${0%/*}/vald-$library.sh"
done

read_environment() {
  : "${INDEX_PATH:?absolute path of two levels or more, on a volume mounted at its parent}"
  : "${COPY_ON_WRITE:?true or false, as the agent has it}"
  : "${AGENT_PORT:?port on which the agent speaks gRPC, or none}"
  : "${POD_NAME:?name of this pod}"
  : "${POD_UID:?UID of this pod}"
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${CLUSTER_NAME:?name of this cluster}"
  : "${BACKUP_INTERVAL_SECONDS:?seconds that a save may wait: the recovery point objective}"
  : "${UPLOAD_TIMEOUT_SECONDS:?seconds that one upload may take}"
  : "${SHUTDOWN_TIMEOUT_SECONDS:?seconds that the last upload may take}"
  : "${TRANSFERS:?files at once}"
  : "${KEEP_LAST:?number of newest generations that stay}"
  : "${KEEP_WITHIN_SECONDS:?age up to which generations stay, 0 for no such rule}"
  : "${KEEP_DAILY:?number of days}" "${KEEP_WEEKLY:?number of weeks}"
  : "${KEEP_MONTHLY:?number of months}" "${KEEP_YEARLY:?number of years}"
  : "${LEFTOVER_GRACE_SECONDS:?how long a generation without manifest may be in progress}"
  : "${PACKAGE_VERSION:?version of the package that this script came with}"
  case $COPY_ON_WRITE in true | false) ;; *) refuse 2 "COPY_ON_WRITE is '$COPY_ON_WRITE'" 'Allowed: true false.' ;; esac
  case $INDEX_PATH in
    /*[!/]/*[!/]) ;;
    *) refuse 2 "INDEX_PATH is '$INDEX_PATH'" 'Allowed: a path of two levels or more, such as /var/ngt/index.' ;;
  esac
  case $STORE_PATH in
    *//* | */ | */. | */.. | */./* | */../*) refuse 2 "STORE_PATH is '$STORE_PATH'" 'Allowed: store:bucket/path.' ;;
    store:?*/?*) ;;
    *) refuse 2 "STORE_PATH is '$STORE_PATH'" 'Allowed: store:bucket/path.' ;;
  esac
  case $CLUSTER_ID$CLUSTER_NAME$POD_NAME$POD_UID$PACKAGE_VERSION in
    *[!A-Za-z0-9._-]*) refuse 2 'CLUSTER_ID, CLUSTER_NAME, POD_NAME, POD_UID or PACKAGE_VERSION is no name' \
      'Allowed: A-Z a-z 0-9 . _ -' ;;
  esac
  [ "$AGENT_PORT" = none ] || check_number 1 AGENT_PORT "$AGENT_PORT"
  check_number 1 BACKUP_INTERVAL_SECONDS "$BACKUP_INTERVAL_SECONDS"
  check_number 1 UPLOAD_TIMEOUT_SECONDS "$UPLOAD_TIMEOUT_SECONDS"
  check_number 1 SHUTDOWN_TIMEOUT_SECONDS "$SHUTDOWN_TIMEOUT_SECONDS"
  check_number 1 TRANSFERS "$TRANSFERS"
  check_number 1 KEEP_LAST "$KEEP_LAST"
  check_number 0 KEEP_WITHIN_SECONDS "$KEEP_WITHIN_SECONDS"
  check_number 0 KEEP_DAILY "$KEEP_DAILY"
  check_number 0 KEEP_WEEKLY "$KEEP_WEEKLY"
  check_number 0 KEEP_MONTHLY "$KEEP_MONTHLY"
  check_number 0 KEEP_YEARLY "$KEEP_YEARLY"
  check_number 1 LEFTOVER_GRACE_SECONDS "$LEFTOVER_GRACE_SECONDS"
  origin=$INDEX_PATH/origin volume=${INDEX_PATH%/*}
  stage=$volume/.upload committed=$volume/.upload-done
  series=$STORE_PATH/$POD_NAME port=$AGENT_PORT
  poll=5
  [ "$BACKUP_INTERVAL_SECONDS" -ge 5 ] || poll=$BACKUP_INTERVAL_SECONDS
}

# check_number LEAST NAME VALUE
check_number() {
  case $3 in
    0) [ "$1" = 0 ] || refuse 2 "$2 is '0'" 'Allowed: a whole number from 1.' ;;
    '' | 0* | *[!0-9]* | ??????????*) refuse 2 "$2 is '$3'" "Allowed: a whole number from $1, at most 9 digits." ;;
  esac
}

# Seconds since the machine started: a clock that nobody sets.
read_uptime() {
  read -r uptime _ </proc/uptime
  uptime=${uptime%.*}
}

set_deadline() {
  read_uptime
  deadline=$((uptime + $1))
}

# wait_child: until it has ended, with its status. A shell looks at TERM only between commands but at once in `wait`,
# which then returns without the child's status and is called again.
wait_child() {
  result=0
  wait "$child" || result=$?
  while [ "$result" -gt 128 ] && kill -0 "$child" 2>/dev/null; do
    abandon_outdated
    result=0
    wait "$child" || result=$?
  done
  child=''
  return "$result"
}

# run_bounded COMMAND…: runs it until the deadline. busybox's timeout becomes the command, so a signal reaches that.
run_bounded() {
  read_uptime
  [ "$uptime" -lt "$deadline" ] || return 143
  timeout -k 5 $((deadline - uptime)) "$@" &
  child=$!
  wait_child
}

# --config '': a file in the image must not say what `store` is. The rest bounds waits and tries.
call_rclone() {
  run_bounded rclone --config '' --contimeout 10s --timeout 60s --retries 2 --retries-sleep 1s --low-level-retries 3 \
    "$@"
}

# Told to stop while it uploads what is not the last save any more: that can wait for the next start, the last save not.
abandon_outdated() {
  [ -n "$stopping" ] && [ -s "$stage/signature" ] && sign_origin || return 0
  is_staged || kill "$child" 2>/dev/null || :
}

pause() {
  [ -z "$stopping" ] || return 0
  sleep "$1" &
  child=$!
  wait "$child" || kill "$child" 2>/dev/null || :
  child=''
}

# Whose the volume is: one that was given to another pod or cluster must not end up under the name of this one.
check_volume() {
  pod='' id=''
  if [ -s "$volume/.volume-owner" ]; then read -r pod id <"$volume/.volume-owner" || :; fi
  if [ -z "$pod" ]; then
    { printf '%s %s\n' "$POD_NAME" "$CLUSTER_ID" >"$volume/.volume-owner.new" &&
      mv "$volume/.volume-owner.new" "$volume/.volume-owner"; } || refuse 16 \
      "$volume cannot be written by user $(id -u)" 'Look at the volume, its free space and the pod'\''s fsGroup.'
  elif [ "$pod $id" != "$POD_NAME $CLUSTER_ID" ]; then
    refuse 17 "the volume belongs to pod $pod of cluster $id, this is $POD_NAME of $CLUSTER_ID" \
      "If this pod is to go on with that index, deliberately remove $volume/.volume-owner."
  fi
}

put_text() {
  call_rclone copyto --ignore-times "$1" "$2" || return
  call_rclone cat "$2" >"$work/returned" && cmp -s "$1" "$work/returned"
}

# Only the owner writes: asked before anything is put, and again before the commit.
check_owner() {
  call_rclone cat "$STORE_PATH/owner.json" >"$work/owner" || return
  [ -s "$work/owner" ] || refuse 10 "$STORE_PATH has no owner.json" 'Check bucket, prefix and access key.'
  text=$(tr -d ' \t\r\n' <"$work/owner") || return
  id=${text#*'"clusterId":"'}
  id=${id%%'"'*}
  [ "$id" = "$CLUSTER_ID" ] || refuse 11 "$STORE_PATH belongs to cluster $id, this is $CLUSTER_ID" \
    'Give this cluster a prefix of its own, or the id of the cluster that it continues.'
}

# list_generations: sets `newest` to the highest id with a manifest and `highest` to that of all. rclone ends with 3
# where there is no such folder, as before the first generation.
list_generations() {
  status=0
  list_series "$work/series" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || return
  newest=$(list_committed "$work/series") || return
  newest=${newest%%[!0-9]*}
  sed -n 's/^[^;]*;[^;]*;\([1-9][0-9]\{0,9\}\)\/.*/\1/p' "$work/series" >"$work/all" || return
  highest=$(sort -rn "$work/all") || return
  highest=${highest%%[!0-9]*}
}

# read_generation ID: a status, and what read_manifest sets; its hashes are in $work/listed.
read_generation() {
  fault='' finished=''
  call_rclone cat "$series/$1/manifest.json" >"$work/manifest" || return
  read_manifest "$1" "$work/manifest" "$work/series" "$work/listed"
}

# begin_generation: sets `generation`. One that an earlier run began goes on if it is still the last and ours. The id is
# the time where the clock is ahead of all earlier ids, else one more than the highest: ids only grow.
begin_generation() {
  generation=''
  if [ -s "$stage/started" ]; then
    read -r generation <"$stage/id"
    call_rclone cat "$series/$generation/started.json" >"$work/returned" || return
    [ "$generation" = "$highest" ] && cmp -s "$stage/started" "$work/returned" || generation=''
  fi
  [ -z "$generation" ] || return 0
  now=$(date +%s) || return
  generation=$((now - 1577836800))
  [ -z "$highest" ] || [ "$generation" -gt "$highest" ] || generation=$((highest + 1))
  [ "$generation" -ge 1 ] || generation=1
  if [ "$generation" -gt 2147483647 ]; then
    log_line "error: ids are used up in $series: give the cluster another name"
    return 1
  fi
  started=$(print_time "$now") || return
  printf '%s\n' "$generation" >"$stage/id" || return
  printf '{\n  "backupId": %s,\n  "clusterId": "%s",\n  "pod": "%s",\n  "podUid": "%s",\n  "started": "%s"\n}\n' \
    "$generation" "$CLUSTER_ID" "$POD_NAME" "$POD_UID" "$started" >"$stage/started" || return
  put_text "$stage/started" "$series/$generation/started.json"
}

# transfer_stage: all files, and all of them read back. What is there from an earlier try is not sent again, unless what
# came back was not right.
transfer_stage() {
  folder=$series/$generation/index
  for try in 1 2 3; do
    # shellcheck disable=SC2086 # an option or nothing
    if call_rclone copy --transfers "$TRANSFERS" $resend "$stage/index" "$folder" &&
      call_rclone checksum sha256 --download --checkers "$TRANSFERS" "$work/sums" "$folder" 2>"$work/messages"; then
      resend=''
      return 0
    fi
    resend=--ignore-times
    [ -z "$stopping" ] || return 1
    log_line "generation $generation: try $try of 3 did not arrive whole"
    if [ -s "$work/messages" ]; then cat "$work/messages" >&2; fi
  done
  return 1
}

# commit_generation: what was read back is as it was on the disk. Between then and now the folder may have gone to
# another cluster, or a pod of the same name may have begun a generation of the same id: then this is none.
commit_generation() {
  check_owner || return
  call_rclone cat "$series/$generation/started.json" >"$work/returned" || return
  cmp -s "$stage/started" "$work/returned" || {
    log_line "warning: generation $generation was begun by another pod too: taking another id"
    rm -f "$stage/started"
    return 1
  }
  print_manifest >"$work/new-manifest" &&
    put_text "$work/new-manifest" "$series/$generation/manifest.json"
}

# finish_stage ID: the index of that signature is in the store as that generation. First that is noted, and only then
# does the copy go: killed between, the next run finds an equal generation and comes here again.
finish_stage() {
  done_id=$1 done_signature=$(cat "$stage/signature") || return
  { printf '%s\n%s\n' "$done_id" "$done_signature" >"$committed.new" && mv "$committed.new" "$committed"; } || return
  rm -rf "$stage"
}

# upload_stage: a status.
upload_stage() {
  set_deadline "$limit"
  read_state "$stage/index"
  if [ "$state" != valid ]; then
    rm -rf "$stage"
    return 1
  fi
  count=$vectors
  hash_stage && check_owner && list_generations || return
  if [ -n "$newest" ] && read_generation "$newest" && sort -k 2 "$work/listed" >"$work/sorted" &&
    cmp -s "$work/sums" "$work/sorted"; then
    log_line "the index is what generation $newest holds: $count vectors"
    finish_stage "$newest" || return
    write_status
    return
  fi
  [ -z "$newest" ] || [ -n "$finished$fault" ] || return 1
  vectors=$count
  read_uptime
  began=$uptime
  begin_generation && transfer_stage && commit_generation || return
  read_uptime
  log_line "generation $generation is committed: $vectors vectors, $bytes bytes in $((uptime - began)) s"
  finish_stage "$generation" || return
  write_status || log_line 'warning: the store does not take status.json'
  [ -n "$stopping" ] || apply_retention || log_line 'warning: old generations stay until the next upload'
}

# write_status: at this time the index on the disk is generation `done_id`.
write_status() {
  read_uptime
  confirmed=$uptime
  print_status >"$work/status" || return
  put_text "$work/status" "$series/status.json"
}

# confirm_generation: nothing was saved, so the store should still have it, whole as far as a listing shows. If it has
# not, the index goes up again.
confirm_generation() {
  set_deadline "$limit"
  check_owner && list_generations || return
  if read_generation "$done_id"; then
    write_status
    return
  fi
  [ -n "$fault" ] || [ "$newest" != "$done_id" ] || return 1
  log_line "warning: generation $done_id ${fault:-is gone from the store}: uploading the index again"
  rm -f "$committed"
  done_id='' done_signature=''
}

# run_round: one look at the index, and what it calls for. A status. What is staged goes first; a save has to be quiet
# for one poll, and waits until an interval has passed since the upload before it.
run_round() {
  limit=$UPLOAD_TIMEOUT_SECONDS
  if [ -s "$stage/signature" ]; then
    upload_stage
    return
  fi
  sign_origin || return 0
  read_uptime
  if [ "$signature" = "$done_signature" ]; then
    [ "$((uptime - confirmed))" -lt "$BACKUP_INTERVAL_SECONDS" ] || confirm_generation
    return
  fi
  if [ "$signature" != "$seen" ]; then
    seen=$signature
    return 0
  fi
  [ -z "$began" ] || [ "$((uptime - began))" -ge "$BACKUP_INTERVAL_SECONDS" ] || return 0
  read_state "$origin"
  [ "$state" = valid ] || return 0
  search_origin
  set_deadline "$limit"
  stage_origin && upload_stage
}

# stop_upload: the agent has ended, so what is saved stays as it is. A copy that is not the last save makes way for it:
# on the disk nothing is lost by that. An index that is not whole is not uploaded; what was staged before it is.
stop_upload() {
  read_uptime
  end=$((uptime + SHUTDOWN_TIMEOUT_SECONDS))
  while [ "$uptime" -lt "$end" ]; do
    limit=$((end - uptime))
    set_deadline "$limit"
    sign_origin || signature=''
    read_state "$origin"
    if [ "$state" = valid ] && [ "$signature" = "$done_signature" ]; then
      rm -rf "$stage" || refuse_volume "$stage"
      log_line "told to stop: generation $done_id is the last save"
      exit 0
    elif [ "$state" != valid ] && ! [ -s "$stage/signature" ]; then
      log_line "told to stop: the disk has nothing to upload (${state})"
      exit 0
    elif [ "$state" = valid ] && ! is_staged; then
      if ! { stage_origin && upload_stage; }; then sleep 1; fi
    else
      upload_stage || sleep 1
    fi
    read_uptime
  done
  refuse 12 "the last save is not in $series" \
    'It is on the volume: the next start goes on. Check the store, and SHUTDOWN_TIMEOUT_SECONDS.'
}

main() {
  stopping='' child=''
  trap 'stopping=yes' TERM INT
  read_environment
  export LC_ALL=C TZ=UTC # TZ: rclone prints times in it
  began='' seen='' done_id='' done_signature='' saved='' vectors='' fault='' resend='' searched='' failures=0
  work=$(mktemp -d)
  trap 'rm -rf "$work" || :' EXIT
  check_volume
  if [ -s "$committed" ]; then
    read -r done_id <"$committed"
    done_signature=$(sed 1d "$committed")
  fi
  # Nobody knows what a copy without hashes was before the restart.
  if [ -e "$stage" ] && ! [ -s "$stage/sums" ]; then rm -rf "$stage" || refuse_volume "$stage"; fi
  read_uptime
  confirmed=$((uptime - BACKUP_INTERVAL_SECONDS))
  log_line "watching $origin"
  while [ -z "$stopping" ]; do
    if run_round; then
      failures=0
    elif [ -z "$stopping" ]; then
      failures=$((failures + 1))
      [ "$failures" -le 12 ] || failures=12
      log_line "warning: not backed up, trying again in $((failures * poll)) s"
      pause $((failures * poll))
    fi
    pause "$poll"
  done
  stop_upload
}

main "$@"
