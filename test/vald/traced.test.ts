import { ApiObject, App, Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Credentials, ObjectStore } from '../../src/index.js';
import { withTracer } from '../../src/units/index.js';
import {
  BackupMethod,
  Uploader,
  ValdAgentWithBackup,
  type ValdAgentWithBackupProps,
  valdAgentSchema,
} from '../../src/vald/index.js';
import { runbook } from '../../src/vald/runbook.js';
import { clusterId } from './sets.js';
import { type Inputs, StandIns } from './tracer.js';

/**
 * Texts and numbers that decide the structure and so have no stand-in, with the reason. Booleans, enums and the types
 * of unions are not listed: a chart is traced for each of their values.
 */
const untraceable: Readonly<Record<string, string>> = {
  kubernetesVersion: 'decides between a native and an ordinary sidecar',
};

const volume = { size: '100Gi', storageClass: 'gp3' };
const s3 = {
  type: 's3',
  bucket: 'vald-backups',
  region: 'eu-north-1',
  endpoint: 'https://s3.example.com:8443',
  prefix: 'production',
  certificateAuthority: { type: 'configMap', name: 'private-ca', key: 'bundle.pem' },
  credentials: Credentials.secret({
    name: 'aws-secret',
    keys: { accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' },
  }),
} as const;
const inStore = {
  clusterId,
  clusterName: 'north',
  backupInterval: '5m',
  restoreTimeout: '2h',
  restoreAsOf: '2026-11-21T03:00:00Z',
};
const uploader = Uploader.repository({
  retention: { keepLast: 6, keepWithin: '24h', keepDaily: 7, keepWeekly: 4, keepMonthly: 12, keepYearly: 1 },
  transfers: 2,
  uploadTimeout: '1h',
});

const sidecar = {
  sidecarImage: { repository: 'vdaas/vald-agent-sidecar', tag: 'v1.8.2' },
  sidecarResources: { requests: { cpu: k8s.Quantity.fromString('1') } },
};

/** Every text and number that is not for the store, set. */
const everything = {
  name: 'vald-agent',
  release: 'vald',
  appName: 'vald',
  namespace: 'vald',
  version: 'v1.8.0',
  image: { repository: 'vdaas/vald-agent-ngt', tag: 'v1.8.1' },
  restoreImage: { repository: 'rclone/rclone', tag: '1.75.1' },
  imagePullSecrets: ['registry'],
  indexPath: '/var/ngt/index',
  brokenIndexHistoryLimit: 2,
  expectedIndexSize: '20Gi',
  expectedSaveDuration: '10m',
  drainDuration: '60s',
  terminationGracePeriod: '2h',
  replicas: 3,
  maxUnavailable: 1,
  runAsId: 65532,
  collectorEndpoint: 'otel-collector.monitoring.svc:4317',
  resources: { requests: { cpu: k8s.Quantity.fromString('2') }, limits: { memory: k8s.Quantity.fromString('8Gi') } },
  restoreResources: { requests: { cpu: k8s.Quantity.fromString('1') } },
  affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 7, preference: {} }] } },
  nodeSelector: { disk: 'fast' },
  tolerations: [{ key: 'vald', operator: 'Exists' }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  podLabels: { team: 'search' },
  podAnnotations: { note: 'text' },
  env: [{ name: 'GOMEMLIMIT', value: '6GiB' }],
  volumes: [{ name: 'extra', emptyDir: {} }],
  volumeMounts: [{ name: 'extra', mountPath: '/extra' }],
  serviceAccount: { name: 'vald' },
  priority: { type: 'existing', name: 'databases' },
  networkPolicy: {
    ingress: [{ ports: [{ port: k8s.IntOrString.fromNumber(8081) }] }],
    egress: [{ ports: [{ port: k8s.IntOrString.fromNumber(53) }] }],
  },
  external: [{ kind: 'Secret', name: 'more', keys: ['key'] }],
  ngt: {
    dimension: 784,
    autoIndexCheckDuration: '30m',
    autoIndexLength: 100,
    autoIndexDurationLimit: '24h',
    autoSaveIndexDuration: '35m',
    autoCreateIndexPoolSize: 16,
    initialDelayMaxDuration: '3m',
    defaultPoolSize: 16,
    bulkInsertChunkSize: 10,
    creationEdgeSize: 50,
    searchEdgeSize: 50,
    defaultRadius: -1,
    defaultEpsilon: 0.05,
    epsilonForCreation: 0.1,
    errorBufferLimit: 10,
    kvsdbConcurrency: 6,
    vqueueInsertBufferPoolSize: 10000,
    vqueueDeleteBufferPoolSize: 5000,
  },
} as const;

