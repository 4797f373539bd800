#!/bin/sh
# Proves that the backups of a Vald cluster's pods can still be read, and that each pod's newest is not too old:
# compares every generation's listing with its manifest, and reads back one share of all files.
# Input: the environment, see read_environment. Output: lines on stderr. Exit: 0 all is right; 1 a command failed; 2
# wrong input; 10 to 29 refused, damaged, missing, too old or fallen back, see main; 143 stopped by a signal.
#
# It never writes to the store and may be killed anywhere. Which share a run reads follows from the time, so that as
# many runs by the schedule as there are shares read everything once. A generation that retention removes meanwhile is
# no damage.
# shellcheck disable=SC2034,SC2154 # variables are shared with the library
set -eu

log_line() { printf 'vald-verify: %s\n' "$*" >&2; }

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

refuse_store() {
  refuse 12 "$STORE_PATH $1" \
    'Check endpoint, bucket, credentials (list, read), network policy and VERIFY_TIMEOUT_SECONDS.'
}

# shellcheck source=/dev/null
. "${0%/*}/vald-generations.sh"

read_environment() {
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${STATEFUL_SET:?name of the StatefulSet}"
  : "${REPLICAS:?how many of its pods must have backups}"
  : "${OLDEST_SECONDS:?seconds after which a pod that was not found current counts as not backed up}"
  : "${VERIFY_SHARE:?into how many shares the files are divided}"
  : "${SHARE_SECONDS:?seconds from one run to the next}"
  : "${VERIFY_TIMEOUT_SECONDS:?seconds that all work with the store may take}"
  : "${TRANSFERS:?files at once}"
  case $CLUSTER_ID in *[!A-Za-z0-9-]*) refuse 2 "CLUSTER_ID is '$CLUSTER_ID'" 'Allowed: A-Z a-z 0-9 -' ;; esac
  case $STATEFUL_SET in *[!a-z0-9.-]*) refuse 2 "STATEFUL_SET is '$STATEFUL_SET'" 'Allowed: a-z 0-9 . -' ;; esac
  check_number REPLICAS "$REPLICAS"
  check_number OLDEST_SECONDS "$OLDEST_SECONDS"
  check_number VERIFY_SHARE "$VERIFY_SHARE"
  check_number SHARE_SECONDS "$SHARE_SECONDS"
  check_number VERIFY_TIMEOUT_SECONDS "$VERIFY_TIMEOUT_SECONDS"
  check_number TRANSFERS "$TRANSFERS"
}

# check_number NAME VALUE
check_number() {
  case $2 in
    '' | 0* | *[!0-9]* | ??????????*) refuse 2 "$1 is '$2'" 'Allowed: a whole number from 1, at most 9 digits.' ;;
  esac
}

# In the background, because a shell looks at TERM only between commands but at once in `wait`.
call_rclone() {
  read -r uptime _ </proc/uptime
  [ "${uptime%.*}" -lt "$deadline" ] || return 143
  timeout -k 5 $((deadline - ${uptime%.*})) rclone --config '' --contimeout 10s --timeout 60s --retries 2 \
    --retries-sleep 1s --low-level-retries 3 "$@" &
  child=$! result=0
  wait "$child" || result=$?
  child=''
  return "$result"
}

check_owner() {
  call_rclone cat "$STORE_PATH/owner.json" >"$work/owner" || refuse_store 'does not give owner.json'
  [ -s "$work/owner" ] || refuse 10 "$STORE_PATH has no owner.json" 'Check bucket, prefix and access key.'
  text=$(tr -d ' \t\r\n' <"$work/owner")
  id=${text#*'"clusterId":"'}
  id=${id%%'"'*}
  [ "$id" = "$CLUSTER_ID" ] || refuse 11 "$STORE_PATH belongs to cluster $id, this is $CLUSTER_ID" \
    'Correct the prefix or the cluster id.'
}

# check_age: until when the pod's disk was in the store, as its uploader has said last.
check_age() {
  call_rclone cat "$series/status.json" >"$work/status" ||
    refuse_store "does not give $pod/status.json"
  checked=$(sed -n 's/.*"checked":"\(....-..-..\)T\(..:..:..\)Z".*/\1 \2/p' "$work/status")
  seconds=''
  [ -z "$checked" ] || seconds=$(date -u -d "$checked" +%s) || seconds=''
  if [ -z "$seconds" ]; then
    log_line "not current: $pod has no status.json that says when it was"
    behind=yes
  elif [ $((now - seconds)) -gt "$OLDEST_SECONDS" ]; then
    log_line "not current: $pod was last at $checked, $((now - seconds)) s ago"
    behind=yes
  fi
}

# check_restored: whether the last restore of the pod had to leave out a generation that is still there. That is over
# once somebody has looked at it, and has removed it or gone back to it.
check_restored() {
  sed -n 's/.*"restored":{"at":"\([^"]*\)",[^}]*"skipped":\[\([0-9,]*\)\]}.*/\1 \2/p' "$work/status" >"$work/restored"
  read -r time skipped <"$work/restored" || return 0
  while read -r id <&3; do
    case ,$skipped, in
      *",$id,"*)
        log_line "fallen back: $pod was restored at $time from what is older than generation $id"
        older=yes
        ;;
    esac
  done 3<"$work/ids"
}

