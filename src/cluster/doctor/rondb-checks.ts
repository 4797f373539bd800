import type { ConfigMap, Pod } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped, warning } from './check.js';
import { type DoctorContext, nameOf } from './context.js';
import { rondbJobs } from './database-checks.js';
import { showNodes } from './rondb-nodes.js';

/** Where rondb-helm puts what its management server reads. */
const configMap = { name: 'mgmd-configs', key: 'config.ini' };

/** Checks of how a RonDB cluster is set up, as far as its objects tell. */
export const rondbChecks: readonly Check[] = [
  {
    id: 'DOC063',
    title: 'RonDB has API slots for a restore',
    looksAt:
      'What `ndb_mgm -e show` says in a data node’s pod, by exec: slots that are free now. Where it cannot be asked, sections `[API]` and `[MYSQLD]` without a host in `config.ini` of rondb-helm’s ConfigMap `mgmd-configs`; the finding says which it was.',
    why: 'Each ndb_restore takes a slot that is reserved for no host; without any the restore refuses with 15.',
    todo: 'Raise rondbConfig.EmptyApiSlots in upstream’s values to the number of data nodes plus 2.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const job of rondbJobs(context)) {
        const { maker, value } = job;
        if (maker.object.kind !== 'Job') continue;
        const nodes = value('DATA_NODES')!.split(' ').length;
        const shown = await showNodes(context, job);
        if ('freeSlots' in shown) {
          const { freeSlots: free } = shown;
          const told = `${free} API ${free === 1 ? 'slot is' : 'slots are'} free now, says the management server`;
          sightings.push(judgeSlots(`RonDB ${maker.namespace}`, free, nodes, told));
          continue;
        }
        const subject = nameOf('ConfigMap', maker.namespace, configMap.name);
        const found =
          context.given<ConfigMap>('ConfigMap', maker.namespace, configMap.name) ??
          (await context.find<ConfigMap>(resources.configMaps, maker.namespace, configMap.name));
        const text = found?.data?.[configMap.key];
        if (text === undefined) {
          sightings.push(skipped(subject, `has no ${configMap.key}: ask the restore, with --plan, for free slots`));
          continue;
        }
        const free = slotsWithoutHost(text);
        const told = `${free} API ${free === 1 ? 'slot has' : 'slots have'} no host in the configuration (who has taken one is not known: ${shown.reason})`;
        sightings.push(judgeSlots(subject, free, nodes, told));
      }
      return sightings;
    },
  },
  {
    id: 'DOC064',
    title: 'RonDB’s pods are all of one version',
    looksAt:
      'What `ndb_mgm -e show` says of the nodes that are connected, by exec in a data node’s pod. Where it cannot be asked, the tags of the images of data nodes and the SQL pod; the finding says which it was.',
    why: 'While a cluster is being upgraded no backup is made; and rows of a newer version go into no older one.',
    todo: 'Wait for the upgrade’s end, or finish it: kubectl rollout status.',
    async run(context) {
      const sightings: Sighting[] = [];
      const clusters = new Map(
        rondbJobs(context).map((one) => [`${one.maker.namespace} ${one.value('DATA_NODES')}`, one]),
      );
      for (const job of clusters.values()) {
        const { maker, value } = job;
        const { namespace } = maker;
        const shown = await showNodes(context, job);
        if ('versions' in shown) {
          const running = new Map<string, string[]>();
          for (const { node, version } of shown.versions) running.set(version, [...(running.get(version) ?? []), node]);
          sightings.push(judgeVersions(`RonDB ${namespace}`, running, 'as the management server says'));
          continue;
        }
        const dataNodes = value('DATA_NODES')!
          .split(' ')
          .map((entry) => entry.split('=')[1] ?? '');
        const wanted = [
          ...dataNodes.map((pod) => [pod, value('DATA_CONTAINER')]),
          [value('SQL_POD'), value('SQL_CONTAINER')],
        ];
        const versions = new Map<string, string[]>();
        for (const [pod, container] of wanted) {
          if (pod === undefined || pod === '') continue;
          const tag = await versionOf(context, namespace, pod, container);
          if (tag !== undefined) versions.set(tag, [...(versions.get(tag) ?? []), pod]);
        }
        const by = `by the tags of its images: ${shown.reason}`;
        sightings.push(judgeVersions(`RonDB ${namespace}`, versions, by));
      }
      return sightings;
    },
  },
];

function judgeSlots(subject: string, free: number, nodes: number, told: string): Sighting {
  if (free === 0) return error(subject, `${told}: a restore would be refused`);
  return free < nodes
    ? warning(subject, `${told}, so the ${nodes} data nodes are not restored all at once`)
    : ok(subject, told);
}

/** @param versions who runs which */
function judgeVersions(subject: string, versions: ReadonlyMap<string, readonly string[]>, by: string): Sighting {
  const [[version] = ['']] = versions;
  if (versions.size === 0) return skipped(subject, `no version is known (${by})`);
  if (versions.size === 1) return ok(subject, `runs ${version} (${by})`);
  return warning(subject, `${[...versions].map(([one, who]) => `${one}: ${who.join(', ')}`).join('; ')} (${by})`);
}

/** How many processes may connect from anywhere. Options of a `DEFAULT` section hold for all slots. */
export function slotsWithoutHost(config: string): number {
  const slots: { host: boolean }[] = [];
  let inSlot = false;
  for (const line of config.split('\n').map((one) => one.replace(/[#;].*/, '').trim())) {
    const section = /^\[\s*([^\]]*?)\s*\]$/.exec(line)?.[1]?.toUpperCase();
    if (section !== undefined) {
      inSlot = section === 'API' || section === 'MYSQLD';
      if (inSlot) slots.push({ host: false });
    } else if (inSlot && /^host_?name\s*[=:]\s*\S/i.test(line)) slots.at(-1)!.host = true;
  }
  return slots.filter(({ host }) => !host).length;
}

async function versionOf(
  context: DoctorContext,
  namespace: string,
  pod: string,
  container: string | undefined,
): Promise<string | undefined> {
  const found = await context.find<Pod>(resources.pods, namespace, pod);
  const image = found?.spec.containers.find(({ name }) => name === container)?.image ?? '';
  return /:([\w.-]+)(@sha256:\w+)?$/.exec(image)?.[1];
}
