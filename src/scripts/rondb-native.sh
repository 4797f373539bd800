#!/usr/bin/env bash
# Library of rondb-restore.sh: ndb_restore in the data nodes' pods, and what is in the database. It is sourced after
# rondb-run.sh and rondb-cluster.sh, defines functions and runs nothing:
#   run_ndb_restore NODE FILE OPTIONS…   for the files of one node of the set, in the pod that has them; FILE gets the
#                                        lines of digest_output
#   count_free_slots                     sets `free_slots` from what list_nodes has read
#   wait_for_restores                    15 unless no ndb_restore is connected any more
#   list_tables FILE                     tables in the cluster, `database/table` in lines: NDB's, and the server's
#   list_tablespaces FILE                lines `usable NAME` for a tablespace with a data file, `there NAME` for any
#   drop_tables LIST                     drops what exists of a list; 22 if something is still there
#   count_rows FILE                      lines of table, rows and blob parts, with tabs
#   sync_metadata                        makes the server know the tablespaces of NDB
#   find_tables LIST FILE                makes the server know each table of a list, and counts its rows
# shellcheck disable=SC2016,SC2034,SC2153,SC2154 # programs of the pods; variables of the script that sources this

# In the pod. What it says now and then keeps the connection open, and the last line proves that nothing was cut off.
# timeout: when the client is gone, it must not go on for ever.
restore_program='(while sleep 20 >/dev/null 2>&1; do echo "ndb_restore goes on"; done) &
ticker=$! result=0
timeout -k 10 "$1" ndb_restore "${@:2}" 2>&1 || result=$?
kill "$ticker"
printf "\nndb_restore ended with %s\n" "$result"'

# --no-binlog: replicas of this cluster are restored by themselves, as upstream has it.
run_ndb_restore() {
  local node=$1 file=$2
  shift 2
  exec_on_node "${target_of[node]}" bash -c "$restore_program" restore "$limit" \
    --ndb-connectstring="$MANAGEMENT_SERVER" --connect-retry-delay=1 --connect-retries=60 \
    --nodeid="$node" --backupid="$set_id" \
    --backup-path="$BACKUP_FOLDER/restore-$set_id/$node" --no-binlog "$@" | digest_output >"$file" &
  wait "$!" # and not the pipe itself: it can take hours, and a shell looks at TERM only between commands and in `wait`
}

# Makes lines of the output: `tuples N`, `changes N`, `fragment TABLE N`, `table TABLE PARTITIONS`, `fault TEXT`, and
# `replicated TABLE` for one that every node group has whole. Several parts are restored at once, so their lines are
# mixed. Exit status 0 does not mean that all is well: there are errors that it goes on after.
digest_output() {
  local line table='' tuples=0 changes=0 ended='' faults=() last=''
  declare -A fragments=() counts=() replicated=()
  while IFS= read -r line; do
    case $line in
      'ndb_restore goes on' | '') continue ;;
      'ndb_restore ended with '*) ended=${line##* } && continue ;;
      *'Processing data in table: '*)
        [[ ! $line =~ table:\ (.*)\([0-9]+\)\ fragment\ ([0-9]+) ]] ||
          fragments["${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"]=1
        continue
        ;;
      '-- '*/def/*' --') table=${line#-- } table=${table% --} ;;
      'PartitionCount: '*) counts[$table]=${line##* } ;;
      'Table options: '*fullyreplicated*) replicated[$table]=1 ;;
      *'Restored '*' tuples and '*)
        if [[ $line =~ Restored\ ([0-9]+)\ tuples\ and\ ([0-9]+)\ log ]]; then
          tuples=$((tuples + BASH_REMATCH[1])) changes=$((changes + BASH_REMATCH[2]))
        fi
        ;;
      *' INFO: '* | 'Temporary table: '* | 'Successfully printed table: '*) ;;
      *' ERROR: '* | *[Tt]'emporary error'* | *consistency*) faults+=("$line") ;;
    esac
    last=$line
  done
  printf 'tuples %s\nchanges %s\n' "$tuples" "$changes"
  ((${#fragments[@]} == 0)) || printf 'fragment %s\n' "${!fragments[@]}"
  for table in "${!counts[@]}"; do printf 'table %s %s\n' "$table" "${counts[$table]}"; done
  ((${#replicated[@]} == 0)) || printf 'replicated %s\n' "${!replicated[@]}"
  ((${#faults[@]} == 0)) || printf 'fault %s\n' "${faults[@]:0:5}"
  case $ended in
    0) ;;
    '') printf 'fault %s\n' 'the connection to the pod ended before ndb_restore' ;;
    124 | 137) printf 'fault %s\n' "ndb_restore did not end in $limit seconds" ;;
    *) ((${#faults[@]} > 0)) || printf 'fault %s\n' "ndb_restore ended with status $ended: $last" ;;
  esac
}

# Slots that are reserved for a host are not for ndb_restore.
count_free_slots() {
  local line
  free_slots=0
  while IFS= read -r line; do
    [[ $line != id=*'accepting connect from any host'* ]] || free_slots=$((free_slots + 1))
  done <"$work/show"
}

# One that a killed run has started goes on in its pod, and what it still writes must not come after what we drop.
wait_for_restores() {
  local count=''
  while :; do
    ask_sql <<'SQL' >"$work/count" || refuse_sql
SELECT COUNT(*) FROM ndbinfo.processes WHERE process_name = 'ndb_restore';
SQL
    count=$(<"$work/count")
    [[ $count != 0 ]] || return 0
    ((EPOCHSECONDS < deadline - 5)) || refuse 15 "$count ndb_restore are connected to the cluster" \
      'Somebody else restores, or a killed run'\''s has not ended: wait for it, or end it in its pod.'
    log_line "waiting: $count ndb_restore are connected to the cluster"
    run_bounded sleep 2 || :
  done
}

refuse_sql() {
  refuse 15 "the MySQL server in $SQL_POD does not answer" 'Check the server, SQL_USER and the password in its Secret.'
}

# The server does not know a table before it has been asked for it, so NDB's own dictionary counts as well.
list_tables() {
  local line
  ask_sql --raw <<'SQL' >"$work/dictionary" || refuse_sql
SELECT CONVERT(CAST(fq_name AS BINARY) USING utf8mb4) FROM ndbinfo.dict_obj_info
WHERE type = 2 AND parent_obj_type = 0 AND fq_name NOT LIKE 'mysql/def/%';
SELECT CONCAT(table_schema, '/def/', table_name) FROM information_schema.tables
WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo');
SQL
  while IFS= read -r line; do
    [[ -z $line ]] || printf '%s\n' "${line/\/def\//\/}"
  done <"$work/dictionary" | sort -u >"$1"
}

list_tablespaces() {
  ask_sql --raw <<'SQL' >"$1" || refuse_sql
SELECT DISTINCT CONCAT('usable ', CONVERT(CAST(s.fq_name AS BINARY) USING utf8mb4)) FROM ndbinfo.dict_obj_info s
JOIN ndbinfo.dict_obj_info f ON f.type = 22 AND f.parent_obj_id = s.id WHERE s.type = 20;
SELECT CONCAT('there ', CONVERT(CAST(fq_name AS BINARY) USING utf8mb4)) FROM ndbinfo.dict_obj_info
WHERE type IN (20, 21);
SQL
}

quote_table() {
  local database=${1%%/*} table=${1#*/}
  quoted="\`${database//\`/\`\`}\`.\`${table//\`/\`\`}\`"
}

