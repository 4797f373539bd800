import { ClusterError } from '../cluster-error.js';
import { accessChecks, serviceAccountChecks } from './access-checks.js';
import { backupChecks } from './backup-checks.js';
import { type Check, type Sighting, skipped } from './check.js';
import type { DoctorContext } from './context.js';
import { databaseChecks, valdChecks } from './database-checks.js';
import { namespaceChecks } from './namespace-checks.js';
import { networkChecks } from './network-checks.js';
import { referenceChecks } from './reference-checks.js';
import { rondbChecks } from './rondb-checks.js';
import { serverChecks } from './server-checks.js';
import { storageChecks } from './storage-checks.js';
import { probeChecks } from './store-checks.js';

/** Every check, in the order in which they run. */
export const allChecks: readonly Check[] = [
  ...serverChecks,
  ...accessChecks,
  ...serviceAccountChecks,
  ...referenceChecks,
  ...storageChecks,
  ...namespaceChecks,
  ...networkChecks,
  ...databaseChecks,
  ...rondbChecks,
  ...valdChecks,
  ...backupChecks,
  ...probeChecks,
];

/** What a check saw in one place. */
export interface Diagnosis extends Required<Sighting> {
  readonly check: Check;
}

/**
 * Runs the checks. What a person may not look at is skipped and said; only a cluster that cannot be used at all ends it.
 *
 * @param probe whether checks run that make a pod
 * @throws ClusterError where the cluster is out of reach or takes no credentials
 */
export async function diagnose(context: DoctorContext, probe: boolean): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  for (const check of allChecks) {
    if (probeChecks.includes(check) && !probe) continue;
    for (const sighting of await look(check, context)) found.push({ todo: check.todo, ...sighting, check });
  }
  return found;
}

async function look(check: Check, context: DoctorContext): Promise<readonly Sighting[]> {
  try {
    return await check.run(context);
  } catch (error) {
    if (!(error instanceof ClusterError) || !['forbidden', 'not-found', 'refused'].includes(error.kind)) throw error;
    const { message, got } = error.problems[0]!;
    return [skipped(check.title, `not looked at: ${message}${got === undefined ? '' : ` (${got})`}`)];
  }
}
