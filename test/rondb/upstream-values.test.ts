import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { App, Credentials, ObjectStore, ProblemsError } from '../../src/index.js';
import { RonDBCluster, RonDBUpstreamValues, type RonDBUpstreamValuesProps } from '../../src/rondb/index.js';
import { cronIntervals } from '../../src/units/index.js';
import { describeWith, sharedFolder } from '../programs/find.js';
import { clusterId, repository } from './sets.js';

const root = join(import.meta.dirname, '../..');
const values = join(root, 'values/rondb');
const purposes = ['stream', 'sidecar', 'upstream'] as const;
const read = (path: string) => readFileSync(path, 'utf8');
const committed = (purpose: string) => parse(read(join(values, `${purpose}.values.yaml`)));

const folder = mkdtempSync(join(tmpdir(), 'chartwright-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

const good: RonDBUpstreamValuesProps = {
  purpose: 'upstream',
  namespace: 'rondb',
  store: repository.store,
  clusterId,
};

/** What the construct writes, or the properties it refuses. */
function write(props: object): { text: string } | { refused: unknown[] } {
  const before = process.env['CHARTWRIGHT_VALUES_OUTDIR'];
  process.env['CHARTWRIGHT_VALUES_OUTDIR'] = folder;
  try {
    const app = new App({ outdir: join(folder, 'manifests') });
    new RonDBUpstreamValues(app, 'values', { ...good, path: 'set', ...props } as RonDBUpstreamValuesProps);
    app.synth();
    return { text: read(join(folder, 'set.values.yaml')) };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { refused: error.problems.map(({ where }) => ('property' in where ? where.property : where)) };
  } finally {
    if (before === undefined) delete process.env['CHARTWRIGHT_VALUES_OUTDIR'];
    else process.env['CHARTWRIGHT_VALUES_OUTDIR'] = before;
  }
}
const valuesOf = (props: object) => parse((write(props) as { text: string }).text);

describe('the committed values files', () => {
  test('are what the app writes now', async () => {
    const output = join(folder, 'app');
    await promisify(execFile)(join(root, 'node_modules/.bin/tsx'), ['src/main.ts'], {
      cwd: root,
      env: {
        ...process.env,
        CDK8S_OUTDIR: join(output, 'manifests'),
        CHARTWRIGHT_VALUES_OUTDIR: join(output, 'values'),
      },
    });
    const files = purposes.map((purpose) => `${purpose}.values.yaml`).sort();
    expect(readdirSync(values).sort()).toEqual(files);
    for (const file of files) expect(read(join(output, 'values/rondb', file)), file).toBe(read(join(values, file)));
  }, 120_000);

  test('turn the chart’s own backups off, or to a day that never comes, or on', () => {
    expect(committed('stream').backups).toEqual({ enabled: false });
    expect(committed('sidecar').backups).toMatchObject({ enabled: true, ttl: null });
    expect(cronIntervals(committed('sidecar').backups.schedule)).toBeUndefined();
    expect(committed('upstream').backups.enabled).toBe(true);
    expect(cronIntervals(committed('upstream').backups.schedule)).toBeDefined();
  });

  test('are for the cluster that the manifests attach to', () => {
    for (const purpose of purposes) {
      const { numNodeGroups, activeDataReplicas } = committed(purpose).clusterSize;
      const nodes = RonDBCluster.fromUpstream({ namespace: 'rondb', numNodeGroups, activeDataReplicas }).dataNodes;
      expect(nodes).toEqual(repository.cluster.dataNodes);
    }
  });

  test('hold no secret, and say how to make one from files', () => {
    for (const purpose of purposes) {
      const text = read(join(values, `${purpose}.values.yaml`));
      expect(text).not.toMatch(/from-literal|password:|secretAccessKey:/);
      expect(text).toContain(
        'create secret generic backup-store --from-file=access-key=./access-key --from-file=secret-access-key=./secret-access-key',
      );
      expect(text).toContain(`-f ${purpose}.values.yaml`);
    }
  });
});

describe('the chart’s own backups', () => {
  test('never delete by themselves, and have a folder that no other cluster has', () => {
    const { backups } = valuesOf({ clusterName: 'north' });
    expect(backups).toMatchObject({ ttl: null, metadataConfigmapName: null, pathPrefix: 'rondb-helm/north-3f0c9c6e' });
    expect(valuesOf({ store: { ...repository.store, prefix: 'eu/prod' } }).backups.pathPrefix).toBe(
      'eu/prod/rondb-helm/rondb-3f0c9c6e',
    );
  });

  test('have slots for the restore of every node', () => {
    expect(valuesOf({}).rondbConfig.EmptyApiSlots).toBe(8);
    expect(valuesOf({ numNodeGroups: 4, activeDataReplicas: 3 }).rondbConfig.EmptyApiSlots).toBe(16);
  });

  test('know other S3 servers by maker, region and endpoint', () => {
    const store = ObjectStore.minio({
      bucket: 'rondb-backups',
      region: 'us-east-1',
      endpoint: 'http://minio.minio.svc:9000',
      credentials: Credentials.secret({
        name: 'minio-secret',
        keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' },
      }),
    });
    expect(valuesOf({ store }).backups.s3).toEqual({
      bucketName: 'rondb-backups',
      provider: 'Minio',
      region: 'us-east-1',
      endpoint: 'http://minio.minio.svc:9000',
      serverSideEncryption: null,
      keyCredentialsSecret: { name: 'minio-secret', key: 'rootUser' },
      secretCredentialsSecret: { name: 'minio-secret', key: 'rootPassword' },
    });
  });

  test.each<[string, object, string]>([
    [
      'a store that is not S3',
      { store: ObjectStore.gcs({ bucket: 'abc', credentials: Credentials.secret({ name: 'a' }) }) },
      'store.type',
    ],
    [
      'encryption',
      { store: { ...repository.store, encryption: { type: 'crypt', secret: { name: 'a' } } } },
      'store.encryption',
    ],
    [
      'the cloud’s identity',
      { store: { ...repository.store, credentials: Credentials.workloadIdentity() } },
      'store.credentials.type',
    ],
    [
      'a private authority',
      { store: { ...repository.store, certificateAuthority: { type: 'configMap', name: 'a' } } },
      'store.certificateAuthority',
    ],
    ['a day that never comes', { schedule: '0 0 31 2 *' }, 'schedule'],
    ['a schedule for backups that are off', { purpose: 'stream', schedule: '0 0 * * *' }, 'schedule'],
    ['more node groups than there are node ids', { numNodeGroups: 22 }, 'numNodeGroups'],
    ['a path out of the folder', { path: '../rondb' }, 'path'],
    ['a misspelt prop', { replicas: 2 }, 'replicas'],
  ])('are refused with %s', (_, props, property) => {
    expect(write(props)).toEqual({ refused: [property] });
  });

  test('any store serves our jobs beside the chart', () => {
    const store = ObjectStore.gcs({ bucket: 'abc', credentials: Credentials.workloadIdentity() });
    expect(valuesOf({ purpose: 'stream', store }).backups).toEqual({ enabled: false });
    expect(valuesOf({ purpose: 'sidecar', store }).backups.s3).toEqual({ bucketName: 'abc' });
  });

  test('two sets for one path are refused', () => {
    const app = new App({ outdir: join(folder, 'twice') });
    for (const id of ['a', 'b']) new RonDBUpstreamValues(app, id, good);
    expect(() => app.synth()).toThrow('rondb/upstream');
  });
});

const schemas = sharedFolder('upstream/rondb');
describeWith(
  [],
  'upstream’s schema of values',
  () => {
    const { $schema: _, ...schema } = JSON.parse(read(join(schemas!, 'values-0.8.0.schema.json')));
    const defaults = parse(read(join(schemas!, 'values-0.8.0.yaml')));
    const validator = new Ajv({ strict: false, allErrors: true }).compile(schema);
    const complaints = (content: unknown) => {
      validator(content);
      return validator.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
    };
    /** As Helm layers values: maps are merged, everything else is replaced. */
    const layer = (below: unknown, above: unknown): unknown => {
      const isMap = (value: unknown): value is Record<string, unknown> =>
        typeof value === 'object' && value !== null && !Array.isArray(value);
      if (!isMap(below) || !isMap(above)) return above;
      return Object.fromEntries(
        [...new Set([...Object.keys(below), ...Object.keys(above)])].map((key) => [
          key,
          key in above ? layer(below[key], above[key]) : below[key],
        ]),
      );
    };
    /** The paths of values that the chart does not have: its schema lets unknown keys pass. */
    const unknown = (content: unknown, known: unknown, path = ''): string[] => {
      if (typeof content !== 'object' || content === null) return [];
      return Object.entries(content).flatMap(([key, value]) => {
        const inside = (known as Record<string, unknown> | null)?.[key];
        return inside === undefined ? [`${path}${key}`] : unknown(value, inside, `${path}${key}.`);
      });
    };

    test.each(purposes)('takes %s, layered over the chart’s own', (purpose) => {
      const content = committed(purpose);
      expect(complaints(layer(defaults, content))).toEqual(complaints(defaults));
      expect(unknown(content, defaults)).toEqual([]);
    });

    test('refuses a wrong type, so it is really looked at', () => {
      const wrong = layer(defaults, { backups: { enabled: 'yes', ttl: 'for ever' } });
      expect(complaints(wrong)).toEqual(
        expect.arrayContaining([expect.stringMatching('^/backups/enabled'), expect.stringMatching('^/backups/ttl')]),
      );
      expect(unknown({ backups: { enable: true } }, defaults)).toEqual(['backups.enable']);
    });
  },
  { '../shared/upstream/rondb': schemas },
);
