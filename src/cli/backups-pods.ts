import type { PodView } from '../cluster/index.js';
import { type Column, printAge, printColumns } from './columns.js';

const columns: readonly Column<PodView>[] = [
  { heading: 'POD', text: ({ pod }) => pod },
  { heading: 'BACKED UP UNTIL', text: ({ checked }) => checked ?? 'nothing is known' },
  { heading: 'AGE', right: true, text: ({ age }) => (age === undefined ? '' : printAge(age)) },
  { heading: 'RPO', right: true, text: ({ interval }) => printAge(interval) },
  { heading: 'AS', right: true, text: ({ backupId }) => (backupId === undefined ? '' : String(backupId)) },
  { heading: 'VECTORS', right: true, text: ({ vectors }) => (vectors === undefined ? '' : String(vectors)) },
  { heading: 'STATE', text: ({ state }) => state },
];

/** The table of until when each pod is backed up. */
export const printPods = (pods: readonly PodView[]): string => printColumns(columns, pods);

/** One line where pods are not backed up as they should be, else none. */
export function podTroubles(pods: readonly PodView[] = []): string[] {
  const late = pods.filter(({ state }) => state === 'behind' || state === 'silent').map(({ pod }) => pod);
  if (late.length === 0) return [];
  const [is, them] = late.length === 1 ? ['is', 'its'] : ['are', 'their'];
  return [`${late.join(', ')} ${is} not backed up as often as asked for: look at the log of ${them} uploader.\n`];
}
