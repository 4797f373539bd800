#!/bin/sh
# Library of the Vald scripts: what the agent in the same pod finds, at the time of a backup and in a restore drill. It
# is sourced by a script that has the `port` of the agent, $work for its files and `child` for its trap, defines
# functions and runs nothing:
#   sample_ids KVSDB NUMBER              prints ids of an index. A status
#   list_searches MANIFEST               prints the searches that a manifest has, and what they found. A status
#   ask_agent SECONDS RESULTS IDS        asks for the count of vectors and searches each id; sets `ended`. A status:
#                                        whether all was answered
#   read_answer IDS PROGRAM              runs the program of awk, in which answer_program is at hand. A status
# An id is one line: its bytes as numbers with blanks between. Behind it there may be others, each after a semicolon.
#
# The agent's REST server knows no count of vectors, so it is asked by gRPC: HTTP/2 frames with protocol buffers in them
# (https://httpwg.org/specs/rfc9113.html, https://grpc.github.io/grpc/core/md_doc__p_r_o_t_o_c_o_l-_h_t_t_p2.html), sent
# and received as bytes.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# Ids are the keys of ngt-meta.kvsdb, a map as Go's gob writes it (https://pkg.go.dev/encoding/gob): a definition that
# is skipped, the number of entries, then key and value in turn. Go writes maps in random order: the first are a sample.
# A number below 128 is one byte; else that byte says how many follow, as 256 minus it. Long ids are left out, because
# all requests together must fit into a pipe that nobody may be reading.
# shellcheck disable=SC2016 # these are fields and variables of awk
sample_program='
function number(    length_of, value) {
  if (byte[at] < 128) return byte[at++]
  length_of = 256 - byte[at++]
  for (value = 0; length_of > 0; length_of--) value = value * 256 + byte[at++]
  return value
}
{ for (i = 1; i <= NF; i++) byte[last++] = $i + 0 }
END {
  at = 0
  definition = number()
  at += definition
  number(); number(); at++
  for (count = number(); count > 0 && asked < searches && at < last; count--) {
    size = number()
    if (at + size > last) break
    line = ""
    for (i = 0; i < size; i++) line = line " " byte[at++]
    number()
    if (size > 0 && size <= 256) { print substr(line, 2); asked++ }
  }
}'

sample_ids() {
  od -An -v -t u1 -N 262144 "$1" >"$work/bytes" || return
  awk -v searches="$2" "$sample_program" "$work/bytes"
}

