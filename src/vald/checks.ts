import { checkProps } from '../kube/index.js';
import type { Problem } from '../problem/index.js';
import { clean, dirname, less, refuse, same } from '../units/index.js';
import { repositoryUploader, storeBackup, volumeClaim } from './backup-method.js';
import { stagingFolder } from './container-parts.js';
import { type ValdAgentSettings, valdAgentSchema } from './props-schema.js';
import { computeSizing, hasNativeSidecars, type Sizing } from './sizing.js';
import { checkUploader } from './uploader-checks.js';

/** What people look for and do not find, with the reason. */
export const leftOut: Readonly<Record<string, string>> = {
  inMemory: 'In-memory mode saves nothing, ever: there is no such choice here (rule 4 of the facts).',
  inMemoryMode: 'In-memory mode saves nothing, ever: there is no such choice here (rule 4 of the facts).',
  enableInMemoryMode: 'In-memory mode saves nothing, ever: there is no such choice here (rule 4 of the facts).',
  accessKey: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  accessKeyId: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  secretAccessKey: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  secretKey: 'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
  filename:
    'Object names are made from cluster and pod: a constant one would have all pods overwrite each other (rule 26).',
  objectName:
    'Object names are made from cluster and pod: a constant one would have all pods overwrite each other (rule 26).',
  serverSideEncryption: 'Vald’s sidecar does not ask for it. Set it as the bucket’s default encryption.',
  storageClass: 'Vald’s sidecar does not set one. Use a lifecycle rule of the bucket.',
  encryption: 'Vald’s sidecar writes plain archives. Use the bucket’s own encryption.',
  volumeMode: 'The agent writes files, so the volume needs a file system.',
  accessMode: 'Two pods writing one index would destroy it (rule 50).',
};

/** What a check of props gives: settings and what was computed from them, or what is wrong, or both with warnings. */
export interface CheckedSettings {
  readonly settings: ValdAgentSettings | undefined;
  readonly sizing: Sizing | undefined;
  readonly problems: readonly Problem[];
}

/** Checks the props of an agent: each by itself, the store against what Vald can write to, and all together. */
export function checkSettings(props: unknown, construct: string): CheckedSettings {
  const refused = refuseStore(props, construct);
  const checked = checkProps(valdAgentSchema, props, construct, leftOut);
  if (refused) {
    // The schema only knows that such a store is none of its own: the reason says more.
    const others = checked.problems.filter(
      ({ where }) => !('property' in where && where.property?.startsWith('backup.store')),
    );
    return { settings: undefined, sizing: undefined, problems: [refused, ...others] };
  }
  const { settings } = checked;
  if (!settings) return { settings, sizing: undefined, problems: checked.problems };
  const problems: Problem[] = [];
  const sizing = computeSizing(settings, construct, (problem) => problems.push(problem));
  checkRelations(settings, construct, (problem) => problems.push(problem));
  return { settings, sizing, problems };
}

/** The refusal of a store that Vald’s sidecar cannot write to, or undefined. */
function refuseStore(props: unknown, construct: string): Problem | undefined {
  const store = (props as { backup?: { store?: { type?: unknown; credentials?: { type?: unknown } } } } | undefined)
    ?.backup?.store;
  const where = (property: string) => ({ where: { construct, property }, severity: 'error' as const });
  if (store?.type === 'gcs' && store.credentials?.type === 'workloadIdentity')
    return {
      code: 'unsupported-store',
      ...where('backup.store.credentials.type'),
      message: 'Vald’s sidecar cannot sign in to Google Cloud Storage with the identity of the pods (rule 31)',
      got: '"workloadIdentity"',
      allowed: 'secret, with a service account’s key',
      hint: 'Put a service account’s key into a Secret and name it: Credentials.secret({ name }).',
    };
  if (typeof store?.type !== 'string' || store.type === 's3' || store.type === 'gcs') return undefined;
  return {
    code: 'unsupported-store',
    ...where('backup.store.type'),
    message: 'Vald’s sidecar cannot write to this store',
    got: JSON.stringify(store.type),
    allowed: 's3 (and everything that speaks S3), gcs with a service account’s key',
    hint: 'Use an S3 or Google Cloud Storage bucket, or put an S3 gateway in front of the store.',
  };
}

