import { ApiObject, App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Credentials } from '../../src/index.js';
import { RonDBBackupCronJob, RonDBRestoreJob, RonDBVerifyCronJob } from '../../src/rondb/index.js';
import { backupSchema, restoreSchema, verifySchema } from '../../src/rondb/props-schema.js';
import { withTracer } from '../../src/units/index.js';
import { type Inputs, StandIns } from '../vald/tracer.js';

/** Props that are no leaves: they decide the structure, and a chart is traced for each of their values. */
const structural = new Set(['type', 'way', 'mode', 'provider', 'pullPolicy', 'fileNames', 'operator']);

const store = {
  type: 's3',
  provider: 'Minio',
  bucket: 'rondb-backups',
  region: 'eu-north-1',
  endpoint: 'https://s3.example.com:8443',
  prefix: 'production',
  certificateAuthority: { type: 'configMap', name: 'private-ca', key: 'bundle.pem' },
  credentials: Credentials.secret({
    name: 'aws-secret',
    keys: { accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' },
  }),
  encryption: {
    type: 'crypt',
    secret: { name: 'backup-key', keys: { password: 'crypt-password' } },
    keyFingerprint: '0123456789abcdef',
  },
};
const repository = {
  cluster: {
    namespace: 'rondb',
    dataNodes: [
      { nodeId: 1, pod: 'node-group-0-0' },
      { nodeId: 2, pod: 'node-group-0-1' },
    ],
    dataContainer: 'ndbmtd',
    sidecarContainer: 'rclone-listener',
    backupFolder: '/srv/ndb/BACKUP',
    sidecarBackupFolder: '/data/ndb/BACKUP',
    managementHost: 'mgmds-0.headless-mgmds.rondb.svc.cluster.local',
    managementPort: 1186,
    sqlPod: 'mysqlds-0',
    sqlContainer: 'mysqld',
    sqlUser: 'root',
    sqlPassword: { name: 'mysql-passwords', keys: { password: 'root' } },
    backupLabels: { rondbService: 'create-backup' },
    restoreLabels: { rondbService: 'restore-backup' },
    leaseName: 'rondb-lease',
  },
  store,
  clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
  clusterName: 'north',
  name: 'rondb',
  appName: 'database',
  transfers: 4,
  transferRetries: 3,
  preflightTimeout: '5m',
  commandTimeout: '1m',
  transferTimeout: '2h',
};
const pod = {
  repository,
  image: { repository: 'hopsworks/hwutils', tag: '1.1' },
  imagePullSecrets: ['registry'],
  resources: { requests: { cpu: k8s.Quantity.fromString('2') } },
  temporarySize: '2Gi',
  nodeSelector: { disk: 'fast' },
  tolerations: [{ key: 'backup', operator: 'Exists' }],
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, preference: {} }] } },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  priorityClassName: 'databases',
  env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
  volumes: [{ name: 'scratch', emptyDir: {} }],
  volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  networkPolicy: { egress: [{ ports: [{ protocol: 'TCP' }] }] },
  podLabels: { team: 'data' },
  podAnnotations: { note: 'text' },
  serviceAccount: { name: 'backups' },
  runAsId: 1000,
  activeDeadline: '99h',
};
const scheduled = {
  ...pod,
  schedule: '17 2 * * *',
  timeZone: 'Europe/Stockholm',
  startingDeadline: '30m',
  successfulJobsHistoryLimit: 2,
  failedJobsHistoryLimit: 4,
  ttlAfterFinished: '168h',
  pushgateway: 'pushgateway.monitoring.svc:9091',
};

/** For each construct, props in which every text and number that is no structure becomes a stand-in. */
const shapes = {
  backup: {
    construct: RonDBBackupCronJob,
    schema: backupSchema,
    props: {
      ...scheduled,
      retention: { keepLast: 7, keepWithin: '72h', keepDaily: 14, keepWeekly: 8, keepMonthly: 12, keepYearly: 3 },
      nativeBackupTimeout: '1h',
      retentionTimeout: '30m',
      schemaAttempts: 3,
      minimumFreePercent: 20,
    },
  },
  verify: { construct: RonDBVerifyCronJob, schema: verifySchema, props: { ...scheduled, shares: 7 } },
  restore: {
    construct: RonDBRestoreJob,
    schema: restoreSchema,
    props: {
      ...pod,
      backupId: 217000000,
      id: 'again',
      source: 'production/south',
      includeDatabases: ['shop', 'stock'],
      excludeDatabases: ['test'],
      includeTables: ['shop.orders'],
      excludeTables: ['shop.carts'],
      apiSlots: 4,
      restoreTimeout: '4h',
    },
  },
} as const;

