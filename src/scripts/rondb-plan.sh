#!/usr/bin/env bash
# Library of rondb-restore.sh: which set is restored, whether it may be, and what the plan, the report and the status
# say. It is sourced after the other libraries, defines functions and runs nothing:
#   read_previous            what the status ConfigMap says about earlier restores
#   choose_set               sets `set_id`, and `unfinished` if a run for the same set and selection has not ended
#   read_set                 its manifest, listing and SQL files: 11, 12, 19, 20, 24
#   look_at_cluster          15 unless a restore may begin; sets `slots`
#   make_plan                $work/plan, after all checks; with MODE=plan these only say what they would refuse
#   list_selection, check_gate   again, when the native backup turns out to have other tables
#   check_rows               23 unless all rows have arrived
#   save_status STATE UNFINISHED CODE    UNFINISHED is true, false or empty for no change. A status
#   print_report CODE
# shellcheck disable=SC2016,SC2034,SC2153,SC2154 # programs of jq; variables of the script that sources this

refuse_source() {
  refuse 12 "$SOURCE_PATH $1" \
    'Check endpoint, bucket, credentials (list, read), certificate authority, network policy and the timeouts.'
}

# would_refuse CODE MESSAGE HINT: a plan goes on, so that it has everything that stands in the way.
would_refuse() {
  [[ $MODE == plan ]] || refuse "$@"
  log_line "would refuse with $1: $2"
  call_jq -n -c --argjson code "$1" --arg message "$2" --arg hint "$3" '{$code, $message, $hint}' >>"$work/refusals"
}

read_previous() {
  read_status restore "$work/previous" || refuse 1 "the ConfigMap $STATUS_CONFIGMAP cannot be read" \
    'It says whether an earlier restore has ended. Check its name and the right to get it.'
  call_jq -n -c --arg source "$SOURCE_PATH" --arg includeDatabases "$INCLUDE_DATABASES" \
    --arg excludeDatabases "$EXCLUDE_DATABASES" --arg includeTables "$INCLUDE_TABLES" \
    --arg excludeTables "$EXCLUDE_TABLES" '
    {$source, selection: ({$includeDatabases, $excludeDatabases, $includeTables, $excludeTables}
      | map_values(split("\n") | map(select(. != "")) | sort))}' >"$work/request"
}

