#!/bin/sh
# Second half of a restore drill: asks the agent that was started on what vald-drill-restore.sh has restored how many
# vectors it has, and searches a sample of them.
# Input: the environment, see read_environment, and the folder .drill beside INDEX_PATH. Output: lines on stderr, the
# last of which says what was restored in which time. Exit: 0 the agent serves what the manifest says; 1 a command
# failed; 2 wrong input; 26 to 28 it does not, see main; 143 stopped by a signal.
#
# The agent's REST server knows no count of vectors, so it is asked by gRPC: HTTP/2 frames with protocol buffers in them
# (https://httpwg.org/specs/rfc9113.html, https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html), sent
# and received as bytes. It changes nothing and may be killed anywhere.
set -eu

log_line() { printf 'vald-drill: %s\n' "$*" >&2; }

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

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

# Everything that is asked, as one argument of printf: the client's greeting with windows that no answer fills, then a
# stream for the count and one for each id. Headers are those of HPACK's static table, or literals without compression.
# A search wants 10 results, within any radius (-1), with epsilon 0.1.
# shellcheck disable=SC2016 # these are fields and variables of awk
request_program='
BEGIN { for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i }
function octal(value) { return sprintf("\\%03o", value) }
function text(value,    i, all) {
  all = octal(length(value))
  for (i = 1; i <= length(value); i++) all = all octal(code[substr(value, i, 1)])
  return all
}
function size(value) { return length(value) / 4 }
function bytes(value, width,    all) {
  for (; width > 0; width--) { all = octal(value % 256) all; value = int(value / 256) }
  return all
}
function varint(value,    all) {
  for (; value > 127; value = int(value / 128)) all = all octal(value % 128 + 128)
  return all octal(value)
}
function frame(kind, flags, stream, content) {
  return bytes(size(content), 3) octal(kind) octal(flags) bytes(stream, 4) content
}
function call(path, message) {
  stream += 2
  return frame(1, 4, stream - 1, octal(131) octal(134) octal(4) text(path) octal(1) text("agent") \
    octal(15) octal(16) text("application/grpc") octal(0) text("te") text("trailers")) \
    frame(0, 1, stream - 1, octal(0) bytes(size(message), 4) message)
}
BEGIN {
  printf "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n%s", \
    frame(4, 0, 0, bytes(4, 2) bytes(1073741824, 4)) frame(8, 0, 0, bytes(1073741824, 4))
  config = "\\020\\012\\035\\000\\000\\200\\277\\045\\315\\314\\314\\075"
  printf "%s", call("/vald.v1.Index/IndexInfo", "")
}
{
  id = ""
  for (i = 1; i <= NF; i++) id = id octal($i)
  message = octal(10) varint(NF) id octal(18) varint(size(config)) config
  printf "%s", call("/vald.v1.Search/SearchByID", message)
}'

# What came, from the bytes of the answer: prints how many streams have ended, the count or -1, and how many searches
# have found what they should. An error has no message. Ten results that are all as near as the first may be copies of
# the vector that was searched.
# shellcheck disable=SC2016 # these are fields and variables of awk
answer_program='
function varint(    value, weight) {
  for (weight = 1; byte[at] > 127; weight *= 128) value += (byte[at++] - 128) * weight
  return value + byte[at++] * weight
}
function span(length_of,    all) {
  for (; length_of > 0; length_of--) all = all " " byte[at++]
  return substr(all, 2)
}
function read_count(end,    tag, value) {
  count = 0
  while (at < end) { tag = varint(); value = varint(); if (tag == 8) count = value }
}
function read_search(wanted, end,    tag, inner, id, distance, first, results, found) {
  while (at < end) {
    tag = varint(); inner = varint(); inner += at
    if (tag != 18) { at = inner; continue }
    id = distance = ""
    while (at < inner) {
      tag = varint()
      if (tag == 10) id = span(varint())
      else if (tag == 21) distance = span(4)
      else at = inner
    }
    if (!results++) first = distance
    if (id == wanted) found = 1
  }
  if (found || (results > 0 && own == "false") || (results == 10 && distance == first)) right++
}
FILENAME == ids { id[++asked] = $0; next }
{ for (i = 1; i <= NF; i++) byte[last++] = $i + 0 }
END {
  count = -1
  for (from = 0; from + 9 <= last; from = next_frame) {
    next_frame = from + 9 + byte[from] * 65536 + byte[from + 1] * 256 + byte[from + 2]
    if (next_frame > last) break
    kind = byte[from + 3]
    stream = byte[from + 7] * 256 + byte[from + 8]
    if (kind == 0) for (at = from + 9; at < next_frame; ) data[stream] = data[stream] " " byte[at++]
    if (kind == 3 || (kind < 2 && byte[from + 4] % 2)) ended++
  }
  for (stream in data) {
    last = split(data[stream], text, " ")
    for (i = 6; i <= last; i++) byte[i] = text[i] + 0
    at = 6
    if (stream == 1) read_count(last + 1)
    else read_search(id[(stream - 1) / 2], last + 1)
  }
  print ended + 0, count, right + 0
}'

