#!/usr/bin/env bash
# Library of rondb-backup.sh: what is looked at and cleared away before a native backup. It is sourced after the
# libraries that all RonDB scripts share, defines functions and runs nothing:
#   check_groups                         15 unless every node group has a started node; sets $node_groups, $replicas,
#                                        $server_version and $reported_id, the highest backup id that NDB knows of
#   is_ours ID                           a status: whether a run of this cluster began that backup
#   settle_running_backup                aborts one of ours that still runs; 15 if one is not ours
#   look_at_nodes                        sets ${total_of[node]}, ${free_of[node]} and ${lying[@]}, ids on any node
#   sort_leftovers                       removes files of committed sets, sets ${leftovers[@]} for the others of ours
#   remove_leftovers, remove_from_nodes ID
#   read_last_size, check_space          16 unless there is room for a backup like the last one
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# In the pod of a data node: the volume's space, and which native backups are there. The first one makes the folder.
# shellcheck disable=SC2016 # it is the pod's shell that expands them
look_program='set -euo pipefail
place=$1
while [[ ! -d $place ]]; do place=${place%/*}; done
df -P -B1 "$place/" | while read -r _ total _ free _; do [[ $total == *[!0-9]* ]] || echo "space $total $free"; done
for folder in "$1"/BACKUP-*; do
  [[ ! -d $folder ]] || echo "backup ${folder##*/BACKUP-}"
done'

look_at_nodes() {
  local node kind first second
  total_of=() free_of=() lying=()
  for node in "${started[@]}"; do
    exec_on_node "$node" bash -c "$look_program" look "$BACKUP_FOLDER" >"$work/look" ||
      refuse 15 "the pod ${pod_of[node]} of node $node does not answer" 'Check the pod and the right to exec.'
    while read -r kind first second; do
      if [[ $kind == space ]]; then
        total_of[node]=$first free_of[node]=$second
      elif [[ $first =~ ^[1-9][0-9]{0,9}$ && " ${lying[*]-} " != *" $first "* ]]; then
        lying+=("$first")
      fi
    done <"$work/look"
    [[ -n ${free_of[node]-} ]] || refuse 15 "node $node does not say how much space is free" 'Look at df there.'
  done
}

# Each node group needs one started node; the nodes that are down hold nothing that their group's others do not have.
check_groups() {
  local node line highest=-1 expected groups=() seen=' '
  ask_sql <<'SQL' >"$work/facts" ||
SELECT VERSION();
SELECT MIN(v.config_value) FROM ndbinfo.config_values v
  JOIN ndbinfo.config_params p ON p.param_number = v.config_param WHERE p.param_name = 'NoOfReplicas';
SELECT COALESCE(MAX(id), 0) FROM ndbinfo.backup_id;
SQL
    refuse 15 "the MySQL server in $SQL_POD does not answer" 'Look at the message above: server, user, password.'
  { read -r server_version && read -r replicas && read -r reported_id; } <"$work/facts" ||
    refuse 15 "the MySQL server in $SQL_POD gives no facts about the cluster" 'Check that it is one of the cluster.'
  for node in "${started[@]}"; do
    [[ $seen == *" ${group_of[node]} "* ]] || seen+="${group_of[node]} "
    ((group_of[node] <= highest)) || highest=${group_of[node]}
  done
  read -r -a groups <<<"$seen"
  node_groups=${#groups[@]} expected=$(((${#node_ids[@]} + replicas - 1) / replicas))
  ((expected > highest + 1)) || expected=$((highest + 1))
  for line in "${down[@]}"; do warn "$line: its group's other nodes have its rows"; done
  ((node_groups == expected)) || refuse 15 "only $node_groups of $expected node groups have a started node" \
    'Bring a node of each group up: without it, rows are missing.'
}

is_ours() {
  retry_command get_text "$STORE_PATH/$1/started.json" "$work/started" || refuse_store "does not give $1/started.json"
  # An object that is not there is an empty file, and jq calls that a success.
  [[ $(jq -r '.clusterId | strings' "$work/started" 2>/dev/null || :) == "$CLUSTER_ID" ]]
}

settle_running_backup() {
  retry_command read_running_backup || refuse 15 'the nodes do not say whether a backup is running' 'Check the cluster.'
  [[ -n $running ]] || return 0
  is_ours "$running" || refuse 15 "native backup $running is running, and it is not ours" \
    'Wait for its end; with upstream'\''s backups on, suspend its CronJob.'
  log_line "native backup $running of a run that was killed still runs: aborting it"
  abort_backup "$running" || refuse 15 "native backup $running does not end" 'Ask ndb_mgm: ALL REPORT BACKUPSTATUS.'
}

# Sorts what lies on the nodes: a committed set's files go at once, as the store has them; files of a run of ours that
# never committed wait for this run's commit; what is not ours stays.
sort_leftovers() {
  local old
  retry_command list_sets "$STORE_PATH" "$work/sets" || refuse_store 'cannot be listed'
  for old in "${lying[@]}"; do
    if ! is_ours "$old"; then
      warn "BACKUP-$old on the nodes is not ours and stays"
    elif [[ $'\n'$(<"$work/sets")$'\n' == *$'\n'"$old/manifest.json"$'\n'* ]]; then
      log_line "backup $old is committed: removing its files from the nodes"
      remove_from_nodes "$old"
    else
      leftovers+=("$old")
    fi
  done
}

# remove_from_nodes ID: a node where it fails is left to the next run.
remove_from_nodes() {
  local node
  for node in "${started[@]}"; do
    hold_lease "removing BACKUP-$1 from node $node"
    exec_on_node "$node" rm -rf "$BACKUP_FOLDER/BACKUP-$1" || warn "BACKUP-$1 was not removed from node $node"
  done
}

remove_leftovers() {
  local old
  for old in "${leftovers[@]}"; do
    log_line "removing native backup $old, which a run that failed left on the nodes"
    remove_from_nodes "$old"
  done
  leftovers=()
}

# Sets `needed`: bytes of the newest committed backup on its largest node, and a quarter more.
read_last_size() {
  local line newest=0
  while IFS= read -r line; do
    [[ $line =~ ^([1-9][0-9]{0,9})/manifest\.json$ ]] || continue
    ((BASH_REMATCH[1] <= newest)) || newest=${BASH_REMATCH[1]}
  done <"$work/sets"
  needed=0
  ((newest > 0)) || return 0
  get_text "$STORE_PATH/$newest/manifest.json" "$work/last" || refuse_store "does not give $newest/manifest.json"
  needed=$(jq '[.files[] | select(.path | startswith("rondb/"))] | group_by(.path | split("/")[1])
    | map(map(.size) | add) | (max // 0) * 1.25 | floor' "$work/last") || {
    warn "the manifest of backup $newest cannot be read"
    needed=0
  }
}

# What failed runs left goes before the commit only where there is no room otherwise: no backup would be made at all.
check_space() {
  local node least place
  for node in "${started[@]}"; do
    least=$((needed + total_of[node] * MINIMUM_FREE_PERCENT / 100))
    ((free_of[node] < least)) || continue
    if ((${#leftovers[@]} > 0)); then
      log_line "node $node has not room for two native backups"
      remove_leftovers
      look_at_nodes
      check_space
      return
    fi
    print_bytes "${free_of[node]}"
    place="$printed free"
    print_bytes "$least"
    refuse 16 "node $node (${pod_of[node]}) has $place, a backup needs $printed" 'Enlarge the volume, or make room.'
  done
}