type Leaf = string | number;
type Change = (path: string, leaf: Leaf) => Leaf;

function mapLeaves(value: unknown, change: Change, path = ''): unknown {
  if (typeof value === 'string' || typeof value === 'number')
    return structural.has(path.split('.').at(-1)!) ? value : change(path, value);
  if (value instanceof k8s.Quantity) return k8s.Quantity.fromString(change(path, String(value.value)) as string);
  if (Array.isArray(value)) return value.map((item, index) => mapLeaves(item, change, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change, path ? `${path}.${key}` : key)]),
  );
}

/** Another value of the same kind, so that a changed leaf must change something. */
function arbitraryFor(path: string, value: Leaf): fc.Arbitrary<Leaf> {
  if (typeof value === 'number') return fc.integer({ min: 1, max: path === 'schemaAttempts' ? 10 : 60 });
  if (/(Timeout|Within|ttlAfterFinished)$/.test(path))
    return fc.integer({ min: 1, max: 90 }).map((number) => `${number}m`);
  if (/startingDeadline$/.test(path)) return fc.integer({ min: 1, max: 90 }).map((number) => `${number}s`);
  if (/activeDeadline$/.test(path)) return fc.integer({ min: 1, max: 90 }).map((number) => `${number}h`);
  if (/temporarySize$/.test(path)) return fc.integer({ min: 1, max: 90 }).map((number) => `${number}Mi`);
  if (/schedule$/.test(path)) return fc.nat(59).map((minute) => `${minute} 3 * * *`);
  if (/timeZone$/.test(path)) return fc.constantFrom('Etc/UTC', 'Asia/Tokyo');
  if (/clusterId$/.test(path)) return fc.uuid();
  if (/keyFingerprint$/.test(path)) return fc.stringMatching(/^[0-9a-v]{16}$/);
  if (/Folder$/.test(path)) return fc.stringMatching(/^\/[a-z]{3,9}$/);
  if (/Tables/.test(path)) return fc.stringMatching(/^[a-z]{3,9}\.[a-z]{3,9}$/);
  if (/endpoint$/.test(path)) return fc.constantFrom('https://a.example.com', 'http://b.example.com:9000');
  if (/pushgateway$/.test(path)) return fc.constantFrom('pushgateway.monitoring.svc:9091', 'p:1');
  // Names of different things are different, as they are in a cluster: an annotation lists each Secret once.
  return fc.stringMatching(/^[a-z]{3,9}$/).map(
    (text) =>
      `${text}${path
        .replace(/[^a-z]/gi, '')
        .slice(-20)
        .toLowerCase()}`,
  );
}

interface Synthesis {
  /** Undefined where the props were refused. */
  readonly output: unknown;
  readonly refusals: readonly string[];
}

