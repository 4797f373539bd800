import { describe, expect, test } from 'vitest';
import { valdChart } from '../../../src/vald/index.js';
import { run } from './rule-run.js';

const found = (values: string) => run(valdChart, { values, chartVersion: 'v1.7.10' }).map(({ id }) => id);

const set = (...lines: readonly string[]) => `agent:\n${lines.map((line) => `  ${line}\n`).join('')}`;
const index = (own = '') => `ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index${own} }`;
const copyOnWrite = ', enable_copy_on_write: true';
const sidecar = (config = '', own = '') =>
  `sidecar: { enabled: true, initContainerEnabled: true${own}, config: { ${config} } }`;
const s3 = (own: string) => `blob_storage: { bucket: backups, s3: { region: eu-north-1, ${own} } }`;
const uploadOnly = 'sidecar: { enabled: true }';
const uploadTo = (folder: string) => `sidecar: { enabled: true, config: { watch_dir: ${folder} } }`;
const manager = (own: string) => `manager: { index: { ${own} } }\n`;
const off = manager('enabled: false');

describe('the last value that passes, and the first that does not', () => {
  test.each<[string, string, string, string]>([
    [
      'VALD012',
      'a second more than the wait',
      set('terminationGracePeriodSeconds: 121', index(), sidecar()),
      set('terminationGracePeriodSeconds: 120', index(), sidecar()),
    ],
    [
      'VALD012',
      'two minutes where the wait cannot be read',
      set('terminationGracePeriodSeconds: 121', index(), sidecar('post_stop_timeout: soon')),
      set('terminationGracePeriodSeconds: 120', index(), sidecar('post_stop_timeout: soon')),
    ],
    [
      'VALD012',
      'Kubernetes’ own period',
      set('terminationGracePeriodSeconds: null', index(), sidecar('post_stop_timeout: 29s')),
      set('terminationGracePeriodSeconds: null', index(), sidecar('post_stop_timeout: 30s')),
    ],
    [
      'VALD013',
      'ten seconds',
      set(index(), sidecar('post_stop_timeout: 10s')),
      set(index(), sidecar('post_stop_timeout: 9999ms')),
    ],
    [
      'VALD014',
      '31 seconds',
      set('terminationGracePeriodSeconds: 31', index()),
      set('terminationGracePeriodSeconds: 30', index()),
    ],
    [
      'VALD015',
      'as long as the grace period',
      set('terminationGracePeriodSeconds: 600', index()),
      set('terminationGracePeriodSeconds: 599', index()),
    ],
    [
      'VALD015',
      'the agent’s own time',
      set('terminationGracePeriodSeconds: 90', 'server_config: { full_shutdown_duration: 90s }', index()),
      set('terminationGracePeriodSeconds: 90', 'server_config: { full_shutdown_duration: 91s }', index()),
    ],
    [
      'VALD026',
      'one pod',
      set('minReplicas: 1', index(), sidecar('filename: a')),
      set('minReplicas: 2', index(), sidecar('filename: a')),
    ],
    [
      'VALD026',
      'no autoscaler',
      set('minReplicas: 1', index(), sidecar('filename: a')),
      set('minReplicas: 1', 'hpa: { enabled: true }', index(), sidecar('filename: a')),
    ],
    [
      'VALD026',
      'no DaemonSet',
      set('minReplicas: 1', index(), sidecar('filename: a')),
      set('kind: DaemonSet', 'minReplicas: 1', index(), sidecar('filename: a')),
    ],
    [
      'VALD037',
      'one generation',
      set(index(', broken_index_history_limit: 1')),
      set(index(', broken_index_history_limit: null')),
    ],
    // 5 + 200 × 5 seconds
    [
      'VALD038',
      'a second less than the probe',
      set(index(', max_load_index_timeout: 1004s')),
      set(index(', max_load_index_timeout: 1005s')),
    ],
    [
      'VALD039',
      'the same time twice',
      set(index(', min_load_index_timeout: 10m')),
      set(index(', min_load_index_timeout: 601s')),
    ],
    ['VALD040', 'one vector', set(index(', auto_index_length: 1')) + off, set(index(', auto_index_length: 0')) + off],
    [
      'VALD040',
      'a save job',
      set(index(', auto_index_length: 0')) + manager('enabled: false, saver: { enabled: true }'),
      set(index(', auto_index_length: 0')) + manager('enabled: false, saver: { enabled: true, suspend: true }'),
    ],
    [
      'VALD040',
      'a manager that saves daily',
      set(index(', auto_index_length: 0')) + manager('indexer: { auto_save_index_duration_limit: 24h }'),
      set(index(', auto_index_length: 0')) + manager('indexer: { auto_save_index_duration_limit: 25h }'),
    ],
    [
      'VALD041',
      'a day',
      set(index(', auto_save_index_duration: 24h')) + off,
      set(index(', auto_save_index_duration: 25h, auto_index_duration_limit: 25h')) + off,
    ],
    [
      'VALD041',
      'the shorter of two',
      set(index(', auto_save_index_duration: 365h, auto_index_duration_limit: 24h')) + off,
      set(index(', auto_save_index_duration: 365h, auto_index_duration_limit: 25h')) + off,
    ],
    [
      'VALD042',
      'less than twice as long',
      set(index(', auto_index_check_duration: 69m')) + off,
      set(index(', auto_index_check_duration: 70m')) + off,
    ],
    [
      'VALD042',
      'a job that builds',
      set(index(', auto_index_check_duration: 2h')) + manager('enabled: false, creator: { enabled: true }'),
      set(index(', auto_index_check_duration: 2h')) +
        manager('enabled: false, creator: { enabled: true, suspend: true }'),
    ],
    [
      'VALD045',
      'gzip’s lowest',
      set(sidecar('compress: { compression_level: -2 }')),
      set(sidecar('compress: { compression_level: -3 }')),
    ],
    [
      'VALD045',
      'gzip’s highest',
      set(sidecar('compress: { compression_level: 9 }')),
      set(sidecar('compress: { compression_level: 10 }')),
    ],
    [
      'VALD045',
      'lz4 without a level',
      set(sidecar('compress: { compress_algorithm: lz4, compression_level: 0 }')),
      set(sidecar('compress: { compress_algorithm: lz4, compression_level: 1 }')),
    ],
    ['VALD046', '5 MiB in KiB', set(sidecar(s3('max_chunk_size: 5120kb'))), set(sidecar(s3('max_chunk_size: 5119kb')))],
    [
      'VALD047',
      'three chunks',
      set(sidecar(s3('max_chunk_size: 1gb'), ', resources: { limits: { memory: 3Gi } }')),
      set(sidecar(s3('max_chunk_size: 1gb'), ', resources: { limits: { memory: 3071Mi } }')),
    ],
    [
      'VALD047',
      'five parts',
      set(sidecar('', ', resources: { limits: { memory: 320Mi } }')),
      set(sidecar('', ', resources: { limits: { memory: 319Mi } }')),
    ],
    [
      'VALD063',
      'a little less than a day',
      set(index(copyOnWrite), sidecar('auto_backup_duration: 23h59m')),
      set(index(copyOnWrite), sidecar('auto_backup_duration: 24h')),
    ],
    [
      'VALD056',
      'one of ten',
      `${set('minReplicas: 10', 'maxUnavailable: 10%')}gateway: { lb: { gateway_config: { index_replica: 1 } } }`,
      `${set('minReplicas: 10', 'maxUnavailable: 11%')}gateway: { lb: { gateway_config: { index_replica: 1 } } }`,
    ],
    // 0.6 × 10Gi is an index of 6Gi.
    [
      'VALD036',
      'room for one index',
      set(index(), 'resources: { requests: { memory: 10Gi } }', 'persistentVolume: { enabled: true, size: 6Gi }'),
      set(index(), 'resources: { requests: { memory: 10Gi } }', 'persistentVolume: { enabled: true, size: 5.9Gi }'),
    ],
    [
      'VALD036',
      'room for two',
      set(
        index(copyOnWrite),
        'resources: { requests: { memory: 10Gi } }',
        'persistentVolume: { enabled: true, size: 12Gi }',
      ),
      set(
        index(copyOnWrite),
        'resources: { requests: { memory: 10Gi } }',
        'persistentVolume: { enabled: true, size: 11.9Gi }',
      ),
    ],
    [
      'VALD036',
      'room for three',
      set(
        index(copyOnWrite),
        'env: [{ name: TMPDIR, value: /var/ngt/tmp }]',
        'resources: { requests: { memory: 10Gi } }',
        'persistentVolume: { enabled: true, size: 18Gi }',
      ),
      set(
        index(copyOnWrite),
        'env: [{ name: TMPDIR, value: /var/ngt/tmp }]',
        'resources: { requests: { memory: 10Gi } }',
        'persistentVolume: { enabled: true, size: 17Gi }',
      ),
    ],
    [
      'VALD036',
      'room on the node for all three',
      set(index(copyOnWrite), 'resources: { requests: { memory: 10Gi }, limits: { ephemeral-storage: 18Gi } }'),
      set(index(copyOnWrite), 'resources: { requests: { memory: 10Gi }, limits: { ephemeral-storage: 17Gi } }'),
    ],
  ])('%s: %s', (id, _, passes, hits) => {
    expect(found(passes)).not.toContain(id);
    expect(found(hits)).toContain(id);
  });
});