const minimal = { ngt: { dimension: 784 } };
const store = ObjectStore.s3({ bucket: 'vald-backups', region: 'eu-north-1', credentials: s3.credentials });

/** Props by what decides their structure. Each text and number in them becomes a stand-in. */
const shapes: Readonly<Record<string, object>> = {
  ...Object.fromEntries(
    [false, true].flatMap((copyOnWrite) =>
      Object.entries({
        pv: { backup: BackupMethod.persistentVolume({ volume }) },
        s3: { ...sidecar, backup: BackupMethod.objectStorage({ store: s3, ...inStore, compressionLevel: 6 }) },
        'pv-and-s3': { ...sidecar, backup: BackupMethod.both({ volume, store: s3, ...inStore, compressionLevel: 6 }) },
        repository: {
          sidecarResources: sidecar.sidecarResources,
          backup: BackupMethod.both({ volume, store: s3, ...inStore, uploader }),
        },
      }).map(([name, props]) => [copyOnWrite ? `${name}-cow` : name, { ...everything, ...props, copyOnWrite }]),
    ),
  ),
  'pv with defaults': { ...minimal, backup: BackupMethod.persistentVolume({ volume }) },
  's3 with defaults': { ...minimal, backup: BackupMethod.objectStorage({ store, clusterId }) },
  'pv and s3 with defaults, and a network policy': {
    ...minimal,
    backup: BackupMethod.both({ volume, store, clusterId }),
    networkPolicy: {},
    exportIndexInfo: true,
  },
  'pv and s3 on an old cluster': {
    ...everything,
    ...sidecar,
    kubernetesVersion: '1.28',
    backup: BackupMethod.both({ volume, store: s3, ...inStore }),
  },
  'an autoscaler and volumes found by labels': {
    ...minimal,
    autoscaling: { maxReplicas: 9, targetCpuUtilization: 70 },
    priority: { type: 'create', value: 1000 },
    replicas: 3,
    backup: BackupMethod.persistentVolume({
      volume: { ...volume, bind: { type: 'selector', matchLabels: { disk: 'fast' } } },
    }),
  },
  'volumes bound by name': {
    ...minimal,
    replicas: 2,
    backup: BackupMethod.persistentVolume({
      volume: { ...volume, bind: { type: 'names', volumeNames: ['disk-a', 'disk-b'] } },
    }),
  },
  'the identity of the pods': {
    ...minimal,
    backup: BackupMethod.objectStorage({
      store: ObjectStore.s3({
        bucket: 'vald-backups',
        region: 'eu-north-1',
        certificateAuthority: { type: 'secret', name: 'private-ca', key: 'ca.crt' },
        credentials: Credentials.workloadIdentity({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/vald' }),
      }),
      clusterId,
    }),
  },
  'Google Cloud Storage': {
    ...minimal,
    backup: BackupMethod.objectStorage({
      store: ObjectStore.gcs({
        bucket: 'vald-backups',
        prefix: 'production',
        credentials: Credentials.secret({ name: 'gcs-secret', keys: { serviceAccountKey: 'key.json' } }),
      }),
      clusterId,
    }),
  },
};

type Leaf = string | number;

/** Props with each text and number replaced. Enums and types are found by what the schema says of them. */
function mapLeaves(value: unknown, change: (path: string, leaf: Leaf) => Leaf, path = ''): unknown {
  if (typeof value === 'string' || typeof value === 'number')
    return kindOf(path) === 'leaf' ? change(path, value) : value;
  if (value instanceof k8s.Quantity) return k8s.Quantity.fromString(change(path, String(value.value)) as string);
  if (value instanceof k8s.IntOrString) return k8s.IntOrString.fromNumber(change(path, value.value) as number);
  if (Array.isArray(value)) return value.map((item, index) => mapLeaves(item, change, `${path}[${index}]`));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, mapLeaves(inner, change, path ? `${path}.${key}` : key)]),
  );
}

type Kind = 'leaf' | 'structural' | 'kubernetes';

