import { groupOf } from '../resources.js';
import { type Check, error, ok, type Sighting, warning } from './check.js';
import { nameOf } from './context.js';

/** What people on call do with the commands about backups: verb, group, resource, and what for. */
const onCall: readonly [string, string, string, string][] = [
  ['list', 'batch', 'cronjobs', 'backups list'],
  ['list', 'batch', 'jobs', 'backups list'],
  ['get', '', 'configmaps', 'backups list'],
  ['get', '', 'secrets', 'backups list with rclone here'],
  ['create', 'batch', 'jobs', 'backups run, verify, restore'],
  ['watch', 'batch', 'jobs', 'backups run, verify, restore'],
  ['watch', '', 'pods', 'backups run, verify, restore'],
  ['get', '', 'pods/log', 'backups run, verify, restore'],
  ['get', 'coordination.k8s.io', 'leases', 'backups run, restore'],
];

const onCallOfVald: typeof onCall = [
  ['patch', 'apps', 'statefulsets', 'backups restore of Vald'],
  ['watch', 'apps', 'statefulsets', 'backups restore of Vald'],
  ['delete', '', 'pods', 'backups restore of Vald'],
];

/** Checks of what the person who asks may do. */
export const accessChecks: readonly Check[] = [
  {
    id: 'DOC010',
    title: 'you may apply every object',
    looksAt: 'A SelfSubjectAccessReview for `create` and `patch` of each kind in each namespace.',
    why: 'Applying stops at the first object that is refused, and what comes after it is missing.',
    todo: 'Ask for a role that allows it, or let somebody apply who may.',
    async run(context) {
      if (context.applied) return [];
      const asked = new Map<string, () => Promise<Sighting>>();
      for (const object of context.objects) {
        const resource = await context.resource(object);
        if (!resource) continue;
        const namespace = resource.namespaced ? context.namespaceOf(object) : undefined;
        const subject = `${resource.plural}${namespace === undefined ? '' : ` in ${namespace}`}`;
        asked.set(subject, async () => {
          const group = groupOf(object.apiVersion);
          const allowed = await Promise.all(
            ['create', 'patch'].map((verb) => context.may(verb, group, resource.plural, namespace)),
          );
          const missing = ['create', 'patch'].filter((_, index) => !allowed[index]);
          return missing.length > 0 ? error(subject, `you may not ${missing.join(' and ')}`) : ok(subject, 'you may');
        });
      }
      return Promise.all([...asked.values()].map((ask) => ask()));
    },
  },
  {
    id: 'DOC011',
    title: 'you may do what is needed on call',
    looksAt: 'A SelfSubjectAccessReview for everything that `chartwright backups` does in the namespace.',
    why: 'Who cannot start a restore in the night has to find somebody who can.',
    todo: 'Ask for a role that allows it.',
    async run(context) {
      if (context.attachments.length === 0) return [];
      const namespaces = [...new Set(context.attachments.map(({ namespace }) => namespace))];
      const agents = new Set(context.attachments.flatMap((one) => (one.agents ? [one.namespace] : [])));
      return Promise.all(
        namespaces.flatMap((namespace) =>
          [...onCall, ...(agents.has(namespace) ? onCallOfVald : [])].map(async ([verb, group, resource, purpose]) => {
            const subject = `${verb} ${resource} in ${namespace}`;
            return (await context.may(verb, group, resource, namespace))
              ? ok(subject, 'you may')
              : warning(subject, `you may not, which ${purpose} needs`);
          }),
        ),
      );
    },
  },
];

/** Rights that a job’s ServiceAccount must have; the review needs a right of its own. */
export const serviceAccountChecks: readonly Check[] = [
  {
    id: 'DOC012',
    title: 'the jobs’ ServiceAccounts have the rights that their scripts need',
    looksAt:
      'A SubjectAccessReview for exec, the lease and the status ConfigMap, as the ServiceAccount of each CronJob.',
    why: 'Without them a run refuses at once, and nothing is backed up.',
    todo: 'Apply the Role and RoleBinding that stand beside the CronJob in the manifests.',
    async run(context) {
      if (!(await context.may('create', 'authorization.k8s.io', 'subjectaccessreviews'))) return [];
      const sightings: Sighting[] = [];
      for (const { backup, verify, namespace, database } of context.attachments) {
        for (const job of [backup, verify]) {
          if (!job || database !== 'rondb') continue;
          const { template } = job.spec.jobTemplate.spec;
          const value = (name: string) => template.spec.containers[0]?.env?.find((one) => one.name === name)?.value;
          const account = template.spec.serviceAccountName ?? 'default';
          const needs: [string, string, string, string | undefined][] = [
            ['patch', '', 'configmaps', value('STATUS_CONFIGMAP')],
            ...(job === backup
              ? ([
                  ['create', '', 'pods/exec', value('SQL_POD')],
                  ['update', 'coordination.k8s.io', 'leases', value('LEASE_NAME')],
                  ['create', 'coordination.k8s.io', 'leases', undefined],
                ] as [string, string, string, string | undefined][])
              : []),
          ];
          const missing: string[] = [];
          for (const [verb, group, resource, name] of needs)
            if (!(await context.mayAccount(account, verb, group, resource, namespace, name)))
              missing.push(`${verb} ${resource}${name === undefined ? '' : ` ${name}`}`);
          const subject = nameOf('ServiceAccount', namespace, account);
          sightings.push(
            missing.length > 0
              ? error(subject, `may not ${missing.join(', ')}, which ${job.metadata.name} needs`)
              : ok(subject, `has what ${job.metadata.name} needs`),
          );
        }
      }
      return sightings;
    },
  },
];
