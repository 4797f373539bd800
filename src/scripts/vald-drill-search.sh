#!/bin/sh
# Second half of a restore drill: asks the agent that was started on what vald-drill-restore.sh has restored how many
# vectors it has, and searches a sample of them, and what the manifest says was found at the time of the backup.
# Input: the environment, see read_environment, and the folder .drill beside INDEX_PATH. Output: lines on stderr, the
# last of which says what was restored in which time. Exit: 0 the agent serves what the manifest says; 1 a command
# failed; 2 wrong input; 26 to 28 it does not, see main; 143 stopped by a signal.
#
# It changes nothing and may be killed anywhere.
# shellcheck disable=SC2034,SC2154 # variables are shared with the library
set -eu

log_line() { printf 'vald-drill: %s\n' "$*" >&2; }

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

# shellcheck source=/dev/null
. "${0%/*}/vald-search.sh"

read_environment() {
  : "${INDEX_PATH:?absolute path of two levels or more, on a scratch volume mounted at its parent}"
  : "${AGENT_PORT:?port on which the agent speaks gRPC}"
  : "${AGENT_TIMEOUT_SECONDS:?seconds until the agent must have answered}"
  : "${OWN_NEAREST:?true, or false where a vector is not always nearest to itself}"
  check_number AGENT_PORT "$AGENT_PORT"
  check_number AGENT_TIMEOUT_SECONDS "$AGENT_TIMEOUT_SECONDS"
  case $OWN_NEAREST in true | false) ;; *) refuse 2 "OWN_NEAREST is '$OWN_NEAREST'" 'Allowed: true false.' ;; esac
}

# check_number NAME VALUE
check_number() {
  case $2 in
    '' | 0* | *[!0-9]* | ??????????*) refuse 2 "$1 is '$2'" 'Allowed: a whole number from 1, at most 9 digits.' ;;
  esac
}

# Prints the count of vectors; how many of the sampled ids are right, of how many; and the same of the searches that
# the manifest has. A sampled id must find itself; ten results that are all as near as the first may be copies of its
# vector. A search of the manifest must find four fifths of what it found then.
# shellcheck disable=SC2016 # these are fields and variables of awk
judge_program='
END {
  for (one = 1; one <= asked; one++) {
    results = search_results(one)
    wanted = split(line[one], id, ";")
    same = own_place = 0
    for (i = 1; i <= results; i++) {
      if (found[i] == id[1]) own_place = i
      for (other = 2; other <= wanted; other++) if (found[i] == id[other]) same++
    }
    if (wanted > 1) {
      compared++
      if (same * 5 >= (wanted - 1) * 4) unchanged++
    } else {
      searched++
      if (own_place || (results > 0 && own == "false") || (results == 10 && distance[1] == distance[10])) right++
    }
  }
  print count, right + 0, searched + 0, unchanged + 0, compared + 0
}'

main() {
  read_environment
  export LC_ALL=C
  volume=${INDEX_PATH%/*} port=$AGENT_PORT child=''
  work=$(mktemp -d)
  trap 'rm -rf "$work" || :' EXIT
  trap 'if [ -n "$child" ]; then kill "$child" || :; wait "$child" || :; fi; exit 143' TERM INT
  read -r pod id saved vectors bytes begun <"$volume/.drill/generation"
  ids=$volume/.drill/ids
  read -r uptime _ </proc/uptime
  deadline=$((${uptime%.*} + AGENT_TIMEOUT_SECONDS))
  # Searches of a large index that is still being read from the disk are slow.
  until ask_agent 60 10 "$ids"; do
    read -r uptime _ </proc/uptime
    [ "${uptime%.*}" -lt "$deadline" ] || refuse 26 "the agent did not answer in $AGENT_TIMEOUT_SECONDS seconds" \
      'Look at the log of the container named agent: its memory, its settings, the generation.'
  done
  read_answer "$ids" "BEGIN { own = \"$OWN_NEAREST\" } $judge_program" >"$work/facts"
  read -r count right searched unchanged compared <"$work/facts"
  read -r uptime _ </proc/uptime
  took=$((${uptime%.*} - begun))
  [ "$count" = "$vectors" ] || refuse 27 "the agent has $count vectors, the manifest of $pod generation $id $vectors" \
    'Look at the log of the container named agent: settings that do not fit the index (dimension) leave it empty.'
  [ $((right * 10)) -ge $((searched * 9)) ] ||
    refuse 28 "$right of $searched searches find what they should in $pod generation $id" \
      'The graph or the vectors are damaged, and were when they were saved: restore an older generation, or index anew.'
  [ $((unchanged * 10)) -ge $((compared * 9)) ] ||
    refuse 28 "$unchanged of $compared searches find what they found when $pod generation $id was made" \
      'With the settings of that time the agent found others: see its log, restore an older generation, or index anew.'
  served="$vectors vectors, in $took s; $right of $searched searches right"
  before="$unchanged of $compared as at the backup"
  [ "$compared" != 0 ] || before='none in the manifest to compare'
  log_line "restored $pod generation $id of $saved: $bytes bytes, $served, $before"
}

main "$@"
