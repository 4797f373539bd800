import type { EffectiveValues, Rule } from '../../values/index.js';
import {
  blobStorage,
  copiesOnWrite,
  hasRestorer,
  hasVolume,
  isNgt,
  ngt,
  savesIndex,
  sidecarConfig,
  storageType,
  usesStore,
} from './agent-state.js';
import { agent, saved, savedWithCopyOnWrite, sidecarWith, volume } from './examples.js';
import { printSeconds, secondsAt } from './go-duration.js';
import { megabytesAt } from './part-size.js';

/** Below this the program that restores turns the size of a chunk into 0. */
const smallestChunk = 5;

/** Seconds that the startup probe gives an agent to load its index. */
function startupBudget(values: EffectiveValues): number {
  const probe = (key: string) =>
    values.number(`agent.server_config.healths.startup.startupProbe.${key}`) ??
    values.number(`defaults.server_config.healths.startup.startupProbe.${key}`) ??
    0;
  return probe('initialDelaySeconds') + probe('failureThreshold') * probe('periodSeconds');
}

/** Rules about what a pod starts on: the restore from the store, and loading the index. */
export const restoreRules: readonly Rule[] = [
  {
    id: 'VALD011',
    severity: 'error',
    title: 'pods with a volume do not start a second time',
    why: 'The restoring init container stops at the first file that exists already: it exits with an error or hangs for ever, ignoring SIGTERM. With a volume the files exist at every restart, so the pod never comes back.',
    fix: 'Set agent.sidecar.initContainerEnabled to false, and to true only for a restore onto empty volumes; or restore with a script as the values files in values/vald do.',
    fact: 'Run six times with sidecar v1.8.0, an object in the bucket and the file on the disk: it exited with 1 or hung, once for more than nine minutes.',
    check: (values) =>
      hasVolume(values) && hasRestorer(values)
        ? [{ path: 'agent.sidecar.initContainerEnabled', message: 'true together with a volume that keeps its files' }]
        : [],
    hits: [agent(saved, volume, sidecarWith(''))],
    passes: [agent(saved, volume, 'sidecar: { enabled: true }'), agent(saved, sidecarWith(''))],
  },
  {
    id: 'VALD022',
    severity: 'error',
    needsCluster: true,
    title: 'the bucket does not exist or has another name',
    why: 'At restore a missing bucket counts as "no backup yet": the init container succeeds, the agent serves an empty index, and a later upload to the right object replaces the good data.',
    fix: 'Write the name of the bucket that holds the objects into agent.sidecar.config.blob_storage.bucket.',
    fact: 'Run with sidecar v1.8.0: NoSuchBucket and NoSuchKey both end with exit status 0.',
  },
  {
    id: 'VALD023',
    severity: 'error',
    needsCluster: true,
    title: 'the credentials may not list the bucket',
    why: 'S3 answers 403 instead of 404 for an object that is missing, unless the caller may list the bucket. The very first start of each pod then fails, again and again.',
    fix: 'Give the credentials s3:ListBucket on the bucket, besides s3:GetObject and s3:PutObject on its objects.',
    fact: 'Run with sidecar v1.8.0: 403 at restore ends with exit status 1.',
  },
  {
    id: 'VALD037',
    severity: 'error',
    title: 'an index that does not load is deleted',
    why: 'When loading fails or takes too long, an agent without copy-on-write deletes the files and starts empty, unless it may keep broken generations. With a sidecar the empty index then replaces the good object.',
    fix: 'Set agent.ngt.broken_index_history_limit to 1 or more, and reckon with one more index on the disk.',
    fact: 'Run with agent v1.8.0: random bytes in one file, and a load timeout of one nanosecond, each left nothing on the disk.',
    check: (values) =>
      isNgt(values) &&
      savesIndex(values) &&
      !copiesOnWrite(values) &&
      (values.number(`${ngt}.broken_index_history_limit`) ?? 0) < 1
        ? [{ path: `${ngt}.broken_index_history_limit`, message: '0: an index that does not load is deleted' }]
        : [],
    hits: [agent(saved, volume)],
    passes: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, broken_index_history_limit: 1 }', volume),
      agent(savedWithCopyOnWrite, volume),
    ],
  },
  {
    id: 'VALD038',
    severity: 'error',
    title: 'the startup probe ends before the index may be loaded',
    why: 'The index is loaded before the server for probes is up. An agent that needs longer than the probe allows is killed while it loads, every time.',
    fix: 'Raise agent.server_config.healths.startup.startupProbe.failureThreshold until initialDelaySeconds + failureThreshold × periodSeconds is more than agent.ngt.max_load_index_timeout.',
    fact: 'Read in the NGT agent v1.8.0 (loading happens when it is made) and in the chart: 5 + 200 × 5 seconds. Loading is cut off at max_load_index_timeout, whatever the index needs.',
    check(values) {
      const limit = secondsAt(values, `${ngt}.max_load_index_timeout`);
      const budget = startupBudget(values);
      if (!isNgt(values) || !savesIndex(values) || limit === undefined || limit < budget) return [];
      return [
        {
          path: 'agent.server_config.healths.startup.startupProbe.failureThreshold',
          message: `the probe gives ${printSeconds(budget)}, loading may take ${printSeconds(limit)}`,
        },
      ];
    },
    hits: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, max_load_index_timeout: 1h }'),
      agent(saved, 'server_config: { healths: { startup: { startupProbe: { failureThreshold: 30 } } } }'),
    ],
    passes: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, max_load_index_timeout: 16m }'),
      agent(
        'ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, max_load_index_timeout: 1h }',
        'server_config: { healths: { startup: { startupProbe: { failureThreshold: 800 } } } }',
      ),
    ],
  },
  {
    id: 'VALD039',
    severity: 'warning',
    title: 'the least time for loading is longer than the most',
    why: 'The larger limit loses: min_load_index_timeout is not kept, and an index that needs it is given up, which may delete it.',
    fix: 'Set agent.ngt.max_load_index_timeout to at least agent.ngt.min_load_index_timeout.',
    fact: 'Read in the NGT agent v1.8.0: the timeout is min(max(count × factor, min), max).',
    check(values) {
      const least = secondsAt(values, `${ngt}.min_load_index_timeout`);
      const most = secondsAt(values, `${ngt}.max_load_index_timeout`);
      if (!isNgt(values) || !savesIndex(values) || least === undefined || most === undefined || least <= most)
        return [];
      return [
        {
          path: `${ngt}.min_load_index_timeout`,
          message: `${printSeconds(least)}, but max_load_index_timeout is ${printSeconds(most)}`,
        },
      ];
    },
    hits: [agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, min_load_index_timeout: 15m }')],
    passes: [agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, min_load_index_timeout: 10m }')],
  },
  {
    id: 'VALD043',
    severity: 'error',
    needsCluster: true,
    title: 'the dimension or the type of an existing index was changed',
    why: 'An agent with another dimension drops every vector it loads as invalid and serves an empty index; its next save replaces the files. A change of distance_type, object_type or algorithm does not fit the files either.',
    fix: 'Keep agent.ngt.dimension, distance_type and object_type as they were, or begin on an empty volume and an empty folder in the store.',
    fact: 'Run with agent v1.8.0: an index of dimension 4 loaded with 8 gave a count of 0.',
  },
  {
    id: 'VALD044',
    severity: 'error',
    needsCluster: true,
    title: 'the compression or the name of existing objects was changed',
    why: 'With another compress_algorithm the object cannot be read, with another filename or suffix it is not found, and a pod that finds nothing starts empty.',
    fix: 'Keep compress_algorithm, filename and filename_suffix as they were, or begin under a new name while every volume is whole.',
    fact: 'Read in the sidecar v1.8.0: one configuration decides for writing and for reading.',
  },
  {
    id: 'VALD046',
    severity: 'error',
    title: 'the restore asks for parts of no bytes',
    why: 'Below 5mb the size of a chunk becomes 0. The restore then asks the store for a range that does not exist, and no pod starts from its backup.',
    fix: 'Set agent.sidecar.config.blob_storage.s3.max_chunk_size to 5mb or more; the default is 64mb.',
    fact: 'Run with sidecar v1.8.0: it sent the header "Range: bytes=0--1".',
    check(values) {
      const path = `${blobStorage}.s3.max_chunk_size`;
      const chunk = megabytesAt(values, path);
      if (!usesStore(values) || storageType(values) !== 's3' || chunk === undefined || chunk >= smallestChunk)
        return [];
      return [{ path, message: `${values.text(path)}, which is treated as 0` }];
    },
    hits: [
      agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1, max_chunk_size: 4mb } }')),
      agent(
        saved,
        sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1, max_chunk_size: 5000kb } }'),
      ),
    ],
    passes: [
      agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1, max_chunk_size: 5mb } }')),
      agent(saved, 'sidecar: { config: { blob_storage: { s3: { max_chunk_size: 1mb } } } }'),
    ],
  },
  {
    id: 'VALD062',
    severity: 'warning',
    title: 'one failed request ends the restore',
    why: 'Without its backoff the restore gives up at the first error of the store. What it has written by then makes the next try stop at "file already exists".',
    fix: 'Set agent.sidecar.config.restore_backoff_enabled to true.',
    fact: 'Run with sidecar v1.8.0: a truncated object gave exit status 1 and a partial file, which the second try failed on.',
    check: (values) =>
      hasRestorer(values) && !values.isTrue(`${sidecarConfig}.restore_backoff_enabled`)
        ? [
            {
              path: `${sidecarConfig}.restore_backoff_enabled`,
              message: 'off: the restore gives up at the first error',
            },
          ]
        : [],
    hits: [agent(saved, sidecarWith(''))],
    passes: [
      agent(saved, sidecarWith('restore_backoff_enabled: true')),
      agent(saved, volume, 'sidecar: { enabled: true, initContainerEnabled: false }'),
    ],
  },
];
