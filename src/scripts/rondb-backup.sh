#!/usr/bin/env bash
# Takes one backup of a RonDB cluster and commits it: native backup and SQL definitions into the store, every byte read
# back, manifest.json last, then the source removed and retention. Input: the environment, see read_environment.
# Output: one line of JSON on stdout, lines on stderr, the key `backup` of the status ConfigMap. Exit: 0 a backup is
# committed; 1 a command failed; 2 wrong input; 10 to 24 refused, see refuse's callers; 143 stopped by a signal.
#
# It may be killed anywhere. started.json goes into the store before NDB writes a file, so the next run knows whatever
# lies on a node as ours. Nothing is a backup before manifest.json, and that is written after all bytes were read back.
# Files on the nodes go only when a committed set has their rows: their own set, or, for what a failed run left behind,
# the newer set of the run that finds them. The one exception is a volume too full to take any backup otherwise.
# shellcheck disable=SC2034,SC2154 # variables are shared with the libraries
set -euo pipefail

script=rondb-backup
scripts=${BASH_SOURCE[0]%/*}
for library in run lease cluster store transfer metrics sql preflight; do
  # shellcheck source=/dev/null
  . "$scripts/rondb-$library.sh"
done

read_environment() {
  read_run_environment
  read_lease_environment
  read_cluster_environment
  read_store_environment
  read_transfer_environment
  read_metrics_environment
  : "${CLUSTER_NAME:?name of this cluster}"
  : "${ADOPT_FOLDER:?whether a folder that names another owner, or none, becomes ours: true or false}"
  : "${SCHEMA_ATTEMPTS:?native backups at most while the schema changes}"
  : "${MINIMUM_FREE_PERCENT:?part of a volume that a backup must leave free}"
  : "${PREFLIGHT_TIMEOUT_SECONDS:?seconds for all checks}"
  : "${NATIVE_BACKUP_TIMEOUT_SECONDS:?seconds for one native backup}"
  : "${RETENTION_TIMEOUT_SECONDS:?seconds for retention}"
  : "${KEEP_LAST:?see repository-retention.sh}"
  : "${KEEP_WITHIN_SECONDS:?see there}"
  : "${KEEP_DAILY:?see there}"
  : "${KEEP_WEEKLY:?see there}"
  : "${KEEP_MONTHLY:?see there}"
  : "${KEEP_YEARLY:?see there}"
  : "${LEFTOVER_GRACE_SECONDS:?see there}"
  : "${PACKAGE_VERSION:?version of the package that this script came with}"
  local name
  check_name CLUSTER_NAME
  check_input ADOPT_FOLDER true false
  for name in SCHEMA_ATTEMPTS PREFLIGHT_TIMEOUT_SECONDS NATIVE_BACKUP_TIMEOUT_SECONDS RETENTION_TIMEOUT_SECONDS \
    KEEP_LAST LEFTOVER_GRACE_SECONDS; do
    check_number "$name" 1
  done
  for name in MINIMUM_FREE_PERCENT KEEP_WITHIN_SECONDS KEEP_DAILY KEEP_WEEKLY KEEP_MONTHLY KEEP_YEARLY; do
    check_number "$name" 0
  done
  ((MINIMUM_FREE_PERCENT < 100)) ||
    refuse 2 "MINIMUM_FREE_PERCENT is '$MINIMUM_FREE_PERCENT'" 'Allowed: a whole number from 0 to 99.'
  backup_id='' native_running='' state=failed before='' after='' bytes=0 leftovers=()
}

# print_state CODE: what the status ConfigMap and stdout get.
print_state() {
  local warning
  for warning in "${warnings[@]}"; do printf '%s\n' "$warning"; done >"$work/warnings"
  read_clock
  # shellcheck disable=SC2016 # jq's variables
  call_jq -n -c --arg state "$state" --argjson code "${1:-null}" --arg id "$backup_id" --argjson bytes "$bytes" \
    --argjson began "$began" --argjson now "$now" --slurpfile old "$work/previous" --rawfile warnings "$work/warnings" '
    {state: $state, backupId: (if $id == "" then null else ($id | tonumber) end), started: ($began | todate),
     seconds: ($now - $began), exitCode: $code, bytes: $bytes, warnings: ($warnings | split("\n")[:-1]),
     lastCommitted: $old[0].lastCommitted}
    | if .state == "committed"
      then .lastCommitted = {backupId, time: ($now | todate), bytes, seconds} else . end' >"$work/state"
}

# A native backup that was waited for is aborted, so that it does not run on unseen. The status belongs to the holder of
# the lease: a run that has lost it leaves it alone.
end_run() {
  [[ -z $native_running ]] || abort_backup "$native_running" || log_line "native backup $native_running may go on"
  print_state "$1"
  if [[ -n $lease_held ]]; then
    if check_lease; then patch_status backup "$work/state"; fi
    release_lease
    push_metrics chartwright_backup "$metrics_program"
  fi
  cat "$work/state"
}

# shellcheck disable=SC2016 # jq's variables
metrics_program='(.started | fromdate) as $began
  | {last_attempt_timestamp_seconds: ($began + .seconds), last_attempt_duration_seconds: .seconds,
     last_attempt_success: (if .exitCode == 0 then 1 else 0 end)}
  + (.lastCommitted // {} | {last_success_timestamp_seconds: (.time // null | if . == null then null else fromdate end),
     last_success_bytes: .bytes})'

begin_run() {
  acquire_lease
  read_status backup "$work/state" || {
    warn "the ConfigMap $STATUS_CONFIGMAP cannot be read"
    printf '{}' >"$work/state"
  }
  cat "$work/state" >"$work/previous"
  refuse_half_restored
  state=running
  print_state null
  patch_status backup "$work/state"
  state=failed
}

# Half a database would become the newest backup, and in time push out the good ones.
refuse_half_restored() {
  local unfinished
  read_status restore "$work/restore" || return 0
  unfinished=$(call_jq -r '.unfinished // empty | .backupId // "unknown"' "$work/restore")
  [[ -z $unfinished ]] || refuse 15 "a restore of backup $unfinished has not come to its end" \
    "Start it again, or give it up: kubectl -n $NAMESPACE patch configmap $STATUS_CONFIGMAP --type json -p \
'[{\"op\":\"remove\",\"path\":\"/data/restore\"}]'"
}

check_everything() {
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  check_store
  settle_owner "$ADOPT_FOLDER" "$CLUSTER_NAME"
  probe_store
  find_manager
  list_nodes
  check_groups
  settle_running_backup
  look_at_nodes
  sort_leftovers
  read_last_size
}

# Ids only grow, whatever the clock does: above everything in the store, on the nodes and that NDB knows of.
choose_id() {
  local name highest=$reported_id
  retry_command list_store "$STORE_PATH" "$work/top" || refuse_store 'cannot be listed'
  call_jq -r '.[] | select(.IsDir).Path' "$work/top" >"$work/names"
  for name in "${lying[@]}" $(<"$work/names") "${backup_id:-0}"; do
    [[ ! $name =~ ^[1-9][0-9]{0,9}$ ]] || ((name > 2147483647 || name <= highest)) || highest=$name
  done
  read_clock
  backup_id=$((now - 1577836800))
  ((backup_id > highest)) || backup_id=$((highest + 1))
  ((backup_id <= 2147483647)) ||
    refuse 17 "there is no backup id above $highest" 'Use a new folder and a cluster without it.'
}

# In a data node's pod. What it says now and then keeps the connection open; a sleep that outlives it holds no stream.
# shellcheck disable=SC2016
native_program='(while sleep 20 >/dev/null 2>&1; do echo "native backup $2 goes on" >&2; done) &
ticker=$! result=0
ndb_mgm -c "$1" --connect-retries=3 -e "START BACKUP $2 SNAPSHOTEND WAIT COMPLETED" || result=$?
kill "$ticker"
exit "$result"'

run_native_backup() {
  local limit=$NATIVE_BACKUP_TIMEOUT_SECONDS result=0 text pattern
  hold_lease "native backup $backup_id"
  set_deadline "$NATIVE_BACKUP_TIMEOUT_SECONDS"
  read_clock
  # shellcheck disable=SC2016 # jq's variables
  call_jq -n -S --arg cluster "$CLUSTER_ID" --argjson id "$backup_id" --argjson now "$now" \
    '{clusterId: $cluster, backupId: $id, started: ($now | todate)}' >"$work/started"
  retry_command put_text "$work/started" "$STORE_PATH/$backup_id/started.json" ||
    refuse_store "does not take $backup_id/started.json"
  backup_began=$now participants=("${started[@]}")
  log_line "native backup $backup_id of the nodes ${participants[*]}"
  native_running=$backup_id
  exec_in "$manager" "$DATA_CONTAINER" bash -c "$native_program" start "$MANAGEMENT_SERVER" "$backup_id" \
    >"$work/native" || result=$?
  text=$(<"$work/native")
  if ((result != 0)); then
    refuse 17 "native backup $backup_id failed with status $result: ${text//$'\n'/ }" \
      'Look up the error of NDB; a data node that fails ends it.'
  fi
  # Status 0 also comes without the event that tells of the end, and then nobody knows whether it has ended.
  pattern="Backup $backup_id started from node [0-9]+ completed.*StartGCP: ([0-9]+) +StopGCP: ([0-9]+).*\
#Records: ([0-9]+) +#LogRecords: ([0-9]+).*Data: ([0-9]+) bytes +Log: ([0-9]+) bytes"
  [[ $text =~ $pattern ]] ||
    refuse 17 "ndb_mgm tells of no end of native backup $backup_id: ${text//$'\n'/ }" 'Look at the cluster log.'
  figures=("${BASH_REMATCH[@]:1}")
  native_running=''
  log_line "native backup $backup_id ended: ${figures[2]} records, ${figures[3]} changes, of checkpoint ${figures[1]}"
}

# list_files NODE FILE: lines with size and path below the native backup's folder; none if it is not there.
list_files() {
  # shellcheck disable=SC2016 # it is the pod's shell that expands it
  exec_on_node "$1" bash -c '[[ ! -d $1 ]] || find "$1" -type f -printf "%s %P\n"' find \
    "$BACKUP_FOLDER/BACKUP-$backup_id" >"$2"
}

# The inventory of a node is fixed by the cluster and not by what is found: every part of every node that took part.
print_expected() {
  local node=$1 part folder='' name=BACKUP-$backup_id
  for ((part = 1; part <= parts; part++)); do
    ((parts == 1)) || folder=$name-PART-$part-OF-$parts/
    printf '%s\n' "$folder$name-0.$node.Data" "$folder$name.$node.ctl" "$folder$name.$node.log"
  done
}

# Reads what the nodes wrote into $work/inventory: lines with size, node and path. A node that started meanwhile has
# taken no part, and one that took part and is gone has rows that nobody else has.
read_inventory() {
  local node size path found
  list_nodes
  parts=0
  : >"$work/inventory"
  for node in "${started[@]}"; do
    list_files "$node" "$work/files" || refuse 17 "node $node does not list its files" 'Check its pod.'
    if [[ " ${participants[*]} " != *" $node "* ]]; then
      [[ ! -s $work/files ]] || refuse 17 "node $node started meanwhile and took part" 'Nothing: the next run has it.'
      continue
    fi
    found=''
    while read -r size path; do
      if ((parts == 0)); then
        parts=1
        if [[ $path =~ -PART-[0-9]+-OF-([1-9][0-9]*)/ ]]; then parts=${BASH_REMATCH[1]}; fi
      fi
      printf '%s %s %s\n' "$size" "$node" "$path" >>"$work/inventory"
      found+=$path$'\n'
    done <"$work/files"
    [[ $(sort <<<"${found%$'\n'}") == "$(print_expected "$node" | sort)" ]] ||
      refuse 17 "node $node has not the files of $parts parts: ${found//$'\n'/ }" 'Look at its log and its volume.'
  done
  for node in "${participants[@]}"; do
    [[ " ${started[*]} " == *" $node "* ]] || refuse 17 "node $node took part and is no longer started" \
      'Its rows are in no other node'\''s files; the next run takes a new backup.'
  done
}

# Native backup and SQL definitions, which have to fit together: while the schema changes meanwhile, all of it again
# under a new id. What was taken before stays on the nodes until one is committed.
take_backup() {
  local attempt limit=$PREFLIGHT_TIMEOUT_SECONDS # to dump many tables is no small command
  hash_schema || refuse 17 "the schema cannot be read in $SQL_POD" 'Look at the message above.'
  for ((attempt = 1; ; attempt++)); do
    before=$schema_hash
    check_space
    choose_id
    run_native_backup
    set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
    read_inventory
    dump_databases "$work/databases.sql" || refuse 17 "mysqldump failed in $SQL_POD" 'Look at the message above.'
    dump_users "$work/users.sql" || refuse 17 "the users cannot be read in $SQL_POD" 'Look at the message above.'
    after=$schema_hash
    [[ $before != "$after" ]] || return 0
    if ((attempt >= SCHEMA_ATTEMPTS)); then
      warn 'the schema changed during the native backup: the SQL files may not fit it'
      return 0
    fi
    log_line "the schema changed during native backup $backup_id: taking another one"
    lying+=("$backup_id") leftovers+=("$backup_id")
    look_at_nodes
  done
}

# send_files WORKER: the files in its list, one after the other; each that is done is a line in $work/done.
send_files() {
  local size node path began seconds line all=()
  while read -r size node path <&3; do
    [[ ! -e $work/failed ]] || return 1
    began=$EPOCHSECONDS
    transfer_in "${pod_of[node]}" "BACKUP-$backup_id/$path" "$size" "$STORE_PATH/$backup_id/rondb/$node/$path" \
      "$work/sum.$1" || {
      log_line "node $node: $path did not get into the store whole"
      : >"$work/failed"
      return 1
    }
    printf '%s\t%s\t%s\n' "$(<"$work/sum.$1")" "$size" "rondb/$node/$path" >>"$work/done"
    mapfile -t all <"$work/done"
    seconds=$((EPOCHSECONDS - began))
    print_bytes "$size"
    line="node $node: ${path##*/}, $printed in $seconds s"
    print_bytes $((size / (seconds > 0 ? seconds : 1)))
    log_line "$line, $printed/s, read back; ${#all[@]} of $files files"
  done 3<"$work/list.$1" # not stdin, which every command in the loop has
}

