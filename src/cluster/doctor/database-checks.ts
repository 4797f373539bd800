import { cronIntervals } from '../../units/index.js';
import { podNamesOf } from '../attachment.js';
import type { CronJob, Pod, StatefulSet } from '../objects.js';
import { isReady } from '../pod-state.js';
import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, warning } from './check.js';
import { type DoctorContext, nameOf, type PodMaker } from './context.js';

/** A job that works in a RonDB cluster, with the variables of its container. */
export interface RonDBJob {
  readonly maker: PodMaker;
  value(name: string): string | undefined;
}

/** The jobs that work in a RonDB cluster: they name its data nodes. */
export const rondbJobs = (context: DoctorContext): RonDBJob[] =>
  context.podMakers().flatMap((maker) => {
    const env = maker.template.spec.containers[0]?.env ?? [];
    const value = (name: string) => env.find((entry) => entry.name === name)?.value;
    return value('DATA_NODES') === undefined ? [] : [{ maker, value }];
  });

/** Checks of RonDB’s pods. */
export const databaseChecks: readonly Check[] = [
  {
    id: 'DOC060',
    title: 'RonDB’s data nodes are the ones that the jobs know',
    looksAt:
      'The pods in `DATA_NODES`, the SQL pod and their containers, and the StatefulSets of node groups (`rondbService: ndbmtd`).',
    why: 'Each row is in the files of one node, and replicas hold different rows: a node that a backup does not know is rows that it does not have.',
    todo: 'Give the app the cluster’s shape: RonDBCluster.fromUpstream({ numNodeGroups, activeDataReplicas }).',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { maker, value } of rondbJobs(context)) {
        const subject = nameOf(maker.object.kind, maker.namespace, maker.object.metadata.name);
        const pods = value('DATA_NODES')!
          .split(' ')
          .map((entry) => entry.split('=')[1] ?? '');
        const wanted: [string, string][] = [
          ...pods.map((pod): [string, string] => [pod, value('DATA_CONTAINER') ?? '']),
          [value('SQL_POD') ?? '', value('SQL_CONTAINER') ?? ''],
        ];
        const faults: string[] = [];
        const absent: string[] = [];
        for (const [name, container] of wanted) {
          const pod = await context.find<Pod>(resources.pods, maker.namespace, name);
          if (!pod) absent.push(name);
          else if (!pod.spec.containers.some((one) => one.name === container))
            faults.push(`${name} has no container ${container}`);
        }
        if (absent.length > 0) faults.push(`there is no pod ${absent.join(', ')}`);
        const labelSelector = 'rondbService=ndbmtd';
        const groups = await context.list<StatefulSet>(resources.statefulSets, {
          namespace: maker.namespace,
          labelSelector,
        });
        for (const pod of groups.flatMap(podNamesOf))
          if (!pods.includes(pod)) faults.push(`${pod} is not in DATA_NODES`);
        sightings.push(
          faults.length > 0 ? error(subject, faults.join(', ')) : ok(subject, `${pods.length} data nodes are there`),
        );
      }
      return sightings;
    },
  },
  {
    id: 'DOC061',
    title: 'RonDB’s pods are ready',
    looksAt: 'The condition `Ready` of each data node’s pod and of the SQL pod.',
    why: 'A backup starts while each node group has a node that is started; a restore wants all of them.',
    todo: 'Look at the pods: kubectl describe pod.',
    async run(context) {
      const names = new Map<string, [string, string]>();
      for (const { maker, value } of rondbJobs(context))
        for (const entry of [
          ...value('DATA_NODES')!
            .split(' ')
            .map((one) => one.split('=')[1]),
          value('SQL_POD'),
        ])
          if (entry) names.set(nameOf('Pod', maker.namespace, entry), [maker.namespace, entry]);
      const sightings: Sighting[] = [];
      for (const [subject, [namespace, name]] of names) {
        const pod = await context.find<Pod>(resources.pods, namespace, name);
        if (pod)
          sightings.push(
            isReady(pod)
              ? ok(subject, 'is ready')
              : warning(subject, `is not ready (${pod.status?.phase ?? 'no phase'})`),
          );
      }
      return sightings;
    },
  },
  {
    id: 'DOC062',
    title: 'upstream’s own backup of RonDB is off',
    looksAt: 'The CronJob `create-rondb-backup` of rondb-helm in the namespace of each job.',
    why: 'Two backups of one cluster get into each other’s way: ids collide, and one removes what the other is still copying.',
    todo: 'Set backups.enabled to false in upstream’s values, or suspend it: kubectl patch cronjob create-rondb-backup -p \'{"spec":{"suspend":true}}\'.',
    async run(context) {
      const namespaces = new Set(rondbJobs(context).map(({ maker }) => maker.namespace));
      const sightings: Sighting[] = [];
      for (const namespace of namespaces) {
        const subject = nameOf('CronJob', namespace, 'create-rondb-backup');
        const found =
          context.given<CronJob>('CronJob', namespace, 'create-rondb-backup') ??
          (await context.find<CronJob>(resources.cronJobs, namespace, 'create-rondb-backup'));
        if (!found) sightings.push(ok(subject, 'is not there'));
        else if (found.spec.suspend) sightings.push(ok(subject, 'is suspended'));
        // As RonDBUpstreamValues leaves it on: for the container beside the data nodes, and on 31 February.
        else if (cronIntervals(found.spec.schedule) === undefined)
          sightings.push(ok(subject, `never runs: ${found.spec.schedule}`));
        else sightings.push(error(subject, `runs by ${found.spec.schedule}`));
      }
      return sightings;
    },
  },
];

/** Checks of Vald’s agents. */
export const valdChecks: readonly Check[] = [
  {
    id: 'DOC070',
    title: 'Vald’s agents run, all of them, and in a version that is known',
    looksAt:
      'Replicas and ready replicas of the StatefulSets that back up with chartwright, and the tags of their images: an agent tells its version to nobody else.',
    why: 'An agent that does not run serves nothing and backs nothing up.',
    todo: 'Look at the pods: kubectl describe pod; the restore’s log says why a pod does not start.',
    async run(context) {
      const sightings: Sighting[] = [];
      for (const { agents } of context.attachments) {
        if (!agents) continue;
        const subject = nameOf('StatefulSet', agents.metadata.namespace, agents.metadata.name);
        const { replicas = 1, template } = agents.spec;
        const ready = agents.status?.readyReplicas ?? 0;
        const image = template.spec.containers.map((one) => one.image ?? '').find((one) => /agent/.test(one)) ?? '';
        const known = /:v1\.(7|8)\./.test(image);
        if (ready < replicas) sightings.push(error(subject, `${ready} of ${replicas} pods are ready`));
        else if (!known)
          sightings.push(
            warning(
              subject,
              `the image ${image || 'of the agent'} is of a version that was not tested`,
              'Use v1.7 or v1.8.',
            ),
          );
        else sightings.push(ok(subject, `${ready} pods are ready, ${image}`));
      }
      return sightings;
    },
  },
];
