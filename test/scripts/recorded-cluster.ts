import { chmodSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from '../programs/find.js';

/** Where the recorded pods have their native backups; `kubectl` turns it into the pod's own folder. */
export const recordedBackupFolder = '/recorded/BACKUP';

/** With what breaks careless quoting. */
export const recordedPassword = `p'a"ss \\w#ord $HOME`;

/**
 * A RonDB cluster as files: `kubectl`, `ndb_mgm`, `mysql` and `mysqldump` that answer what the real ones were recorded
 * to answer (MySQL NDB Cluster 9.7.2), in milliseconds, with a Lease and a ConfigMap that keep resourceVersions as an API
 * server does. What the pods run is otherwise real: bash, coreutils, rclone in the sidecar.
 */
export class RecordedCluster {
  /** Path of the program that plays kubectl. */
  readonly kubectl: string;

  /** @param nodes ids of the data nodes, two to a group */
  constructor(
    readonly folder: string,
    readonly nodes: readonly number[] = [1, 2],
  ) {
    for (const path of ['pod-bin', 'pods', 'objects']) mkdirSync(join(folder, path), { recursive: true });
    this.kubectl = join(folder, 'kubectl');
    this.#program('kubectl', kubectl);
    for (const [name, text] of Object.entries(programs)) this.#program(join('pod-bin', name), text);
    for (const name of podPrograms) symlinkSync(programPath(name), join(folder, 'pod-bin', name));
    for (const node of nodes) this.setNode(node, 'started');
    this.writeObject('configmap', { metadata: { name: 'status', resourceVersion: '1' }, data: {} });
    const escaped = recordedPassword.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
    writeFileSync(join(folder, 'options'), `[client]\nuser="root"\npassword="${escaped}"\n`);
    this.setSchema('CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT\n) ENGINE=ndbcluster AUTO_INCREMENT=7;');
  }

  setNode(node: number, state: 'started' | 'not connected' | 'starting' | 'upgraded'): void {
    writeFileSync(join(this.folder, `node.${node}`), state);
  }

  /** What mysqldump says about the tables; the hash of the schema follows it. */
  setSchema(text: string): void {
    writeFileSync(join(this.folder, 'schema'), `${text}\n-- Dump completed\n`);
  }

  /** A native backup that runs, or 0. */
  setRunning(id: number): void {
    writeFileSync(join(this.folder, 'running'), id ? `${id}` : '');
  }

  /** What the pod of a node has in its folder of native backups: `<folder>/<path>` → content. */
  native(node: number): Record<string, string> {
    const folder = this.nativeFolder(node);
    try {
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      return Object.fromEntries(
        files.map((file) => {
          const path = join(file.parentPath, file.name);
          return [path.slice(folder.length + 1), readFileSync(path, 'latin1')];
        }),
      );
    } catch {
      return {};
    }
  }

  /** What a node has to back up: the next native backups link this file. */
  setData(node: number, file: string): void {
    linkSync(file, join(this.folder, `data.${node}`));
  }

  nativeFolder(node: number): string {
    return join(this.folder, `pods/node-${node}/BACKUP`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests read it field by field
  object(kind: 'lease' | 'configmap'): any {
    try {
      return JSON.parse(readFileSync(join(this.folder, 'objects', kind), 'utf8'));
    } catch {
      return undefined;
    }
  }

  writeObject(kind: 'lease' | 'configmap', object: unknown): void {
    writeFileSync(join(this.folder, 'objects', kind), JSON.stringify(object));
  }

  /** Lets the lease of a killed run expire. */
  expireLease(): void {
    const lease = this.object('lease');
    if (lease?.spec.acquireTime)
      this.writeObject('lease', { ...lease, spec: { ...lease.spec, acquireTime: '2020-01-01T00:00:00.000000Z' } });
  }

  removeLease(): void {
    rmSync(join(this.folder, 'objects/lease'), { force: true });
  }

  #program(path: string, text: string): void {
    const file = join(this.folder, path);
    const whole = text
      .replaceAll('@folder@', this.folder)
      .replaceAll('@nodes@', this.nodes.join(' '))
      .replaceAll('@jq@', programPath('jq'));
    writeFileSync(file, whole.replace('#!', `#!${programPath('bash')}`));
    chmodSync(file, 0o755);
  }
}

const podPrograms = 'bash cat df find ln mkdir rclone rm sed sha256sum sleep tail tee'.split(' ');

const kubectl = `#!
set -euo pipefail
export PATH=/usr/bin:/bin # it needs programs that the toolbox has not
objects=@folder@/objects
while [[ $1 == -n ]]; do shift 2; done
verb=$1
shift
conflict() { echo "Error from server (Conflict): Operation cannot be fulfilled: the object has been modified" >&2; exit 1; }
case $verb in
  get)
    if [[ ! -e $objects/$1 ]]; then
      [[ " $* " == *' --ignore-not-found '* ]] || { echo 'Error from server (NotFound)' >&2; exit 1; }
      exit 0
    fi
    mapfile -d '' -t text <"$objects/$1"
    printf '%s' "\${text[0]-}" ;;
  create | replace)
    exec 9>"$objects/lock"
    flock 9
    old=/dev/null
    if [[ -e $objects/lease ]]; then
      [[ $verb == replace ]] || { echo 'Error from server (AlreadyExists): leases "backup" already exists' >&2; exit 1; }
      old=$objects/lease
    fi
    @jq@ --slurpfile old "$old" '($old[0].metadata.resourceVersion // "0") as $version
      | if $old != [] and .metadata.resourceVersion != $version then error("old")
        else .metadata.resourceVersion = ($version | tonumber + 1 | tostring) end' "\${!#}" >"$objects/new" || conflict
    mv "$objects/new" "$objects/lease" ;;
  patch)
    @jq@ --slurpfile patch /dev/stdin '.data += $patch[0].data' "$objects/configmap" >"$objects/new"
    mv "$objects/new" "$objects/configmap" ;;
  exec)
    [[ $1 == -i ]] && shift || exec </dev/null
    pod=$1
    [[ $2 == -c && $4 == -- ]] || exit 64
    shift 4
    [[ -d @folder@/pods/$pod ]] || mkdir -p "@folder@/pods/$pod"
    [[ ! -e @folder@/gone.$pod ]] || { echo "Error from server (NotFound): pods \\"$pod\\" not found" >&2; exit 1; }
    exec env -i PATH=@folder@/pod-bin POD="$pod" "\${@//\\/recorded/@folder@/pods/$pod}" ;;
  *) exit 64 ;;
esac
`;

const programs = {
  ndb_mgm: `#!
set -euo pipefail
command=\${!#} folder=@folder@
[[ $1 == -c && $2 == management:1186 ]] || { echo 'Unable to connect with connect string' >&2; exit 255; }
echo 'Connected to management server at management port 1186 (using cleartext)'
state() { read -r state <"$folder/node.$1" || :; }
case $command in
  show)
    printf 'Cluster Configuration\\n---------------------\\n[ndbd(NDB)]\\t'; set -- @nodes@; printf '%s node(s)\\n' "$#"
    for node in @nodes@; do
      state "$node"
      case $state in
        started) printf 'id=%s\\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, Nodegroup: %s%s)\\n' "$node" "$(((node - 1) / 2))" "$([[ $node == 2 ]] || echo ', *')" ;;
        upgraded) printf 'id=%s\\t@127.0.0.1  (mysql-9.8.0 ndb-9.8.0, Nodegroup: 0)\\n' "$node" ;;
        starting) printf 'id=%s\\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2, starting, Nodegroup: 0)\\n' "$node" ;;
        *) printf 'id=%s (not connected, accepting connect from 127.0.0.1)\\n' "$node" ;;
      esac
    done
    printf '\\n[ndb_mgmd(MGM)]\\t1 node(s)\\nid=65\\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2)\\n\\n[mysqld(API)]\\t2 node(s)\\n'
    printf 'id=67\\t@127.0.0.1  (mysql-9.7.2 ndb-9.7.2)\\nid=68 (not connected, accepting connect from any host)\\n\\n' ;;
  'ALL REPORT BACKUPSTATUS')
    for node in @nodes@; do
      if [[ -s $folder/running ]]; then
        echo "Node $node: Local backup status: backup $(<"$folder/running") started from node 65"
      else
        echo "Node $node: Backup not started"
      fi
    done ;;
  'ABORT BACKUP '*)
    id=\${command##* }
    echo "Abort of backup $id ordered"
    if [[ $(cat "$folder/running" 2>/dev/null || :) == "$id" ]]; then
      : >"$folder/running"
      rm -rf "$folder"/pods/*/BACKUP/"BACKUP-$id"
    fi ;;
  'START BACKUP '*)
    read -r _ _ id _ <<<"$command"
    echo 'Waiting for completed, this may take several minutes'
    if [[ -e $folder/next-failure ]]; then
      rm "$folder/next-failure"
      printf 'Backup failed\\n*  3001: Could not start backup\\n'
      exit 255
    fi
    for node in @nodes@; do
      [[ ! -e $folder/pods/node-$node/BACKUP/BACKUP-$id ]] || {
        printf 'Backup failed\\n*  3001: Could not start backup\\n*        Backup failed: file already exists\\n'
        exit 255
      }
    done
    echo "Node 1: Backup $id started from node 65"
    for node in @nodes@; do
      state "$node"
      [[ $state == started ]] || continue
      place=$folder/pods/node-$node/BACKUP/BACKUP-$id
      mkdir -p "$place"
      if [[ -e $folder/data.$node ]]; then
        ln "$folder/data.$node" "$place/BACKUP-$id-0.$node.Data"
      else
        echo "rows of node $node" >"$place/BACKUP-$id-0.$node.Data"
      fi
      echo "tables" >"$place/BACKUP-$id.$node.ctl"
      echo "changes" >"$place/BACKUP-$id.$node.log"
    done
    [[ ! -e $folder/schema-after ]] || { cat "$folder/schema-after" >"$folder/schema"; rm "$folder/schema-after"; }
    [[ ! -e $folder/die ]] || { echo 'not connected' >"$folder/node.$(cat "$folder/die")"; rm "$folder/die"; }
    printf 'Node 1: Backup %s started from node 65 completed\\n StartGCP: 17 StopGCP: 20\\n #Records: 6016 #LogRecords: 0\\n' "$id"
    printf ' Data: 1539672 bytes Log: 0 bytes\\n' ;;
  *) echo 'Invalid command' >&2; exit 255 ;;
esac
`,
  mysql: `#!
set -euo pipefail
[[ $1 == --defaults-extra-file=* && $(<"\${1#*=}") == "$(<@folder@/options)" ]] || {
  echo "ERROR 1045 (28000): Access denied for user 'root'@'localhost'" >&2
  exit 1
}
query=$(</dev/stdin)
case $query in
  *ndbinfo.backup_id*) printf '9.7.2-cluster\\n2\\n%s\\n' "$(cat @folder@/backup-id 2>/dev/null || echo 0)" ;;
  *schemata*)
    printf 'dshop\\ndwe ird\\ndback\\\\\\\\slash\\n'
    [[ ! -e @folder@/broken ]] || echo vshop.broken ;;
  *'FROM mysql.user'*) printf "'alice'@'%%'\\n'reader'@'%%'\\n" ;;
  *'SHOW CREATE USER'*)
    echo "CREATE USER \\\`alice\\\`@\\\`%\\\` IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 DEFAULT ROLE \\\`reader\\\`@\\\`%\\\` REQUIRE NONE"
    echo "CREATE USER \\\`reader\\\`@\\\`%\\\` IDENTIFIED WITH 'caching_sha2_password' REQUIRE NONE PASSWORD EXPIRE ACCOUNT LOCK" ;;
  *'SHOW GRANTS'*) echo "GRANT \\\`reader\\\`@\\\`%\\\` TO \\\`alice\\\`@\\\`%\\\`" ;;
  *default_roles*) echo "ALTER USER 'alice'@'%' DEFAULT ROLE 'reader'@'%'" ;;
  *) echo 'ERROR 1064 (42000)' >&2; exit 1 ;;
esac
[[ -e @folder@/cut-rows ]] || echo end-of-rows
`,
  mysqldump: `#!
set -euo pipefail
cat "\${1#*=}" >/dev/null
names=() options=" $* "
while (($# > 0)); do
  if [[ $1 == --databases ]]; then shift; names=("$@"); break; fi
  shift
done
printf -- '-- Current Database: %s\\n' "\${names[@]}"
[[ ! -e @folder@/broken || $options == *' --ignore-table=shop.broken '* ]] || { echo "mysqldump: View 'shop.broken' references invalid" >&2; exit 2; }
cat @folder@/schema
`,
};