# drop_tables LIST: the database has to be known to the server, or it says that there is no such table.
drop_tables() {
  local entry quoted there remain=()
  list_tables "$work/there"
  there=$'\n'$(<"$work/there")$'\n'
  printf 'SET foreign_key_checks = 0;\n' >"$work/drop"
  while IFS= read -r entry; do
    [[ $there == *$'\n'"$entry"$'\n'* ]] || continue
    quote_table "$entry"
    printf 'CREATE DATABASE IF NOT EXISTS %s;\n' "${quoted%%.\`*}" >>"$work/drop"
    if [[ -n ${views["$entry"]-} ]]; then
      printf 'DROP VIEW IF EXISTS %s;\n' "$quoted" >>"$work/drop"
    else
      printf 'DROP TABLE %s;\n' "$quoted" >>"$work/drop"
    fi
    remain+=("$entry")
  done <"$1"
  ((${#remain[@]} > 0)) || return 0
  log_line "dropping ${#remain[@]} tables and views of the restore that did not end"
  sync_metadata
  ask_sql <"$work/drop" >/dev/null ||
    refuse 22 'tables of the restore that did not end cannot be dropped' 'Look at the message above, then run again.'
  list_tables "$work/there"
  there=$'\n'$(<"$work/there")$'\n'
  while IFS= read -r entry; do
    [[ $there != *$'\n'"$entry"$'\n'* ]] || refuse 22 "$entry is still there after it was dropped" 'Run again.'
  done <"$1"
}

# A server that does not know a tablespace finds no table in it and drops none. It looks for new ones now and then by
# itself, and at once when told to; the variable is off again when it has them all.
sync_metadata() {
  local try
  ((${#tablespaces[@]} > 0)) || return 0
  printf 'SET GLOBAL ndb_metadata_sync = 1;\n' >"$work/sync"
  ask_sql <"$work/sync" >/dev/null || refuse_sql
  printf 'SELECT @@GLOBAL.ndb_metadata_sync;\n' >"$work/sync"
  for ((try = 0; try < 60 && EPOCHSECONDS < deadline - 5; try++)); do
    run_bounded sleep 1 || :
    ask_sql <"$work/sync" >"$work/synced" || refuse_sql
    [[ $(<"$work/synced") != 0 ]] || return 0
  done
  warn 'the server has not ended to look for tablespaces'
}

# A fragment is on each replica, and its rows count once.
count_rows() {
  local table rows blobs
  ask_sql --raw <<'SQL' >"$work/counted" || refuse_sql
SELECT CONVERT(CAST(name AS BINARY) USING utf8mb4), SUM(own), SUM(blobs) FROM (
  SELECT COALESCE(NULLIF(parent_fq_name, ''), fq_name) name, IF(COALESCE(parent_fq_name, '') = '',
    MAX(fixed_elem_count), 0) own, IF(COALESCE(parent_fq_name, '') = '', 0, MAX(fixed_elem_count)) blobs
  FROM ndbinfo.memory_per_fragment WHERE type = 'User table' AND fq_name NOT LIKE 'mysql/def/%'
  GROUP BY fq_name, parent_fq_name, fragment_num) fragments GROUP BY name;
SQL
  while IFS=$'\t' read -r table rows blobs; do
    [[ -z $table ]] || printf '%s\t%s\t%s\n' "${table/\/def\//\/}" "$rows" "$blobs"
  done <"$work/counted" >"$1"
}

find_tables() {
  local entry quoted number=0
  while IFS= read -r entry; do
    number=$((number + 1))
    quote_table "$entry"
    printf 'SELECT %s, COUNT(*) FROM %s;\n' "$number" "$quoted"
  done <"$1" >"$work/find"
  ask_sql <"$work/find" >"$2"
}
