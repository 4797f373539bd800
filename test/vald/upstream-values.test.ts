import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Ajv, type ValidateFunction } from 'ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { App, ProblemsError } from '../../src/index.js';
import { BackupMethod } from '../../src/vald/index.js';
import { ValdUpstreamValues, type ValdUpstreamValuesProps } from '../../src/vald/upstream-values.js';
import { describeWith, sharedFolder } from '../programs/find.js';
import { combinations, type Manifest, methods, variants } from './sets.js';
import { writeUpstream } from './upstream-render.js';

const root = join(import.meta.dirname, '../..');
const values = join(root, 'values/vald');
const lines = { 'v1.7.7-to-v1.7.10': 'v1.7.10', 'v1.7.11-to-v1.8.0': 'v1.8.0' } as const;
const committed = Object.entries(lines).flatMap(([line, version]) =>
  [...Object.keys(combinations), 'pv-and-s3-repository', 'pv-and-s3-repository-cow'].map((name) => ({
    line,
    version,
    name,
    file: join(values, `chart-${line}`, name),
  })),
);

const folder = mkdtempSync(join(tmpdir(), 'chartwright-values-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(path, 'utf8');
const objectsIn = (path: string) => parseAllDocuments(read(path)).map((document) => document.toJS() as Manifest);
const filesBelow = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();

describe('the committed values files', () => {
  test('are there for both lines of the chart and all eight sets', () => {
    const expected = committed.flatMap(({ line, name }) =>
      ['values', 'objects'].map((kind) => `chart-${line}/${name}.${kind}.yaml`),
    );
    expect(filesBelow(values)).toEqual(expected.sort());
  });

  test('are what the app writes now', async () => {
    const output = join(folder, 'app');
    const environment = {
      CDK8S_OUTDIR: join(output, 'manifests'),
      CHARTWRIGHT_VALUES_OUTDIR: join(output, 'values'),
    };
    await promisify(execFile)(join(root, 'node_modules/.bin/tsx'), ['src/main.ts'], {
      cwd: root,
      env: { ...process.env, ...environment },
    });
    const written = join(output, 'values/vald');
    expect(filesBelow(written)).toEqual(filesBelow(values));
    for (const file of filesBelow(values)) expect(read(join(written, file)), file).toBe(read(join(values, file)));
  });

  test.each(committed)(
    '$line $name: no variable holds a secret, and the checksums are those of the objects',
    ({ file }) => {
      const { agent } = parse(read(`${file}.values.yaml`));
      const variables = [agent, ...agent.initContainers].flatMap(
        ({ env }) => env as { name: string; value?: string }[],
      );
      const secret = variables.filter(({ name }) => /(SECRET|ACCESS)_KEY|PASSWORD|TOKEN/.test(name));
      expect(secret.filter(({ value }) => value !== undefined)).toEqual([]);
      const text = read(`${file}.values.yaml`) + read(`${file}.objects.yaml`);
      expect(text.match(/secret_access_key: .*|\baccess_key: .*|token: .*|credentials_json: .*/g) ?? []).toEqual(
        file.includes('s3') && !file.includes('repository')
          ? [
              'access_key: _AWS_ACCESS_KEY_',
              'secret_access_key: _AWS_SECRET_ACCESS_KEY_',
              'token: ""',
              'credentials_json: ""',
            ]
          : [],
      );

      const sums = objectsIn(`${file}.objects.yaml`).map((object) => {
        const content = Object.values(object['data'] as Record<string, string>).join('');
        return createHash('sha256').update(content).digest('hex');
      });
      const annotations = agent.podAnnotations as Record<string, string>;
      const ofObjects = ['checksum/sidecar-configmap', 'checksum/restore'].flatMap((name) => annotations[name] ?? []);
      expect(sums).toEqual(ofObjects);
    },
  );

  test('install the agent under the name and in the version of their chart', () => {
    const installed = committed
      .filter(({ name }) => name === 's3-cow')
      .map(({ file }) => {
        const { agent } = parse(read(`${file}.values.yaml`));
        const images = agent.initContainers.map(({ image }: { image: string }) => image);
        return [agent.name, agent.image.tag, ...images, 'pod_name' in agent.ngt];
      });
    const restore = 'rclone/rclone:1.75.1';
    expect(installed).toEqual([
      ['vald-agent-ngt', 'v1.7.10', restore, 'vdaas/vald-agent-sidecar:v1.7.10', false],
      ['vald-agent', 'v1.8.0', restore, 'vdaas/vald-agent-sidecar:v1.8.0', true],
    ]);
  });

  test('leave upstream’s own sidecar and restorer off, and nothing waits in a volume claim without a store', () => {
    for (const { file } of committed) {
      const { agent } = parse(read(`${file}.values.yaml`));
      expect(agent.sidecar).toEqual({ enabled: false, initContainerEnabled: false });
      expect(agent.ngt.enable_in_memory_mode).toBe(false);
      expect(agent.initContainers.map(({ type }: { type?: string }) => type)).not.toContain(expect.anything());
    }
  });
});

const schemas = sharedFolder('upstream/vald');
describeWith(
  [],
  'upstream’s schema of values',
  () => {
    const validators = new Map<string, ValidateFunction>();
    const validate = (version: string, content: unknown) => {
      if (!validators.has(version)) {
        const { $schema: _, ...schema } = JSON.parse(read(join(schemas!, `values-${version}.schema.json`)));
        validators.set(version, new Ajv({ strict: false, allErrors: true }).compile(schema));
      }
      const validator = validators.get(version)!;
      validator(content);
      return validator.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`) ?? [];
    };

    test.each(committed)('of $version takes $name', ({ version, file }) => {
      expect(validate(version, parse(read(`${file}.values.yaml`)))).toEqual([]);
    });

    test.each(Object.entries(lines))('of %s takes other stores and names', (line, version) => {
      for (const name of ['minio', 'gcs']) {
        const path = writeUpstream(
          { ...variants[name]!, appName: 'second', chartVersions: line as keyof typeof lines, path: `${line}-${name}` },
          folder,
        );
        expect(validate(version, parse(read(path)))).toEqual([]);
      }
    });

    test('refuses a wrong type, so it is really looked at', () => {
      expect(validate('v1.8.0', { agent: { minReplicas: 'three' } })).toEqual(['/agent/minReplicas must be integer']);
    });
  },
  { '../shared/upstream/vald': schemas },
);

describe('heads', () => {
  let head = '';
  beforeAll(() => {
    head = read(join(values, 'chart-v1.7.11-to-v1.8.0/pv-and-s3-cow.values.yaml')).split('\nagent:')[0]!;
  });

  test('begin with where the file comes from and are comments throughout', () => {
    expect(head).toMatch(/^# Generated by "npm run synth"/);
    expect(head.split('\n').filter((line) => !/^#( |$)/.test(line))).toEqual([]);
  });

  test('name chart versions, commands and what the chart cannot do', () => {
    expect(head).toContain('versions v1.7.11 to v1.8.0');
    expect(head).toContain('kubectl -n vald create secret generic aws-secret');
    expect(head).toContain('kubectl -n vald apply -f pv-and-s3-cow.objects.yaml');
    expect(head).toContain('helm install vald vald/vald --version v1.8.0 -n vald -f pv-and-s3-cow.values.yaml');
    expect(head).toContain('the retention of the claims');
  });

  test.each([
    ['gcs', 'kubectl -n vald create secret generic gcs-key --from-file=credentials.json=./key.json'],
    ['minio', 'kubectl -n vald create configmap minio-ca --from-file=ca.crt=./ca.crt'],
  ])('of %s say how to make what the store needs', (name, command) => {
    const path = writeUpstream({ ...variants[name]!, chartVersions: 'v1.7.11-to-v1.8.0', path: name }, folder);
    expect(read(path)).toContain(`#   ${command}\n`);
  });

  test('are silent about the first start where empty stores are allowed already, and about stores where there is none', () => {
    const allowed = BackupMethod.objectStorage({ ...methods.s3, allowEmptyStart: true } as never);
    for (const backup of [allowed, methods.pv]) {
      const path = writeUpstream(
        { ...combinations['pv']!, backup, chartVersions: 'v1.7.11-to-v1.8.0', path: 'first' },
        folder,
      );
      expect(read(path)).not.toContain('first time');
    }
  });
});

describe('what upstream’s chart has no value for', () => {
  const both = combinations['pv-and-s3-cow']!;
  const newer = 'v1.7.11-to-v1.8.0';
  const volume = { size: '100Gi' };

  test.each<[string, Partial<ValdUpstreamValuesProps>, string[]]>([
    ['another line’s Vald version', { version: 'v1.7.10' }, ['version']],
    ['no native sidecars', { kubernetesVersion: '1.28' }, ['kubernetesVersion']],
    [
      'no place for a start gate',
      { kubernetesVersion: '1.28', copyOnWrite: false, backup: methods.pv },
      ['kubernetesVersion'],
    ],
    [
      'a selector',
      { backup: BackupMethod.persistentVolume({ volume: { ...volume, bind: { type: 'selector', matchLabels: {} } } }) },
      ['backup.volume.bind'],
    ],
    [
      'deleting claims',
      { backup: BackupMethod.persistentVolume({ volume: { ...volume, retention: { whenScaled: 'Delete' } } }) },
      ['backup.volume.retention'],
    ],
    ['an autoscaler', { autoscaling: { maxReplicas: 9 } }, ['autoscaling']],
    ['an existing priority', { priority: { type: 'existing', name: 'databases' } }, ['priority']],
    ['a service account', { serviceAccount: { name: 'vald' } }, ['serviceAccount']],
    ['the cloud’s identity', { backup: variants['everything']!.backup, replicas: 2 }, ['backup.store.credentials']],
    ['pull secrets and labels', { imagePullSecrets: ['a'], podLabels: { b: 'c' } }, ['imagePullSecrets', 'podLabels']],
    [
      'settings that old agents do not have',
      {
        chartVersions: 'v1.7.7-to-v1.7.10',
        exportIndexInfo: true,
        ngt: { dimension: 784, epsilonForCreation: 0.1, enableStatistics: true },
      },
      ['ngt.epsilonForCreation', 'ngt.enableStatistics', 'exportIndexInfo'],
    ],
    [
      'an unknown line and a wrong size',
      { chartVersions: '1.8' as never, indexPath: '/' },
      ['chartVersions', 'indexPath'],
    ],
    ['a path out of the folder', { path: '../vald' }, ['path']],
    ['an unknown prop', { replica: 3 } as never, ['replica']],
    [
      'a store that the sidecar cannot write to',
      { backup: { ...both.backup, store: { type: 'azure' } } as never },
      ['backup.store.type'],
    ],
  ])('%s is refused', (_, more, properties) => {
    expect(refusals({ ...both, chartVersions: newer, ...more })).toEqual(properties);
  });

  test('is not needed for volumes bound by name: their claims are among the objects', () => {
    const bound = { ...volume, bind: { type: 'names' as const, volumeNames: ['disk-a', 'disk-b'] } };
    const path = writeUpstream(
      {
        ...combinations['pv']!,
        replicas: 2,
        backup: BackupMethod.persistentVolume({ volume: bound }),
        chartVersions: newer,
        path: 'bound',
      },
      folder,
    );
    const claims = objectsIn(path.replace('.values.', '.objects.')).filter(({ kind }) => kind.endsWith('Claim'));
    expect(claims.map(({ metadata, spec }) => [metadata.name, (spec as { volumeName: string }).volumeName])).toEqual([
      ['vald-agent-pvc-vald-agent-0', 'disk-a'],
      ['vald-agent-pvc-vald-agent-1', 'disk-b'],
    ]);
    expect(parse(read(path)).agent.persistentVolume.storageClass).toBe('');
  });

  test('two sets for one path are refused', () => {
    const app = new App({ outdir: join(folder, 'twice') });
    for (const id of ['a', 'b']) new ValdUpstreamValues(app, id, { ...both, chartVersions: newer });
    expect(() => app.synth()).toThrow('vald/chart-v1.7.11-to-v1.8.0/pv-and-s3-cow');
  });
});

function refusals(props: ValdUpstreamValuesProps): unknown[] {
  try {
    writeUpstream(props, folder);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ where }) => ('property' in where ? where.property : where));
  }
}
