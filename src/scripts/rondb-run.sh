#!/usr/bin/env bash
# Library of the RonDB scripts: log lines, refusals, deadlines, kubectl, the status ConfigMap. It is sourced from a
# script's own folder, defines functions and runs nothing. A script calls in this order:
#   read_run_environment                 checks the variables below
#   start_run                            makes $work (removed at the end), turns on job control, sets the traps
#   set_deadline SECONDS                 from now on no command outlives that moment
# and then
#   log_line TEXT                        one line on stderr, with the script's name ($script) in front
#   warn TEXT                            the same as a warning, kept in $warnings for the result
#   refuse CODE MESSAGE HINT             ends the run
#   check_input NAME ALLOWED…, check_number NAME LEAST, check_name NAME
#   check_programs NAME…                 14 where the image lacks one
#   read_clock                           sets `now`: seconds since 1970
#   run_bounded COMMAND…                 until the deadline, $limit seconds at most; stdin is passed on
#   retry_command COMMAND…               up to three times, for what may be run twice and redirects by itself
#   call_kubectl ARGUMENTS…, call_jq ARGUMENTS…
#   read_status KEY FILE                 what the status ConfigMap has under a key, `{}` if nothing
#   patch_status KEY FILE                puts a file with JSON there; a failure is only a warning
#   print_bytes NUMBER                   sets `printed`: 1.5 GiB
# A script may define end_run CODE: it runs once, at the end of every run that was not killed.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

log_line() { printf '%s %s: %s\n' "$(printf '%(%H:%M:%S)T' -1)" "$script" "$*" >&2; }

warn() {
  log_line "warning: $*"
  warnings+=("$*")
}

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

read_run_environment() {
  : "${NAMESPACE:?namespace of the cluster and of this pod}"
  : "${STATUS_CONFIGMAP:?name of the ConfigMap that shows how runs ended}"
  : "${COMMAND_TIMEOUT_SECONDS:?seconds that one small command may take}"
  check_name NAMESPACE
  check_name STATUS_CONFIGMAP
  check_number COMMAND_TIMEOUT_SECONDS 1
  limit=$COMMAND_TIMEOUT_SECONDS
}

# check_input NAME ALLOWED…
check_input() {
  local name=$1 allowed
  shift
  for allowed; do [[ ${!name} != "$allowed" ]] || return 0; done
  refuse 2 "$name is '${!name}'" "Allowed: $*."
}

# check_number NAME LEAST
check_number() {
  case ${!1} in
    0) [[ $2 -eq 0 ]] || refuse 2 "$1 is '0'" "Allowed: a whole number from $2." ;;
    '' | 0* | *[!0-9]* | ??????????*) refuse 2 "$1 is '${!1}'" "Allowed: a whole number from $2, at most 9 digits." ;;
  esac
}

check_name() {
  case ${!1} in
    '' | *[!A-Za-z0-9._-]*) refuse 2 "$1 is '${!1}'" 'Allowed: A-Z a-z 0-9 . _ -' ;;
  esac
}

check_programs() {
  local name missing=()
  for name; do [[ -n $(type -P "$name") ]] || missing+=("$name"); done
  ((${#missing[@]} == 0)) || refuse 14 "the image lacks ${missing[*]}" \
    'Use an image that has all programs of the image contract, such as the default one.'
}

# Job control gives each background job a process group of its own, so that the end of the run takes with it whatever
# a job has started.
start_run() {
  export LC_ALL=C TZ=UTC # TZ: rclone prints times in it
  warnings=() ended=''
  work=$(mktemp -d)
  trap 'finish_run $?' EXIT
  trap 'log_line "stopped by a signal, the next run goes on"; exit 143' TERM INT
  set -m
}

finish_run() {
  local job
  trap '' TERM INT
  for job in $(jobs -p); do kill -- "-$job" 2>/dev/null || :; done
  if [[ -z $ended ]] && declare -F end_run >/dev/null; then
    ended=yes
    set_deadline 20
    end_run "$1" || log_line 'warning: the end of the run was not recorded'
  fi
  rm -rf "$work" || :
}

set_deadline() { deadline=$((EPOCHSECONDS + $1)); }

# The command `date` and not the shell's own clock: a test can stand in for it.
read_clock() { now=$(date +%s); }

# In the background, because a shell looks at TERM only between commands but at once in `wait`. --foreground: the
# command stays in the job's process group.
run_bounded() {
  local left=$((deadline - EPOCHSECONDS)) result=0
  ((left <= limit)) || left=$limit
  ((left > 0)) || return 124
  timeout --foreground -k 5 "$left" "$@" <&0 &
  wait "$!" || result=$?
  return "$result"
}

retry_command() {
  local try result=0
  for try in 1 2 3; do
    result=0
    "$@" || result=$?
    ((result != 0 && try < 3 && EPOCHSECONDS + try < deadline)) || return "$result"
    run_bounded sleep "$try" || :
  done
}

call_kubectl() { run_bounded kubectl -n "$NAMESPACE" "$@"; }

# Its own statuses have other meanings here.
call_jq() {
  jq "$@" || refuse 1 'jq failed' 'Its own message says why.'
}

read_status() {
  retry_command get_configmap || return
  # shellcheck disable=SC2016 # jq's variables
  call_jq --arg key "$1" '[try (.data[$key] | fromjson) catch null][0] | if type == "object" then . else {} end' \
    "$work/status" >"$2"
}

get_configmap() { call_kubectl get configmap "$STATUS_CONFIGMAP" -o json >"$work/status"; }

patch_status() {
  # shellcheck disable=SC2016
  call_jq -n --arg key "$1" --slurpfile value "$2" '{data: {($key): ($value[0] | tojson)}}' >"$work/patch"
  retry_command patch_configmap || warn "the ConfigMap $STATUS_CONFIGMAP cannot be patched"
}

patch_configmap() {
  call_kubectl patch configmap "$STATUS_CONFIGMAP" --type merge --patch-file /dev/stdin <"$work/patch" >/dev/null
}

print_bytes() {
  local units=(B KiB MiB GiB TiB PiB) unit=0 tenths=$(($1 * 10))
  while ((tenths >= 10240 && unit < 5)); do tenths=$((tenths / 1024)) unit=$((unit + 1)); done
  printed="$((tenths / 10)).$((tenths % 10)) ${units[unit]}"
  ((unit > 0)) || printed="$1 B"
}
