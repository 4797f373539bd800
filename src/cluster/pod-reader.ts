import { readListing } from '../repository/index.js';
import type { Attachment } from './attachment.js';
import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import { followJob, type JobListener } from './follow-job.js';
import { createJob, jobFrom } from './job-template.js';
import { rcloneWords } from './rclone-reader.js';
import { wantedRecords } from './repository-view.js';
import { resources } from './resources.js';
import type { Snapshot, StoreReader } from './snapshot.js';

/**
 * Prints a cluster’s folder: its listing, the small files that say what it holds, and last how many lines that were. In
 * base64, since the log of a pod mixes both outputs and may have lost lines; for any sh, since Vald’s image has no other.
 */
const program = `set -eu
export LC_ALL=C TZ=UTC
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
call_rclone() { timeout 300 rclone ${rcloneWords} "$@"; }
call_rclone lsf --max-depth 1 "\${STORE_ROOT:-\${STORE_PATH%%/*}}" >/dev/null || exit 12
result=0
call_rclone lsjson -R --files-only --no-mimetype --use-server-modtime "$STORE_PATH" >"$work/listing" || result=$?
[ "$result" -eq 0 ] || [ "$result" -eq 3 ] || exit 12
[ "$result" -eq 0 ] || printf '[]' >"$work/listing"
mkdir "$work/records"
[ "$result" -ne 0 ] || call_rclone copy "$STORE_PATH" "$work/records" --max-size 64M --transfers 8 \\
  --include /owner.json --include '/{*,*/*}/{started,manifest,status}.json' --include '/*/restored-as-of' || exit 12
base64 "$work/listing" | sed 's/^/listing /' >"$work/lines"
cd "$work/records"
find . -type f | sed 's,^\\./,,' | while IFS= read -r path; do
  printf 'record %s\\n' "$path"
  base64 "$path" | sed 's/^/text /'
done >>"$work/lines"
cat "$work/lines"
printf 'end %d\\n' "$(wc -l <"$work/lines")"
`;

/** Reads a store from a pod of the cluster: a Job with the environment of the repository’s own jobs. */
export class PodReader implements StoreReader {
  constructor(
    private readonly cluster: Cluster,
    private readonly listener: JobListener,
    private readonly signal: AbortSignal,
  ) {}

  async read(attachment: Attachment): Promise<Snapshot> {
    const template = attachment.backup ?? attachment.verify ?? attachment.restore;
    const { namespace, storePath } = attachment;
    if (!template)
      throw new ClusterError(
        'store',
        storePath,
        'there is no CronJob whose image could read the store',
        'Install rclone here, or apply the CronJob that verifies the backups.',
      );
    const job = jobFrom(template, { purpose: 'list', command: ['sh', '-c', program], aside: 'list' });
    await createJob(this.cluster, job);
    try {
      const outcome = await followJob(this.cluster, namespace, job.metadata.name, this.listener, this.signal);
      if (!outcome.succeeded)
        throw new ClusterError(
          'store',
          storePath,
          `the pod could not read the store: exit code ${outcome.exitCode ?? 'unknown'} (${outcome.reason ?? 'no reason'})`,
          'Check endpoint, bucket, credentials and network policies: chartwright doctor.',
          outcome.log.length > 0 ? { got: outcome.log.at(-1)! } : {},
        );
      return readLines(attachment, outcome.log);
    } finally {
      await this.cluster.remove(resources.jobs, namespace, job.metadata.name).catch(() => {});
    }
  }
}

function readLines({ database, storePath }: Attachment, log: readonly string[]): Snapshot {
  const encoded = new Map<string, string>();
  let [listed, path, lines] = ['', '', 0];
  let expected: number | undefined;
  for (const line of log) {
    const [, word, rest = ''] = /^(listing|record|text|end) (.*)$/.exec(line) ?? [];
    if (word === undefined) continue; // what a program said on its way
    if (word === 'end') expected = Number(rest);
    else lines++;
    if (word === 'listing') listed += rest;
    if (word === 'record') path = rest;
    if (word === 'record' || word === 'text')
      encoded.set(path, (encoded.get(path) ?? '') + (word === 'text' ? rest : ''));
  }
  if (expected !== lines)
    throw new ClusterError(
      'store',
      storePath,
      'the pod’s log did not arrive whole',
      'Run the command again. Kubernetes keeps 10 MiB of a log: for more, install rclone here.',
    );
  const decode = (text: string) => Buffer.from(text, 'base64').toString('utf8');
  const listing = readListing(decode(listed), storePath);
  const records = new Map([...encoded].map(([name, text]) => [name, decode(text)]));
  const missing = wantedRecords({ database }, listing).find((name) => !records.has(name));
  if (missing === undefined) return { listing, records };
  throw new ClusterError('store', storePath, `changed while it was read: ${missing} is gone`, 'Run the command again.');
}
