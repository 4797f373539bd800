#!/usr/bin/env bash
# Library of the RonDB scripts: the database cluster, reached by `kubectl exec` into its own pods only. It is sourced
# after rondb-run.sh, defines functions and runs nothing:
#   read_cluster_environment             checks the variables below, fills ${pod_of[node id]} and ${node_ids[@]}
#   exec_in POD CONTAINER COMMAND…       without stdin
#   feed_in POD CONTAINER COMMAND…       with stdin
#   exec_on_node NODE COMMAND…           exec_in the container of a data node
#   find_manager                         sets `manager`: a data node's pod that reaches the management server, or 15
#   call_ndb_mgm COMMAND                 one command of ndb_mgm, on stdout what it says
#   list_nodes                           reads the cluster's nodes: ${group_of[id]}, ${version_of[id]}, ${started[@]},
#                                        ${down[@]} with words; 15 if no backup or restore may begin
#   read_running_backup                  sets `running`: id of the native backup that is running, or empty
#   abort_backup ID                      aborts it and waits until it has ended
#   run_mysql PROGRAM OPTIONS…           mysql or mysqldump in the SQL pod; stdin is what it reads after its options
#   ask_sql                              queries on stdin, rows on stdout; without escapes with --raw
# The password of SQL_USER goes through stdin into a pipe in the pod: it is in no argument, file or log.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

