import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { rondbChart } from '../../../src/rondb/index.js';
import type { HelmValue } from '../../../src/values/index.js';
import { describeWith, sharedFolder } from '../../programs/find.js';
import { run } from '../../vald/rules/rule-run.js';
import { agreesWith } from '../../vald/rules/upstream-defaults.js';

const upstream = sharedFolder('upstream/rondb');
const golden = sharedFolder('golden/rondb');

describeWith(
  [],
  'upstream’s default values of rondb-helm',
  () => {
    test.each(rondbChart.versions)('%s: nothing is backed up, and nothing says it is', (version) => {
      expect(run(rondbChart, readFileSync(join(upstream!, `values-${version}.yaml`), 'utf8'))).toEqual([]);
    });

    test.each(rondbChart.versions)('%s: our table of defaults has nothing that they do not', (version) => {
      const theirs = parse(readFileSync(join(upstream!, `values-${version}.yaml`), 'utf8')) as HelmValue;
      expect(agreesWith(rondbChart.defaults(version), theirs)).toEqual([]);
    });
  },
  { 'shared/upstream/rondb': upstream },
);

/** The folder that every cluster has, and an id that one version of ndb_restore cannot read. */
const expected: Readonly<Record<string, readonly string[]>> = {
  'cluster-with-backups': ['RONDB011'],
  'cluster-with-restore': ['RONDB011', 'RONDB045'],
};

describeWith(
  [],
  'values for rondb-helm’s own backups',
  () => {
    test('are all listed', () => {
      const files = readdirSync(golden!).filter((file) => file.endsWith('.values.yaml'));
      expect(files.map((file) => file.replace('.values.yaml', '')).sort()).toEqual(Object.keys(expected).sort());
    });

    test.each(Object.entries(expected))('%s: exactly what is a risk', (name, found) => {
      const values = readFileSync(join(golden!, `${name}.values.yaml`), 'utf8');
      expect(run(rondbChart, values).map(({ id }) => id)).toEqual(found);
    });
  },
  { 'shared/golden/rondb': golden },
);

const ours = join(import.meta.dirname, '../../../values/rondb');
const files = existsSync(ours)
  ? readdirSync(ours, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.values.yaml'))
  : [];

/** Findings of our own files, all of them warnings, each with its reason. */
const accepted: Readonly<Record<string, readonly string[]>> = {
  // Our jobs make the backups; the chart’s own are on for the sidecar container, on 31 February.
  'sidecar.values.yaml': ['RONDB047'],
  // A lifecycle rule of the bucket deletes old backups: the chart’s clean-up takes the good ones too.
  'upstream.values.yaml': ['RONDB008'],
};

describe.skipIf(files.length === 0)('our own values files for rondb-helm (values/rondb)', () => {
  test.each(files)('%s has no error, and no warning without a reason', (file) => {
    const found = run(rondbChart, readFileSync(join(ours, file), 'utf8'));
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(found.map(({ id }) => id)).toEqual(accepted[file] ?? []);
  });
});
