#!/usr/bin/env bash
# Library of the RonDB scripts that run by a schedule: how a run ended, as metrics for a Prometheus Pushgateway. It is
# sourced after rondb-run.sh, defines functions and runs nothing:
#   read_metrics_environment             checks the variable below
#   push_metrics PREFIX PROGRAM          pushes the numbers of the object that PROGRAM, for jq, makes of $work/state,
#                                        each as PREFIX_<key>; does nothing where there is no Pushgateway
# A push that fails is a warning only: no backup may fail because of who watches it.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

read_metrics_environment() {
  : "${PUSHGATEWAY?host:port/metrics/job/name of a Pushgateway, or empty}"
  [[ -z $PUSHGATEWAY || $PUSHGATEWAY =~ ^[A-Za-z0-9.-]+:[0-9]{1,5}(/[A-Za-z0-9._-]+)+$ ]] ||
    refuse 2 "PUSHGATEWAY is '$PUSHGATEWAY'" 'Allowed: empty, or host:port/metrics/job/name.'
}

# HTTP by the shell's own means, so that the image needs no further program. POST and not PUT: it replaces the metrics
# that are sent and leaves the others, so the time of the last success outlives a run that knows of none.
# shellcheck disable=SC2016 # it is the other shell that expands them
push_program='set -euo pipefail
export LC_ALL=C
body=$(cat; printf .)
body=${body%.}
exec 3<>"/dev/tcp/$1/$2"
printf "POST %s HTTP/1.1\r\nHost: %s:%s\r\nContent-Type: text/plain; version=0.0.4\r\n" "$3" "$1" "$2" >&3
printf "Content-Length: %d\r\nConnection: close\r\n\r\n%s" "${#body}" "$body" >&3
answer=$(cat <&3)
[[ $answer == "HTTP/1."[01]" 2"[0-9][0-9]* ]] || {
  printf "%s\n" "${answer%%[[:cntrl:]]*}" >&2
  exit 1
}'

push_metrics() {
  local host=${PUSHGATEWAY%%:*} rest=${PUSHGATEWAY#*:} limit=10
  [[ -n $PUSHGATEWAY ]] || return 0
  : >"$work/complaint"
  # shellcheck disable=SC2016 # jq's variables
  if jq -r --arg prefix "$1" "$2"' | to_entries[] | select(.value | type == "number")
    | "\($prefix)_\(.key)" as $name | "# TYPE \($name) gauge\n\($name) \(.value)"' "$work/state" >"$work/metrics" &&
    send_metrics "$host" "${rest%%/*}" "/${rest#*/}"; then
    return 0
  fi
  log_line "warning: the Pushgateway $host does not take the metrics: $(<"$work/complaint")"
}

send_metrics() { run_bounded bash -c "$push_program" push "$@" <"$work/metrics" 2>"$work/complaint"; }