# An unfinished restore of the same keeps its set, also if a newer one came: that one may have been made of half of it.
choose_set() {
  local line newest=0 other
  if [[ $SOURCE_PATH == "$STORE_PATH" ]]; then
    check_owner "$STORE_PATH"
    source_id=$CLUSTER_ID
  else
    retry_command get_text "$SOURCE_PATH/owner.json" "$work/owner" || refuse_source 'does not give owner.json'
    source_id=$(jq -r '.clusterId | strings' "$work/owner") || source_id=''
    [[ -n $source_id || $ALLOW_UNVERIFIED == true ]] || refuse 10 "$SOURCE_PATH has no owner.json" \
      'Check SOURCE_PATH. Backups of upstream have none: they need ALLOW_UNVERIFIED.'
  fi
  other=$(call_jq -n -r --slurpfile old "$work/previous" --slurpfile request "$work/request" '$old[0].unfinished
    | if . == null then ""
      else (if {source, selection} == $request[0] then "same" else "other" end) + " \(.backupId)" end')
  set_id=$BACKUP_ID
  if [[ $BACKUP_ID == latest ]]; then
    retry_command list_sets "$SOURCE_PATH" "$work/sets" || refuse_source 'cannot be listed'
    while IFS= read -r line; do
      [[ ! $line =~ ^([1-9][0-9]{0,9})/manifest\.json$ ]] || ((BASH_REMATCH[1] <= newest)) || newest=${BASH_REMATCH[1]}
    done <"$work/sets"
    ((newest > 0)) || refuse 19 "$SOURCE_PATH has no committed set" 'Check SOURCE_PATH, bucket and prefix.'
    set_id=$newest
    if [[ $other == same\ * ]]; then set_id=${other#same }; fi
  fi
  if [[ $other == "same $set_id" ]]; then
    unfinished=yes
    log_line "a restore of backup $set_id has not ended: its tables are dropped and it begins again"
  elif [[ -n $other ]]; then
    would_refuse 21 "a restore of backup ${other#* } has not ended, with another set or selection than this one" \
      "Run that one again, or give it up: drop its tables, and remove the key restore of ConfigMap $STATUS_CONFIGMAP."
  fi
}

read_set() {
  local code=0 folder=$SOURCE_PATH/$set_id facts owner encryption key
  get_manifest "$folder" "$set_id" "$work/manifest" || code=$?
  ((code != 12)) || refuse_source "does not give $set_id/manifest.json"
  retry_command list_set "$folder" "$work/listing" || refuse_source "cannot be listed at $set_id"
  verified=true hashes_differ=''
  if ((code == 0)); then
    facts=$(call_jq -r '[.clusterId, .encryption.type // "none", .encryption.keyFingerprint // "-",
      (if .rondb.schemaHash.before == .rondb.schemaHash.after then "" else "differ" end)] | join(" ")' "$work/manifest")
    read -r owner encryption key hashes_differ <<<"$facts"
    [[ $encryption == "$ENCRYPTION" && ($encryption == none || $key == "$fingerprint"*) ]] ||
      refuse 24 "backup $set_id has the encryption $encryption with key $key, here is $ENCRYPTION ${fingerprint:-}" \
        'Give the key that it was written with.'
    [[ $owner == "$source_id" || $ALLOW_UNVERIFIED == true ]] ||
      refuse 11 "backup $set_id was made by cluster $owner, and $SOURCE_PATH belongs to $source_id" \
        'Check SOURCE_PATH. For a set of before a folder was taken over, set ALLOW_UNVERIFIED.'
    [[ $owner == "$source_id" ]] || warn "backup $set_id was made by cluster $owner and not by $source_id"
    facts=$(compare_set "$work/manifest" "$work/listing")
    [[ -z $facts ]] || refuse_damage "${facts//$'\t'/ }"
  elif [[ -s $work/manifest || $ALLOW_UNVERIFIED == false ]]; then
    refuse 19 "backup $set_id in $SOURCE_PATH: its manifest.json $fault" \
      'Check BACKUP_ID. Backups of upstream have no manifest: they need ALLOW_UNVERIFIED.'
  else
    derive_manifest "$set_id" "$work/listing" "$work/manifest" ||
      refuse 20 "backup $set_id in $SOURCE_PATH is not whole: it $fault" 'Restore another set.'
    verified=false hashes_differ=unknown
    warn "backup $set_id has no manifest: nothing proves that it is whole or unchanged"
  fi
  fetch_sql users.sql
  fetch_sql databases.sql
}

fetch_sql() {
  local expected got
  expected=$(call_jq -r --arg path "$1" '.files[] | select(.path == $path) | .sha256 // ""' "$work/manifest")
  retry_command get_text "$SOURCE_PATH/$set_id/$1" "$work/$1" || refuse_source "does not give $set_id/$1"
  got=$(sha256sum <"$work/$1")
  [[ -z $expected || ${got%% *} == "$expected" ]] || refuse_damage "$1 has another content"
}

look_at_cluster() {
  local line
  find_manager
  list_nodes
  for line in "${down[@]}"; do warn "$line"; done
  retry_command read_running_backup || refuse 15 'the nodes do not say whether a backup is running' 'Check the cluster.'
  [[ -z $running ]] || would_refuse 15 "native backup $running is running" 'Wait for its end.'
  count_free_slots
  slots=$free_slots
  ((slots > 0)) || would_refuse 15 'the cluster has no free API slot for ndb_restore' \
    'Give the cluster more API slots without a host (upstream: rondbConfig.EmptyApiSlots), or end what uses them.'
  ((API_SLOTS == 0 || API_SLOTS >= slots)) || slots=$API_SLOTS
  list_tables "$work/there"
  list_tablespaces "$work/spaces"
}

# Each node's files go to one started node, in turn.
choose_targets() {
  local node index=0
  target_of=() source_nodes=()
  while IFS= read -r node; do
    source_nodes+=("$node")
    target_of[node]=${started[index % ${#started[@]}]}
    printf '%s %s\n' "$node" "${target_of[node]}"
    index=$((index + 1))
  done < <(jq -r '.rondb.topology.nodes | sort_by(.nodeId)[].nodeId' "$work/manifest") >"$work/targets"
  ((slots <= ${#source_nodes[@]})) || slots=${#source_nodes[@]}
  call_jq -r '.files[] | select(.path | startswith("rondb/"))
    | [(.path | split("/")[1]), .path, .size, .sha256 // ""] | @tsv' "$work/manifest" >"$work/files"
}

# selected: what must not exist and what an unfinished restore has made; selected-tables: what ndb_restore makes.
list_selection() {
  local entry
  for entry in "${!tables[@]}"; do
    if [[ ${tables["$entry"]} == in && -n ${native["$entry"]-} ]]; then printf '%s\n' "$entry"; fi
  done | sort >"$work/selected-tables"
  {
    cat "$work/selected-tables"
    for entry in "${!views[@]}"; do if [[ ${views["$entry"]} == in ]]; then printf '%s\n' "$entry"; fi; done
  } | sort >"$work/selected"
}

check_gate() {
  local entry there selected existing=() others=()
  [[ -z $unfinished ]] || return 0
  selected=$'\n'$(<"$work/selected")$'\n'
  while IFS= read -r entry; do
    if [[ $selected == *$'\n'"$entry"$'\n'* ]]; then existing+=("${entry/\//.}"); else others+=("${entry/\//.}"); fi
  done <"$work/there"
  if ((${#existing[@]} > 0)); then
    would_refuse 21 "${#existing[@]} tables of the selection are there already: ${existing[*]:0:5}" \
      'Drop or rename them, or exclude them: ndb_restore would add its rows to theirs and say nothing.'
  elif ((${#others[@]} > 0)) && [[ $INTO_NON_EMPTY == false ]]; then
    would_refuse 21 "the cluster is not empty, it has ${#others[@]} tables: ${others[*]:0:5}" \
      'Restore into an empty cluster, or set INTO_NON_EMPTY.'
  fi
}

# ndb_restore fails on these in the middle of its work.
check_tables() {
  local entry parent there
  there=$'\n'$(<"$work/there")$'\n'
  [[ -s $work/selected-tables ]] || would_refuse 19 'the selection has no NDB table' 'Correct the selection.'
  while IFS= read -r entry; do
    [[ ${entry#*/} != */* ]] || would_refuse 2 "ndb_restore takes no table with a slash in its name: ${entry/\//.}" \
      'Restore its database without it.'
    while IFS= read -r parent; do
      [[ -z $parent || ${tables["$parent"]-} == in ]] ||
        [[ $INTO_NON_EMPTY == true && $there == *$'\n'"$parent"$'\n'* ]] ||
        would_refuse 2 "${entry/\//.} has a foreign key to ${parent/\//.}, which is not in the selection" \
          'Include the parent table too, or exclude the child.'
    done <<<"${parents["$entry"]-}"
  done <"$work/selected-tables"
}

# Tablespaces are restored all or none, and fail where one exists.
check_tablespaces() {
  local entry spaces needed=() missing=()
  spaces=$'\n'$(<"$work/spaces")$'\n'
  disk_options=(--no-restore-disk-objects)
  while IFS= read -r entry; do
    entry=${tablespaces["$entry"]-}
    [[ -z $entry || $spaces == *$'\n'"usable $entry"$'\n'* ]] || missing+=("$entry")
  done <"$work/selected-tables"
  ((${#missing[@]} > 0)) || return 0
  if [[ $spaces == *$'\n'there\ * ]]; then
    would_refuse 15 "the cluster has not the tablespace ${missing[0]}, but others, and ndb_restore makes all or none" \
      'Make it first: CREATE LOGFILE GROUP, CREATE TABLESPACE, with ENGINE NDB; or exclude its tables.'
  else
    disk_options=()
  fi
}

make_plan() {
  local entry
  : >"$work/refusals"
  scan_databases "$work/databases.sql"
  check_names
  native_options
  list_selection
  choose_targets
  check_gate
  check_tables
  check_tablespaces
  for entry in "${!tables[@]}"; do
    [[ ${tables["$entry"]} == out || -n ${native["$entry"]-} ]] ||
      warn "${entry/\//.} is no NDB table: it has no rows in a backup and is made empty"
  done
  for entry in "${!tables[@]}"; do
    printf '%s\t%s\t%s\n' "${tables["$entry"]}" "${native["$entry"]-0}" "${entry/\//.}"
  done | sort >"$work/tables"
  for entry in "${!views[@]}"; do printf '%s\t%s\n' "${views["$entry"]}" "${entry/\//.}"; done | sort >"$work/views"
  for entry in "${!pod_of[@]}"; do printf '%s\t%s\n' "$entry" "${pod_of[entry]}"; done >"$work/pods"
  call_jq -n --arg mode "$MODE" --argjson verified "$verified" --arg unfinished "$unfinished" \
    --arg users "$RESTORE_USERS" --arg slots "$slots" --arg disk "${#disk_options[@]}" \
    --arg version "$PACKAGE_VERSION" \
    --slurpfile manifest "$work/manifest" --slurpfile request "$work/request" --slurpfile refusals "$work/refusals" \
    --rawfile files "$work/files" --rawfile targets "$work/targets" --rawfile pods "$work/pods" \
    --rawfile tables "$work/tables" --rawfile views "$work/views" '
    def rows: split("\n")[:-1] | map(split("\t"));
    ($pods | rows | map({key: .[0], value: .[1]}) | from_entries) as $pod
    | ($files | rows | group_by(.[0])) as $nodes | ($tables | rows) as $all
    | $manifest[0] | {mode: $mode, version: $version, backupId, source: $request[0].source,
      clusterId: .clusterId, clusterName: .clusterName, finished: .finished, verified: $verified, bytes,
      records: .rondb.records, selection: $request[0].selection, beginsAgain: ($unfinished != ""),
      restoresUsers: ($users == "true"), restoresTablespaces: ($disk == "0"), parallel: ($slots | tonumber),
      nodes: [($targets | split("\n")[:-1][] | split(" ")) as $pair | $nodes[] | select(.[0][0] == $pair[0])
        | {sourceNode: ($pair[0] | tonumber), targetNode: ($pair[1] | tonumber), pod: $pod[$pair[1]], files: length,
           bytes: (map(.[2] | tonumber) | add)}],
      tables: {in: [$all[] | select(.[0] == "in" and .[1] == "1")[2]],
        empty: [$all[] | select(.[0] == "in" and .[1] == "0")[2]], out: [$all[] | select(.[0] == "out")[2]]},
      views: {in: [$views | rows[] | select(.[0] == "in")[1]], out: [$views | rows[] | select(.[0] == "out")[1]]},
      refusals: $refusals}' >"$work/plan"
}

# Each fragment is in the files of one node, and ndb_restore misses none that is not there. What it says it has restored
# must be in the tables; each change of the log may have added or removed one row.
check_rows() {
  local word rest node selected difference table rows blobs
  local tuples=0 changes=0
  declare -A seen=() replicated=() groups=()
  for node in "${started[@]}"; do groups[${group_of[node]}]=1; done
  for node in "${source_nodes[@]}"; do
    while read -r word rest; do
      case $word in
        tuples) tuples=$((tuples + rest)) ;;
        changes) changes=$((changes + rest)) ;;
        fragment) seen[${rest% *}]=$((${seen[${rest% *}]-0} + 1)) ;;
      esac
    done <"$work/data-$node"
  done
  restored_tuples=$tuples restored_changes=$changes counted_rows=0
  while read -r word rest; do
    [[ $word != replicated ]] || replicated[${rest/\/def\//\/}]=1
    [[ $word == table && ! $rest =~ ^sys/def/[0-9]+/ ]] || continue
    ((${seen[${rest% *}]-0} >= ${rest##* })) ||
      refuse 23 "only ${seen[${rest% *}]-0} of ${rest##* } fragments of ${rest% *} are in the set's files" \
        'The backup is not whole: restore another set.'
  done <"$work/inspected"
  count_rows "$work/row-counts"
  selected=$'\n'$(<"$work/selected-tables")$'\n'
  while IFS=$'\t' read -r table rows blobs; do
    [[ $selected == *$'\n'"$table"$'\n'* ]] || continue
    if [[ -n ${replicated["$table"]-} ]]; then rows=$((rows / ${#groups[@]})) blobs=$((blobs / ${#groups[@]})); fi
    counted_rows=$((counted_rows + rows + blobs))
    printf '%s\t%s\n' "$table" "$rows"
  done <"$work/row-counts" >"$work/table-rows"
  difference=$((counted_rows - tuples))
  ((${difference#-} <= changes)) ||
    refuse 23 "ndb_restore has restored $tuples rows and $changes changes, and $counted_rows are in the tables" \
      'Do not use the tables. If nobody else has written to them, run again or restore another set.'
  [[ $verified == true ]] || return 0
  jq -e --argjson tuples "$tuples" --argjson changes "$changes" \
    '$tuples <= .rondb.records and $changes <= .rondb.logRecords' "$work/manifest" >/dev/null ||
    refuse 23 "ndb_restore has restored $tuples rows and $changes changes, more than the manifest has" \
      'Do not use the tables: restore another set.'
}

save_status() {
  read_clock
  call_jq -n -c --arg state "$1" --arg unfinished "$2" --argjson code "${3:-null}" --arg id "$set_id" \
    --argjson began "$began" --argjson now "$now" --slurpfile old "$work/previous" --slurpfile request "$work/request" '
    ($id | if . == "" or . == "latest" then null else tonumber end) as $id
    | {state: $state, backupId: $id, exitCode: $code, started: ($began | todate), seconds: ($now - $began),
       unfinished: (if $unfinished == "true" then $request[0] + {backupId: $id, since: ($now | todate)}
         elif $unfinished == "false" then null else $old[0].unfinished end),
       lastRestored: (if $state == "restored" then $request[0] + {backupId: $id, time: ($now | todate)}
         else $old[0].lastRestored end)}' >"$work/status-now"
  call_jq -n --slurpfile value "$work/status-now" '{data: {restore: ($value[0] | tojson)}}' >"$work/patch"
  retry_command patch_configmap >/dev/null || return
  cat "$work/status-now" >"$work/previous"
}

print_report() {
  local warning
  for warning in "${warnings[@]}"; do printf '%s\n' "$warning"; done >"$work/warnings"
  : >>"$work/table-rows"
  call_jq --arg outcome "$outcome" --argjson code "$1" --argjson seconds "$((EPOCHSECONDS - began))" \
    --argjson tuples "${restored_tuples:-null}" --argjson changes "${restored_changes:-null}" \
    --argjson counted "${counted_rows:-null}" --rawfile rows "$work/table-rows" --rawfile steps "$work/steps" \
    --rawfile warnings "$work/warnings" '
    def lines: split("\n")[:-1];
    ($rows | lines | map(split("\t") | {key: (.[0] | sub("/"; ".")), value: (.[1] | tonumber)}) | from_entries) as $of
    | . as $plan | .outcome = $outcome | .exitCode = $code | .seconds = $seconds
    | .steps = [$steps | lines[] | split("\t") | {name: .[0], seconds: (.[1] | tonumber)}]
    | .rows = {manifest: .records, restored: $tuples, changes: $changes, counted: $counted,
        tables: ([$plan.tables.in[] | {key: ., value: $of[.]}] | from_entries)}
    | .warnings = ($warnings | lines)' "$work/plan"
}
