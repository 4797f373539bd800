import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/problem/index.js';
import { type BackupMethodInput, Uploader } from '../../src/vald/index.js';
import { type ValdAgentSettings, valdAgentSchema } from '../../src/vald/props-schema.js';
import { computeSizing, copiesOnDisk, hasNativeSidecars, type Sizing } from '../../src/vald/sizing.js';
import { methods } from './sets.js';

const gibibyte = 2 ** 30;
const mebibyte = 2 ** 20;

const settingsOf = (change: object, backup: BackupMethodInput = methods['pv-and-s3']): ValdAgentSettings =>
  valdAgentSchema.parse({ backup, ngt: { dimension: 784 }, ...change });

function sizing(change: object, backup?: BackupMethodInput): { sizing: Sizing; problems: Problem[] } {
  const problems: Problem[] = [];
  const result = computeSizing(settingsOf(change, backup), 'agent', (problem) => problems.push(problem));
  return { sizing: result, problems };
}

const onVolume = (size: string): BackupMethodInput => ({ ...methods.pv, volume: { size } }) as BackupMethodInput;

describe('native sidecars', () => {
  test.each([
    ['1.28', false],
    ['1.29', true],
    ['1.30', true],
    ['1.100', true],
  ])('in Kubernetes %s: %s', (version, expected) => expect(hasNativeSidecars(version)).toBe(expected));
});

describe('the copies of an index that are on the disk at once', () => {
  test.each([
    ['pv', true, 3],
    ['s3', true, 3],
    ['pv-and-s3', true, 3],
    ['pv', false, 1],
    ['s3', false, 2],
    ['pv-and-s3', false, 2],
  ] as const)('%s, copy-on-write %s: %d', (method, copyOnWrite, expected) => {
    expect(copiesOnDisk({ backup: settingsOf({}, methods[method]).backup, copyOnWrite })).toBe(expected);
  });

  test.each([
    [true, 4],
    [false, 3],
  ])('with the repository’s uploader, copy-on-write %s: %d', (copyOnWrite, expected) => {
    const backup = { ...methods['pv-and-s3'], uploader: Uploader.repository() } as BackupMethodInput;
    expect(copiesOnDisk({ backup: settingsOf({}, backup).backup, copyOnWrite })).toBe(expected);
  });
});

describe('what is computed', () => {
  test('from a volume of 100Gi: a third of it is the index', () => {
    const index = Math.ceil((100 * gibibyte) / 3);
    const save = Math.ceil(index / (50 * mebibyte));
    expect(sizing({}).sizing).toEqual({
      indexBytes: index,
      copies: 3,
      diskBytes: 3 * index,
      gracePeriod: 60 + save + 10 + save + 30,
      postStopTimeout: 10,
      loadTimeout: Math.ceil(index / (25 * mebibyte)),
      startupFailures: Math.ceil((Math.ceil(index / (25 * mebibyte)) + 60) / 5),
      restoreTimeout: 3600,
      uploadTimeout: 3 * Math.ceil(index / (10 * mebibyte)),
    });
  });

  test('without a volume: 10Gi', () => {
    expect(sizing({}, methods.s3).sizing).toMatchObject({ indexBytes: 10 * gibibyte, diskBytes: 30 * gibibyte });
  });

  test('for a small index: the least limits that there are', () => {
    expect(sizing({ expectedIndexSize: '1Mi' }).sizing).toMatchObject({
      gracePeriod: 60 + 60 + 10 + 1 + 30,
      loadTimeout: 600,
      startupFailures: 200,
      restoreTimeout: 3600,
    });
  });

  test('without a store: no time for an upload', () => {
    expect(sizing({ expectedIndexSize: '1Gi', copyOnWrite: false }, methods.pv).sizing.gracePeriod).toBe(60 + 60 + 30);
  });

  test('on an old cluster: the sidecar waits for the agent, which is told to stop at the same time', () => {
    const { sizing: old } = sizing({
      kubernetesVersion: '1.28',
      expectedIndexSize: '10Gi',
      expectedSaveDuration: '5m',
    });
    expect(old.postStopTimeout).toBe(60 + 300 + 15);
    expect(old.gracePeriod).toBe(60 + 300 + 15 + Math.ceil(10240 / 50) + 30);
  });

  test('from what the user says it takes', () => {
    const backup = { ...methods['pv-and-s3'], restoreTimeout: '2h' } as BackupMethodInput;
    const said = {
      expectedSaveDuration: '3m',
      drainDuration: '90s',
      expectedIndexSize: '1Gi',
      terminationGracePeriod: '1h',
    };
    expect(sizing(said, backup)).toMatchObject({ sizing: { gracePeriod: 3600, restoreTimeout: 7200 }, problems: [] });
  });
});

