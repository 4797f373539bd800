#!/usr/bin/env bash
# Library of rondb-backup.sh: the definitions that a native backup does not hold. It is sourced after rondb-run.sh and
# rondb-cluster.sh, defines functions and runs nothing:
#   hash_schema                          sets `schema_hash`: SHA-256 of all definitions, taken where the server is
#   dump_databases FILE                  databases, tables, views, routines, triggers, events; sets `schema_hash` too
#   dump_users FILE                      users, roles and grants
# Both files are what the mysql client reads, without IF NOT EXISTS and without system schemas and accounts. The hash
# leaves out AUTO_INCREMENT counters, which are data, and the dump has no dates: equal schemas have equal hashes.
# shellcheck disable=SC2034,SC2154 # variables are shared with the script that sources this

# In the pod: options of the client, then lines with the client's escapes: d and a database, v and a view to leave out.
# With `hash` the dump stays there. --skip-lock-tables: without rows there is nothing to lock, and a view whose definer
# is gone cannot be. --no-tablespaces: the native backup has those.
# shellcheck disable=SC2016 # it is the pod's shell that expands them
dump_program='set -euo pipefail
options="" names=() without=()
while IFS= read -r line && [[ $line != end-of-options ]]; do options+=$line$'\''\n'\''; done
while IFS= read -r line; do
  printf -v name %b "${line:1}"
  case $line in
    d*) names+=("$name") ;;
    v*) without+=("--ignore-table=$name") ;;
  esac
done
dump() {
  mysqldump --defaults-extra-file=<(printf %s "$options") --no-data --routines --events --triggers --no-tablespaces \
    --skip-dump-date --set-gtid-purged=OFF --skip-lock-tables --skip-add-drop-table --default-character-set=utf8mb4 \
    "${without[@]}" --databases "${names[@]}"
}
sum() { sed -E "/^\) /s/ AUTO_INCREMENT=[0-9]+//" | sha256sum; }
if [[ $1 == hash ]]; then
  dump | sum
else
  exec 3>&1
  dump | tee /dev/fd/4 4>&1 >&3 | sum >&2
fi'

# One view of a table that is gone would end mysqldump, and so all backups: it is left out, with a warning. The comment
# of a view that works is VIEW.
read_databases() {
  ask_sql <<'SQL' >"$work/databases"
SELECT CONCAT('d', schema_name) FROM information_schema.schemata
WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo') ORDER BY 1;
SELECT CONCAT('v', table_schema, '.', table_name) FROM information_schema.tables
WHERE table_type = 'VIEW' AND table_comment <> 'VIEW' AND table_schema NOT IN ('sys') ORDER BY 1;
SQL
}

# run_dump WHAT, with WHAT being hash or dump
run_dump() {
  { print_mysql_options && cat "$work/databases"; } |
    feed_in "$SQL_POD" "$SQL_CONTAINER" bash -c "$dump_program" dump "$1"
}

# take_hash FILE: the hash that stands in it
take_hash() {
  schema_hash=''
  if [[ $(<"$1") =~ (^|$'\n')([0-9a-f]{64})\ \ - ]]; then schema_hash=${BASH_REMATCH[2]}; fi
  [[ -n $schema_hash ]]
}

hash_schema() {
  read_databases || return
  if [[ -s $work/databases ]]; then
    run_dump hash >"$work/schema" || return
  else
    sha256sum </dev/null >"$work/schema" || return
  fi
  take_hash "$work/schema"
}

# mysqldump's last line proves that the stream was not cut.
dump_databases() {
  local text line
  read_databases || return
  while IFS= read -r line; do
    [[ $line != v* ]] || warn "the view ${line#v} does not work and is not in databases.sql"
  done <"$work/databases"
  if [[ ! -s $work/databases ]]; then
    printf -- '-- There are no databases.\n' >"$1"
    sha256sum </dev/null >"$work/schema" || return
    take_hash "$work/schema"
    return
  fi
  run_dump dump >"$1" 2>"$work/schema" || {
    cat "$work/schema" >&2
    return 1
  }
  text=$(tail -n 1 "$1") || return
  [[ $text == '-- Dump completed' ]] || return 1
  take_hash "$work/schema"
}

list_users() {
  ask_sql --raw <<'SQL' >"$work/users"
SET SESSION sql_mode = '';
SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user
WHERE user NOT IN ('mysql.sys', 'mysql.session', 'mysql.infoschema') AND NOT (user = 'root' AND host = 'localhost')
ORDER BY user, host;
SQL
}

# print_user_queries FORMAT: one query for each account
print_user_queries() {
  local account
  printf "SET SESSION sql_mode = '', print_identified_with_as_hex = 1;\n"
  while IFS= read -r account; do printf "SHOW $1 %s;\n" "$account"; done <"$work/users"
}

list_default_roles() {
  ask_sql --raw <<'SQL' >"$work/default-roles"
SET SESSION sql_mode = '', group_concat_max_len = 1048576;
SELECT CONCAT('ALTER USER ', QUOTE(user), '@', QUOTE(host), ' DEFAULT ROLE ',
  GROUP_CONCAT(QUOTE(default_role_user), '@', QUOTE(default_role_host) ORDER BY 1 SEPARATOR ', '))
FROM mysql.default_roles GROUP BY user, host ORDER BY user, host;
SQL
}

# The order is one in which everything exists when it is named: all accounts, then grants, which roles are among, then
# default roles. root@localhost is not in it: every server has its own, and upstream gives it the password of a Secret.
dump_users() {
  local line role='`([^`]|``)*`@`([^`]|``)*`'
  list_users || return
  print_user_queries 'CREATE USER' | ask_sql --raw >"$work/create-users" || return
  print_user_queries 'GRANTS FOR' | ask_sql --raw >"$work/grants" || return
  list_default_roles || return
  {
    printf -- '-- Users, roles and grants\nSET NAMES utf8mb4;\n'
    while IFS= read -r line; do
      if [[ $line =~ \ DEFAULT\ ROLE\ $role(,$role)*\ REQUIRE\  ]]; then line=${line/"${BASH_REMATCH[0]}"/ REQUIRE }; fi
      printf '%s;\n' "$line"
    done <"$work/create-users"
    while IFS= read -r line; do printf '%s;\n' "$line"; done <"$work/grants"
    while IFS= read -r line; do printf '%s;\n' "$line"; done <"$work/default-roles"
  } >"$1"
}
