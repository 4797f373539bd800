#!/usr/bin/env bash
# Library of rondb-restore.sh: which databases and tables of a set are restored, for its native data and its SQL files
# alike. It is sourced after rondb-run.sh, defines functions and runs nothing:
#   read_selection_environment           checks the variables below; sets `selective`, empty if everything is restored
#   scan_databases FILE                  reads databases.sql: ${databases[@]}, ${tables[@]}, ${views[@]} with whether
#                                        each is in (in, out; a database also `some`), ${native[table]}, ${parents[@]},
#                                        ${tablespaces[@]}
#   check_names                          19 where the selection names what the set has not
#   print_databases FILE                 the databases that are in, for mysql
#   print_objects FILE                   everything else that is in, so that it may be run again
#   print_accounts FILE, print_grants FILE   users.sql in two: accounts come before, and grants after all objects
#   native_options                       sets ${native_options[@]} for ndb_restore
# Keys of tables and views are `database.table`, and `database/table` in lists. Files are read statement by statement
# as mysqldump (and upstream's mysqlpump) writes them: each ends at the end of a line.
# shellcheck disable=SC2016,SC2034,SC2153,SC2154 # quotes of SQL; variables of the script that sources this

read_selection_environment() {
  : "${INCLUDE_DATABASES?only these databases, one in a line, or empty}"
  : "${EXCLUDE_DATABASES?not these databases, one in a line, or empty}"
  : "${INCLUDE_TABLES?only these tables, database.table, one in a line, or empty}"
  : "${EXCLUDE_TABLES?not these tables, database.table, one in a line, or empty}"
  local name entry
  declare -gA include_database=() exclude_database=() include_table=() exclude_table=() include_part=()
  selective=$INCLUDE_DATABASES$EXCLUDE_DATABASES$INCLUDE_TABLES$EXCLUDE_TABLES
  # These names are separators for ndb_restore, or cannot be told from them.
  for name in INCLUDE_DATABASES EXCLUDE_DATABASES INCLUDE_TABLES EXCLUDE_TABLES; do
    while IFS= read -r entry; do
      [[ -n $entry ]] || continue
      case $name/$entry in
        *[[:cntrl:],\`\"\'/]*/* | */*[[:cntrl:],\`\"\'/]*) ;;
        *_DATABASES/*.*) ;;
        *_TABLES/?*.*.*) ;;
        INCLUDE_DATABASES/*) include_database[$entry]=1 && continue ;;
        EXCLUDE_DATABASES/*) exclude_database[$entry]=1 && continue ;;
        INCLUDE_TABLES/?*.?*) include_table[$entry]=1 include_part[${entry%.*}]=1 && continue ;;
        EXCLUDE_TABLES/?*.?*) exclude_table[$entry]=1 && continue ;;
      esac
      refuse 2 "$name has '$entry'" 'Allowed: names, or database.table, one in a line, without , . / and quotes.'
    done <<<"${!name}"
  done
}

# select_database NAME: sets `choice` to in, some (only tables of it) or out.
select_database() {
  if [[ -n ${exclude_database[$1]-} ]]; then
    choice=out
  elif [[ -n ${include_database[$1]-} || ${#include_database[@]}${#include_table[@]} == 00 ]]; then
    choice=in
  elif [[ -n ${include_part[$1]-} ]]; then
    choice=some
  else
    choice=out
  fi
}

# select_table DATABASE TABLE: sets `choice` to in or out, as ndb_restore decides with the same options.
select_table() {
  select_database "$1"
  if [[ -n ${exclude_table[$1.$2]-} ]]; then choice=out; fi
  if [[ $choice == some ]]; then
    choice=out
    [[ -z ${include_table[$1.$2]-} ]] || choice=in
  fi
}

# walk_statements FILE HANDLER: calls HANDLER for each statement, which is in `statement` with its delimiter, and in
# `head` without comments around its parts.
walk_statements() {
  local line delimiter=';'
  statement=''
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ -z $statement ]]; then
      case $line in
        '' | '--' | '-- '*) continue ;;
        'DELIMITER '*)
          delimiter=${line#DELIMITER }
          continue
          ;;
      esac
    fi
    statement+=$line$'\n'
    [[ $line == *"$delimiter" ]] || continue
    read_head
    "$2" || return
    statement=''
  done <"$1"
  [[ -z $statement ]] || refuse 19 "${1##*/} ends in the middle of a statement" 'Restore another set.'
}

read_head() {
  head=${statement:0:4096}
  head=${head//\/\*![0-9][0-9][0-9][0-9][0-9][0-9] /}
  head=${head//\/\*![0-9][0-9][0-9][0-9][0-9] /}
  head=${head//\*\//}
}

# What names look like. The text of a trigger and of an event can be as its author typed it.
identifier='(`(([^`]|``)*)`|([A-Za-z0-9_$]+))'
definer='(DEFINER *= *(`([^`]|``)*`|[^ @]+)(@(`([^`]|``)*`|[^ ]+))?[[:space:]]+)?'
database_form="^CREATE DATABASE +(IF NOT EXISTS +)?${identifier}"
use_form="^USE ${identifier};"
table_form="^CREATE TABLE (IF NOT EXISTS )?${identifier} \\("
view_form="^CREATE ([A-Z=]+[[:space:]]+)?${definer}(SQL SECURITY [A-Z]+[[:space:]]+)?VIEW ${identifier} AS"
drop_view_form="^DROP VIEW IF EXISTS ${identifier}"
trigger_event='[[:space:]]+(BEFORE|AFTER)[[:space:]]+(INSERT|UPDATE|DELETE)[[:space:]]+ON[[:space:]]+'
trigger_start="^CREATE +${definer}TRIGGER +(IF +NOT +EXISTS +)?(${identifier}\\.)?${identifier}"
trigger_form="$trigger_start$trigger_event(${identifier}\\.)?${identifier}"
routine_form="^CREATE +${definer}(AGGREGATE +)?(FUNCTION|PROCEDURE|EVENT) +(IF +NOT +EXISTS +)?${identifier}"
parent_form="FOREIGN KEY .* REFERENCES (${identifier}\\.)?${identifier} \\("
tablespace_form="TABLESPACE ${identifier}"

# take_name NAME: sets `plain` to the name without its quotes.
take_name() {
  plain=$1
  if [[ $plain == \`* ]]; then
    plain=${plain#\`}
    plain=${plain%\`}
    plain=${plain//\`\`/\`}
  fi
}

# read_statement: sets `kind` and `object` from `head`, and `database` after CREATE DATABASE and USE.
read_statement() {
  local last
  kind=other object=''
  shopt -s nocasematch
  if [[ $head == SET\ * ]]; then
    kind=setting
  elif [[ $head =~ $database_form ]]; then
    kind=database && take_name "${BASH_REMATCH[2]}" && database=$plain
  elif [[ $head =~ $use_form ]]; then
    kind=use && take_name "${BASH_REMATCH[1]}" && database=$plain
  elif [[ $head =~ $table_form ]]; then
    kind=table && take_name "${BASH_REMATCH[2]}" && object=$plain
  elif [[ $head =~ $trigger_form ]]; then
    last=$((${#BASH_REMATCH[@]} - 4))
    kind=trigger && take_name "${BASH_REMATCH[last]}" && object=$plain
  elif [[ $head =~ $routine_form ]]; then
    last=$((${#BASH_REMATCH[@]} - 4))
    kind=routine && take_name "${BASH_REMATCH[last]}" && object=$plain
  elif [[ $head =~ $view_form ]]; then
    last=$((${#BASH_REMATCH[@]} - 4))
    kind=view && take_name "${BASH_REMATCH[last]}" && object=$plain
  elif [[ $head =~ $drop_view_form ]]; then
    kind=view && take_name "${BASH_REMATCH[1]}" && object=$plain
  fi
  shopt -u nocasematch
}

scan_databases() {
  declare -gA databases=() tables=() views=() native=() parents=() tablespaces=()
  database=''
  walk_statements "$1" scan_statement
}

scan_statement() {
  local line rest
  read_statement
  case $kind in
    database) select_database "$database" && databases[$database]=$choice ;;
    view) select_table "$database" "$object" && views["$database/$object"]=$choice ;;
    table)
      select_table "$database" "$object"
      tables["$database/$object"]=$choice
      while IFS= read -r line; do
        if [[ $line == ')'* ]]; then
          [[ ${line#* ENGINE=} != ndb* ]] || native["$database/$object"]=1
          if [[ $line =~ $tablespace_form ]]; then
            take_name "${BASH_REMATCH[1]}"
            tablespaces["$database/$object"]=$plain
          fi
        elif [[ $line == '  CONSTRAINT '* && $line =~ $parent_form ]]; then
          rest=${BASH_REMATCH[2]}
          take_name "${rest:-$database}"
          rest=$plain
          take_name "${BASH_REMATCH[6]}"
          parents["$database/$object"]+="$rest/$plain"$'\n'
        fi
      done <<<"$statement"
      ;;
  esac
}

check_names() {
  local entry missing=()
  for entry in "${!include_database[@]}" "${!exclude_database[@]}"; do
    [[ -n ${databases[$entry]-} ]] || missing+=("$entry")
  done
  for entry in "${!include_table[@]}" "${!exclude_table[@]}"; do
    [[ -n ${tables["${entry%%.*}/${entry#*.}"]-}${views["${entry%%.*}/${entry#*.}"]-} ]] || missing+=("$entry")
  done
  ((${#missing[@]} == 0)) || refuse 19 "the set has no ${missing[*]}" \
    "Correct the selection. It has the databases ${!databases[*]}."
}

print_databases() {
  database=''
  walk_statements "$1" print_database
}

print_database() {
  read_statement
  [[ $kind == database ]] || return 0
  if [[ ${databases[$database]} != out ]]; then print_statement "$statement"; fi
}

print_objects() {
  database=''
  walk_statements "$1" print_object
}

# NDB's tables are not made here: an empty one in place of one that ndb_restore did not make would look restored.
print_object() {
  read_statement
  case $kind in
    # Another server's history must not become this one's.
    setting) [[ $head == *GTID_PURGED* || $head == *SQL_LOG_BIN* ]] || print_statement "$statement" ;;
    database) ;;
    use) [[ ${databases[$database]-out} == out ]] || print_statement "$statement" ;;
    view) [[ ${views["$database/$object"]} == out ]] || print_statement "$statement" ;;
    table)
      [[ ${tables["$database/$object"]} == out || -n ${native["$database/$object"]-} ]] ||
        print_statement "$(make_repeatable TABLE)"
      ;;
    trigger) [[ ${tables["$database/$object"]-out} == out ]] || print_statement "$(make_repeatable TRIGGER)" ;;
    routine)
      [[ ${databases[$database]-out} != in ]] ||
        print_statement "$(make_repeatable '(AGGREGATE )?(FUNCTION|PROCEDURE|EVENT)')"
      ;;
    *) warn "databases.sql has a statement that is not known and not run: ${head:0:80}" ;;
  esac
}

# make_repeatable WORD: the statement with IF NOT EXISTS behind its first WORD, so what is there stays.
make_repeatable() {
  local form="(^|[ ;*/])$1 "
  shopt -s nocasematch
  if [[ ! $head =~ $1\ +IF\ +NOT\ +EXISTS && $statement =~ $form ]]; then
    statement=${statement/"${BASH_REMATCH[0]}"/"${BASH_REMATCH[0]}IF NOT EXISTS "}
  fi
  shopt -u nocasematch
  printf '%s' "$statement"
}

# The delimiter is set for each statement: it stands alone wherever it was taken from.
print_statement() {
  local text=${1%$'\n'}
  if [[ $text == *';;' ]]; then
    printf 'DELIMITER ;;\n%s\nDELIMITER ;\n' "$text"
  else
    printf '%s\n' "$text"
  fi
}

print_accounts() { walk_statements "$1" print_account; }

print_account() {
  shopt -s nocasematch
  case $head in
    SET\ *) print_statement "$statement" ;;
    'CREATE USER IF NOT EXISTS '* | 'CREATE ROLE IF NOT EXISTS '*) print_statement "$statement" ;;
    'CREATE USER '*) print_statement "CREATE USER IF NOT EXISTS ${statement:12}" ;;
    'CREATE ROLE '*) print_statement "CREATE ROLE IF NOT EXISTS ${statement:12}" ;;
  esac
  shopt -u nocasematch
}

print_grants() { walk_statements "$1" print_grant; }

grant_form=" ON ((TABLE|FUNCTION|PROCEDURE) )?(\`([^\`]|\`\`)*\`|\\*)\\.(\`([^\`]|\`\`)*\`|\\*) (TO|FROM) "

print_grant() {
  local kind database
  case $head in
    'SET '*) ;;
    'CREATE '*) return 0 ;;
    'GRANT '* | 'REVOKE '*)
      if [[ $head =~ $grant_form && ${BASH_REMATCH[3]} != '*' ]]; then
        kind=${BASH_REMATCH[2]} object=${BASH_REMATCH[5]}
        take_name "${BASH_REMATCH[3]}"
        database=$plain
        grant_wanted || return 0
      fi
      ;;
    'ALTER USER '*) ;;
    *) warn "users.sql has a statement that is not known and not run: ${head:0:40}" && return 0 ;;
  esac
  print_statement "$statement"
}

# In a grant on a database its name is a pattern. One that matches nothing of the set stays out of a partial restore.
grant_wanted() {
  local pattern entry
  [[ -n $selective ]] || return 0
  if [[ $object != '*' ]]; then
    take_name "$object"
    case $kind in
      FUNCTION | PROCEDURE) [[ ${databases[$database]-out} == in ]] ;;
      *) [[ ${tables["$database/$plain"]-}${views["$database/$plain"]-} == in ]] ;;
    esac
    return
  fi
  pattern=${database//[\[\]?\*]/\\&}
  pattern=${pattern//\\_/$'\001'}
  pattern=${pattern//_/?}
  pattern=${pattern//$'\001'/_}
  pattern=${pattern//\\%/$'\001'}
  pattern=${pattern//%/\*}
  pattern=${pattern//$'\001'/%}
  for entry in "${!databases[@]}"; do
    # shellcheck disable=SC2053 # it is a pattern
    if [[ ${databases[$entry]} == in && $entry == $pattern ]]; then return 0; fi
  done
  return 1
}

# ndb_restore takes the last option that matches, so what is excluded comes last.
native_options() {
  local name
  native_options=()
  for name in INCLUDE_DATABASES INCLUDE_TABLES EXCLUDE_DATABASES EXCLUDE_TABLES; do
    join_lines "${!name}"
    [[ -z $joined ]] || case $name in
      INCLUDE_DATABASES) native_options+=("--include-databases=$joined") ;;
      INCLUDE_TABLES) native_options+=("--include-tables=$joined") ;;
      EXCLUDE_DATABASES) native_options+=("--exclude-databases=$joined") ;;
      EXCLUDE_TABLES) native_options+=("--exclude-tables=$joined") ;;
    esac
  done
}

join_lines() {
  local line
  joined=''
  while IFS= read -r line; do [[ -z $line ]] || joined+=${joined:+,}$line; done <<<"$1"
}