# The largest first, each to the worker that has the least: so they end at about the same time.
divide_files() {
  local size node path worker least
  local -a load=()
  for ((worker = 0; worker < TRANSFERS; worker++)); do
    load[worker]=0
    : >"$work/list.$worker"
  done
  sort -rn "$work/inventory" >"$work/sorted"
  while read -r size node path; do
    least=0
    for worker in "${!load[@]}"; do ((load[worker] >= load[least])) || least=$worker; done
    printf '%s %s %s\n' "$size" "$node" "$path" >>"$work/list.$least"
    load[least]=$((load[least] + size + 1048576)) # a small file takes time too
  done <"$work/sorted"
}

send_all() {
  local limit=$TRANSFER_TIMEOUT_SECONDS worker pids=() result=0 name
  set_deadline "$TRANSFER_TIMEOUT_SECONDS"
  transfer_began=$EPOCHSECONDS
  : >"$work/done"
  divide_files
  mapfile -t pids <"$work/inventory"
  files=$((${#pids[@]} + 2)) pids=()
  for name in users.sql databases.sql; do
    transfer_text "$work/$name" "$STORE_PATH/$backup_id/$name" "$work/sum" ||
      refuse 18 "$name did not get into the store whole" 'Check store and network; the nodes still have their files.'
    printf '%s\t%s\t%s\n' "$(<"$work/sum")" "$(wc -c <"$work/$name")" "$name" >>"$work/done"
  done
  for ((worker = 0; worker < TRANSFERS; worker++)); do
    send_files "$worker" &
    pids+=("$!")
  done
  for worker in "${pids[@]}"; do wait "$worker" || result=$?; done
  ((result == 0)) || refuse 18 "not every file got into the store whole within $TRANSFER_TIMEOUT_SECONDS seconds" \
    'Check store and network; the nodes still have their files.'
}

print_manifest() {
  local node joined
  printf -v joined '%s,' "${figures[@]}"
  for node in "${participants[@]}"; do printf '%s %s\n' "$node" "${group_of[node]}"; done >"$work/topology"
  call_rclone version >"$work/rclone" || refuse 1 'rclone version failed' 'Its own message says why.'
  read_clock
  # shellcheck disable=SC2016 # jq's variables
  call_jq -n -S --rawfile sums "$work/done" --rawfile topology "$work/topology" --rawfile rclone "$work/rclone" \
    --arg cluster "$CLUSTER_ID" --arg name "$CLUSTER_NAME" --argjson id "$backup_id" --argjson began "$backup_began" \
    --argjson now "$now" --arg fingerprint "$fingerprint" --arg version "$PACKAGE_VERSION" --arg before "$before" \
    --arg after "$after" --arg ndb "${version_of[participants[0]]}" --arg mysql "$server_version" \
    --argjson parts "$parts" --argjson groups "$node_groups" --argjson replicas "$replicas" \
    --argjson figures "[${joined%,}]" '
    def rows($separator): split("\n")[:-1] | map(split($separator));
    ($sums | rows("\t") | map({sha256: .[0], size: (.[1] | tonumber), path: .[2]}) | sort_by(.path)) as $files
    | {version: 1, kind: "rondb", clusterId: $cluster, clusterName: $name, backupId: $id,
       started: ($began | todate), finished: ($now | todate), bytes: ($files | map(.size) | add), files: $files,
       encryption: (if $fingerprint == "" then {type: "none"}
         else {type: "rclone-crypt", keyFingerprint: $fingerprint} end),
       script: {name: "rondb-backup.sh", version: $version},
       tools: {ndb: $ndb, mysql: $mysql, rclone: ($rclone | split("\n")[0] | split(" ")[-1] | ltrimstr("v"))},
       rondb: {startGcp: $figures[0], stopGcp: $figures[1], records: $figures[2], logRecords: $figures[3],
         dataBytes: $figures[4], logBytes: $figures[5], schemaHash: {before: $before, after: $after},
         topology: {nodeGroups: $groups, replicas: $replicas, nodes: ($topology | rows(" ")
           | map({nodeId: (.[0] | tonumber), nodeGroup: (.[1] | tonumber), parts: $parts}) | sort_by(.nodeId))}}}' \
    >"$work/manifest"
}

# From here on it is a backup. The store had every byte before, and the nodes still have them.
commit_backup() {
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  print_manifest
  bytes=$(jq .bytes "$work/manifest")
  hold_lease "the commit of backup $backup_id"
  retry_command put_text "$work/manifest" "$STORE_PATH/$backup_id/manifest.json" ||
    refuse 18 "the store does not give back $backup_id/manifest.json" 'Check it; the nodes still have the files.'
  state=committed
  print_bytes "$bytes"
  log_line "committed backup $backup_id: $files files, $printed, transfer $((EPOCHSECONDS - transfer_began)) s"
}

# Retention asks this program before each deletion whether the lease is still ours.
write_guard() {
  printf '%s\n' '#!/usr/bin/env bash' 'set -euo pipefail' 'script=rondb-backup' \
    "work=\$(mktemp -d '$work/guard.XXXXXX')" \
    "limit=$COMMAND_TIMEOUT_SECONDS deadline=\$((EPOCHSECONDS + limit))" ". '$scripts/rondb-run.sh'" \
    ". '$scripts/rondb-lease.sh'" check_lease >"$work/guard"
  chmod 700 "$work/guard"
}

# A failure is a warning: the backup is committed, and what was to go goes with the next run.
apply_retention() {
  local result=0 limit=$RETENTION_TIMEOUT_SECONDS
  set_deadline "$RETENTION_TIMEOUT_SECONDS"
  write_guard
  MODE=apply SERIES_PATH=$STORE_PATH GUARD_COMMAND=$work/guard run_bounded \
    bash "$scripts/repository-retention.sh" >"$work/plan" || result=$?
  ((result == 0)) || warn "retention ended with status $result: the next run goes on with it"
}

main() {
  read_environment
  check_programs cat chmod date jq kubectl mktemp rclone rm sha256sum sleep sort tail timeout wc
  start_run
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  read_clock
  began=$now
  printf '{}' >"$work/previous"
  begin_run
  check_everything
  take_backup
  send_all
  commit_backup
  set_deadline "$PREFLIGHT_TIMEOUT_SECONDS"
  remove_from_nodes "$backup_id"
  remove_leftovers
  apply_retention
}

main "$@"