/** What each path of the props is, from their JSON schema; `[]` for any list entry, `.*` for any key of a map. */
const kinds = (() => {
  interface Schema {
    type?: string;
    enum?: unknown[];
    const?: unknown;
    $ref?: string;
    properties?: Record<string, Schema>;
    additionalProperties?: Schema | boolean;
    items?: Schema;
    oneOf?: Schema[];
    $defs?: Record<string, Schema>;
  }
  const root = z.toJSONSchema(valdAgentSchema, { io: 'input', unrepresentable: 'any' }) as Schema;
  const found = new Map<string, Kind>();
  const visit = (schema: Schema, path: string): void => {
    if (schema.$ref) visit(root.$defs![schema.$ref.replace('#/$defs/', '')]!, path);
    else if (schema.oneOf) for (const option of schema.oneOf) visit(option, path);
    else if (schema.enum || 'const' in schema || schema.type === 'boolean') found.set(path, 'structural');
    else if (schema.type === 'array') visit(schema.items!, `${path}[]`);
    else if (schema.type === 'object') {
      for (const [key, inner] of Object.entries(schema.properties ?? {})) visit(inner, path ? `${path}.${key}` : key);
      if (typeof schema.additionalProperties === 'object') visit(schema.additionalProperties, `${path}.*`);
    } else found.set(path, schema.type ? 'leaf' : 'kubernetes');
  };
  visit(root, '');
  return found;
})();

const general = (path: string): string => path.replace(/\[\d+\]/g, '[]');

function kindOf(path: string): Kind {
  const known = kinds.get(general(path));
  if (known) return untraceable[general(path)] ? 'structural' : known;
  for (const [other, kind] of kinds) {
    if (other.endsWith('.*') && general(path).startsWith(other.slice(0, -1))) return kind;
    // Inside of a Kubernetes value everything is passed on; enumerations are not known here, and need not be.
    if (kind === 'kubernetes' && general(path).startsWith(other)) return 'leaf';
  }
  throw new Error(`the schema has no ${path}`);
}

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,7}(-[a-z0-9]{1,6})?$/);
const duration = fc
  .tuple(fc.nat(3), fc.nat(59), fc.integer({ min: 1, max: 59 }))
  .map(([h, m, s]) => [h && `${h}h`, m && `${m}m`, `${s}s`].filter(Boolean).join(''));
const size = fc
  .tuple(fc.integer({ min: 1, max: 400 }), fc.constantFrom('Gi', 'G', '.5Gi', '000Mi'))
  .map(([count, suffix]) => `${count}${suffix}`);
const scheme = fc.constantFrom('http', 'https');
const port = fc.constantFrom('', ':1', ':65535');
const path = fc.array(label, { minLength: 2, maxLength: 4 }).map((segments) => `/data-${segments.join('/')}`);

/** Numbers and texts that each kind of path may have; the first pattern that fits counts. */
const numbers: readonly (readonly [RegExp, fc.Arbitrary<number>])[] = [
  [/(Radius|psilon.*)$/, fc.double({ min: -1, max: 1, noNaN: true }).map((number) => number + 0)],
  [/[rR]eplicas$/, fc.integer({ min: 1, max: 5 })],
  [/retention\./, fc.integer({ min: 1, max: 1000 })],
  [/transfers$/, fc.integer({ min: 1, max: 64 })],
  [/(Level|Utilization)$/, fc.integer({ min: 1, max: 9 })],
  [/./, fc.integer({ min: 1, max: 1_000_000 })],
];
const texts: readonly (readonly [RegExp, fc.Arbitrary<string>])[] = [
  [/(Duration|Interval|Timeout|Period|DurationLimit|keepWithin)$/, duration],
  [/([sS]ize|\.(cpu|memory))$/, size],
  [/indexPath$/, path],
  [/mountPath$/, fc.oneof(path, fc.constantFrom('/tmp', '/tmp/', '/etc/server', '/etc/server//'))],
  [/^version$/, fc.constantFrom('v1.8.0', 'v1.7.5', 'v1.7.6', 'nightly')],
  [/tag$/, fc.stringMatching(/^v[0-9]\.[0-9]{1,2}$/)],
  [/repository$/, fc.tuple(label, label).map(([registry, name]) => `${registry}.example.com:5000/${name}`)],
  [/clusterId$/, fc.uuid()],
  [/restoreAsOf$/, fc.constantFrom('2026-11-21T03:00:00Z', '2026-12-31T23:59:59Z')],
  [/collectorEndpoint$/, label.map((host) => `${host}:4317`)],
  [/endpoint$/, fc.tuple(scheme, label, port).map(([start, host, digits]) => `${start}://${host}${digits}`)],
  [/prefix$/, fc.array(label, { maxLength: 2 }).map((segments) => segments.join('/'))],
  [/bucket$/, label.map((name) => `bucket-${name}`)],
];

