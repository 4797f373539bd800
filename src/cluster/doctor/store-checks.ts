import type { Attachment } from '../attachment.js';
import { followJob } from '../follow-job.js';
import { createJob, jobFrom } from '../job-template.js';
import { refusal } from '../log-report.js';
import { rcloneWords } from '../rclone-reader.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped } from './check.js';
import { nameOf } from './context.js';

/** What the probe of a database runs: its script’s own look at the store. It writes one object, always the same. */
const programs: Readonly<Record<Attachment['database'], readonly string[]>> = {
  rondb: [
    'bash',
    '-c',
    `set -euo pipefail
script=probe scripts=/scripts
. "$scripts/rondb-run.sh"
. "$scripts/rondb-store.sh"
read_run_environment
read_store_environment
start_run
set_deadline "\${PREFLIGHT_TIMEOUT_SECONDS:-300}"
check_store
retry_command get_text "$STORE_PATH/owner.json" "$work/owner" || refuse_store 'does not give owner.json'
[[ ! -s $work/owner ]] || check_owner "$STORE_PATH"
probe_store
log_line 'the store takes, gives back, lists and deletes'
`,
  ],
  // For any sh: Vald’s image has no other. The uploader’s own way to the store, with the same Secret.
  vald: [
    'sh',
    '-c',
    `set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
call_rclone() { timeout 60 rclone ${rcloneWords} "$@" 2>"$work/complaint"; }
refuse() {
  cat "$work/complaint" >&2
  echo "vald-probe: error: $STORE_PATH $2" >&2
  echo "vald-probe: hint: $3" >&2
  exit "$1"
}
refuse_store() { refuse 12 "$1" 'Check endpoint, bucket, credentials (list, read, write, delete) and network policy.'; }
probe=$STORE_PATH/probe.txt result=0
call_rclone lsf --max-depth 1 "$STORE_PATH" >"$work/top" || result=$?
[ "$result" -eq 0 ] || [ "$result" -eq 3 ] || refuse_store 'cannot be listed'
if [ -n "$(sed -n '/^owner.json$/p' "$work/top")" ]; then
  call_rclone cat "$STORE_PATH/owner.json" >"$work/owner" || refuse_store 'does not give owner.json'
  [ -n "$(sed -n "/$CLUSTER_ID/p" "$work/owner")" ] ||
    refuse 11 'belongs to another cluster' 'Give this cluster a prefix of its own, or the id of the cluster that it continues.'
fi
printf '%s %s\n' "$CLUSTER_ID" "$(date +%s)" >"$work/probe"
call_rclone copyto --ignore-times "$work/probe" "$probe" || refuse_store 'does not take an object'
call_rclone cat "$probe" >"$work/back" || refuse_store 'does not give back what was just put there'
[ "$(cat "$work/back")" = "$(cat "$work/probe")" ] || refuse_store 'gives back something else than was just put there'
call_rclone lsf --max-depth 1 "$STORE_PATH" >"$work/top" || refuse_store 'cannot be listed'
[ -n "$(sed -n '/^probe.txt$/p' "$work/top")" ] || refuse_store 'does not list what was just put there'
call_rclone deletefile "$probe" || refuse_store 'does not delete'
`,
  ],
};

/** Checks that make a pod. They run only where somebody asks for it. */
export const probeChecks: readonly Check[] = [
  {
    id: 'DOC090',
    title: 'pods reach the store, and may list, put, read and delete below the prefix',
    looksAt:
      'With `--probe`: a short-lived Job from the CronJob that backs up, of Vald from the one that verifies, puts one object, reads it back, lists and deletes it.',
    why: 'Endpoint, bucket, region, certificate authority, network and every right are tried at once, from where it counts.',
    todo: 'Check endpoint, region, bucket, credentials, certificate authority and network policies.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { backup, verify, namespace, name, database } of context.attachments) {
        const subject = nameOf('repository', namespace, name);
        const template = database === 'rondb' ? backup : verify;
        if (!template) {
          const does = database === 'rondb' ? 'backs up' : 'verifies';
          sightings.push(skipped(subject, `has no CronJob that ${does}, from which a probe could be made`));
          continue;
        }
        const job = jobFrom(template, { purpose: 'probe', command: programs[database], aside: 'probe' });
        await createJob(context.cluster, job);
        try {
          const waits: string[] = [];
          const quiet = {
            line: () => {},
            waiting: (reason: string) => {
              waits.push(reason);
            },
          };
          const signal = AbortSignal.any([context.signal, AbortSignal.timeout(300_000)]);
          const outcome = await followJob(context.cluster, namespace, job.metadata.name, quiet, signal);
          const told = refusal(outcome.log);
          sightings.push(
            outcome.succeeded
              ? ok(subject, 'the store takes, gives back, lists and deletes')
              : error(
                  subject,
                  told?.fact ?? waits.at(-1) ?? `the probe ended with ${outcome.exitCode ?? outcome.reason}`,
                  told?.hint,
                ),
          );
        } finally {
          await context.cluster.remove(resources.jobs, namespace, job.metadata.name).catch(() => {});
        }
      }
      return sightings;
    },
  },
];
