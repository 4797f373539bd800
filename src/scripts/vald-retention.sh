#!/bin/sh
# Library of vald-upload.sh: which generations of the pod stay and which go, by the rules of repository-retention.sh, in
# an image without bash and jq. It is sourced after vald-generations.sh, defines functions and runs nothing:
#   apply_retention                      deletes what no rule keeps, after a commit. A status
#   plan_retention                       writes $work/plan: lines `keep ID WHY` and `delete ID WHY`, newest first. A
#                                        status
# It looks at the pod's own folder only. The newest committed generation, pinned ones, damaged ones, what may be in
# progress and what is not ours stay. A generation loses its manifest first, so what is half deleted looks like one that
# never ended, and started.json last, so the next run still knows it as ours.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# One line for each generation: ID STATE TIME PINNED STRANGER, `-` for nothing. STATE is committed, damaged, unfinished
# or foreign; TIME is when it finished, or for an unfinished one when it last changed.
# shellcheck disable=SC2016 # these are fields and variables of awk
records_program='
{
  time = substr($0, 1, 10) "T" substr($0, 12, 8) "Z"
  path = $0
  sub(/^[^;]*;[^;]*;/, "", path)
  if (!match(path, /^[1-9][0-9]*\//)) next
  id = substr(path, 1, RLENGTH - 1)
  if (length(id) > 10 || id + 0 > 2147483647) next
  name = substr(path, RLENGTH + 1)
  ids[id] = 1
  if (time > changed[id]) changed[id] = time
  if (name == "pinned") pinned[id] = "pinned"
  if (name == "manifest.json") manifest[id] = 1
  if (name == "started.json") marker[id] = 1
}
END {
  for (id in ids)
    print id, (id in manifest ? "manifest" : id in marker ? "marker" : "foreign"), changed[id],
      (id in pinned ? "pinned" : "-")
}'

# The rules walk from the newest generation to the oldest; ages count from the newest committed one.
# shellcheck disable=SC2016
plan_program='
function days(text,    y, m, d, era, yoe, doy) {
  y = substr(text, 1, 4) + 0; m = substr(text, 6, 2) + 0; d = substr(text, 9, 2) + 0
  if (m <= 2) y--
  era = int(y / 400); yoe = y - era * 400
  doy = int((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5) + d - 1
  return era * 146097 + yoe * 365 + int(yoe / 4) - int(yoe / 100) + doy - 719468
}
function seconds(text) {
  return days(text) * 86400 + substr(text, 12, 2) * 3600 + substr(text, 15, 2) * 60 + substr(text, 18, 2)
}
function keep(why) { reasons = reasons (reasons == "" ? "" : ",") why }
function period(rule, name, limit) {
  if ((rule, name) in seen || used[rule] >= limit) return
  seen[rule, name] = 1
  used[rule]++
  keep(rule)
}
BEGIN { split(limits, limit, " ") }
{
  id = $1; state = $2; time = $3; reasons = ""
  if (state == "foreign") next
  ours++
  if (state == "committed") {
    if (++count == 1) { newest = seconds(time); keep("newest") }
    if (count <= last) keep("last")
    if (within > 0 && seconds(time) >= newest - within) keep("within")
    period("daily", substr(time, 1, 10), limit[1])
    period("weekly", int((days(time) + 3) / 7), limit[2])
    period("monthly", substr(time, 1, 7), limit[3])
    period("yearly", substr(time, 1, 4), limit[4])
  }
  if (state == "damaged") keep("damaged")
  if (state == "unfinished") {
    if (ours == 1) keep("latest")
    if (now - seconds(time) < grace) keep("young")
  }
  if ($4 == "pinned") keep("pinned")
  if ($5 != "-") keep("stranger")
  if (reasons != "") print "keep", id, reasons
  else print "delete", id, (state == "committed" ? "expired" : "abandoned")
}'

# find_stranger ID: sets `stranger` to that word where its folder has an object that its manifest does not name.
find_stranger() {
  stranger=$(awk -v id="$1" -v sums="$work/listed" '
    FILENAME == sums { own["index/" substr($0, 67)] = 1; next }
    {
      sub(/^[^;]*;[^;]*;/, "")
      if (index($0, id "/") != 1) next
      $0 = substr($0, length(id) + 2)
      if (!($0 in own) && $0 != "manifest.json" && $0 != "started.json" && $0 != "pinned") { print; exit }
    }' "$work/listed" "$work/series") || return
  case $stranger in '') stranger=- ;; *) stranger=stranger ;; esac
}

# read_marker ID TIME: sets `state`, and `time` to when the generation began or last changed.
read_marker() {
  state=foreign time=$2
  text=$(tr -d ' \t\r\n' <"$work/records/$1/started.json") || return
  case $text in *"\"backupId\":$1,"*) ;; *) return 0 ;; esac
  case $text in *"\"clusterId\":\"$CLUSTER_ID\""*) ;; *) return 0 ;; esac
  text=${text#*'"started":"'}
  text=${text%%'"'*}
  case $text in
    20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]Z) state=unfinished ;;
    *) return 0 ;;
  esac
  later=$(printf '%s\n%s\n' "$text" "$time" >"$work/times" && sort -r "$work/times") || return
  time=${later%%Z*}Z
}