# ask_agent: sends all and waits for the answers, 60 seconds at most: searches of a large index that is still being
# read from the disk are slow. Sets `ended`, `count` and `right`. The pipe is open for reading and writing, so that
# nc never sees its end, at which the agent would hang up, and so that nothing here waits for nc.
ask_agent() {
  ended=0 count=-1 right=0
  nc 127.0.0.1 "$AGENT_PORT" <&3 >"$work/answer" 2>"$work/messages" &
  child=$!
  # shellcheck disable=SC2059 # it is the format that has the bytes
  printf "$request" >&3
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
    sleep "$pause"
    od -An -v -t u1 "$work/answer" >"$work/bytes"
    awk -v ids="$volume/.drill/ids" -v own="$OWN_NEAREST" "$answer_program" "$volume/.drill/ids" "$work/bytes" \
      >"$work/facts"
    read -r ended count right <"$work/facts"
    if [ "$ended" -gt "$asked" ] || ! kill -0 "$child" 2>"$work/gone"; then break; fi
    pause=5
  done
  kill "$child" 2>"$work/gone" || :
  wait "$child" 2>"$work/gone" || :
  child=''
}

main() {
  read_environment
  export LC_ALL=C
  volume=${INDEX_PATH%/*} child=''
  work=$(mktemp -d)
  trap 'rm -rf "$work" || :' EXIT
  trap 'if [ -n "$child" ]; then kill "$child" || :; wait "$child" || :; fi; exit 143' TERM INT
  read -r pod id saved vectors bytes begun <"$volume/.drill/generation"
  asked=$(wc -l <"$volume/.drill/ids")
  request=$(awk "$request_program" "$volume/.drill/ids")
  read -r uptime _ </proc/uptime
  deadline=$((${uptime%.*} + AGENT_TIMEOUT_SECONDS))
  while :; do
    mkfifo "$work/request"
    exec 3<>"$work/request"
    pause=1
    ask_agent
    exec 3>&-
    rm "$work/request"
    read -r uptime _ </proc/uptime
    [ "$ended" -le "$asked" ] || break
    [ "${uptime%.*}" -lt "$deadline" ] || refuse 26 "the agent did not answer in $AGENT_TIMEOUT_SECONDS seconds" \
      'Look at the log of the container named agent: its memory, its settings, the generation.'
  done
  took=$((${uptime%.*} - begun))
  [ "$count" = "$vectors" ] || refuse 27 "the agent has $count vectors, the manifest of $pod generation $id $vectors" \
    'Look at the log of the container named agent: settings that do not fit the index (dimension) leave it empty.'
  [ $((right * 10)) -ge $((asked * 9)) ] ||
    refuse 28 "$right of $asked searches find what they should in $pod generation $id" \
      'The graph or the vectors are damaged, and were when they were saved: restore an older generation, or index anew.'
  served="$vectors vectors, in $took s; $right of $asked searches right"
  log_line "restored $pod generation $id of $saved: $bytes bytes, $served"
}

main "$@"