# is_gone ID: whether retention has removed it since it was listed: then its manifest went first.
is_gone() {
  call_rclone cat "$series/$1/manifest.json" >"$work/again" ||
    refuse_store "does not give generation $1"
  [ ! -s "$work/again" ]
}

# check_generation ID: its manifest and listing, and its files of this share. A difference is looked at twice, since a
# broken connection looks like one.
check_generation() {
  call_rclone cat "$series/$1/manifest.json" >"$work/manifest" ||
    refuse_store "does not give generation $1"
  status=0
  read_manifest "$1" "$work/manifest" "$work/series" "$work/sums" || status=$?
  [ "$status" -lt 2 ] || refuse 1 "the manifest of generation $1 could not be looked at" 'The next run tries again.'
  if [ "$status" = 0 ]; then
    generations=$((generations + 1))
    awk -v id="$1" -v count="$VERIFY_SHARE" -v share="$share" '(NR + id) % count == share' "$work/sums" >"$work/share"
    [ -s "$work/share" ] || return 0
    for _ in 1 2; do
      status=0
      call_rclone checksum sha256 --download --one-way --checkers "$TRANSFERS" "$work/share" \
        "$series/$1/index" 2>"$work/messages" || status=$?
      [ "$status" != 0 ] || return 0
    done
    [ "$status" = 1 ] || refuse_store "does not give its files in $VERIFY_TIMEOUT_SECONDS seconds"
    fault='has other content than its manifest says'
  fi
  if is_gone "$1"; then return 0; fi
  log_line "damaged: $pod generation $1 $fault"
  if [ -s "$work/messages" ]; then cat "$work/messages" >&2; fi
  damaged=yes
}

check_pod() {
  : >"$work/messages"
  status=0
  list_series "$work/series" || status=$?
  [ "$status" = 0 ] || [ "$status" = 3 ] || refuse_store "cannot be listed at $pod"
  list_committed "$work/series" >"$work/ids"
  if ! [ -s "$work/ids" ]; then
    log_line "missing: $pod has no generation"
    missing=yes
    return 0
  fi
  check_age
  check_restored
  while read -r id <&3; do check_generation "$id"; done 3<"$work/ids"
}

main() {
  read_environment
  export LC_ALL=C TZ=UTC # TZ: rclone prints times in it
  child='' damaged='' missing='' behind='' older='' generations=0
  work=$(mktemp -d)
  trap 'rm -rf "$work" || :' EXIT
  trap 'if [ -n "$child" ]; then kill "$child" || :; wait "$child" || :; fi; exit 143' TERM INT
  read -r uptime _ </proc/uptime
  deadline=$((${uptime%.*} + VERIFY_TIMEOUT_SECONDS))
  now=$(date +%s)
  share=$((now / SHARE_SECONDS % VERIFY_SHARE))
  check_owner
  ordinal=0
  while [ "$ordinal" -lt "$REPLICAS" ]; do
    pod=$STATEFUL_SET-$ordinal
    series=$STORE_PATH/$pod
    check_pod
    ordinal=$((ordinal + 1))
  done
  log_line "$generations generations are listed whole; read share $((share + 1)) of $VERIFY_SHARE"
  [ -z "$damaged" ] || refuse 20 'generations are damaged, see above' \
    'Bring back earlier versions of these objects. The uploader makes a new generation where the newest is damaged.'
  [ -z "$missing" ] || refuse 19 'pods have no generation, see above' 'Look at the log of their uploader.'
  [ -z "$behind" ] || refuse 25 'pods are not current, see above' \
    'Look at the log of their uploader: the store, the volume, saves that never end.'
  [ -z "$older" ] || refuse 29 'pods have fallen back to older generations, see above' \
    'What was saved later is lost, unless these can be brought back (restoreAsOf). Then, or else, remove them.'
  log_line 'all is right'
}

main "$@"