# plan_retention: by a listing of its own. A record that is listed and does not come is an error of the store and not a
# generation without one.
plan_retention() {
  list_series "$work/series" || return
  call_rclone copy --include '/*/manifest.json' --include '/*/started.json' "$series" "$work/records" ||
    return
  awk "$records_program" "$work/series" >"$work/found" && sort -rn "$work/found" >"$work/folders" || return
  : >"$work/sets"
  while read -r id state time pinned; do
    stranger=-
    case $state in
      manifest)
        [ -f "$work/records/$id/manifest.json" ] || return
        if read_manifest "$id" "$work/records/$id/manifest.json" "$work/series" "$work/listed"; then
          state=committed time=$finished
          find_stranger "$id" || return
        else
          state=damaged
          log_line "warning: generation $id $fault and stays"
        fi
        ;;
      marker)
        [ -f "$work/records/$id/started.json" ] || return
        read_marker "$id" "$time" || return
        ;;
    esac
    printf '%s %s %s %s %s\n' "$id" "$state" "$time" "$pinned" "$stranger" >>"$work/sets"
  done <"$work/folders"
  now=$(date +%s) || return
  awk -v now="$now" -v last="$KEEP_LAST" -v within="$KEEP_WITHIN_SECONDS" -v grace="$LEFTOVER_GRACE_SECONDS" \
    -v limits="$KEEP_DAILY $KEEP_WEEKLY $KEEP_MONTHLY $KEEP_YEARLY" "$plan_program" "$work/sets" >"$work/plan"
}

apply_retention() {
  plan_retention || return
  sort -k 2n "$work/plan" >"$work/oldest" || return
  while read -r action id why; do
    [ "$action" = delete ] || continue
    delete_generation "$id" "$why" </dev/null || return
  done <"$work/oldest"
}

# list_of ID LISTING FILE: what a listing of the series shows of a generation.
list_of() {
  awk -v id="$1" '{ path = $0; sub(/^[^;]*;[^;]*;/, "", path) } index(path, id "/") == 1' "$2" >"$3"
}

# delete_generation ID WHY: one that has changed since the plan was made may be in use or newly pinned: left for later.
delete_generation() {
  check_owner && list_series "$work/now" && list_of "$1" "$work/now" "$work/after" &&
    list_of "$1" "$work/series" "$work/before" || return
  cmp -s "$work/before" "$work/after" || return 0
  generation_folder=$series/$1
  # From here on it is no backup any more, whatever happens.
  if grep -q '/manifest\.json$' "$work/after"; then
    call_rclone deletefile "$generation_folder/manifest.json" || return
  fi
  call_rclone delete --exclude /started.json "$generation_folder" || return
  # Without started.json nobody would know the rest as ours, so the rest has to be gone first.
  list_series "$work/now" && list_of "$1" "$work/now" "$work/after" || return
  ! grep -v '/started\.json$' "$work/after" >/dev/null || return
  if [ -s "$work/after" ]; then call_rclone deletefile "$generation_folder/started.json" || return; fi
  # Only stores with real folders have any left; an empty one does no harm.
  call_rclone rmdirs "$generation_folder" 2>/dev/null || :
  rm -rf "$work/records/$1"
  log_line "generation $1 is deleted ($2)"
}