describe('laws', () => {
  const methodName = fc.constantFrom('pv', 's3', 'pv-and-s3' as const);
  const change = fc.record(
    {
      copyOnWrite: fc.boolean(),
      kubernetesVersion: fc.constantFrom('1.28', '1.29'),
      expectedSaveDuration: fc.integer({ min: 1, max: 7200 }).map((seconds) => `${seconds}s`),
      drainDuration: fc.integer({ min: 1, max: 600 }).map((seconds) => `${seconds}s`),
    },
    { requiredKeys: ['copyOnWrite', 'kubernetesVersion'] },
  );
  const gibibytes = fc.integer({ min: 1, max: 2000 });

  test('a larger index never gets less room or time', () => {
    fc.assert(
      fc.property(methodName, change, gibibytes, gibibytes, (method, props, a, b) => {
        const of = (size: number) => sizing({ ...props, expectedIndexSize: `${size}Gi` }, methods[method]).sizing;
        const [small, large] = [of(Math.min(a, b)), of(Math.max(a, b))];
        for (const key of Object.keys(small) as (keyof Sizing)[])
          expect(large[key], key).toBeGreaterThanOrEqual(small[key]);
      }),
    );
  });

  test('every limit is a whole number that covers what it is for', () => {
    fc.assert(
      fc.property(methodName, change, gibibytes, (method, props, size) => {
        const { sizing: result } = sizing({ ...props, expectedIndexSize: `${size}Gi` }, methods[method]);
        const settings = settingsOf(props);
        const seconds = (text: string | undefined, least: number) => (text ? Number.parseInt(text, 10) : least);
        const upload = method === 'pv' ? 0 : (size * gibibyte) / (50 * mebibyte);
        const save = seconds(settings.expectedSaveDuration, (size * gibibyte) / (50 * mebibyte));
        const stop = seconds(settings.drainDuration, 60) + save;
        expect(Object.values(result).every((value) => Number.isInteger(value) && value > 0)).toBe(true);
        expect(result.gracePeriod).toBeGreaterThan(stop + upload);
        expect(result.loadTimeout * 25 * mebibyte).toBeGreaterThanOrEqual(size * gibibyte);
        expect(result.startupFailures * 5).toBeGreaterThan(result.loadTimeout);
        if (props.kubernetesVersion === '1.28') expect(result.postStopTimeout).toBeGreaterThan(stop);
      }),
    );
  });

  test('the computed grace period is accepted when it is set, and one second less is not', () => {
    fc.assert(
      fc.property(methodName, change, gibibytes, (method, props, size) => {
        const sized = { ...props, expectedIndexSize: `${size}Gi` };
        const needed = sizing(sized, methods[method]).sizing.gracePeriod;
        const codes = (seconds: number) =>
          sizing({ ...sized, terminationGracePeriod: `${seconds}s` }, methods[method])
            .problems.map(({ code }) => code)
            .filter((code) => code === 'too-little-time');
        expect(codes(needed)).toEqual([]);
        expect(codes(needed - 1)).toEqual(['too-little-time']);
      }),
    );
  });

  test('a volume that just holds all copies is accepted, and one byte less is not', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.integer({ min: 1, max: 1e12 }), (copyOnWrite, bytes) => {
        const needed = bytes * (copyOnWrite ? 3 : 1);
        const codes = (size: number) =>
          sizing({ copyOnWrite, expectedIndexSize: `${bytes}` }, onVolume(`${size}`)).problems.map(({ code }) => code);
        expect(codes(needed)).toEqual([]);
        if (needed > 1) expect(codes(needed - 1)).toEqual(['too-little-space']);
      }),
    );
  });
});
