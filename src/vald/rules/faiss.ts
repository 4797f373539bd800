import { posix } from 'node:path';
import type { EffectiveValues, Rule } from '../../values/index.js';
import { copiesOnWrite, hasRestorer, hasSidecar, indexPath, ngt, sidecarConfig, usesStore } from './agent-state.js';
import { agent, volume } from './examples.js';

const faiss = 'agent.faiss';

function isFaiss(values: EffectiveValues): boolean {
  return (values.text('agent.algorithm') ?? '').toLowerCase() === 'faiss';
}

function faissPath(values: EffectiveValues): string {
  return values.text(`${faiss}.index_path`) ?? '';
}

function savesFaiss(values: EffectiveValues): boolean {
  return !values.isTrue(`${faiss}.enable_in_memory_mode`) && faissPath(values) !== '';
}

const savedFaiss = 'faiss: { enable_in_memory_mode: false, index_path: /var/faiss/index }';
const sameForNgt = 'ngt: { enable_in_memory_mode: false, index_path: /var/faiss/index }';

/** Rules about agents that use Faiss: the chart’s templates look at the settings of NGT only. */
export const faissRules: readonly Rule[] = [
  {
    id: 'VALD018',
    severity: 'error',
    title: 'the chart makes volumes and backups from the settings of NGT, not of Faiss',
    why: 'Volumes, mounts and the watched folder depend on agent.ngt alone, and the restoring init container gets no index volume for Faiss at all. With agent.faiss set and agent.ngt left as it is there is no volume and no backup.',
    fix: 'Set agent.ngt.index_path and agent.ngt.enable_in_memory_mode to the same as in agent.faiss, and leave agent.sidecar.initContainerEnabled off.',
    fact: 'Rendered with chart v1.8.0.',
    since: 'v1.7.11',
    check(values) {
      const wanted = values.isTrue('agent.persistentVolume.enabled') || usesStore(values) || savesFaiss(values);
      if (!isFaiss(values) || !wanted) return [];
      const hits = [];
      if (indexPath(values) === '' || indexPath(values) !== faissPath(values))
        hits.push({
          path: `${ngt}.index_path`,
          message: `"${indexPath(values)}", but agent.faiss.index_path is "${faissPath(values)}"`,
        });
      if (values.isTrue(`${ngt}.enable_in_memory_mode`))
        hits.push({
          path: `${ngt}.enable_in_memory_mode`,
          message: 'true, so the chart makes no volume for Faiss either',
        });
      if (hasRestorer(values))
        hits.push({
          path: 'agent.sidecar.initContainerEnabled',
          message: 'true, but with Faiss the init container has no volume to restore to',
        });
      return hits;
    },
    hits: [
      agent('algorithm: faiss', savedFaiss, volume),
      agent('algorithm: faiss', savedFaiss, sameForNgt, 'sidecar: { initContainerEnabled: true }'),
    ],
    passes: [agent('algorithm: faiss', savedFaiss, sameForNgt, volume), agent('algorithm: faiss')],
  },
  {
    id: 'VALD019',
    severity: 'error',
    title: 'the sidecar watches a folder that the Faiss agent does not save to',
    why: 'Faiss saves to index_path itself, and to its folder origin with copy-on-write: other than NGT. A sidecar that watches another folder uploads nothing.',
    fix: 'Set agent.sidecar.config.watch_dir to agent.faiss.index_path, or with agent.faiss.enable_copy_on_write to its folder origin.',
    fact: 'Read in the Faiss agent v1.8.0.',
    since: 'v1.7.11',
    check(values) {
      if (!isFaiss(values) || !hasSidecar(values) || !savesFaiss(values)) return [];
      const folder = (base: string, copyOnWrite: boolean) => (copyOnWrite ? posix.join(base, 'origin') : base);
      const wanted = folder(faissPath(values), values.isTrue(`${faiss}.enable_copy_on_write`));
      const chart = indexPath(values) === '' ? '' : folder(indexPath(values), copiesOnWrite(values));
      const watched = values.text(`${sidecarConfig}.watch_dir`) ?? chart;
      return posix.join(watched, '/') === posix.join(wanted, '/')
        ? []
        : [{ path: `${sidecarConfig}.watch_dir`, message: `watches "${watched}", but the agent saves to "${wanted}"` }];
    },
    hits: [
      agent('algorithm: faiss', savedFaiss, 'sidecar: { enabled: true }'),
      agent(
        'algorithm: faiss',
        savedFaiss,
        'sidecar: { enabled: true, config: { watch_dir: /var/faiss/index/origin } }',
      ),
    ],
    passes: [
      agent('algorithm: faiss', savedFaiss, 'sidecar: { enabled: true, config: { watch_dir: /var/faiss/index/ } }'),
      agent('algorithm: faiss', savedFaiss, sameForNgt, 'sidecar: { enabled: true }'),
    ],
  },
];
