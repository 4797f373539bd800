import type { ConfigMap, Job, Pod } from '../objects.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped, warning } from './check.js';
import { type DoctorContext, nameOf } from './context.js';
import { rondbJobs } from './database-checks.js';

/** Where rondb-helm puts what its management server reads. */
const configMap = { name: 'mgmd-configs', key: 'config.ini' };

/** Checks of how a RonDB cluster is set up, as far as its objects tell. */
export const rondbChecks: readonly Check[] = [
  {
    id: 'DOC063',
    title: 'RonDB has API slots for a restore',
    looksAt:
      'Sections `[API]` and `[MYSQLD]` without a host in `config.ini` of rondb-helm’s ConfigMap `mgmd-configs`. Which of them are taken now only the restore’s plan counts.',
    why: 'Each ndb_restore takes a slot that is reserved for no host; without any the restore refuses with 15.',
    todo: 'Raise rondbConfig.EmptyApiSlots in upstream’s values to the number of data nodes plus 2.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { maker, value } of rondbJobs(context)) {
        if ((maker.object as Job).kind !== 'Job') continue;
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
        const nodes = value('DATA_NODES')!.split(' ').length;
        const slots = `${free} API ${free === 1 ? 'slot has' : 'slots have'} no host`;
        if (free === 0) sightings.push(error(subject, `${slots}: a restore would be refused`));
        else if (free < nodes)
          sightings.push(warning(subject, `${slots}, so the ${nodes} data nodes are not restored all at once`));
        else sightings.push(ok(subject, slots));
      }
      return sightings;
    },
  },
  {
    id: 'DOC064',
    title: 'RonDB’s pods are all of one version',
    looksAt: 'The tags of the images of data nodes and the SQL pod.',
    why: 'While a cluster is being upgraded no backup is made; and rows of a newer version go into no older one.',
    todo: 'Wait for the upgrade’s end, or finish it: kubectl rollout status.',
    async run(context) {
      const sightings: Sighting[] = [];
      const clusters = new Map(
        rondbJobs(context).map((one) => [`${one.maker.namespace} ${one.value('DATA_NODES')}`, one]),
      );
      for (const { maker, value } of clusters.values()) {
        const { namespace } = maker;
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
        const subject = `RonDB ${namespace}`;
        const [[version] = ['']] = versions;
        if (versions.size === 0)
          sightings.push(skipped(subject, 'the images of its pods have no tags, or no pod is there'));
        else if (versions.size === 1) sightings.push(ok(subject, `runs ${version}`));
        else
          sightings.push(warning(subject, [...versions].map(([tag, pods]) => `${tag}: ${pods.join(', ')}`).join('; ')));
      }
      return sightings;
    },
  },
];

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