function synthesize({ construct }: (typeof shapes)[keyof typeof shapes], props: unknown): Synthesis {
  const chart = new Chart(new App({ outdir: 'nowhere' }), 'test');
  const job = new construct(chart, 'job', props as never);
  // Not chart.toJson(): that checks the objects, and a stand-in is no name, no quantity and out of every range.
  const objects = chart.node.findAll().filter((found): found is ApiObject => ApiObject.isApiObject(found));
  if (job.settings) return { output: objects.map((object): unknown => object.toJson()), refusals: [] };
  const errors = chart.node.root.node.validate().join('\n');
  return {
    output: undefined,
    refusals: [...errors.matchAll(/^error: test\/job: \S+: (.*) \[/gm)].map((found) => found[1]!),
  };
}

describe.each(Object.entries(shapes))('%s', (_, shape) => {
  const inputs = new Map<string, Leaf>();
  mapLeaves(shape.props, (path, value) => {
    inputs.set(path, value);
    return value;
  });
  const tracer = new StandIns();
  const traced = withTracer(tracer, () =>
    synthesize(
      shape,
      mapLeaves(shape.props, (path, value) => (typeof value === 'number' ? tracer.number(path) : tracer.text(path))),
    ),
  );

  test('is accepted with a stand-in in every place', () => {
    expect(traced.refusals).toEqual([]);
    expect(traced.output).toBeDefined();
  });

  test('with values put in afterwards is what it is with them from the start, and refuses the same ones', () => {
    const expectLaw = (chosen: Inputs) => {
      const concrete = synthesize(
        shape,
        mapLeaves(shape.props, (path) => chosen.get(path)!),
      );
      expect([...new Set(tracer.refusals(chosen))].sort()).toEqual([...new Set(concrete.refusals)].sort());
      if (concrete.output) expect(tracer.evaluate(traced.output, chosen)).toEqual(concrete.output);
    };
    expectLaw(inputs);
    const arbitrary = fc.record(
      Object.fromEntries([...inputs].map(([path, value]) => [path, arbitraryFor(path, value)])),
    );
    fc.assert(
      fc.property(arbitrary, (chosen) => expectLaw(new Map(Object.entries(chosen)))),
      { numRuns: 30 },
    );
  });

  test('uses every stand-in: none is lost on the way', () => {
    const result = (chosen: Inputs) =>
      JSON.stringify([tracer.evaluate(traced.output, chosen), tracer.refusals(chosen)]);
    const asIs = result(inputs);
    // Another's value is no sample: two nodes of one id are refused, which is no use of the id.
    const values = new Set(inputs.values());
    const samples = (path: string, value: Leaf) =>
      fc.sample(arbitraryFor(path, value), 20).filter((other) => !values.has(other));
    const lost = [...inputs].filter(([path, value]) =>
      samples(path, value).every((other) => result(new Map(inputs).set(path, other)) === asIs),
    );
    expect(lost.map(([path]) => path)).toEqual(unused[shape.construct.name] ?? []);
  });

  test('has a stand-in for every text and number of its props but the store’s, which has tests of its own', () => {
    const traceable = leavesOf(shape.schema).filter((path) => !path.startsWith('repository.store.'));
    const seen = [...inputs.keys()].map((path) => path.replace(/\[\d+\]/g, '[]'));
    const covers = (known: string) => seen.some((path) => path === known || path.startsWith(known.replace(/\*$/, '')));
    expect(traceable.filter((path) => !structural.has(path.split('.').at(-1)!) && !covers(path))).toEqual([]);
  });
});

/** What a job has in its repository and does not use, by construct: it never asks the cluster, or never commits. */
const verifyNever = [
  'dataNodes[0].nodeId',
  'dataNodes[0].pod',
  'dataNodes[1].nodeId',
  'dataNodes[1].pod',
  'dataContainer',
  'sidecarContainer',
  'backupFolder',
  'sidecarBackupFolder',
  'managementHost',
  'managementPort',
  'sqlPod',
  'sqlContainer',
  'sqlUser',
  'sqlPassword.name',
  'sqlPassword.keys.password',
  'backupLabels.rondbService',
  'restoreLabels.rondbService',
  'leaseName',
].map((name) => `repository.cluster.${name}`);
const unused: Readonly<Record<string, readonly string[]>> = {
  RonDBBackupCronJob: ['repository.cluster.restoreLabels.rondbService'],
  RonDBVerifyCronJob: [...verifyNever, 'repository.transferRetries'],
  RonDBRestoreJob: ['repository.cluster.backupLabels.rondbService'],
};

/** The paths of all texts and numbers of a schema; `[]` for any list entry, `.*` for any key of a map. */
function leavesOf(schema: z.ZodType): string[] {
  interface Node {
    type?: string;
    enum?: unknown[];
    const?: unknown;
    $ref?: string;
    properties?: Record<string, Node>;
    additionalProperties?: Node | boolean;
    items?: Node;
    oneOf?: Node[];
    $defs?: Record<string, Node>;
  }
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Node;
  const visit = (node: Node, path: string): string[] => {
    if (node.$ref) return visit(root.$defs![node.$ref.replace('#/$defs/', '')]!, path);
    if (node.oneOf) return node.oneOf.flatMap((option) => visit(option, path));
    if (node.enum || 'const' in node || node.type === 'boolean') return [];
    if (node.type === 'array') return visit(node.items!, `${path}[]`);
    if (node.type !== 'object') return [path];
    return [
      ...Object.entries(node.properties ?? {}).flatMap(([key, inner]) => visit(inner, path ? `${path}.${key}` : key)),
      ...(typeof node.additionalProperties === 'object' ? visit(node.additionalProperties, `${path}.*`) : []),
    ];
  };
  return visit(root, '');
}
