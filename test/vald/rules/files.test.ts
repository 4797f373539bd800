import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { valdChart } from '../../../src/vald/index.js';
import type { HelmValue } from '../../../src/values/index.js';
import { describeWith, sharedFolder } from '../../programs/find.js';
import { run } from './rule-run.js';
import { agreesWith } from './upstream-defaults.js';

const upstream = sharedFolder('upstream/vald');
const golden = sharedFolder('golden/vald');

/** What the rules find in a file: the ids. */
function ids(path: string, chartVersion: string): string[] {
  return run(valdChart, { values: readFileSync(path, 'utf8'), chartVersion }).map(({ id }) => id);
}

describeWith(
  [],
  'upstream’s default values',
  () => {
    const versions = valdChart.versions.filter((version) => existsSync(join(upstream ?? '', `values-${version}.yaml`)));

    test('are there for the oldest line of the chart and the newest', () => {
      expect(versions).toEqual(['v1.7.10', 'v1.8.0']);
    });

    test.each(versions)('%s: nothing is backed up, and nothing says it is', (version) => {
      expect(ids(join(upstream!, `values-${version}.yaml`), version)).toEqual([]);
    });

    test.each(versions)('%s: our table of defaults has nothing that they do not', (version) => {
      const theirs = parse(readFileSync(join(upstream!, `values-${version}.yaml`), 'utf8')) as HelmValue;
      expect(agreesWith(valdChart.defaults(version), theirs)).toEqual([]);
    });
  },
  { 'shared/upstream/vald': upstream },
);

/** Broken folder, wiped index, node’s disk, restore that gives up, timer of a day, keys in the log. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'in-memory': [],
  pv: ['VALD037'],
  'pv-cow': ['VALD061'],
  s3: ['VALD002', 'VALD037', 'VALD061', 'VALD062', 'VALD064'],
  's3-cow': ['VALD061', 'VALD062', 'VALD063', 'VALD064'],
  'pv-and-s3': ['VALD002', 'VALD011', 'VALD037', 'VALD062', 'VALD064'],
  'pv-and-s3-cow': ['VALD011', 'VALD061', 'VALD062', 'VALD063', 'VALD064'],
};

describeWith(
  [],
  'values for upstream’s own backups',
  () => {
    test('are all listed', () => {
      const files = readdirSync(golden!).filter((file) => file.endsWith('.values.yaml'));
      expect(files.map((file) => file.replace('.values.yaml', '')).sort()).toEqual(Object.keys(expected).sort());
    });

    test.each(Object.entries(expected))('%s: exactly what loses data', (name, found) => {
      const file = join(golden!, `${name}.values.yaml`);
      const unrendered = name.includes('s3') ? ['VALD001'] : [];
      expect(ids(file, 'v1.8.0')).toEqual([...unrendered, ...found]);
      expect(ids(file, 'v1.7.10')).toEqual(found);
    });
  },
  { 'shared/golden/vald': golden },
);

const ours = join(import.meta.dirname, '../../../values/vald');
const files = readdirSync(ours, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.values.yaml'));

test('the values files that this repository writes are there', () => {
  expect(files.length).toBeGreaterThanOrEqual(12);
});

const cases = files.flatMap((file) => {
  const [, first, last] = /chart-(v[0-9.]+)-to-(v[0-9.]+)\//.exec(file) ?? [];
  const versions = valdChart.versions.slice(valdChart.versions.indexOf(first!), valdChart.versions.indexOf(last!) + 1);
  return versions.map((version) => ({ file, version }));
});

/** The one file for a line of charts sets everything that any of them reads; older ones pass it over. */
const newerKeys = [
  'agent.ngt.epsilon_for_creation',
  'agent.ngt.enable_statistics',
  'agent.ngt.enable_export_index_info_to_k8s',
  'agent.ngt.export_index_info_duration',
];

test.each(cases)('our own values/vald/$file has no finding with chart $version', ({ file, version }) => {
  const found = run(valdChart, { values: readFileSync(join(ours, file), 'utf8'), chartVersion: version });
  expect(found.filter(({ id, path }) => id !== 'VALD060' || !newerKeys.includes(path))).toEqual([]);
  if (version === 'v1.8.0' || version === 'v1.7.10') expect(found).toEqual([]);
});
