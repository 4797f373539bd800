#!/usr/bin/env bash
# Brings one backup set back into a RonDB cluster: whole or in part, into the same or another number of data nodes.
# Input: the environment, see read_environment. Output: the plan or the report as JSON on stdout, lines on stderr, the
# key `restore` of the status ConfigMap; with MODE=plan nothing is changed. Exit: 0 done; 1 a command failed; 2 wrong
# input; 10 to 24 refused, see refuse's callers; 143 stopped by a signal.
#
# It may be killed anywhere and run again. Before the first change to the database the status ConfigMap says which set
# and selection is being restored: none of its tables was there then. So a run that finds this drops just those tables,
# if it is asked for the same, and begins again; asked for anything else it refuses. Files that were copied to the nodes
# are used again once their hashes are right. What is not whole is never taken for whole: ndb_restore ends with 0 when
# a node's files are missing, when a table was there before, and after some errors.
# shellcheck disable=SC2016,SC2034,SC2154 # programs of the pods and of jq; variables are shared with the libraries
set -euo pipefail

script=rondb-restore
scripts=${BASH_SOURCE[0]%/*}
for library in run lease cluster store transfer set selection native plan; do
  # shellcheck source=/dev/null
  . "$scripts/rondb-$library.sh"
done

read_environment() {
  read_run_environment
  read_lease_environment
  read_cluster_environment
  read_store_environment
  read_transfer_environment
  read_selection_environment
  : "${MODE:?plan or apply}"
  : "${BACKUP_ID:?latest, or the id of a set}"
  : "${SOURCE_PATH:?rclone path of the folder that holds the sets}"
  : "${RESTORE_USERS:?whether users and grants are restored: true or false}"
  : "${INTO_NON_EMPTY:?whether the cluster may have other tables: true or false}"
  : "${ALLOW_UNVERIFIED:?whether a set that nothing vouches for is taken: true or false}"
  : "${API_SLOTS:?how many ndb_restore at once, 0 for as many as there are free slots}"
  : "${PREFLIGHT_TIMEOUT_SECONDS:?seconds for all checks}"
  : "${RESTORE_TIMEOUT_SECONDS:?seconds for each step in the database}"
  : "${PACKAGE_VERSION:?version of the package that this script came with}"
  local name
  check_input MODE plan apply
  for name in RESTORE_USERS INTO_NON_EMPTY ALLOW_UNVERIFIED; do check_input "$name" true false; done
  for name in PREFLIGHT_TIMEOUT_SECONDS RESTORE_TIMEOUT_SECONDS; do check_number "$name" 1; done
  check_number API_SLOTS 0
  [[ $BACKUP_ID == latest || $BACKUP_ID =~ ^[1-9][0-9]{0,9}$ && $BACKUP_ID -le 2147483647 ]] ||
    refuse 2 "BACKUP_ID is '$BACKUP_ID'" 'Allowed: latest, or a whole number from 1 to 2147483647.'
  case $SOURCE_PATH in
    *//* | *[[:cntrl:]]* | */ | */. | */.. | */./* | */../*) ;;
    store:?*) return 0 ;;
  esac
  refuse 2 "SOURCE_PATH is '$SOURCE_PATH'" 'Allowed: store:bucket/path.'
}

# begin_step NAME SECONDS: what comes may take so long, and is timed.
begin_step() {
  end_step
  hold_lease "$1"
  step=$1 step_began=$EPOCHSECONDS limit=$2
  set_deadline "$2"
  log_line "$1"
}

end_step() {
  [[ -n $step ]] || return 0
  printf '%s\t%s\n' "$step" "$((EPOCHSECONDS - step_began))" >>"$work/steps"
  log_line "$step: done in $((EPOCHSECONDS - step_began)) s"
  step=''
}

# In the pod: which of the files in a list of sha256sum are there and right.
check_program='cd "$1" 2>/dev/null || exit 0
sha256sum --check 2>/dev/null || :'
sweep_program='set -euo pipefail
for folder in "$1"/restore-*; do
  [[ ! -d $folder || $folder == "$1/restore-$2" ]] || rm -rf "$folder"
done'
space_program='set -euo pipefail
place=$1
while [[ ! -d $place ]]; do place=${place%/*}; done
df -P -B1 "$place/" | tail -n 1'

# What earlier runs left for other sets goes first, for room; files of this set that are right are not copied again.
look_at_copies() {
  local node line path
  declare -gA copied=()
  for node in "${started[@]}"; do
    exec_on_node "$node" bash -c "$sweep_program" sweep "$BACKUP_FOLDER" "$set_id" ||
      refuse 15 "the pod ${pod_of[node]} of node $node does not answer" 'Check the pod and the right to exec.'
    call_jq -rR --arg node "$node" --rawfile targets "$work/targets" '
      ($targets | split("\n")[:-1] | map(split(" ")) | map({key: .[0], value: .[1]}) | from_entries) as $target
      | . / "\t" | select($target[.[0]] == $node and .[3] != "") | "\(.[3])  \(.[1] | ltrimstr("rondb/"))"' \
      "$work/files" >"$work/hashes"
    feed_in "${pod_of[node]}" "$DATA_CONTAINER" bash -c "$check_program" check "$BACKUP_FOLDER/restore-$set_id" \
      <"$work/hashes" >"$work/right" || refuse 15 "the pod ${pod_of[node]} does not answer" 'Check the pod.'
    while IFS= read -r line; do
      path=${line%: OK}
      [[ $path == "$line" ]] || copied["rondb/$path"]=1
    done <"$work/right"
  done
  ((${#copied[@]} == 0)) || log_line "${#copied[@]} files of an earlier run are on the nodes and right"
}

check_space() {
  local node free line
  while read -r node line; do
    exec_on_node "$node" bash -c "$space_program" space "$BACKUP_FOLDER" >"$work/space" ||
      refuse 15 "node $node does not say how much space is free" 'Look at df there.'
    read -r _ _ _ free _ <"$work/space"
    print_bytes "$line"
    ((free >= line)) || refuse 16 "node $node (${pod_of[node]}) has $free bytes free and must take $line ($printed)" \
      'Enlarge the volume or make room: the files are copied there for the time of the restore.'
    log_line "node $node (${pod_of[node]}) takes $printed"
  done < <(print_needs)
}

# Bytes that each target still has to take.
print_needs() {
  local node path size sum need=()
  while IFS=$'\t' read -r node path size sum; do
    [[ -n ${copied["$path"]-} ]] || need[target_of[node]]=$((${need[target_of[node]]-0} + size))
  done <"$work/files"
  for node in "${!need[@]}"; do printf '%s %s\n' "$node" "${need[node]}"; done
}

# copy_file LINE: when it does not arrive, the store is asked who is to blame.
copy_file() {
  local node path size sum back from pod
  IFS=$'\t' read -r node path size sum <<<"$1"
  if [[ -z $sum ]]; then sum=$(read_back "$SOURCE_PATH/$set_id/$path") || return; fi
  from=$SOURCE_PATH/$set_id/$path pod=${pod_of[${target_of[node]}]}
  if transfer_out "$pod" "$from" "restore-$set_id/${path#rondb/}" "$sum"; then return 0; fi
  back=$(read_back "$from") || return
  [[ $back == "$sum" ]] || printf '%s\n' "$path" >>"$work/damaged"
  return 1
}

copy_files() {
  local line path
  begin_step 'copying the files to the nodes' "$TRANSFER_TIMEOUT_SECONDS"
  look_at_copies
  check_space
  while IFS= read -r line; do
    IFS=$'\t' read -r _ path _ <<<"$line"
    [[ -n ${copied["$path"]-} ]] || printf '%s\n' "$line"
  done <"$work/files" >"$work/queue"
  : >"$work/damaged"
  if ! run_parallel "$TRANSFERS" "$work/queue" copy_file; then
    [[ ! -s $work/damaged ]] || refuse_damage "$(<"$work/damaged")"
    refuse 18 'files did not arrive whole at the nodes' 'Check network, nodes and store, then run again.'
  fi
}

refuse_damage() {
  refuse 20 "backup $set_id is damaged in the store: ${1//$'\n'/, }" \
    'Nothing was restored. Restore another set, or bring back an earlier version of these objects.'
}

# check_step FILE WHAT: ends the run if there is a fault in what run_ndb_restore has made of the output.
check_step() {
  local word rest
  while read -r word rest; do
    [[ $word != fault ]] || refuse 22 "$2: $rest" \
      'The tables are not whole. A run with the same set and selection drops them and begins again.'
  done <"$1"
}

# What the native part really has, before anything is changed: databases.sql was taken at another moment.
inspect_native() {
  local word table rest extra=()
  begin_step 'reading the metadata of the native backup' "$COMMAND_TIMEOUT_SECONDS"
  run_ndb_restore "${source_nodes[0]}" "$work/inspected" --print-meta ||
    refuse 22 'the metadata of the native backup cannot be read' 'Look at the message above.'
  check_step "$work/inspected" 'reading the metadata'
  declare -gA inspected=()
  while read -r word rest; do
    table=${rest% *}
    [[ $word == table && $table == */def/* && $table != mysql/def/* && $table != sys/def/* ]] || continue
    [[ $table != */def/NDB?BLOB_* ]] || continue
    table=${table/\/def\//\/}
    inspected["$table"]=1
    select_table "${table%%/*}" "${table#*/}"
    if [[ -z ${native["$table"]-} && $choice == in ]]; then extra+=("$table"); fi
  done <"$work/inspected"
  for table in "${extra[@]}"; do
    warn "$table is in the native backup and not in databases.sql: restored without its triggers"
    tables["$table"]=in native["$table"]=1
  done
  for table in "${!native[@]}"; do
    if [[ ${tables["$table"]} != in || -n ${inspected["$table"]-} ]]; then continue; fi
    [[ -n $hashes_differ ]] ||
      refuse 19 "$table is in databases.sql and not in the native backup" 'Restore another set.'
    warn "$table was made while the backup ran: it is not in the native backup, and not restored"
    tables["$table"]=out
  done
  list_selection
  ((${#extra[@]} == 0)) || check_gate
}

# The database first: a server that finds a table of one that it does not know makes the database with its own defaults.
prepare_database() {
  begin_step 'making the databases' "$COMMAND_TIMEOUT_SECONDS"
  wait_for_restores
  if [[ -n $unfinished ]]; then drop_tables "$work/selected"; fi
  save_status running true || refuse 1 "the ConfigMap $STATUS_CONFIGMAP cannot be written" \
    'Without it the next run would not know what this one has made.'
  apply_sql print_databases databases.sql ''
}

restore_metadata() {
  begin_step 'restoring the metadata, without indexes' "$RESTORE_TIMEOUT_SECONDS"
  run_ndb_restore "${source_nodes[0]}" "$work/metadata" --restore-meta --disable-indexes "${disk_options[@]}" \
    "${native_options[@]}" || refuse 22 'restoring the metadata failed' 'Run again.'
  check_step "$work/metadata" 'restoring the metadata'
}

restore_node() {
  run_ndb_restore "$1" "$work/data-$1" --restore-data "${native_options[@]}" || return
  if [[ $(<"$work/data-$1") == *$'\nfault '* ]]; then return 1; fi
  log_line "the data of node $1 is restored"
}

restore_data() {
  local node
  begin_step "restoring the data of ${#source_nodes[@]} nodes, $slots at once" "$RESTORE_TIMEOUT_SECONDS"
  printf '%s\n' "${source_nodes[@]}" >"$work/queue"
  if run_parallel "$slots" "$work/queue" restore_node; then return 0; fi
  for node in "${source_nodes[@]}"; do
    [[ ! -f $work/data-$node ]] || check_step "$work/data-$node" "restoring the data of node $node"
  done
  refuse 22 'restoring the data failed' 'Look at the message above. A run with the same set and selection begins again.'
}

rebuild_indexes() {
  begin_step 'rebuilding indexes and foreign keys' "$RESTORE_TIMEOUT_SECONDS"
  run_ndb_restore "${source_nodes[0]}" "$work/rebuilt" --rebuild-indexes "${native_options[@]}" ||
    refuse 22 'rebuilding the indexes failed' 'Run again.'
  check_step "$work/rebuilt" 'rebuilding the indexes'
}

# Only of a whole cluster: it says up to where this cluster has what another one replicates to it.
restore_epoch() {
  [[ -z $selective && $INTO_NON_EMPTY == false ]] || return 0
  begin_step 'restoring the epoch' "$RESTORE_TIMEOUT_SECONDS"
  run_ndb_restore "${source_nodes[0]}" "$work/epoch" --restore-epoch ||
    refuse 22 'restoring the epoch failed' 'Run again.'
  check_step "$work/epoch" 'restoring the epoch'
}

# apply_sql PRINTER FILE TOLERATED: runs what PRINTER makes of a file. What ends with one of the tolerated errors is
# left out with a warning: in a part of a set, what a view or a grant names may not be there.
apply_sql() {
  local line result=0 fault=''
  "$1" "$work/$2" >"$work/statements"
  ask_sql --force <"$work/statements" >/dev/null 2>"$work/said" || result=$?
  while IFS= read -r line; do
    if [[ $line =~ ^ERROR\ ([0-9]+) && " $3 " == *" ${BASH_REMATCH[1]} "* ]]; then
      warn "$2: left out: $line"
    elif [[ $line == ERROR* || $result != 0 ]]; then
      fault+="$line "
    fi
  done <"$work/said"
  [[ -z $fault && $result == 0 ]] || refuse 22 "$2: ${fault:-the connection to the pod ended early}" \
    'The native data is restored. A run with the same set and selection begins again.'
}

# 1146 no such table, 1049 no such database, 1305 no such routine, 1356 a view of such, 1147 and 1141 no such grant.
restore_objects() {
  local missing='1146 1147 1141 1305 1356 1049' views_missing=''
  [[ -z $selective ]] || views_missing=$missing
  begin_step 'restoring users, views, routines, triggers and events' "$RESTORE_TIMEOUT_SECONDS"
  [[ $RESTORE_USERS == false ]] || apply_sql print_accounts users.sql ''
  apply_sql print_objects databases.sql "$views_missing"
  [[ $RESTORE_USERS == false ]] || apply_sql print_grants users.sql "$missing"
}

remove_copies() {
  local node
  for node in "${started[@]}"; do
    exec_on_node "$node" rm -rf "$BACKUP_FOLDER/restore-$set_id" ||
      warn "the files on node $node were not removed; a later restore removes them"
  done
}

apply_plan() {
  copy_files
  inspect_native
  prepare_database
  restore_metadata
  restore_data
  begin_step 'counting the rows' "$RESTORE_TIMEOUT_SECONDS"
  check_rows
  rebuild_indexes
  restore_epoch
  begin_step 'making the tables known to the server' "$RESTORE_TIMEOUT_SECONDS"
  sync_metadata
  find_tables "$work/selected-tables" "$work/found" ||
    refuse 22 'the server does not find all restored tables' 'Look at the message above, then run again.'
  restore_objects
  begin_step 'removing the files from the nodes' "$COMMAND_TIMEOUT_SECONDS"
  outcome=restored
  save_status restored false 0 || refuse 1 "the ConfigMap $STATUS_CONFIGMAP cannot be written" \
    'All is restored, but the next run would begin again: make it writable first.'
  remove_copies
  end_step
}

# The status belongs to the holder of the lease: a run that has lost it leaves it alone. In a shell of its own, so that
# the lease is freed and the temporary folder removed whatever fails.
end_run() {
  [[ $MODE == apply && -n $lease_held ]] || return 0
  if [[ -s $work/previous ]] && check_lease; then
    (save_status "$outcome" '' "$1") || log_line "warning: the ConfigMap $STATUS_CONFIGMAP was not written"
  fi
  release_lease
  [[ ! -s $work/plan ]] || print_report "$1"
}

main() {
  read_environment
  start_run
  check_programs cat date jq kubectl mktemp rclone rm sha256sum sleep sort timeout
  read_clock
  began=$now step='' outcome=failed unfinished='' set_id=''
  : >"$work/steps"
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  [[ $MODE == plan ]] || acquire_lease
  read_previous
  check_store
  choose_set
  read_set
  look_at_cluster
  make_plan
  if [[ $MODE == plan ]]; then
    cat "$work/plan"
  else
    apply_plan
  fi
}

main "$@"
