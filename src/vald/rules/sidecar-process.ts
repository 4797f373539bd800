import type { EffectiveValues, Rule } from '../../values/index.js';
import { blobStorage, hasSidecar, quantity, sidecarConfig, storageType, usesStore } from './agent-state.js';
import { agent, saved, sidecarWith } from './examples.js';
import { goSeconds } from './go-duration.js';
import { megabytesAt } from './part-size.js';

const mebibyte = 2 ** 20;

/** Levels that an algorithm takes. The others take any, or have none. */
const levels: Readonly<Record<string, { least: number; most: number }>> = {
  gzip: { least: -2, most: 9 },
  lz4: { least: Number.NEGATIVE_INFINITY, most: 0 },
};

/** Mebibytes that the sidecar holds in memory: chunks while it restores, parts while it uploads. */
function buffers(values: EffectiveValues): number {
  const chunk = megabytesAt(values, `${blobStorage}.s3.max_chunk_size`) ?? 64;
  const part = megabytesAt(values, `${blobStorage}.s3.max_part_size`) ?? 64;
  return Math.max(3 * chunk, 5 * part);
}

/** Rules about whether the sidecar’s process starts and stays up. */
export const sidecarProcessRules: readonly Rule[] = [
  {
    id: 'VALD034',
    severity: 'error',
    title: 'the sidecar crashes with observability turned on',
    why: 'The sidecar hands an empty metrics hook to its observability and ends with a panic at every start. There is no backup.',
    fix: 'Set agent.sidecar.observability.enabled to false; the other components may keep it on.',
    fact: 'Run with sidecar v1.8.0: nil dereference before it starts, exit status 2.',
    check(values) {
      const own = 'agent.sidecar.observability.enabled';
      const decides = values.get(own) === undefined ? 'defaults.observability.enabled' : own;
      return hasSidecar(values) && values.isTrue(decides)
        ? [
            {
              path: own,
              message: decides === own ? 'true, with which the sidecar crashes' : `not set, and ${decides} is true`,
            },
          ]
        : [];
    },
    hits: [
      `${agent(saved, sidecarWith(''))}defaults: { observability: { enabled: true } }\n`,
      agent(saved, sidecarWith('', ', observability: { enabled: true }')),
    ],
    passes: [
      `${agent(saved, sidecarWith('', ', observability: { enabled: false }'))}defaults: { observability: { enabled: true } }\n`,
      `${agent(saved)}defaults: { observability: { enabled: true } }\n`,
    ],
  },
  {
    id: 'VALD045',
    severity: 'error',
    title: 'the compression level is outside of what the algorithm takes',
    why: 'The sidecar does not start with it: neither backup nor restore.',
    fix: 'Set agent.sidecar.config.compress.compression_level to -1, the chart’s default; gzip takes 0 to 9 too, lz4 nothing above 0.',
    fact: 'Run with sidecar v1.8.0: gzip at level 15 ends at the start. Read there: gzip takes -2 to 9, lz4 nothing above 0, zstd anything; the schema has no limits.',
    check(values) {
      const path = `${sidecarConfig}.compress.compression_level`;
      const level = values.number(path);
      const algorithm = values.text(`${sidecarConfig}.compress.compress_algorithm`) ?? 'gzip';
      const range = Object.hasOwn(levels, algorithm) ? levels[algorithm] : undefined;
      if (!usesStore(values) || level === undefined || !range || (level >= range.least && level <= range.most))
        return [];
      return [{ path, message: `${level}, which ${algorithm} does not take` }];
    },
    hits: [
      agent(saved, sidecarWith('compress: { compress_algorithm: gzip, compression_level: 15 }')),
      agent(saved, sidecarWith('compress: { compress_algorithm: lz4, compression_level: 1 }')),
    ],
    passes: [
      agent(saved, sidecarWith('compress: { compress_algorithm: gzip, compression_level: 9 }')),
      agent(saved, sidecarWith('compress: { compress_algorithm: zstd, compression_level: 15 }')),
    ],
  },
  {
    id: 'VALD047',
    severity: 'warning',
    title: 'the sidecar’s memory limit is smaller than its buffers',
    why: 'A restore keeps whole chunks in memory and an upload five parts at once. The sidecar is killed for memory, mostly in the middle of a large index.',
    fix: 'Raise agent.sidecar.resources.limits.memory to 512Mi, or lower max_part_size and max_chunk_size.',
    fact: 'Read in the sidecar v1.8.0: a chunk is read into memory as a whole; the upload sends five parts at a time.',
    check(values) {
      const path = 'agent.sidecar.resources.limits.memory';
      const limit = quantity(values, path);
      if (!usesStore(values) || storageType(values) !== 's3' || limit === undefined) return [];
      const needed = buffers(values);
      return limit < needed * mebibyte
        ? [{ path, message: `${values.text(path)}, but its buffers may take ${Math.ceil(needed)}Mi` }]
        : [];
    },
    hits: [agent(saved, sidecarWith('', ', resources: { limits: { memory: 100Mi } }'))],
    passes: [
      agent(saved, sidecarWith('', ', resources: { limits: { memory: 512Mi } }')),
      agent(
        saved,
        sidecarWith(
          'blob_storage: { bucket: backups, s3: { region: eu-north-1, max_part_size: 8mb, max_chunk_size: 8mb } }',
          ', resources: { limits: { memory: 100Mi } }',
        ),
      ),
    ],
  },
  {
    id: 'VALD059',
    severity: 'warning',
    title: 'a duration that the sidecar cannot read is left aside',
    why: 'It goes on with a default of its own, 10 minutes between uploads and 2 minutes of quiet, and says nothing.',
    fix: 'Write a number with h, m, s or ms, such as 10m or 1h30m.',
    fact: 'Read in the sidecar v1.8.0.',
    check(values) {
      if (!hasSidecar(values)) return [];
      return ['auto_backup_duration', 'post_stop_timeout']
        .map((key) => `${sidecarConfig}.${key}`)
        .filter((path) => {
          const text = values.text(path) ?? '';
          return text !== '' && !/^_.+_$|\$/.test(text) && goSeconds(text) === undefined;
        })
        .map((path) => ({ path, message: `"${values.text(path)}" is no duration` }));
    },
    hits: [
      agent(saved, sidecarWith('auto_backup_duration: 1 day')),
      agent(saved, sidecarWith('post_stop_timeout: 120')),
    ],
    passes: [
      agent(saved, sidecarWith('auto_backup_duration: 1h30m')),
      agent(saved, sidecarWith('auto_backup_duration: _BACKUP_INTERVAL_')),
    ],
  },
];