/** Checks that need more than one prop. */
function checkRelations(settings: ValdAgentSettings, construct: string, report: (problem: Problem) => void): void {
  const problem = (code: Problem['code'], property: string, hint: string, got?: string) => (message: string) =>
    report({ code, severity: 'error', where: { construct, property }, message, hint, ...(got ? { got } : {}) });

  const minor = Number(settings.kubernetesVersion.split('.')[1]);
  if (minor < 28)
    problem(
      'unsupported-version',
      'kubernetesVersion',
      'Upgrade the cluster.',
      settings.kubernetesVersion,
    )('Kubernetes before 1.28 is not supported');

  const store = storeBackup(settings.backup);
  checkUploader(settings, construct, report);
  if (store && !repositoryUploader(settings.backup)) {
    const report176 = problem('unsupported-version', 'version', 'Use another Vald version.', settings.version);
    refuse(
      same(settings.version, 'v1.7.6'),
      'the sidecar of Vald v1.7.6 does not work (upstream’s changelog)',
      report176,
    );
  }

  const bind = volumeClaim(settings.backup)?.bind;
  if (bind?.type === 'names') {
    const count = bind.volumeNames.length;
    const differs = problem(
      'conflicting-properties',
      'backup.volume.bind.volumeNames',
      'Name one PersistentVolume for each replica.',
      `${count} names`,
    );
    const message = `${count} volumes are named for ${settings.replicas} replicas`;
    refuse(less(settings.replicas, count), message, differs);
    refuse(less(count, settings.replicas), message, differs);
    if (settings.autoscaling) differs('volumes bound by name cannot follow an autoscaler');
  }

  if (settings.autoscaling)
    refuse(
      less(settings.autoscaling.maxReplicas, settings.replicas),
      'the largest number of agents is less than the smallest',
      problem(
        'conflicting-properties',
        'autoscaling.maxReplicas',
        'Give maxReplicas that are at least replicas.',
        `${settings.autoscaling.maxReplicas}`,
      ),
    );

  const ours = [dirname(settings.indexPath), stagingFolder(settings), '/etc/server', '/tmp'];
  settings.volumeMounts.forEach((mount, index) => {
    for (const path of ours)
      refuse(
        same(clean(mount.mountPath), path),
        `a volume is mounted on ${path}, which the agent uses itself`,
        problem(
          'conflicting-properties',
          `volumeMounts[${index}].mountPath`,
          'Mount it somewhere else.',
          mount.mountPath,
        ),
      );
  });

  const native = hasNativeSidecars(settings.kubernetesVersion);
  if (repositoryUploader(settings.backup)) return;
  if (store && !native && !settings.copyOnWrite)
    problem(
      'conflicting-properties',
      'copyOnWrite',
      'Turn copy-on-write on, or run Kubernetes 1.29 or newer.',
      'false',
    )('without native sidecars and without copy-on-write the save at shutdown is not always uploaded (fact 0.4)');
  else if (store && !native && minor >= 28)
    report({
      code: 'unsupported-version',
      severity: 'warning',
      where: { construct, property: 'kubernetesVersion' },
      message: 'without native sidecars the last save before a shutdown is uploaded only if the waiting time suffices',
      got: settings.kubernetesVersion,
      allowed: '1.29 or newer for a sidecar that is stopped after the agent',
      hint: 'Upgrade the cluster, or check that expectedSaveDuration is true for your index.',
    });

  if (!settings.copyOnWrite && !store)
    report({
      code: 'conflicting-properties',
      severity: 'warning',
      where: { construct, property: 'copyOnWrite' },
      message:
        'without copy-on-write and without a store an agent that is killed inside a save loses its index and does not start again',
      got: 'false',
      allowed: 'true, with room for three generations; or BackupMethod.both',
      hint: 'Turn it on. If you cannot: take snapshots of the volumes, and give the agent memory limits it never reaches.',
    });
}
