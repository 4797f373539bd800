import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cdk8s from 'cdk8s';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { App, ProblemsError, printProblem } from '../../src/index.js';
import { BackupMethod, ValdAgentWithBackup, type ValdAgentWithBackupProps } from '../../src/vald/index.js';
import { clusterId } from './sets.js';

const volume = { size: '100Gi' };
const s3 = {
  type: 's3',
  bucket: 'vald-backups',
  region: 'eu-north-1',
  credentials: { type: 'secret', secret: { name: 'aws-secret' } },
};

/** Good props with a part of them changed into something bad. */
const changed = (change: object): ValdAgentWithBackupProps =>
  ({
    backup: BackupMethod.persistentVolume({ volume }),
    ngt: { dimension: 784 },
    ...change,
  }) as ValdAgentWithBackupProps;
const onVolume = (change: object) => ({ backup: { type: 'persistentVolume', volume: { ...volume, ...change } } });
const inStore = (store: object, change: object = {}) => ({
  backup: { type: 'both', volume, store: { ...s3, ...store }, clusterId, ...change },
});
const ngt = (change: object) => ({ ngt: { dimension: 784, ...change } });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chartwright-props-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is in an output folder; cdk8s's own App makes it before it checks. */
const written = (outdir: string) => (existsSync(outdir) ? readdirSync(outdir) : []);

/** What a synthesis of one agent says: each problem without its construct, and makes sure that there is no object. */
function problemsOf(props: ValdAgentWithBackupProps): string[] {
  const outdir = mkdtempSync(join(folder, 'out-'));
  const app = new App({ outdir });
  const chart = new cdk8s.Chart(app, 'test');
  const agent = new ValdAgentWithBackup(chart, 'agent', props);
  let problems: ProblemsError['problems'] = [];
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    problems = error.problems;
  }
  expect(chart.node.findAll().map(({ node }) => node.path)).toEqual(['test', 'test/agent']);
  expect(agent.settings).toBeUndefined();
  expect(written(outdir)).toEqual([]);
  return problems.map((problem) => printProblem(problem).replace('error: test/agent: ', ''));
}

