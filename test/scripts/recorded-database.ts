import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../programs/find.js';

/**
 * What a restore makes in a recorded cluster: `ndb_restore` and `mysql` that keep the database as files and say what the
 * real ones were recorded to say (MySQL NDB Cluster 9.7.2). Like the real one, `ndb_restore` adds rows to a table that is
 * there already and ends with 0, and knows nothing of other nodes' files.
 */
export class RecordedDatabase {
  constructor(readonly folder: string) {
    mkdirSync(join(folder, 'database'), { recursive: true });
    const bin = join(folder, 'pod-bin');
    for (const [name, text] of Object.entries(programs)) {
      const file = join(bin, name);
      rmSync(file, { force: true });
      writeFileSync(file, text.replace('#!', `#!${programPath('bash')}`).replaceAll('@folder@', folder));
      chmodSync(file, 0o755);
    }
    for (const name of ['grep', 'sort', 'timeout', 'touch'].filter((name) => !existsSync(join(bin, name))))
      symlinkSync(programPath(name), join(bin, name));
  }

  /** Everything in it: tables with their rows from each node, databases, views, whether indexes are built. */
  state(): Record<string, string> {
    const root = join(this.folder, 'database');
    return Object.fromEntries(
      readdirSync(root)
        .sort()
        .map((name) => [name.replaceAll('%', '/'), readFileSync(join(root, name), 'utf8')]),
    );
  }

  /** Makes a table with a row. */
  add(table: string): void {
    writeFileSync(join(this.folder, 'database', `table%${table.replace('.', '%')}`), 'before\n');
  }
}

const programs = {
  ndb_restore: `#!
set -euo pipefail
cd @folder@/database
fail() { echo "2026-11-21T05:41:03.803582Z ERROR: [part 1] $1"; exit 1; }
[[ ! -e @folder@/fail-native || " $* " != *" $(<@folder@/fail-native) "* ]] || fail 'Create table failed: 1: no reason'
for option; do
  case $option in
    --nodeid=*) node=\${option#*=} ;;
    --backupid=*) id=\${option#*=} ;;
    --backup-path=*) path=\${option#*=} ;;
    --exclude-tables=*) excluded=\${option#*=} ;;
  esac
done
wanted() { [[ ",\${excluded-}," != *",\${1/\\%/.},"* ]]; }
[[ $(<"$path/BACKUP-$id.$node.ctl") == tables ]] || fail 'Failed to read the metadata'
echo '2026-11-21T05:41:04.817376Z INFO: [part 1] Connected to NDB'
case " $* " in
  *' --print-meta '*)
    for table in shop/def/orders shop/def/customers; do
      printf -- '-- %s --\\nVersion: 1\\nTemporary table: no\\nPartitionCount: 2\\n\\nSuccessfully printed table: %s\\n' "$table" "$table"
    done ;;
  *' --restore-meta '*)
    for table in shop%orders shop%customers; do
      wanted "$table" || continue
      [[ ! -e table%$table ]] || fail "Create table \\\`\${table/\\%//def/}\\\` failed: 721: Schema object with given name already exists"
      : >"table%$table"
    done ;;
  *' --restore-data '*)
    rows=0
    for table in shop%orders shop%customers; do
      printf '2026-11-21T05:41:31.9Z INFO: [part 1] _____\\nProcessing data in table: %s(19) fragment %s\\n' "\${table/\\%//def/}" "$node"
      wanted "$table" || continue
      while read -r row; do
        echo "$row" >>"table%$table"
        rows=$((rows + 1))
      done <"$path/BACKUP-$id-0.$node.Data"
    done
    [[ ! -e @folder@/temporary-error ]] || echo '2026-11-21T05:41:31.9Z WARNING: [part 1] Temporary error: 410 REDO log overload.'
    echo "2026-11-21T05:41:31.9Z INFO: [part 1] Restored $rows tuples and 0 log entries" ;;
  *' --rebuild-indexes '*)
    for table in shop%orders shop%customers; do
      wanted "$table" || continue
      [[ -e table%$table ]] || fail 'No such table existed'
      sort "table%$table" >"indexed%$table"
    done ;;
  *' --restore-epoch '*) echo 20 >epoch ;;
esac
`,
  mysql: `#!
set -euo pipefail
[[ $1 == --defaults-extra-file=* && $(<"\${1#*=}") == "$(<@folder@/options)" ]] || {
  echo "ERROR 1045 (28000): Access denied for user 'root'@'localhost'" >&2
  exit 1
}
cd @folder@/database
query=$(</dev/stdin)
name() { name=\${1#*\\\`} name=\${name%%\\\`*}; }
case $query in
  *ndbinfo.processes*) echo 0 ;;
  *"s.type = 20"*) ;;
  *memory_per_fragment*)
    for table in table%*; do
      [[ ! -e $table ]] || { mapfile -t rows <"$table"; table=\${table#table%}; printf '%s\\t%s\\t0\\n' "\${table/\\%//def/}" "\${#rows[@]}"; }
    done ;;
  *dict_obj_info*)
    for table in table%* view%*; do [[ ! -e $table ]] || { table=\${table#*%}; echo "\${table/\\%//def/}"; }; done ;;
  *)
    [[ ! -e @folder@/fail-sql || $query != *"$(<@folder@/fail-sql)"* ]] || { echo 'ERROR 1064 (42000) at line 1: no reason' >&2; exit 1; }
    database=''
    while IFS= read -r line; do
      case $line in
        'CREATE DATABASE '*) name "$line"; : >"database%$name" ;;
        'USE '*) name "$line"; database=$name ;;
        'DROP TABLE '*) name "$line"; database=$name; name "\${line#*.}"; rm "table%$database%$name"; rm -f "indexed%$database%$name" ;;
        'DROP VIEW IF EXISTS '*'.'*) name "$line"; database=$name; name "\${line#*.}"; rm -f "view%$database%$name" ;;
        *'DROP VIEW '*) name "$line"; rm -f "view%$database%$name" ;;
        *'VIEW '*) name "\${line#*VIEW }"; : >"view%$database%$name" ;;
        *'TRIGGER IF NOT EXISTS '*) name "\${line#*EXISTS }"; : >"trigger%$database%$name" ;;
        *'PROCEDURE IF NOT EXISTS '*) name "\${line#*EXISTS }"; : >"procedure%$database%$name" ;;
        'CREATE USER IF NOT EXISTS '*) name "$line"; : >"user%$name" ;;
        'GRANT '*) [[ $line != *' TO '* ]] || { name "\${line#* TO }"; echo "\${line%% TO *}" >"grant%$name"; } ;;
        'SELECT '*' FROM '*) name "$line"; database=$name; name "\${line#*.}"; [[ -e table%$database%$name ]] || { echo "ERROR 1146 (42S02) at line 1: no table" >&2; exit 1; } ;;
      esac
    done <<<"$query" ;;
esac
echo end-of-rows
`,
};