read_cluster_environment() {
  : "${DATA_NODES:?every data node that may be active, such as 1=node-group-0-0 2=node-group-0-1}"
  : "${DATA_CONTAINER:?container of a data node}"
  : "${BACKUP_FOLDER:?folder of native backups in that container, BackupDataDir/BACKUP}"
  : "${MANAGEMENT_SERVER:?host:port of the management server}"
  : "${SQL_POD:?pod of a MySQL server of the cluster}"
  : "${SQL_CONTAINER:?container of that server}"
  : "${SQL_USER:?user that may do everything}"
  : "${SQL_PASSWORD?password of that user}"
  local entry id
  node_ids=() pod_of=()
  check_name DATA_CONTAINER
  check_name SQL_POD
  check_name SQL_CONTAINER
  for entry in $DATA_NODES; do
    id=${entry%%=*}
    [[ $entry =~ ^[1-9][0-9]{0,2}=[a-z0-9.-]+$ && $id -le 144 && -z ${pod_of[id]-} ]] ||
      refuse 2 "DATA_NODES has '$entry'" 'Allowed: id=pod, ids from 1 to 144, each once.'
    node_ids+=("$id")
    pod_of[id]=${entry#*=}
  done
  case $BACKUP_FOLDER in
    /*[!/]) ;;
    *) refuse 2 "BACKUP_FOLDER is '$BACKUP_FOLDER'" 'Allowed: an absolute path without a slash at its end.' ;;
  esac
  case $MANAGEMENT_SERVER in
    *[!A-Za-z0-9.:-]* | *:*[!0-9]* | *:) refuse 2 "MANAGEMENT_SERVER is '$MANAGEMENT_SERVER'" 'Allowed: host:port.' ;;
  esac
  case $SQL_USER$SQL_PASSWORD in
    *[[:cntrl:]]*) refuse 2 'SQL_USER or SQL_PASSWORD has a control character' 'Look at the Secret: a line break?' ;;
  esac
}

exec_in() {
  local pod=$1 container=$2
  shift 2
  call_kubectl exec "$pod" -c "$container" -- "$@"
}

feed_in() {
  local pod=$1 container=$2
  shift 2
  call_kubectl exec -i "$pod" -c "$container" -- "$@"
}

exec_on_node() {
  local pod=${pod_of[$1]}
  shift
  exec_in "$pod" "$DATA_CONTAINER" "$@"
}

# ndb_mgm speaks through the connection of a management server, so it needs no API slot, and in a data node's pod every
# NetworkPolicy lets it in. It waits 5 seconds between its tries.
call_ndb_mgm() {
  exec_in "$manager" "$DATA_CONTAINER" ndb_mgm -c "$MANAGEMENT_SERVER" --connect-retries=3 -e "$1"
}

find_manager() {
  local id
  for id in "${node_ids[@]}"; do
    manager=${pod_of[id]}
    if call_ndb_mgm show >"$work/show" 2>"$work/complaint"; then return 0; fi
    log_line "node $id: $manager does not reach the management server: $(tail -n 1 "$work/complaint")"
  done
  refuse 15 "no data node's pod answers and reaches $MANAGEMENT_SERVER" \
    'Check the pods, the names in DATA_NODES and DATA_CONTAINER, and the rights to exec.'
}

show_nodes() { call_ndb_mgm show >"$work/show"; }

# A node is started when `show` names its node group and nothing that is still going on.
list_nodes() {
  local line id detail section='' versions=''
  retry_command show_nodes ||
    refuse 15 'the management server does not show its nodes' 'Check the management server.'
  group_of=() version_of=() started=() down=()
  while IFS= read -r line; do
    case $line in
      '[ndbd'*) section=yes ;;
      '['*) section='' ;;
    esac
    [[ -n $section && $line =~ ^id=([0-9]+)[[:space:]]+(.*)$ ]] || continue
    id=${BASH_REMATCH[1]} detail=${BASH_REMATCH[2]}
    if [[ $detail =~ ^@[^[:space:]]+[[:space:]]+\(([^,]+),\ Nodegroup:\ ([0-9]+)(,\ \*)?\)$ ]]; then
      version_of[id]=${BASH_REMATCH[1]##*-}
      group_of[id]=${BASH_REMATCH[2]}
      started+=("$id")
      [[ -n ${pod_of[id]-} ]] || refuse 15 "node $id is started and not in DATA_NODES" \
        'Name every data node: each holds rows that no other holds.'
      [[ " $versions " == *" ${version_of[id]} "* ]] || versions+=" ${version_of[id]}"
    elif [[ -n ${pod_of[id]-} ]]; then
      down+=("node $id (${pod_of[id]}): ${detail#@}")
    fi
  done <"$work/show"
  ((${#started[@]} > 0)) || refuse 15 'no data node is started' 'Bring the cluster up first.'
  [[ ${versions# } != *' '* ]] || refuse 15 "the data nodes have different versions:$versions" \
    'Wait until the upgrade is over: NDB makes no backup meanwhile.'
}

# Each started node says `Backup not started` or which one it is writing.
read_running_backup() {
  call_ndb_mgm 'ALL REPORT BACKUPSTATUS' >"$work/report" || return
  running=''
  if [[ $(<"$work/report") =~ [Bb]ackup\ ([0-9]+)\ started ]]; then running=${BASH_REMATCH[1]}; fi
}

# An abort is only ordered: it is over when no node reports a backup any more. NDB then removes its files by itself.
abort_backup() {
  local until=$((EPOCHSECONDS + limit))
  call_ndb_mgm "ABORT BACKUP $1" >/dev/null || return
  while retry_command read_running_backup && [[ $running == "$1" ]]; do
    ((EPOCHSECONDS < until && EPOCHSECONDS < deadline)) || return 1
    run_bounded sleep 1 || :
  done
  [[ $running != "$1" ]]
}

# In the pod: the option file is what stands before the line end-of-options; the program reads it from a pipe.
# shellcheck disable=SC2016 # it is the pod's shell that expands them
mysql_program='set -euo pipefail
options=""
while IFS= read -r line && [[ $line != end-of-options ]]; do options+=$line$'\''\n'\''; done
program=$1
shift
exec "$program" --defaults-extra-file=<(printf %s "$options") "$@"'

print_mysql_options() {
  local user password
  user=${SQL_USER//\\/\\\\} password=${SQL_PASSWORD//\\/\\\\}
  printf '[client]\nuser="%s"\npassword="%s"\nend-of-options\n' "${user//\"/\\\"}" "${password//\"/\\\"}"
}

run_mysql() {
  { print_mysql_options && cat; } | feed_in "$SQL_POD" "$SQL_CONTAINER" bash -c "$mysql_program" mysql "$@"
}

# The last row proves that none was lost: a stream through exec can end early and look like success.
ask_sql() {
  local rows
  { cat && printf "\nSELECT 'end-of-rows';\n"; } |
    run_mysql mysql --batch --skip-column-names --default-character-set=utf8mb4 "$@" >"$work/rows" || return
  rows=$(<"$work/rows")
  case $rows in
    end-of-rows) ;;
    *$'\nend-of-rows') printf '%s\n' "${rows%$'\nend-of-rows'}" ;;
    *) return 1 ;;
  esac
}
