import { expect, test } from 'vitest';
import { readValdManifest, type ValdManifest } from '../../src/repository/index.js';
import { canonicalJson } from '../../src/repository/json.js';
import { sampleManifest } from './manifest-sample.js';

const where = { path: 'store:backups/vald/vald-agent-0/216000000/manifest.json', backupId: 216_000_000 };

function sampleValdManifest(vald: Partial<ValdManifest['vald']> = {}): unknown {
  const { rondb: _, ...rest } = sampleManifest();
  const index = { pod: 'vald-agent-0', vectors: 10, saved: '2026-11-21T03:24:08Z', copyOnWrite: true };
  return { ...rest, kind: 'vald', vald: { ...index, ...vald } };
}
const read = (manifest: unknown) => readValdManifest(canonicalJson(manifest), where);

test('the manifest of a generation may have searches, or none', () => {
  const searches = [{ id: 'a', nearest: ['a', 'ö "b"'] }];
  expect(read(sampleValdManifest({ searches }))).toMatchObject({ manifest: { vald: { searches } }, problems: [] });
  const { manifest, problems } = read(sampleValdManifest());
  expect(problems).toEqual([]);
  expect(manifest!.vald.searches).toBeUndefined();
});

test.for([
  ['no list', {}, 'vald.searches'],
  ['an empty list', [], 'vald.searches'],
  ['a search that found nothing', [{ id: 'a', nearest: [] }], 'vald.searches[0].nearest'],
  ['a search without id', [{ nearest: ['a'] }], 'vald.searches[0].id'],
  ['ids that are numbers', [{ id: 'a', nearest: [1] }], 'vald.searches[0].nearest[0]'],
] as const)('what is %s is no search', ([, searches, field]) => {
  const { manifest, problems } = read(sampleValdManifest({ searches } as object));
  expect(manifest).toBeUndefined();
  expect(problems).toMatchObject([{ code: 'unreadable-file', where: { object: where.path, field } }]);
});
