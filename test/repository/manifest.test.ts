import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { printProblem } from '../../src/problem/index.js';
import { type Manifest, printManifest, readManifest, schemaChanged } from '../../src/repository/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { sampleManifest } from './manifest-sample.js';

const where = { path: 'store:backups/orders/216000000/manifest.json', backupId: 216_000_000 };

describe('a manifest', () => {
  test('reads back as it was written', () => {
    const manifest = sampleManifest();
    const { files, ...rest } = manifest;
    const read = readManifest(printManifest(manifest), where);
    expect(read.problems).toEqual([]);
    expect(read.manifest).toEqual({ ...rest, files: [...files].sort((a, b) => (a.path < b.path ? -1 : 1)) });
  });

  test('is the same bytes in whatever order its parts were put in', () => {
    const manifest = sampleManifest();
    const turned = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as Manifest;
    expect(printManifest({ ...turned, files: [...manifest.files].reverse() })).toBe(printManifest(manifest));
  });

  test('may be of a set that is encrypted, with the fingerprint that rclone’s key gives', () => {
    const encryption = { type: 'rclone-crypt', keyFingerprint: '0f3k9v1a2b3c4d5e' } as const;
    const read = readManifest(printManifest(sampleManifest({ encryption })), where);
    expect(read.problems).toEqual([]);
    expect(read.manifest?.encryption).toEqual(encryption);
  });

  test('may have fields that this release does not know', () => {
    const text = JSON.stringify({ ...sampleManifest(), later: { more: 1 } });
    const read = readManifest(text, where);
    expect(read.problems).toEqual([]);
    expect(read.manifest).toEqual(sampleManifest());
  });

  test('may list files beyond the inventory', () => {
    const { files, bytes } = sampleManifest();
    const more = { path: 'quotas.sql', size: 3, sha256: 'c'.repeat(64) };
    const text = printManifest(sampleManifest({ files: [...files, more], bytes: bytes + 3 }));
    expect(readManifest(text, where).manifest?.files).toContainEqual(more);
  });

  test('says whether the schema changed during the backup', () => {
    const manifest = sampleManifest();
    expect(schemaChanged(manifest)).toBe(false);
    const schemaHash = { before: 'a'.repeat(64), after: 'b'.repeat(64) };
    expect(schemaChanged({ ...manifest, rondb: { ...manifest.rondb, schemaHash } })).toBe(true);
  });

  const rondb = sampleManifest().rondb;
  const withTopology = (changes: object) => ({ rondb: { ...rondb, topology: { ...rondb.topology, ...changes } } });
  const [first, ...otherFiles] = sampleManifest().files;

  test.for<[title: string, change: object, problem: string]>([
    ['another folder', { backupId: 7 }, 'backupId: not the folder that it lies in'],
    ['a newer format', { version: 2 }, 'version: written by a newer release'],
    ['no format', { version: undefined }, 'version: is missing'],
    ['an unknown kind', { kind: 'mysql' }, 'kind: not one that this release knows'],
    ['no UUID', { clusterId: 'orders' }, 'clusterId: not well formed'],
    ['an id that ndb_restore would cut off', { backupId: 2 ** 31 }, 'backupId: too big'],
    ['a time of another zone', { finished: '2026-11-05T01:07:31+01:00' }, 'finished: not a time'],
    ['a day that does not exist', { started: '2026-02-30T00:00:00Z' }, 'started: not a time'],
    ['a wrong sum', { bytes: 1 }, 'bytes: not the sum of the sizes'],
    ['no files', { files: [] }, 'files: too small'],
    ['a file without hash', { files: [{ ...first, sha256: '' }, ...otherFiles] }, 'files[0].sha256: not well formed'],
    ['a path that leads out', { files: [{ ...first, path: '../x' }, ...otherFiles] }, 'files[0].path: not well formed'],
    [
      'a path of several lines',
      { files: [{ ...first, path: 'a\nb' }, ...otherFiles] },
      'files[0].path: not well formed',
    ],
    ['a size that is no number', { files: [{ ...first, size: '1' }, ...otherFiles] }, 'files[0].size: expected number'],
    [
      'a missing file',
      { files: otherFiles, bytes: sampleManifest().bytes - 1000 },
      'a file of the inventory is missing',
    ],
    [
      'a file twice',
      { files: [first, first, ...otherFiles], bytes: sampleManifest().bytes + 1000 },
      'files: a file twice',
    ],
    [
      'a node without files',
      withTopology({ replicas: 3, nodes: [...rondb.topology.nodes, { nodeId: 6, nodeGroup: 1, parts: 2 }] }),
      'a file of the inventory is missing',
    ],
    [
      'a node twice',
      withTopology({ nodes: [...rondb.topology.nodes.slice(1), rondb.topology.nodes[1]] }),
      'a node twice',
    ],
    ['a group that took no part', withTopology({ nodeGroups: 3 }), 'not a node of every node group'],
    ['more nodes than replicas', withTopology({ replicas: 1 }), 'more nodes than replicas'],
    [
      'different numbers of parts',
      withTopology({ nodes: [{ nodeId: 1, nodeGroup: 0, parts: 1 }, ...rondb.topology.nodes.slice(1)] }),
      'nodes with different numbers of parts',
    ],
    [
      'a key fingerprint of another kind',
      { encryption: { type: 'rclone-crypt', keyFingerprint: 'fingerprint-of-x' } },
      'encryption.keyFingerprint: not well formed',
    ],
    ['no key fingerprint', { encryption: { type: 'rclone-crypt' } }, 'encryption.keyFingerprint: is missing'],
    [
      'encryption of an unknown kind',
      { encryption: { type: 'age' } },
      'encryption.type: not one that this release knows',
    ],
  ])('with %s is refused, and is never written', ([, change, problem]) => {
    const manifest = { ...sampleManifest(), ...change };
    const { problems } = readManifest(JSON.stringify(manifest), where);
    expect(problems.map(printProblem).join('\n')).toContain(problem);
    expect(problems.every((one) => one.where && 'object' in one.where && one.where.object === where.path)).toBe(true);
    if (!('backupId' in change))
      expect(() => printManifest(manifest as Manifest)).toThrow(problem.replace(/^files.0../, ''));
  });

  test.for(['', '{"version":1', 'null', '[]', '"text"', '17'])('is not %s', (text) => {
    expect(readManifest(text, where).problems.length).toBeGreaterThan(0);
  });

  test('tells everything that is wrong at once, with what was got and what to do', () => {
    const text = JSON.stringify({ ...sampleManifest(), clusterName: 'Orders', started: 'yesterday', bytes: -1 });
    const { problems } = readManifest(text, where);
    expect(problems.map(printProblem)).toMatchInlineSnapshot(`
      [
        "error: store:backups/orders/216000000/manifest.json: clusterName: not well formed [unreadable-file]
        got:     "Orders"
        allowed: a DNS label: lower-case letters, digits and hyphens, at most 63, such as vald-agent
        do:      Restore another set, or bring back an earlier version of this object.",
        "error: store:backups/orders/216000000/manifest.json: started: not a time [unreadable-file]
        got:     "yesterday"
        allowed: a UTC time in whole seconds, such as 2026-11-21T03:24:08Z
        do:      Restore another set, or bring back an earlier version of this object.",
        "error: store:backups/orders/216000000/manifest.json: bytes: too small: expected number to be >=0 [unreadable-file]
        got:     -1
        do:      Restore another set, or bring back an earlier version of this object.",
      ]
    `);
  });
});

describeWith(['jq'], 'a manifest and jq', () => {
  test('"jq -S ." writes the same bytes, so that scripts can write manifests', () => {
    const text = printManifest(sampleManifest());
    const written = execFileSync(programPath('jq'), ['-S', '.'], {
      input: JSON.stringify(JSON.parse(text)),
      encoding: 'utf8',
    });
    expect(written).toBe(text);
  });
});