describe('where the volume of the index is mounted', () => {
  test.each([
    ['/data', '/'],
    ['/data/', undefined],
    ['/data/index', undefined],
    ['//data', '/'],
    ['/data/..', '/'],
    ['./index', '.'],
    ['a/b', 'a'],
  ])('%s: %s', (path, mount) => {
    const hits = run(valdChart, set(`ngt: { enable_in_memory_mode: false, index_path: "${path}" }`)).filter(
      ({ id }) => id === 'VALD052',
    );
    expect(hits.map(({ message }) => message)).toEqual(
      mount === undefined ? [] : [`"${path}" makes the chart mount the volume at "${mount}"`],
    );
  });
});

describe('where a save is staged', () => {
  const readOnly = 'securityContext: { readOnlyRootFilesystem: true }';
  const mount = (path: string, volume: string, own = '') => [
    `volumes: [{ name: v, ${volume} }]`,
    `volumeMounts: [{ name: v, mountPath: ${path}${own} }]`,
  ];
  test.each<[string, boolean, readonly string[]]>([
    ['nowhere', false, []],
    ['a volume at /tmp', true, mount('/tmp', 'emptyDir: {}')],
    ['a volume at /tmp/', true, mount('/tmp/', 'emptyDir: {}')],
    ['a volume beside it', false, mount('/tmpfiles', 'emptyDir: {}')],
    ['a read-only volume', false, mount('/tmp', 'emptyDir: {}', ', readOnly: true')],
    [
      'TMPDIR on a volume',
      true,
      [...mount('/scratch', 'emptyDir: {}'), 'env: [{ name: TMPDIR, value: /scratch/vald }]'],
    ],
    ['TMPDIR on no volume', false, ['env: [{ name: TMPDIR, value: /scratch }]']],
    ['an empty TMPDIR', false, ['env: [{ name: TMPDIR, value: "" }]']],
    ['TMPDIR beside the index', true, ['env: [{ name: TMPDIR, value: /var/ngt/.staging }]']],
  ])('%s', (_, fine, lines) => {
    expect(found(set(index(copyOnWrite), readOnly, ...lines)).includes('VALD035')).toBe(!fine);
  });
});

