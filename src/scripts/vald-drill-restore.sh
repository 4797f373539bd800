#!/bin/sh
# First half of a restore drill: brings the newest generation of one of a Vald cluster's pods onto a scratch volume, as
# the restore of a lost disk would, for an agent that nobody but vald-drill-search.sh asks.
# Input: the environment, see read_environment. Output: $INDEX_PATH/origin, and beside INDEX_PATH .drill/generation
# (what it is) and .drill/ids (what is searched); lines on stderr. Exit: 0 the agent may start; 1 a command
# failed; 2 wrong input; 10 to 20 refused, see main; 143 stopped by a signal.
#
# It never writes to the store. It may be killed anywhere, and several may run at once: what is on the volume is its
# own, and goes first. Unlike a restore it never takes the generation before a damaged one: damage is what it looks for.
# shellcheck disable=SC2034,SC2154,SC2317 # variables and functions are shared with the libraries
set -eu

for library in generations fetch search; do
  # shellcheck source=/dev/null
  . "${0%/*}/vald-$library.sh"
done

log_line() { printf 'vald-drill: %s\n' "$*" >&2; }

# refuse_start CODE MESSAGE HINT
refuse_start() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

refuse_volume() {
  refuse_start 16 "$1 cannot be used by user $(id -u)" 'Look at the scratch volume, its free space and its fsGroup.'
}

refuse_store() {
  refuse_start 12 "$STORE_PATH $1" \
    'Check endpoint, bucket, credentials (list, read), network policy and RESTORE_TIMEOUT_SECONDS.'
}

