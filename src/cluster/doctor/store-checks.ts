import { followJob } from '../follow-job.js';
import { createJob, jobFrom } from '../job-template.js';
import { refusal } from '../log-report.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped } from './check.js';
import { nameOf } from './context.js';

/** The script’s own look at the store: list, owner, put, read back, list, delete. It writes one object, always the same. */
const program = `set -euo pipefail
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
`;

/** Checks that make a pod. They run only where somebody asks for it. */
export const probeChecks: readonly Check[] = [
  {
    id: 'DOC090',
    title: 'pods reach the store, and may list, put, read and delete below the prefix',
    looksAt:
      'With `--probe`: a short-lived Job from the backup’s CronJob puts one object, reads it back, lists and deletes it.',
    why: 'Endpoint, bucket, region, certificate authority, network and every right are tried at once, from where it counts.',
    todo: 'Check endpoint, region, bucket, credentials, certificate authority and network policies.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { backup, namespace, name, database } of context.attachments) {
        const subject = nameOf('repository', namespace, name);
        if (!backup || database !== 'rondb') {
          sightings.push(skipped(subject, 'has no CronJob that backs up, from which a probe could be made'));
          continue;
        }
        const job = jobFrom(backup, { purpose: 'probe', command: ['bash', '-c', program], aside: 'probe' });
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