describe('room on the node’s disk', () => {
  const claim = (path: string) => [
    'volumes: [{ name: v, persistentVolumeClaim: { claimName: c } }]',
    `volumeMounts: [{ name: v, mountPath: ${path} }]`,
  ];
  const volume = 'persistentVolume: { enabled: true }';
  const messages = (...lines: string[]) =>
    run(valdChart, set(...lines))
      .filter(({ id }) => id === 'VALD061')
      .map(({ message }) => message.replace(/not set, with up to (.*) on the node’s disk/, '$1'));
  test.each<[string, readonly string[], readonly string[]]>([
    ['an index', [index()], ['1 index']],
    ['an index, the one before and the one being written', [index(copyOnWrite)], ['3 indexes']],
    ['the one being written', [index(copyOnWrite), volume], ['1 index']],
    ['none with all on the volume', [index(), volume], []],
    ['none with staging on a claim', [index(copyOnWrite), volume, ...claim('/tmp')], []],
    ['none with the index on a claim', [index(), ...claim('/var/ngt/index')], []],
    [
      'an index on an emptyDir of one’s own',
      [
        index(),
        volume,
        'volumes: [{ name: v, emptyDir: {} }]',
        'volumeMounts: [{ name: v, mountPath: /var/ngt/index }]',
      ],
      ['1 index'],
    ],
  ])('%s', (_, lines, expected) => {
    expect(messages(...lines)).toEqual(expected);
  });
});

describe('names of objects', () => {
  const env = (...entries: string[]) => `, env: [${entries.join(', ')}]`;
  const pod = '{ name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }';
  const namespace = '{ name: SPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }';
  const literal = '{ name: WORD, value: word }';
  test.each<[string, string, readonly string[]]>([
    ['_POD_', env(pod), []],
    [`a/\${POD}`, env(pod), []],
    ['a/$POD', env(pod), []],
    ['a/_POD_', env(pod), ['VALD026']],
    ['$SPACE', env(namespace), ['VALD026']],
    ['$WORD', env(literal), ['VALD026']],
    ['$WORD-$POD', env(pod, literal), []],
    ['$HOSTNAME', env(), []],
    ['$VALD_AGENT_SIDECAR_MODE', env(), []],
    ['_POD_', env(), ['VALD025']],
    ['$POD-$WORD', env(), ['VALD025', 'VALD025']],
  ])('%s with %s', (filename, variables, expected) => {
    const values = set('minReplicas: 3', index(), sidecar(`filename: "${filename}"`, variables));
    expect(found(values).filter((id) => ['VALD025', 'VALD026'].includes(id))).toEqual(expected);
  });
});

