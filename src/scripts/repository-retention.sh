#!/usr/bin/env bash
# Plans which backup sets of a series stay and which go, and with MODE=apply deletes those that go.
# Input: the environment, see read_environment. Output: the plan as JSON on stdout, lines on stderr; with MODE=plan
# nothing is touched. Exit: 0 done; 1 a command failed; 2 wrong input; 10 to 13 refused, see refuse's callers; 143
# stopped by a signal.
#
# It may be killed anywhere and run again. A set loses its manifest before anything else, so what is half deleted looks
# like an unfinished set and never like a backup; it loses started.json last, so the next run still knows it as ours and
# finishes the work. What cannot be listed or read stops the run: no error is ever taken for "nothing there".
set -euo pipefail
export LC_ALL=C TZ=UTC # TZ: rclone prints times in it

log_line() { printf 'repository-retention: %s\n' "$*" >&2; }

# refuse CODE MESSAGE HINT
refuse() {
  log_line "error: $2"
  log_line "hint: $3"
  exit "$1"
}

refuse_store() {
  refuse 12 "$SERIES_PATH $1" \
    'Check endpoint, bucket, credentials (list, read, delete), network policy and RETENTION_TIMEOUT_SECONDS.'
}

read_environment() {
  : "${MODE:?plan or apply}"
  : "${STORE_PATH:?rclone path of this cluster, such as store:bucket/prefix/cluster}"
  : "${SERIES_PATH:?STORE_PATH, or the folder in it that holds the sets}"
  : "${CLUSTER_ID:?UUID of this cluster}"
  : "${KEEP_LAST:?number of newest sets that stay}"
  : "${KEEP_WITHIN_SECONDS:?age up to which sets stay, 0 for no such rule}"
  : "${KEEP_DAILY:?number of days}" "${KEEP_WEEKLY:?number of weeks}"
  : "${KEEP_MONTHLY:?number of months}" "${KEEP_YEARLY:?number of years}"
  : "${LEFTOVER_GRACE_SECONDS:?how long a set without manifest may be in progress}"
  : "${GUARD_COMMAND:?program that must succeed before each deletion, or true}"
  : "${RETENTION_TIMEOUT_SECONDS:?seconds that all work with the store may take}"
  local name
  case $MODE in plan | apply) ;; *) refuse 2 "MODE is '$MODE'" 'Allowed: plan apply.' ;; esac
  for name in KEEP_LAST LEFTOVER_GRACE_SECONDS RETENTION_TIMEOUT_SECONDS; do check_number "$name" 1; done
  for name in KEEP_WITHIN_SECONDS KEEP_DAILY KEEP_WEEKLY KEEP_MONTHLY KEEP_YEARLY; do check_number "$name" 0; done
  case $CLUSTER_ID in
    *[!A-Za-z0-9._-]*) refuse 2 "CLUSTER_ID is '$CLUSTER_ID'" 'Allowed: A-Z a-z 0-9 . _ -' ;;
  esac
  # A cluster's folder is never the top of a bucket, and a series never outside of its cluster's folder.
  case $STORE_PATH in
    store:*//* | *[[:cntrl:]]* | */ | */. | */.. | */./* | */../*) refuse_path ;;
    store:?*/?*) ;;
    *) refuse_path ;;
  esac
  case ${SERIES_PATH#"$STORE_PATH"} in
    '') ;;
    /?*/* | *[[:cntrl:]]* | /. | /..) refuse_path ;;
    /*[!0-9]*) ;;
    *) refuse_path ;;
  esac
}

refuse_path() {
  refuse 2 "STORE_PATH is '$STORE_PATH', SERIES_PATH is '$SERIES_PATH'" \
    'Allowed: store:bucket/path, and the same or with /name behind it that is not only digits.'
}

# check_number NAME LEAST
check_number() {
  case ${!1} in
    0) [[ $2 -eq 0 ]] || refuse 2 "$1 is '0'" 'Allowed: a whole number from 1.' ;;
    '' | 0* | *[!0-9]* | ??????????*) refuse 2 "$1 is '${!1}'" "Allowed: a whole number from $2, at most 9 digits." ;;
  esac
}

# run_bounded COMMAND…: runs it until the deadline. In the background, because a shell looks at TERM only between
# commands but at once in `wait`.
run_bounded() {
  local left=$((deadline - EPOCHSECONDS)) result=0
  ((left > 0)) || return 124
  timeout -k 5 "$left" "$@" &
  child=$!
  wait "$child" || result=$?
  child=''
  return "$result"
}

# --config '': a file in the image must not say what `store` is. The other options bound waits and tries.
call_rclone() {
  run_bounded rclone --config '' --contimeout 10s --timeout 30s --retries 3 --retries-sleep 1s --low-level-retries 3 \
    "$@"
}

# --use-server-modtime: when the store got an object, not when its source was written, and without a request for each.
list_objects() {
  call_rclone lsjson -R --files-only --no-mimetype --use-server-modtime "$1"
}

# An empty answer is no owner: rclone prints nothing and succeeds where S3 has no such object.
check_owner() {
  local owner
  call_rclone cat "$STORE_PATH/owner.json" >"$work/owner" || refuse_store 'does not give owner.json'
  [[ -s $work/owner ]] || refuse 10 "$STORE_PATH has no owner.json" \
    'Check bucket, prefix and access key: without it nothing here is known to be ours.'
  owner=$(jq -r '.clusterId | strings' "$work/owner") || refuse 11 "$STORE_PATH/owner.json is not JSON" \
    'Look at it: without it nothing here is known to be ours.'
  [[ $owner == "$CLUSTER_ID" ]] || refuse 11 "$STORE_PATH belongs to cluster $owner, this is $CLUSTER_ID" \
    'Only the owner deletes. Give this cluster a prefix of its own, or let it take the folder over.'
}

# Definitions for jq. `plan` makes the plan of {now, clusterId, policy, listing, records}, where records has the text of
# each path that `wanted` gives. The package has the same as planRetention, and a test holds the two together.
# shellcheck disable=SC2016 # these are variables of jq
program='def is_id: explode | length > 0 and length <= 10 and .[0] != 48 and all(.[]; . >= 48 and . <= 57)
  and (implode | tonumber) <= 2147483647;

# Seconds of a time as the repository writes it, else null: anything else does not come back as the same text.
def parsed: if type == "string" and length == 20 then
    . as $text | [try (strptime("%Y-%m-%dT%H:%M:%SZ") | mktime) catch null][0]
    | if . != null and . >= 0 and todate == $text then . else null end
  else null end;

def folders: [.listing[] | (.Path | split("/")) as $steps
    | if .ModTime | endswith("Z") then . else error("not a time in UTC: \(.ModTime)") end
    | {top: ($steps[0] + (if ($steps | length) > 1 then "/" else "" end)), path: ($steps[1:] | join("/")),
       size: .Size, modified: (.ModTime[0:19] + "Z")}]
  | group_by(.top) | map({top: .[0].top, objects: .})
  | map(.id = if .top | endswith("/") and (.[:-1] | is_id) then .top[:-1] | tonumber else null end);

def record_of: (.objects | map(.path)) as $paths | first(("manifest.json", "started.json", null) | select(. == null
    or (. as $name | any($paths[]; . == $name))));

def wanted: folders[] | select(.id != null) | record_of as $record | select($record != null)
  | select(any(.objects[]; .path == $record and .size <= 67108864)) | "\(.id)/\($record)";

def object_of($text): [try ($text | fromjson) catch null][0] | if type == "object" then . else {} end;

def is_file: type == "object" and (.path | type) == "string" and (.size | type) == "number";

def read_set($in): . as $folder | .objects as $objects | record_of as $record
  | object_of($in.records["\(.id)/\($record)"]) as $content
  | (reduce $objects[] as $object ({}; .[$object.path] = $object.size)) as $sizes
  | {backupId: .id, objects: ($objects | length), bytes: ($objects | map(.size) | add),
     pinned: ($sizes | has("pinned"))} as $shared
  | if $record == "manifest.json" then
      if $content.version == 1 and $content.backupId == .id and ($content.finished | parsed) != null
        and ($content.files | type) == "array" and ($content.files | length) > 0 and all($content.files[]; is_file)
      then first(($content.files[] | select(.size != $sizes[.path]) | .path), null) else "manifest.json" end
      | . as $damage
      | if $damage != null
        then $shared + {state: "damaged", time: null, damage: $damage, own: null}
        else $shared + {state: "committed", time: $content.finished, damage: null,
          own: (reduce ("manifest.json", "started.json", "pinned", $content.files[].path) as $path ({}; .[$path] = 1))}
        end
    elif $content.clusterId == $in.clusterId and $content.backupId == .id and ($content.started | parsed) != null
    then $shared + {state: "unfinished", time: ([$content.started, $objects[].modified] | max), damage: null, own: null}
    else {foreign: .top} end
  | .own as $own
  | .stranger = first(($objects[].path | select($own != null and (. as $path | $own | has($path) | not))), null);

def periods: parsed as $seconds | ($seconds / 86400 | floor) as $days
  | {daily: .[0:10], weekly: (($days - ($days + 3) % 7) * 86400 | todate | .[0:10]), monthly: .[0:7], yearly: .[0:4]};

# The rules walk from the newest committed set to the oldest; ages count from the newest.
def keep_committed($policy): (.[0].time | parsed) as $newest
  | {daily: $policy.keepDaily, weekly: $policy.keepWeekly, monthly: $policy.keepMonthly, yearly: $policy.keepYearly}
    as $limits
  | reduce .[] as $set ({count: 0, seen: ($limits | map_values({})), kept: {}};
      ($set.time | parsed) as $seconds | ($set.time | periods) as $periods | .reasons = []
      | if .count == 0 then .reasons += [{rule: "newest", detail: ""}] else . end
      | .count += 1
      | if .count <= $policy.keepLast then .reasons += [{rule: "last", detail: "\(.count) of \($policy.keepLast)"}]
        else . end
      | if $policy.keepWithinSeconds > 0 and $seconds >= $newest - $policy.keepWithinSeconds
        then .reasons += [{rule: "within", detail: ""}] else . end
      | reduce ("daily", "weekly", "monthly", "yearly") as $rule (.; $periods[$rule] as $period
          | if (.seen[$rule] | has($period) or length >= $limits[$rule]) then .
            else .seen[$rule][$period] = 1 | .reasons += [{rule: $rule, detail: $period}] end)
      | .kept["\($set.backupId)"] = .reasons)
  | .kept;

def plan: . as $in | first((wanted | select(. as $path | $in.records | has($path) | not)), null) as $missing
  | if $missing != null then error("the text of \($missing) was not given") else . end
  | folders as $folders | [$folders[] | select(.id != null) | read_set($in)] as $read
  | ([$read[] | select(.foreign == null)] | sort_by(-.backupId)) as $sets
  | ($sets | map(select(.state == "committed"))) as $committed
  | ($committed | keep_committed($in.policy)) as $kept
  | {timeZone: "UTC", newest: ($committed[0].backupId // null),
     sets: [$sets[] | . as $set
       | (if .state == "committed" then $kept["\(.backupId)"]
          elif .state == "damaged" then [{rule: "damaged", detail: .damage}]
          else (if .backupId == $sets[0].backupId then [{rule: "latest", detail: ""}] else [] end)
            + (if $in.now - (.time | parsed) < $in.policy.leftoverGraceSeconds
               then [{rule: "young", detail: .time}] else [] end) end)
       + (if .pinned then [{rule: "pinned", detail: ""}] else [] end)
       + (if .stranger != null then [{rule: "stranger", detail: .stranger}] else [] end)
       | {backupId: $set.backupId, state: $set.state, time: $set.time, objects: $set.objects, bytes: $set.bytes}
         + if length > 0 then {action: "keep", reasons: .}
           elif $set.state == "committed" then {action: "delete", reasons: [{rule: "expired", detail: ""}]}
           else {action: "delete", reasons: [{rule: "abandoned", detail: $set.time}]} end],
     foreign: ([$folders[] | select(.id == null and .top != "owner.json").top] + [$read[].foreign | strings] | sort)};

# The records of lines with path, tab and text.
def texts: reduce (split("\n")[:-1][] | split("\t")) as $parts ({}; .[$parts[0]] = ($parts[1:] | join("\t")));

# What to do about a plan, one line each.
def lines: .sets[] | if .state == "damaged" then "damaged \(.backupId) \(.reasons[0].detail)"
  elif .action == "delete" then "delete \(.backupId)" else empty end;

# The paths in the folder of a set, one in a line, if it still has the objects that an earlier listing shows below $top.
def unchanged($top; $before): def facts: map({Path, Size, ModTime}) | sort;
  if (map(.Path = $top + .Path) | facts) == ($before | map(select(.Path | startswith($top))) | facts)
  then .[].Path else empty end;
'

# call_jq OPTIONS…: its own statuses have other meanings here.
call_jq() {
  jq "$@" || refuse 1 'jq failed' 'Its own message says why.'
}

# read_records: prints each record as one line, path, tab and text. A newline in JSON is only space between its parts.
read_records() {
  local path text
  while IFS= read -r path; do
    text=$(<"$work/records/$path") || return 1
    printf '%s\t%s\n' "$path" "${text//$'\n'/ }"
  done <"$work/wanted"
}

# All records come with one call, for exactly the paths that were listed; one that was listed and does not come is an
# error of the store and not a set without manifest.
make_plan() {
  local policy path
  policy="{\"keepLast\":$KEEP_LAST,\"keepWithinSeconds\":$KEEP_WITHIN_SECONDS,\"keepDaily\":$KEEP_DAILY,\
\"keepWeekly\":$KEEP_WEEKLY,\"keepMonthly\":$KEEP_MONTHLY,\"keepYearly\":$KEEP_YEARLY,\
\"leftoverGraceSeconds\":$LEFTOVER_GRACE_SECONDS}"
  list_objects "$SERIES_PATH" >"$work/listing" || refuse_store 'cannot be listed'
  [[ $SERIES_PATH != "$STORE_PATH" || $(<"$work/listing") == *'"Path":"owner.json"'* ]] ||
    refuse_store 'does not list the owner.json that it just gave'
  call_jq -r "$program {listing: .} | wanted" "$work/listing" >"$work/wanted"
  if [[ -s $work/wanted ]]; then
    call_rclone copy --files-from-raw "$work/wanted" "$SERIES_PATH" "$work/records" ||
      refuse_store 'does not give its manifests'
    while IFS= read -r path; do
      [[ -f $work/records/$path ]] || refuse_store "lists $path and does not give it"
    done <"$work/wanted"
  fi
  read_records >"$work/texts"
  call_jq -n --argjson now "$EPOCHSECONDS" --arg clusterId "$CLUSTER_ID" --argjson policy "$policy" \
    --slurpfile listing "$work/listing" --rawfile texts "$work/texts" \
    "$program {\$now, \$clusterId, \$policy, listing: \$listing[0], records: (\$texts | texts)} | plan" >"$work/plan"
  call_jq -r "$program lines" "$work/plan" >"$work/lines"
}

# delete_set ID: looks at everything again first, because time has passed since the listing: whose the folder is, the
# guard, every object of the set. One that changed since may be in use or newly pinned: the next run decides again.
delete_set() {
  local id=$1 folder=$SERIES_PATH/$1 path manifest='' marker=''
  check_owner
  run_bounded "$GUARD_COMMAND" || refuse 13 "$GUARD_COMMAND does not allow to delete backup $id" \
    'Another run may hold the lease; what is left goes with the next run.'
  list_objects "$folder" >"$work/now" || refuse_store "cannot be listed at $id"
  call_jq -r --arg top "$id/" --slurpfile before "$work/listing" "$program unchanged(\$top; \$before[0])" \
    "$work/now" >"$work/paths"
  if [[ ! -s $work/paths ]]; then
    log_line "backup $id changed since the plan was made: left alone"
    return 0
  fi
  while IFS= read -r path; do
    case $path in
      manifest.json) manifest=yes ;;
      started.json) marker=yes ;;
      *) printf '%s\n' "$path" ;;
    esac
  done <"$work/paths" >"$work/payload"
  # From here on the set is no backup any more, whatever happens.
  if [[ -n $manifest ]]; then
    call_rclone deletefile "$folder/manifest.json" || refuse_store "does not delete $id/manifest.json"
  fi
  # An empty list would be no filter at all.
  if [[ -s $work/payload ]]; then
    call_rclone delete --files-from-raw "$work/payload" "$folder" || refuse_store "does not delete backup $id"
  fi
  # Without started.json nobody would know the rest as ours, so the rest has to be gone first.
  list_objects "$folder" >"$work/now" || refuse_store "cannot be listed at $id"
  call_jq -r '.[].Path | select(. != "started.json")' "$work/now" >"$work/paths"
  [[ ! -s $work/paths ]] || refuse_store "still lists objects of backup $id after deleting them"
  if [[ -n $marker ]]; then
    call_rclone deletefile "$folder/started.json" || refuse_store "does not delete $id/started.json"
  fi
  # Only stores with real folders have any; an empty one is no object, so it does no harm.
  call_rclone rmdirs "$folder" || log_line "warning: the empty folder $folder could not be removed"
  log_line "deleted backup $id"
}

main() {
  local kind id detail gone=()
  read_environment
  work=$(mktemp -d)
  child=''
  deadline=$((EPOCHSECONDS + RETENTION_TIMEOUT_SECONDS))
  trap 'rm -rf "$work" || :' EXIT
  trap 'kill "$child" 2>/dev/null || :; log_line "stopped by a signal, the next run goes on"; exit 143' TERM INT
  check_owner
  make_plan
  cat "$work/plan"
  while read -r kind id detail; do
    case $kind in
      damaged) log_line "warning: backup $id is damaged at $detail and stays" ;;
      delete) gone=("$id" "${gone[@]}") ;; # oldest first
    esac
  done <"$work/lines"
  [[ $MODE == apply ]] || return 0
  for id in "${gone[@]}"; do delete_set "$id"; done
}

main "$@"