read_environment() {
  : "${INDEX_PATH:?absolute path of two levels or more, on a scratch volume mounted at its parent}"
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${POD_NAME:?name of the pod, or of the pods that take turns with blanks between}"
  : "${TURN_SECONDS:?seconds from one turn to the next}"
  : "${SEARCHES:?how many vectors are searched}"
  : "${RESTORE_TIMEOUT_SECONDS:?seconds that the restore may take}"
  case $INDEX_PATH in
    /*[!/]/*[!/]) ;;
    *) refuse_start 2 "INDEX_PATH is '$INDEX_PATH'" 'Allowed: a path of two levels or more, such as /var/ngt/index.' ;;
  esac
  case $CLUSTER_ID in *[!A-Za-z0-9-]*) refuse_start 2 "CLUSTER_ID is '$CLUSTER_ID'" 'Allowed: A-Z a-z 0-9 -' ;; esac
  case $POD_NAME in
    *[!a-z0-9.\ -]*) refuse_start 2 "POD_NAME is '$POD_NAME'" 'Allowed: names of pods with blanks between.' ;;
  esac
  check_number TURN_SECONDS "$TURN_SECONDS"
  check_number SEARCHES "$SEARCHES"
  check_number RESTORE_TIMEOUT_SECONDS "$RESTORE_TIMEOUT_SECONDS"
}

# check_number NAME VALUE
check_number() {
  case $2 in
    '' | 0* | *[!0-9]* | ??????????*) refuse_start 2 "$1 is '$2'" 'Allowed: a whole number from 1, at most 9 digits.' ;;
  esac
}

# run_bounded COMMAND…: until the deadline. In the background, because a shell looks at TERM only between commands but
# at once in `wait`.
run_bounded() {
  read -r uptime _ </proc/uptime
  [ "${uptime%.*}" -lt "$deadline" ] || return 143
  timeout -k 5 $((deadline - ${uptime%.*})) "$@" &
  child=$! result=0
  wait "$child" || result=$?
  child=''
  return "$result"
}

# --config '': a file in the image must not say what `store` is.
call_rclone() {
  run_bounded rclone --config '' --contimeout 10s --timeout 60s --retries 2 --retries-sleep 1s --low-level-retries 3 \
    "$@"
}

# Leaves one name in POD_NAME: as many runs by the schedule as there are pods try each once.
choose_pod() {
  # shellcheck disable=SC2086 # blanks are between the names
  set -- $POD_NAME
  now=$(date +%s)
  shift $((now / TURN_SECONDS % $#))
  POD_NAME=$1 series=$STORE_PATH/$1
}

check_owner() {
  call_rclone cat "$STORE_PATH/owner.json" >"$stage/owner" || refuse_store 'does not give owner.json'
  [ -s "$stage/owner" ] || refuse_start 10 "$STORE_PATH has no owner.json" 'Check bucket, prefix and access key.'
  text=$(tr -d ' \t\r\n' <"$stage/owner")
  id=${text#*'"clusterId":"'}
  id=${id%%'"'*}
  [ "$id" = "$CLUSTER_ID" ] || refuse_start 11 "$STORE_PATH belongs to cluster $id, this is $CLUSTER_ID" \
    'Correct the prefix or the cluster id.'
}

# Sets `id` to the newest generation.
find_newest() {
  status=0
  list_series "$stage/series" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || refuse_store "cannot be listed at $POD_NAME"
  list_committed "$stage/series" >"$stage/ids" || refuse_volume "$stage"
  read -r id <"$stage/ids" || id=''
  [ -n "$id" ] || refuse_start 19 "$POD_NAME has no generation" 'Look at the log of its uploader.'
}

# The generation that was the newest may make way for a newer one while it is read: then that one is looked at instead.
fetch_newest() {
  id=''
  for _ in 1 2 3; do
    tried=$id
    find_newest
    [ "$id" != "$tried" ] || break
    : >"$stage/messages"
    if fetch_generation "$id"; then return 0; fi
    reason=$fault
  done
  if [ -s "$stage/messages" ]; then cat "$stage/messages" >&2; fi
  refuse_start 20 "$POD_NAME generation $id $reason" \
    'Bring back earlier versions of its objects. The uploader makes a new generation where the newest is damaged.'
}

# Writes the ids that are searched: those of the manifest with what they found, and a sample. Before the agent starts:
# it writes to its index.
choose_ids() {
  : >"$drill/ids"
  [ "$vectors" != 0 ] || return 0
  list_searches "$stage/manifest" >"$drill/ids" || refuse_volume "$drill"
  sample_ids "$INDEX_PATH/origin/ngt-meta.kvsdb" "$SEARCHES" >"$stage/sample" || refuse_volume "$stage"
  [ -s "$stage/sample" ] || refuse_start 20 "$POD_NAME generation $id has no id in its ngt-meta.kvsdb" \
    'The agent that saved it may be of another version: look at its log.'
  cat "$stage/sample" >>"$drill/ids" || refuse_volume "$drill"
}

main() {
  read_environment
  export LC_ALL=C TZ=UTC # TZ: rclone prints times in it
  volume=${INDEX_PATH%/*} child=''
  stage=$volume/.restore drill=$volume/.drill work=$volume/.restore
  trap 'if [ -n "$child" ]; then kill "$child" || :; wait "$child" || :; fi; exit 143' TERM INT
  read -r uptime _ </proc/uptime
  begun=${uptime%.*}
  deadline=$((begun + RESTORE_TIMEOUT_SECONDS))
  rm -rf "$stage" "$drill" "$INDEX_PATH" || refuse_volume "$volume"
  mkdir -p "$stage" "$drill" "$INDEX_PATH" "$volume/.staging" || refuse_volume "$volume"
  choose_pod
  check_owner
  fetch_newest
  mv "$stage/origin" "$INDEX_PATH/origin" || refuse_volume "$volume"
  # What the agent is compared with is what the manifest says, and not what the index says of itself.
  read_manifest "$id" "$stage/manifest" "$stage/series" "$stage/sums" || refuse_volume "$stage"
  bytes=$(awk -F ';' -v path="$id/index/" 'index($3, path) == 1 { sum += $2 } END { printf "%.0f", sum }' \
    "$stage/series")
  choose_ids
  printf '%s\n' "$POD_NAME $id $saved $vectors $bytes $begun" >"$drill/generation" || refuse_volume "$drill"
  rm -rf "$stage"
  log_line "$POD_NAME generation $id is on the volume: $bytes bytes, as its manifest says"
}

main "$@"