# Reads what search_program prints, wherever lines are broken. Nothing outside of texts is needed but the brackets.
# shellcheck disable=SC2016 # these are fields and variables of awk
manifest_searches_program='
BEGIN {
  for (i = 1; i < 256; i++) code[sprintf("%c", i)] = i
  for (i = 0; i < 16; i++) digit[sprintf("%x", i)] = i
}
function bytes(text,    i, one, all) {
  for (i = 1; i <= length(text); i++) {
    one = substr(text, i, 1)
    if (one != "\\") all = all " " code[one]
    else if ((one = substr(text, ++i, 1)) != "u") all = all " " code[one]
    else {
      all = all " " (digit[substr(text, i + 3, 1)] * 16 + digit[substr(text, i + 4, 1)])
      i += 4
    }
  }
  return substr(all, 2)
}
{ text = text $0 }
END {
  if (!match(text, /"searches"[ \t\r]*:[ \t\r]*\[/)) exit
  text = substr(text, RSTART + RLENGTH)
  for (inside = 0; match(text, /[]["]/); text = substr(text, 1 + used)) {
    text = substr(text, RSTART)
    used = 1
    if (text ~ /^\[/) inside = 1
    else if (text ~ /^\]/) {
      if (!inside) exit
      inside = 0
      print line
    } else if (match(text, /^"([^"\\]|\\.)*"/)) {
      used = RLENGTH
      content = substr(text, 2, used - 2)
      if (inside) line = line ";" bytes(content)
      else if (substr(text, used + 1) !~ /^[ \t\r]*:/) line = bytes(content)
    }
  }
}'

list_searches() { awk "$manifest_searches_program" "$1"; }

# Everything that is asked, as one argument of printf: the client's greeting with windows that no answer fills, then a
# stream for the count and one for each id. Headers are those of HPACK's static table, or literals without compression.
# A search is within any radius (-1), with epsilon 0.1.
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
  config = octal(16) varint(results) "\\035\\000\\000\\200\\277\\045\\315\\314\\314\\075"
  printf "%s", call("/vald.v1.Index/IndexInfo", "")
}
{
  sub(/;.*/, "")
  id = ""
  for (i = 1; i <= NF; i++) id = id octal($i)
  message = octal(10) varint(NF) id octal(18) varint(size(config)) config
  printf "%s", call("/vald.v1.Search/SearchByID", message)
}'

# What came. For the program behind it: `ended` is how many streams have; `info` has the fields of the answer to
# IndexInfo by number (1 stored, 2 uncommitted, 3 indexing, 4 saving), and `count` is the first of them or -1; `line`
# has the `asked` lines of ids. search_results(N) is how many results the search by the Nth has, in `found` and
# `distance` from 1, nearest first. An error has no message. What is zero is left out of a message, a distance too.
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
function open_message(stream,    text, size, i) {
  size = split(data[stream], text, " ")
  for (i = 6; i <= size; i++) byte[i] = text[i] + 0
  at = 6
  return size + 1
}
function search_results(number,    end, tag, inner, results) {
  end = open_message(number * 2 + 1)
  for (results = 0; at < end; ) {
    tag = varint(); inner = varint(); inner += at
    if (tag != 18) { at = inner; continue }
    found[++results] = ""
    distance[results] = ""
    while (at < inner) {
      tag = varint()
      if (tag == 10) found[results] = span(varint())
      else if (tag == 21) distance[results] = span(4)
      else at = inner
    }
  }
  return results
}
FILENAME == ids { line[++asked] = $0; next }
{ for (i = 1; i <= NF; i++) byte[last++] = $i + 0 }
END {
  for (from = 0; from + 9 <= last; from = next_frame) {
    next_frame = from + 9 + byte[from] * 65536 + byte[from + 1] * 256 + byte[from + 2]
    if (next_frame > last) break
    kind = byte[from + 3]
    stream = byte[from + 7] * 256 + byte[from + 8]
    if (kind == 0) for (at = from + 9; at < next_frame; ) data[stream] = data[stream] " " byte[at++]
    if (kind == 3 || (kind < 2 && byte[from + 4] % 2)) ended++
  }
  count = -1
  if (1 in data) {
    last = open_message(1)
    count = 0
    while (at < last) { kind = varint(); info[(kind - kind % 8) / 8] = varint() }
    count += info[1]
  }
}'

read_answer() {
  awk -v ids="$1" "$answer_program$2" "$1" "$work/received"
}

# ask_agent SECONDS RESULTS IDS. The pipe is open for reading and writing, so that nc never sees its end, at which the
# agent would hang up, and so that nothing here waits for nc.
ask_agent() {
  ended=0 waited=0
  request=$(awk -v results="$2" "$request_program" "$3") && asked=$(wc -l <"$3") && rm -f "$work/request" &&
    mkfifo "$work/request" || return
  exec 3<>"$work/request"
  nc 127.0.0.1 "$port" <&3 >"$work/answer" 2>"$work/gone" &
  child=$!
  # shellcheck disable=SC2059 # it is the format that has the bytes
  printf "$request" >&3
  while [ "$ended" -le "$asked" ] && [ "$waited" -lt "$1" ]; do
    kill -0 "$child" 2>"$work/gone" || waited=$1
    sleep 1
    waited=$((waited + 1))
    od -An -v -t u1 "$work/answer" >"$work/received" &&
      read_answer "$3" 'END { print ended + 0 }' >"$work/ended" && read -r ended <"$work/ended" || waited=$1
  done
  exec 3>&-
  kill "$child" 2>"$work/gone" || :
  wait "$child" 2>"$work/gone" || :
  child=''
  [ "$ended" -gt "$asked" ]
}
