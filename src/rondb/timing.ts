import { add, mul, seconds } from '../units/index.js';
import type { BackupSettings, RestoreSettings, VerifySettings } from './props-schema.js';
import type { RonDBRepositorySettings } from './repository-schema.js';

/** The deadlines of a job, in seconds. Each follows from the one before. */
export interface Timing {
  /** What all steps may take together: their timeouts, and a reserve for scheduling, pulling the image and small work. */
  readonly steps: number;
  /** `activeDeadlineSeconds`: after it Kubernetes ends the pod. */
  readonly active: number;
  /** `terminationGracePeriodSeconds`: time to abort a native backup and to give the lease back. */
  readonly grace: number;
  /**
   * How long the lease holds without being renewed: until no pod of this run can live any more, with a minute for
   * clocks that disagree. It is also how long an unfinished set counts as being in progress.
   */
  readonly lease: number;
}

const reserve = 300;
const clockDifference = 60;

/**
 * Deadlines of a backup. The schema may change in between, so native backup and inventory are there as often as they are
 * tried; commit and clean-up have a preflight’s time each.
 */
export function backupTiming({ repository, activeDeadline, ...settings }: BackupSettings): Timing {
  return timing(repository, activeDeadline, [
    mul(seconds(settings.nativeBackupTimeout), settings.schemaAttempts),
    mul(seconds(repository.preflightTimeout), add(settings.schemaAttempts, 2)),
    seconds(repository.transferTimeout),
    seconds(settings.retentionTimeout),
  ]);
}

/** Deadlines of a verification. */
export function verifyTiming({ repository, activeDeadline }: VerifySettings): Timing {
  return timing(repository, activeDeadline, [seconds(repository.transferTimeout)]);
}

/** Steps of a restore that each may take the restore’s timeout: see rondb-restore.sh. */
const restoreSteps = 7;
const smallRestoreSteps = 3;

/** Deadlines of a restore: the files to the nodes, then the steps in the database. */
export function restoreTiming({ repository, activeDeadline, restoreTimeout }: RestoreSettings): Timing {
  return timing(repository, activeDeadline, [
    seconds(repository.transferTimeout),
    mul(seconds(restoreTimeout), restoreSteps),
    mul(seconds(repository.commandTimeout), smallRestoreSteps),
  ]);
}

function timing(repository: RonDBRepositorySettings, given: string | undefined, work: readonly number[]): Timing {
  const steps = add(seconds(repository.preflightTimeout), reserve, ...work);
  const active = given === undefined ? steps : seconds(given);
  const grace = add(mul(seconds(repository.commandTimeout), 2), 30);
  return { steps, active, grace, lease: add(active, grace, clockDifference) };
}
