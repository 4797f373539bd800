#!/bin/sh
# Lets a Vald agent start only after vald-restore.sh has settled its index, each time its container is started. When the
# kubelet restarts a container in its pod, no init container runs; an agent without copy-on-write that was killed inside
# a save would then set the half-written index aside and serve an empty one.
# The gate is a named pipe. The agent's configuration names it as the place of two of its values, limits of time that
# Vald reads before it touches the index. Opening it waits for this script, which writes a number and, if the agent may
# start, the unit: a limit without its unit ends the agent.
# Input: the environment, see main, and that of vald-restore.sh, which lies beside this script. Output: to the gate;
# lines on stderr. Exit: 0 told to stop; 1 a command failed; 2 wrong input.
#
# It may be killed anywhere: the agent then reads a number without a unit, or waits for the next run of this script. If
# it is killed between opening the gate and the number, the agent reads nothing, which Vald takes for a default, and
# still has to ask for the second value.
set -eu

log_line() { printf 'vald-start-gate: %s\n' "$*" >&2; }

# answer_agent: to one reading of the gate, which is stdout. It has a reader, so an agent is starting and the one before
# it is gone: nobody else writes to the index. No other program gets the gate as its stdout, or the agent would wait on.
answer_agent() {
  restore='' status=0
  trap 'if [ -n "$restore" ]; then kill "$restore" || :; wait "$restore" || :; fi; exit 0' TERM
  printf '%s' "$LOAD_TIMEOUT_SECONDS"
  sh "${0%/*}/vald-restore.sh" >&2 &
  restore=$!
  wait "$restore" || status=$?
  if [ "$status" = 0 ]; then
    printf s
  else
    log_line "error: the agent must not start: vald-restore.sh ended with $status, for the reason above"
    log_line 'hint: The agent is restarted and asks again, so once the reason is gone it starts by itself.'
  fi
}

# The agent has ended by now, perhaps inside its last save. The sidecar is told to stop next, and then uploads whatever
# has a metadata.json, over the only good object. The restore, kept from the store, hides that of an index that is not
# whole. Without a store there is no sidecar, and before Kubernetes 1.29 the agent may still be saving.
stop_gate() {
  # Again until it is gone: a child that was forked just now may still have this shell's trap, and loses the first one.
  while [ -n "$child" ] && kill "$child" 2>/dev/null; do sleep 1; done
  [ "$BACKUP_METHOD" = persistentVolume ] || BACKUP_METHOD=persistentVolume sh "${0%/*}/vald-restore.sh" || :
  exit 0
}

# After an answer the agent needs a moment to see its end: this script would open the gate for the same reading again.
main() {
  : "${BACKUP_METHOD:?persistentVolume, objectStorage or both}"
  : "${START_GATE:?absolute path of the named pipe}"
  : "${LOAD_TIMEOUT_SECONDS:?seconds that loading the index may take}"
  case $LOAD_TIMEOUT_SECONDS in
    '' | 0* | *[!0-9]*)
      log_line "error: LOAD_TIMEOUT_SECONDS is '$LOAD_TIMEOUT_SECONDS'"
      log_line 'hint: Allowed: a whole number from 1.'
      exit 2
      ;;
  esac
  child=''
  # Opening the gate may take for ever, and a shell looks at TERM only between commands and in `wait`.
  trap stop_gate TERM INT
  while :; do
    [ -p "$START_GATE" ] || mkfifo "$START_GATE"
    answer_agent >"$START_GATE" &
    child=$!
    wait "$child" || log_line 'the agent was gone before its answer'
    sleep 1 &
    child=$!
    wait "$child"
  done
}

main "$@"