describe('a bad prop gives one error and no object', () => {
  const notWellFormed = (property: string) => `${property}: not well formed [invalid-property]`;
  const unknown = (property: string) => `${property}: there is no such property [unknown-property]`;
  const oneOf = (property: string) => `${property}: not one of the allowed values [invalid-property]`;
  const correct = (property: string) => `Correct "${property}".`;

  test.each<[string, object, string]>([
    ['a size that is none', onVolume({ size: 'banana' }), 'backup.volume.size'],
    ['a size of nothing', onVolume({ size: '0Gi' }), 'backup.volume.size'],
    ['the root as index path', { indexPath: '/' }, 'indexPath'],
    ['an index path directly below the root', { indexPath: '/index' }, 'indexPath'],
    ['a relative index path', { indexPath: 'var/ngt/index' }, 'indexPath'],
    ['an index path that goes up', { indexPath: '/var/../index' }, 'indexPath'],
    ['an index path with a slash at its end', { indexPath: '/var/ngt/' }, 'indexPath'],
    ['an index path over the configuration', { indexPath: '/etc/server/index' }, 'indexPath'],
    ['an index path on the volume for temporary files', { indexPath: '/tmp/index' }, 'indexPath'],
    ['the staging folder as index path', { indexPath: '/var/ngt/.staging' }, 'indexPath'],
    ['the folder of the restore as index path', { indexPath: '/var/ngt/.restore' }, 'indexPath'],
    ['no grace period', { terminationGracePeriod: '0s' }, 'terminationGracePeriod'],
    ['a name as identity of the cluster', inStore({}, { clusterId: 'production' }), 'backup.clusterId'],
    ['a Kubernetes version with a v', { kubernetesVersion: 'v1.29' }, 'kubernetesVersion'],
    ['a version that is no label', { version: `v1.8.0@sha256:${'0a'.repeat(32)}` }, 'version'],
    ['a name that leaves no room for its volumes', { name: 'a'.repeat(49) }, 'name'],
    ['a name that no Service can have', { name: '1agent' }, 'name'],
    ['a name of two lines', { name: 'a\nb' }, 'name'],
    ['a long namespace', { namespace: 'a'.repeat(64) }, 'namespace'],
    ['a long folder in the store', inStore({}, { clusterName: 'a'.repeat(64) }), 'backup.clusterName'],
    ['an interval that Vald would ignore', inStore({}, { backupInterval: 'often' }), 'backup.backupInterval'],
    ['a collector that breaks the configuration', { collectorEndpoint: 'otel\nevil: true' }, 'collectorEndpoint'],
    ['a collector that reads a secret', { collectorEndpoint: '_AWS_SECRET_ACCESS_KEY_' }, 'collectorEndpoint'],
    ['an image with its tag', { image: { repository: 'vdaas/vald-agent-ngt:v1.8.0' } }, 'image.repository'],
    ['a region that reads a secret', inStore({ region: '$(AWS_SECRET_ACCESS_KEY)' }), 'backup.store.region'],
    ['an endpoint with a path', inStore({ endpoint: 'https://s3.example.com/vald' }), 'backup.store.endpoint'],
  ])('that is not well formed: %s', (_, change, property) => {
    const problems = problemsOf(changed(change));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(
      new RegExp(`^${property}: not well formed .*\n  do:      Correct "${property}"\\.$`, 's'),
    );
  });

  test.each<[string, object, string, string]>([
    ['an unknown prop', { replica: 3 }, unknown('replica'), 'Did you mean "replicas"?'],
    ['an unknown NGT setting', ngt({ dimensions: 3 }), unknown('ngt.dimensions'), 'Did you mean "dimension"?'],
    [
      'in-memory mode',
      { inMemory: true },
      unknown('inMemory'),
      'In-memory mode saves nothing, ever: there is no such choice here (rule 4 of the facts).',
    ],
    [
      'in-memory mode among the NGT settings',
      ngt({ enableInMemoryMode: true }),
      unknown('ngt.enableInMemoryMode'),
      'In-memory mode saves nothing, ever: there is no such choice here (rule 4 of the facts).',
    ],
    [
      'a constant object name in the store',
      inStore({ filename: 'backup' }),
      unknown('backup.store.filename'),
      'Object names are made from cluster and pod: a constant one would have all pods overwrite each other (rule 26).',
    ],
    [
      'a constant object name',
      inStore({}, { filename: 'backup' }),
      unknown('backup.filename'),
      'Object names are made from cluster and pod: a constant one would have all pods overwrite each other (rule 26).',
    ],
    [
      'a literal access key',
      inStore({ accessKey: 'AKIAIOSFODNN7EXAMPLE' }),
      unknown('backup.store.accessKey'),
      'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
    ],
    [
      'a literal access key where the name of its key belongs',
      inStore({
        credentials: { type: 'secret', secret: { name: 'a', keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE' } } },
      }),
      notWellFormed('backup.store.credentials.secret.keys.accessKeyId'),
      'A literal secret cannot be given. Name an existing Secret: Credentials.secret({ name, keys }).',
    ],
    [
      'a grace period shorter than save and upload',
      { ...inStore({}), terminationGracePeriod: '2m' },
      'terminationGracePeriod: the grace period of 120s is shorter than the work at shutdown, 1466s [too-little-time]',
      'Leave it out to have it computed, or give the expectedSaveDuration and expectedIndexSize that are true for you.',
    ],
    [
      'a grace period shorter than the save',
      { terminationGracePeriod: '30s', expectedSaveDuration: '5m' },
      'terminationGracePeriod: the grace period of 30s is shorter than the work at shutdown, 390s [too-little-time]',
      'Leave it out to have it computed, or give the expectedSaveDuration and expectedIndexSize that are true for you.',
    ],
    [
      'a volume too small for three copies',
      { expectedIndexSize: '50Gi' },
      'backup.volume.size: the volume of 100Gi cannot hold 3 copies of an index of 50Gi [too-little-space]',
      'Make the volume larger, or give the size that the index really reaches.',
    ],
    [
      'a volume too small for the archive and what is unpacked from it',
      { ...inStore({}), expectedIndexSize: '60Gi', copyOnWrite: false },
      'backup.volume.size: the volume of 100Gi cannot hold 2 copies of an index of 60Gi [too-little-space]',
      'Make the volume larger, or give the size that the index really reaches.',
    ],
    [
      'a store that the sidecar cannot write to',
      inStore({ type: 'azure' }),
      'backup.store.type: Vald’s sidecar cannot write to this store [unsupported-store]',
      'Use an S3 or Google Cloud Storage bucket, or put an S3 gateway in front of the store.',
    ],
    ['no replicas', { replicas: 0 }, 'replicas: too small [invalid-property]', correct('replicas')],
    [
      'one and a half replicas',
      { replicas: 1.5 },
      'replicas: not a whole number [invalid-property]',
      correct('replicas'),
    ],
    ['replicas as text', { replicas: '3' }, 'replicas: not a number [invalid-property]', correct('replicas')],
    [
      'no identity of the cluster',
      inStore({}, { clusterId: undefined }),
      'backup.clusterId: is required [invalid-property]',
      'Set "backup.clusterId".',
    ],
    ['no NGT settings', { ngt: undefined }, 'ngt: is required [invalid-property]', 'Set "ngt".'],
    ['no dimension', { ngt: {} }, 'ngt.dimension: is required [invalid-property]', 'Set "ngt.dimension".'],
    ['no backup', { backup: undefined }, 'backup: is required [invalid-property]', 'Set "backup".'],
    ['another backup method', { backup: { type: 'pv' } }, oneOf('backup.type'), correct('backup.type')],
    [
      'an old Kubernetes version',
      { kubernetesVersion: '1.27' },
      'kubernetesVersion: Kubernetes before 1.28 is not supported [unsupported-version]',
      'Upgrade the cluster.',
    ],
    [
      'fewer volumes than replicas',
      onVolume({ bind: { type: 'names', volumeNames: ['a', 'b'] } }),
      'backup.volume.bind.volumeNames: 2 volumes are named for 3 replicas [conflicting-properties]',
      'Name one PersistentVolume for each replica.',
    ],
    [
      'more volumes than replicas',
      { ...onVolume({ bind: { type: 'names', volumeNames: ['a', 'b'] } }), replicas: 1 },
      'backup.volume.bind.volumeNames: 2 volumes are named for 1 replicas [conflicting-properties]',
      'Name one PersistentVolume for each replica.',
    ],
    [
      'no volumes',
      onVolume({ bind: { type: 'names', volumeNames: [] } }),
      'backup.volume.bind.volumeNames: too small [invalid-property]',
      correct('backup.volume.bind.volumeNames'),
    ],
    [
      'an autoscaler that scales down',
      { autoscaling: { maxReplicas: 2 } },
      'autoscaling.maxReplicas: the largest number of agents is less than the smallest [conflicting-properties]',
      'Give maxReplicas that are at least replicas.',
    ],
    [
      'a volume for many writers',
      onVolume({ accessMode: 'ReadWriteMany' }),
      oneOf('backup.volume.accessMode'),
      'Two pods writing one index would destroy it (rule 50).',
    ],
    [
      'a block device',
      onVolume({ volumeMode: 'Block' }),
      oneOf('backup.volume.volumeMode'),
      'The agent writes files, so the volume needs a file system.',
    ],
    [
      'a mount over the index',
      { volumes: [{ name: 'x', emptyDir: {} }], volumeMounts: [{ name: 'x', mountPath: '/var/ngt' }] },
      'volumeMounts[0].mountPath: a volume is mounted on /var/ngt, which the agent uses itself [conflicting-properties]',
      'Mount it somewhere else.',
    ],
    [
      'a mount over the configuration, with a slash at its end',
      { volumes: [{ name: 'x', emptyDir: {} }], volumeMounts: [{ name: 'x', mountPath: '/etc/server/' }] },
      'volumeMounts[0].mountPath: a volume is mounted on /etc/server, which the agent uses itself [conflicting-properties]',
      'Mount it somewhere else.',
    ],
    [
      'nothing as a mount',
      { volumeMounts: [null] },
      'volumeMounts[0]: not an object [invalid-property]',
      correct('volumeMounts[0]'),
    ],
    ['a list as resources', { resources: [] }, 'resources: not an object [invalid-property]', correct('resources')],
    [
      'the version whose sidecar does not work',
      { ...inStore({}), version: 'v1.7.6' },
      'version: the sidecar of Vald v1.7.6 does not work (upstream’s changelog) [unsupported-version]',
      'Use another Vald version.',
    ],
    ['a log level that prints secrets', { logLevel: 'debug' }, oneOf('logLevel'), correct('logLevel')],
    [
      'no room for broken indexes',
      { brokenIndexHistoryLimit: 0 },
      'brokenIndexHistoryLimit: too small [invalid-property]',
      correct('brokenIndexHistoryLimit'),
    ],
    [
      'an index that is never saved',
      ngt({ autoIndexLength: 0 }),
      'ngt.autoIndexLength: too small [invalid-property]',
      correct('ngt.autoIndexLength'),
    ],
    [
      'a distance that NGT does not have',
      ngt({ distanceType: 'euclid' }),
      oneOf('ngt.distanceType'),
      correct('ngt.distanceType'),
    ],
    [
      'a level that gzip does not have',
      inStore({}, { compressionLevel: 10 }),
      'backup.compressionLevel: too big [invalid-property]',
      correct('backup.compressionLevel'),
    ],
    [
      'a store without a region',
      inStore({ region: undefined }),
      'backup.store.region: is required [invalid-property]',
      'Set "backup.store.region".',
    ],
    [
      'a priority that only Kubernetes may use',
      { priority: { type: 'create', value: 2_000_000_000 } },
      'priority.value: too big [invalid-property]',
      correct('priority.value'),
    ],
  ])('%s', (_, change, fact, hint) => {
    const [problem, ...others] = problemsOf(changed(change)).map((text) => text.split('\n'));
    expect(others).toEqual([]);
    expect(problem?.[0]).toBe(fact);
    expect(problem?.at(-1)).toBe(`  do:      ${hint}`);
  });
});

test('an error says what was got and what is allowed', () => {
  expect(
    problemsOf(changed({ indexPath: '/' }))[0]
      ?.split('\n')
      .slice(1, 3),
  ).toEqual(['  got:     "/"', expect.stringMatching(/^ {2}allowed: an absolute path .*, such as \/var\/ngt\/index$/)]);
  expect(
    problemsOf(changed({ expectedIndexSize: '50Gi' }))[0]
      ?.split('\n')
      .slice(1, 3),
  ).toEqual(['  got:     100Gi', '  allowed: 153600Mi or more: 3 × expectedIndexSize (in use, before, being written)']);
});

test('Google Cloud Storage with the identity of the pods is refused with the reason', () => {
  const store = { type: 'gcs', bucket: 'vald-backups', credentials: { type: 'workloadIdentity' } };
  const { backup } = inStore({});
  const problems = problemsOf(changed({ backup: { ...backup, store } }));
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(/^backup\.store\.credentials\.type: .*\[unsupported-store\]\n/);
  expect(problems[0]).toContain('service account’s key');
});

test('no secret is told again in an error', () => {
  const secret = 'wJalrXUtnFEMI+K7MDENG';
  const bad = [
    inStore({ credentials: secret }),
    inStore({ credentials: { type: 'secret', secret } }),
    inStore({ credentials: { type: 'secret', secret: { name: secret, keys: { secretAccessKey: secret } } } }),
    inStore({ secretAccessKey: secret }),
    inStore({ endpoint: `https://user:${secret}@s3.example.com` }),
    { backup: [{ secretAccessKey: secret }] },
    { env: [`SECRET=${secret}`] },
    { env: { SECRET: secret } },
  ];
  for (const change of bad) {
    const text = problemsOf(changed(change)).join('\n');
    expect(text).not.toBe('');
    expect(text).not.toContain(secret);
  }
});

describe('everything that is wrong in an app is told at once', () => {
  const bad = (scope: cdk8s.App): void => {
    const one = new cdk8s.Chart(scope, 'one');
    new ValdAgentWithBackup(one, 'a', changed({ replicas: 0, ...inStore({ type: 'azure' }) }));
    new ValdAgentWithBackup(one, 'good', changed({ name: 'good' }));
    new ValdAgentWithBackup(new cdk8s.Chart(scope, 'two'), 'b', changed({ expectedIndexSize: '50Gi', replica: 3 }));
    new ValdAgentWithBackup(
      new cdk8s.Chart(scope, 'three'),
      'c',
      changed({ expectedIndexSize: '50Gi', terminationGracePeriod: '1s' }),
    );
  };
  const facts = [
    'error: one/a: backup.store.type: Vald’s sidecar cannot write to this store [unsupported-store]',
    'error: one/a: replicas: too small [invalid-property]',
    'error: two/b: replica: there is no such property [unknown-property]',
    'error: three/c: backup.volume.size: the volume of 100Gi cannot hold 3 copies of an index of 50Gi [too-little-space]',
    'error: three/c: terminationGracePeriod: the grace period of 1s is shorter than the work at shutdown, 1114s [too-little-time]',
  ];
  const told = (app: cdk8s.App): string[] => {
    bad(app);
    try {
      app.synth();
    } catch (error) {
      return ((error as Error).message.match(/^.*error: .*$/gm) ?? []).sort();
    }
    throw new Error('nothing was thrown');
  };

  test('by our App', () => {
    expect(told(new App({ outdir: join(folder, 'ours') }))).toEqual([...facts].sort());
    expect(written(join(folder, 'ours'))).toEqual([]);
  });

  test('by cdk8s’s own App', () => {
    expect(told(new cdk8s.App({ outdir: join(folder, 'bare') }))).toEqual([...facts].sort());
    expect(written(join(folder, 'bare'))).toEqual([]);
  });
});
