import { ClusterError } from '../cluster-error.js';
import type { Pod } from '../objects.js';
import { isReady } from '../pod-state.js';
import { resources } from '../resources.js';
import type { DoctorContext } from './context.js';
import type { RonDBJob } from './database-checks.js';

/** What the management server says of the cluster’s nodes now, or why it was not heard. */
export type ShownNodes =
  | {
      /** API slots that anybody may take and nobody has. */
      readonly freeSlots: number;
      /** Of the data nodes and API nodes that are connected: `node 1` and its NDB version. */
      readonly versions: readonly { readonly node: string; readonly version: string }[];
    }
  | { readonly reason: string };

/** Asks as the scripts do: `ndb_mgm -e show` in a data node’s pod, which every network policy lets to the server. */
export async function showNodes(context: DoctorContext, { maker, value }: RonDBJob): Promise<ShownNodes> {
  const { namespace } = maker;
  const server = value('MANAGEMENT_SERVER') ?? '';
  const container = value('DATA_CONTAINER') ?? '';
  const command = ['ndb_mgm', '-c', server, '--connect-retries=1', '-e', 'show'];
  let reason = 'no pod of a data node is ready';
  for (const entry of value('DATA_NODES')!.split(' ')) {
    const pod = entry.split('=')[1] ?? '';
    const found = await context.find<Pod>(resources.pods, namespace, pod);
    if (!found || !isReady(found)) continue;
    try {
      return parseShown(await context.exec({ namespace, pod, container, command }));
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      reason = error.problems[0]!.message;
      // Who may not ask one pod may not ask any.
      if (error.kind === 'forbidden') break;
    }
  }
  return { reason };
}

/** Reads what `show` prints: sections of kinds, and in them a line for each node. */
export function parseShown(text: string): ShownNodes {
  let section = '';
  let freeSlots = 0;
  const versions: { node: string; version: string }[] = [];
  for (const line of text.split('\n')) {
    section = /^\[(ndbd|ndb_mgmd|mysqld)\(/.exec(line)?.[1] ?? section;
    const [, id, detail = ''] = /^id=(\d+)\s+(.*)$/.exec(line) ?? [];
    if (id === undefined) continue;
    if (section === 'mysqld' && detail.includes('accepting connect from any host')) freeSlots++;
    const version = /^@\S+\s+\([^)]*\bndb-([\w.]+)/.exec(detail)?.[1];
    if (version !== undefined && section !== 'ndb_mgmd') versions.push({ node: `node ${id}`, version });
  }
  return section === '' ? { reason: 'what ndb_mgm printed shows no nodes' } : { freeSlots, versions };
}