function arbitraryFor(leafPath: string, value: Leaf): fc.Arbitrary<Leaf> {
  const known = (typeof value === 'number' ? numbers : texts).find(([pattern]) => pattern.test(leafPath));
  // Names of different things are different, as they are in a cluster: an annotation lists each Secret once.
  return known?.[1] ?? label.map((name) => `${name}-${leafPath.replace(/[^a-z]/g, '').slice(-12)}`);
}

interface Synthesis {
  /** Undefined where the props were refused. */
  readonly output: unknown;
  readonly refusals: readonly string[];
}

function synthesize(props: unknown): Synthesis {
  const chart = new Chart(new App({ outdir: 'nowhere' }), 'test');
  const agent = new ValdAgentWithBackup(chart, 'agent', props as ValdAgentWithBackupProps);
  if (!agent.settings || !agent.sizing) {
    const errors = chart.node.root.node.validate().join('\n');
    return {
      output: undefined,
      refusals: [...errors.matchAll(/^error: test\/agent: \S+: (.*) \[/gm)].map(([, message]) => message!),
    };
  }
  const context = { settings: agent.settings, sizing: agent.sizing, namespace: agent.namespace };
  // Not chart.toJson(): that checks the objects, and a stand-in is no name, no quantity and out of every range.
  const objects = chart.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
  return {
    output: { objects: objects.map((object): unknown => object.toJson()), runbook: runbook(context) },
    refusals: [],
  };
}

describe.each(Object.entries(shapes))('%s', (_, base) => {
  const inputs = new Map<string, Leaf>();
  mapLeaves(base, (leafPath, value) => {
    inputs.set(leafPath, value);
    return value;
  });
  const tracer = new StandIns();
  const traced = withTracer(tracer, () =>
    synthesize(
      mapLeaves(base, (leafPath, value) =>
        typeof value === 'number' ? tracer.number(leafPath) : tracer.text(leafPath),
      ),
    ),
  );

  const expectLaw = (chosen: Inputs): boolean => {
    const concrete = synthesize(mapLeaves(base, (leafPath) => chosen.get(leafPath)!));
    expect([...new Set(tracer.refusals(chosen))].sort()).toEqual([...new Set(concrete.refusals)].sort());
    if (concrete.output) expect(tracer.evaluate(traced.output, chosen)).toEqual(concrete.output);
    return concrete.output !== undefined;
  };

  test('is accepted with a stand-in in every place', () => {
    expect(traced.refusals).toEqual([]);
    expect(traced.output).toBeDefined();
  });

  test('uses every stand-in: none is lost on the way', () => {
    const lost = [...inputs].filter(([leafPath, value]) => {
      const result = (chosen: Inputs) =>
        JSON.stringify([tracer.evaluate(traced.output, chosen), tracer.refusals(chosen)]);
      const others = fc.sample(arbitraryFor(leafPath, value), 10);
      return others.every((other) => result(new Map(inputs).set(leafPath, other)) === result(inputs));
    });
    expect(lost).toEqual([]);
  });

  test('with the values put in afterwards is what it is with them from the start', () => {
    expect(expectLaw(inputs)).toBe(true);
  });

  test('also with any other values, and refuses the same ones with the same words', () => {
    const arbitrary = fc.record(
      Object.fromEntries([...inputs].map(([leafPath, value]) => [leafPath, arbitraryFor(leafPath, value)])),
    );
    fc.assert(
      fc.property(arbitrary, (chosen) => {
        expectLaw(new Map(Object.entries(chosen)));
      }),
      { numRuns: 30 },
    );
  });
});

test('every text and number of the props has a stand-in in one of the shapes, or a reason why not', () => {
  const traced = new Set<string>();
  for (const base of Object.values(shapes))
    mapLeaves(base, (leafPath, value) => {
      traced.add(general(leafPath));
      return value;
    });
  const covers = (known: string) =>
    [...traced].some((leafPath) =>
      known.endsWith('.*')
        ? leafPath.startsWith(known.slice(0, -1))
        : leafPath === known || leafPath.startsWith(`${known}.`) || leafPath.startsWith(`${known}[`),
    );
  const leaves = [...kinds].filter(([, kind]) => kind !== 'structural').map(([leafPath]) => leafPath);
  expect(leaves.filter((leafPath) => !covers(leafPath)).sort()).toEqual(Object.keys(untraceable).sort());
});

test('what cannot have a stand-in refuses one, so that no chart is silently wrong', () => {
  const tracer = new StandIns();
  for (const prop of Object.keys(untraceable)) {
    const props = { ...minimal, backup: BackupMethod.persistentVolume({ volume }), [prop]: tracer.text(prop) };
    expect(withTracer(tracer, () => synthesize(props)).output === undefined, prop).toBe(true);
  }
});