describe('raw init containers', () => {
  const raw = (own: string) => `initContainers: [{ name: raw, image: "vdaas/vald-agent-sidecar:v1.7.10", ${own} }]`;
  const mode = (value: string) => `env: [{ name: VALD_AGENT_SIDECAR_MODE, value: ${value} }]`;
  const mounted = 'volumeMounts: [{ name: vald-agent-ngt-local, mountPath: /var/ngt }]';
  const restoring = 'sidecar: { initContainerEnabled: true }';
  const uploading = 'sidecar: { enabled: true }';
  test.each<[string, string, readonly string[], boolean]>([
    ['the sidecar’s image uploads', 'VALD010', [restoring, raw('restartPolicy: Always')], false],
    ['so it does in sidecar mode', 'VALD010', [restoring, raw(mode('sidecar'))], false],
    [
      'whatever the image',
      'VALD010',
      [restoring, raw(mode('sidecar')).replace('vdaas/vald-agent-sidecar', 'mirror/it')],
      false,
    ],
    ['but not where it restores', 'VALD010', [restoring, raw(mode('initcontainer'))], true],
    ['and not with a type, which the chart replaces', 'VALD010', [restoring, raw('type: wait-for')], true],
    [
      'another program with the index may restore',
      'VALD009',
      [uploading, raw(`${mode('initcontainer')}, ${mounted}`)],
      false,
    ],
    ['the sidecar itself does not', 'VALD009', [uploading, raw(mounted)], true],
    ['nor one without the index', 'VALD009', [uploading, raw(mode('initcontainer'))], true],
  ])('%s (%s)', (_, id, lines, wrong) => {
    expect(found(set(index(), ...lines)).includes(id)).toBe(wrong);
  });
});

describe('rules that are about one kind of store or agent', () => {
  const half = 's3: { region: eu-north-1, access_key: "" }';
  const gcs = (own: string) => `blob_storage: { storage_type: cloud_storage, bucket: backups, ${own} }`;
  const faiss = (own: string) => `faiss: { enable_in_memory_mode: false, index_path: /var/faiss${own} }`;
  const ids = (...lines: string[]) => run(valdChart, set(...lines)).map(({ id }) => id);
  test.each<[string, string, readonly string[], boolean]>([
    ['half of the keys', 'VALD028', [sidecar(`blob_storage: { bucket: backups, ${half} }`)], true],
    ['in Google’s store', 'VALD028', [sidecar(gcs(half))], false],
    ['without a sidecar', 'VALD028', [`sidecar: { config: { blob_storage: { ${half} } } }`], false],
    ['keys in the log', 'VALD064', [sidecar()], true],
    ['of Google’s store', 'VALD064', [sidecar(gcs(''))], false],
    ['without a sidecar', 'VALD064', [index()], false],
    ['a chunk of no bytes', 'VALD046', [sidecar(gcs('s3: { max_chunk_size: 1mb }'))], false],
    ['a memory limit in bytes', 'VALD047', [sidecar('', ', resources: { limits: { memory: 104857600 } }')], true],
    ['a memory limit that is none', 'VALD047', [sidecar('', ', resources: { limits: { memory: much } }')], false],
    ['Faiss in memory', 'VALD018', ['algorithm: faiss', 'faiss: { index_path: /var/faiss }'], false],
    ['Faiss in memory with a volume', 'VALD018', ['algorithm: faiss', 'persistentVolume: { enabled: true }'], true],
    ['Faiss in memory with a sidecar', 'VALD018', ['algorithm: FAISS', uploadOnly], true],
    ['NGT', 'VALD018', [faiss('')], false],
    [
      'Faiss with its sidecar',
      'VALD019',
      ['algorithm: faiss', faiss(', enable_copy_on_write: true'), uploadTo('/var/faiss/origin')],
      false,
    ],
    ['Faiss with NGT’s folder', 'VALD019', ['algorithm: faiss', faiss(''), uploadTo('/var/faiss/origin')], true],
    ['Faiss without a sidecar', 'VALD019', ['algorithm: faiss', faiss('')], false],
    ['Faiss in memory, watched', 'VALD019', ['algorithm: faiss', uploadTo('/var/faiss')], false],
    ['NGT with Faiss’ settings', 'VALD019', [faiss(''), uploadOnly], false],
  ])('%s (%s)', (_, id, lines, wrong) => {
    expect(ids(...lines).includes(id)).toBe(wrong);
  });
});
