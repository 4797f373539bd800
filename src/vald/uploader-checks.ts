import type { Problem } from '../problem/index.js';
import { add, less, mul, refuse, seconds } from '../units/index.js';
import { repositoryUploader, storeBackup } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';
import { hasNativeSidecars } from './sizing.js';

const day = 86_400;

/** Checks the repository’s uploader against the cluster, and what it keeps against how often it uploads. */
export function checkUploader(
  settings: ValdAgentSettings,
  construct: string,
  report: (problem: Problem) => void,
): void {
  const store = storeBackup(settings.backup);
  const uploader = repositoryUploader(settings.backup);
  if (!store || !uploader) return;
  const problem = (property: string, hint: string, got: string) => (message: string) =>
    report({
      code: 'conflicting-properties',
      severity: 'error',
      where: { construct, property },
      message,
      got,
      hint,
    });
  if (!hasNativeSidecars(settings.kubernetesVersion))
    report({
      code: 'unsupported-version',
      severity: 'error',
      where: { construct, property: 'kubernetesVersion' },
      message: 'the repository’s uploader has to be stopped after the agent, as native sidecars are',
      got: settings.kubernetesVersion,
      allowed: '1.29 or newer',
      hint: 'Upgrade the cluster, or use Uploader.valdSidecar().',
    });
  const level = problem(
    'backup.compressionLevel',
    'Leave it out, or use Uploader.valdSidecar().',
    `${store.compressionLevel}`,
  );
  const notCompressed = 'the repository’s uploader stores the files of an index as they are';
  refuse(less(store.compressionLevel, -1), notCompressed, level);
  refuse(less(-1, store.compressionLevel), notCompressed, level);

  const { keepLast, keepWithin, keepDaily, keepWeekly, keepMonthly, keepYearly } = uploader.retention;
  const interval = seconds(store.backupInterval);
  if (keepWithin !== undefined)
    refuse(
      less(seconds(keepWithin), interval),
      `keepWithin of ${keepWithin} is shorter than the ${store.backupInterval} between two uploads: it keeps nothing`,
      problem('backup.uploader.retention.keepWithin', 'Give more, or leave it out.', keepWithin),
    );
  const byPeriods = mul(add(keepDaily, keepWeekly, keepMonthly, keepYearly), day);
  const reach = add(mul(interval, keepLast), byPeriods, keepWithin === undefined ? 0 : seconds(keepWithin));
  refuse(
    less(reach, day),
    `all generations may be from the last ${keepLast} × ${store.backupInterval}: an index that went bad earlier is all there is then`,
    problem(
      'backup.uploader.retention',
      'Keep the newest of some days (keepDaily), or all of a day (keepWithin).',
      `keepLast: ${keepLast}`,
    ),
  );
}
