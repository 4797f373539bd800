import { parseTime } from '../repository/index.js';
import { type Attachment, podNamesOf, variable } from './attachment.js';
import type { PodTemplate } from './objects.js';
import type { Snapshot } from './snapshot.js';

/**
 * Until when one of Vald’s pods is backed up, as its uploader said last in `status.json`:
 * - `current`: found in the store not longer ago than two intervals and an upload
 * - `behind`: longer ago than that: what it saved since is in no backup
 * - `silent`: it has said nothing that can be read
 * - `gone`: the StatefulSet has no such pod any more
 */
export interface PodView {
  readonly pod: string;
  readonly state: 'current' | 'behind' | 'silent' | 'gone';
  /** When the index on its disk was last found to be a generation in the store. */
  readonly checked?: string;
  /** Seconds since then: the recovery point that there really is. */
  readonly age?: number;
  /** The interval that was asked for, in seconds. */
  readonly interval: number;
  /** The generation that it was. */
  readonly backupId?: number;
  readonly vectors?: number;
}

const seconds = (template: PodTemplate | undefined, name: string): number | undefined => {
  const text = template === undefined ? undefined : variable(template, name);
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

/**
 * Reads what each pod’s uploader said last.
 *
 * @returns by pod; nothing where the repository’s uploader is not the one that uploads
 */
export function viewPods(attachment: Attachment, { records }: Snapshot, now: Date): PodView[] {
  const { agents, clusterId, pod: template, verify } = attachment;
  const interval = seconds(template, 'BACKUP_INTERVAL_SECONDS');
  if (!agents || interval === undefined) return [];
  const expected = podNamesOf(agents);
  const limit =
    seconds(verify?.spec.jobTemplate.spec.template, 'OLDEST_SECONDS') ??
    2 * interval + (seconds(template, 'UPLOAD_TIMEOUT_SECONDS') ?? 0);
  const said = [...records.keys()].flatMap((path) => /^([^/]+)\/status\.json$/.exec(path)?.[1] ?? []);
  const gone = said.filter((pod) => !expected.includes(pod)).sort();
  return [...expected, ...gone].map((pod): PodView => {
    const status = readStatusFile(records.get(`${pod}/status.json`), clusterId);
    const time = parseTime(status?.checked);
    const age = time === undefined ? undefined : Math.max(0, Math.floor(now.getTime() / 1000) - time);
    const state = age === undefined ? 'silent' : age > limit ? 'behind' : 'current';
    return {
      pod,
      state: expected.includes(pod) ? state : 'gone',
      interval,
      ...(status?.checked === undefined || age === undefined ? {} : { checked: status.checked, age }),
      ...(status?.backupId === undefined ? {} : { backupId: status.backupId }),
      ...(status?.vectors === undefined ? {} : { vectors: status.vectors }),
    };
  });
}

interface StatusFile {
  readonly checked?: string;
  readonly backupId?: number;
  readonly vectors?: number;
}

/** What is no status of this cluster counts as none. */
function readStatusFile(text: string | undefined, clusterId: string): StatusFile | undefined {
  try {
    const { checked, backupId, vectors, ...rest } = JSON.parse(text ?? '') as Record<string, unknown>;
    if (rest['clusterId'] !== clusterId) return undefined;
    return {
      ...(typeof checked === 'string' ? { checked } : {}),
      ...(typeof backupId === 'number' ? { backupId } : {}),
      ...(typeof vectors === 'number' ? { vectors } : {}),
    };
  } catch {
    return undefined;
  }
}
