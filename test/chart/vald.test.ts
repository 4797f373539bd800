import { expect, test } from 'vitest';
import { z } from 'zod';
import { render } from '../../src/chart/render.js';
import { readShape } from '../../src/chart/shape.js';
import { describe } from '../../src/chart/stand-in.js';
import { type Run, trace } from '../../src/chart/trace.js';
import { pathsOf, printPath, type Tree } from '../../src/chart/tree.js';
import type { Problem } from '../../src/problem/index.js';
import { ValdAgentWithBackup, valdAgentSchema } from '../../src/vald/index.js';

/** The construct's own props as a chart's values; what decides the structure must be an enumeration. */
const values = z.object({
  ...valdAgentSchema.omit({ external: true }).shape,
  kubernetesVersion: z.enum(['1.29', '1.28']).default('1.29'),
});

const run: Run = (given, release, around) =>
  render(
    'vald-agent',
    release,
    () => ({}),
    (scope) => {
      new ValdAgentWithBackup(scope, 'agent', { ...(given as never as object), namespace: release.namespace } as never);
    },
    around,
  );

test('a construct of the package runs on the engine’s stand-ins and gives objects that hold them', () => {
  const problems: Problem[] = [];
  const shape = readShape(values, 'vald-agent', problems);
  expect(problems).toEqual([]);
  const inspected: string[] = [];
  const wanted: [string, boolean][] = [
    'networkPolicy',
    'env',
    'volumes',
    'volumeMounts',
    'tolerations',
    'topologySpreadConstraints',
  ].flatMap((name) => [
    [`present ["values","${name}"]`, false],
    [`filled ["values","${name}"]`, false],
  ]);
  // Volumes bound by name cannot follow an autoscaler: that refusal is a structure too, and not this one.
  wanted.push([`present ${JSON.stringify(['values', 'backup', 'volume', 'bind'])}`, false]);
  const sample = trace(
    { shape, run, told: ({ what, place, inLibrary }) => void (inLibrary || inspected.push(`${what} ${place}`)) },
    new Map(wanted),
  );
  expect(sample.failures.map(describe)).toEqual([]);
  expect(inspected).toEqual([]);
  const documents = (sample.documents as Extract<Tree, { kind: 'map' }>).entries.map(({ key }) => key);
  expect(documents).toContain('agent/stateful-set');
  const paths = new Set(pathsOf(sample.documents).map(printPath));
  for (const path of ['name', 'replicas', 'image.repository', 'indexPath', 'ngt.dimension', 'release.namespace'])
    expect([...paths], path).toContain(path);
});
