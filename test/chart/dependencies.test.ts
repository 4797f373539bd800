import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { k8s } from 'cdk8s-plus-28';
import { afterAll, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { type ChartFiles, chartNames, defineChart, dependency, nameValues } from '../../src/chart/index.js';
import { ProblemsError } from '../../src/problem/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { helms, parse } from './helm.js';

const cache = defineChart(
  {
    name: 'cache',
    version: '0.2.0',
    values: z.object({
      ...nameValues(),
      size: z.int().min(1).default(1).describe('Megabytes.'),
      zone: z.string().min(1),
      global: z.object({ team: z.string().default('nobody') }).default({ team: 'nobody' }),
    }),
  },
  (scope, values, release) => {
    new k8s.KubeConfigMap(scope, 'config', {
      metadata: { name: chartNames(values, release).fullname },
      data: { size: `${values.size}`, zone: values.zone, team: values.global.team },
    });
  },
);

interface QueueValues {
  readonly enabled?: boolean;
  readonly depth?: number;
}

const shop = defineChart({
  name: 'shop',
  version: '1.0.0',
  kubeVersion: '>=1.29.0-0',
  values: z.object({ extras: z.boolean().default(true) }),
  dependencies: {
    cache: dependency({ chart: cache, condition: 'cache.enabled', values: { zone: 'a' } }),
    sessions: dependency({ chart: cache, values: { zone: 'b', size: 5 }, tags: ['state'] }),
    queue: dependency<QueueValues>({
      name: 'message-queue',
      repository: 'file://../message-queue',
      version: '~1.2.0',
      condition: 'extras',
      values: { depth: 7 },
    }),
  },
  examples: { small: { cache: { enabled: false }, queue: { depth: 1 }, global: { team: 'x' }, tags: { state: true } } },
});

const folder = mkdtempSync(join(tmpdir(), 'dependencies-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, files: ChartFiles): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
}

/** A chart of somebody else's, with a schema that knows nothing of ours. */
const queue = new Map([
  ['Chart.yaml', 'apiVersion: v2\nname: message-queue\nversion: 1.2.3\n'],
  ['values.yaml', 'depth: 1\nunknown: true\n'],
  [
    'templates/config.yaml',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ .Release.Name }}-queue }\ndata: { depth: "{{ .Values.depth | int64 }}" }\n',
  ],
]);

/** Names and data of the objects that `helm template` gives. */
function template(helm: string, parameters: readonly string[] = []): Record<string, unknown> | string {
  try {
    const text = execFileSync(
      programPath(helm),
      ['template', 'r', join(folder, 'shop'), '--kube-version', '1.34.0', ...parameters],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const objects = parse(text) as { metadata: { name: string }; data: unknown }[];
    return Object.fromEntries(objects.map(({ metadata, data }) => [metadata.name, data]));
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}

test('a chart may have dependencies and no object of its own', () => {
  const { files } = shop.generate({ checks: 5 });
  expect(shop.synth()).toEqual([]);
  expect([...files.keys()].filter((path) => path.startsWith('templates/')).sort()).toEqual([
    'templates/NOTES.txt',
    'templates/_helpers.tpl',
  ]);
  expect(parseYaml(files.get('Chart.yaml')!).dependencies).toEqual([
    { name: 'cache', version: '0.2.0', repository: 'file://../cache', condition: 'cache.enabled' },
    { name: 'cache', version: '0.2.0', repository: 'file://../cache', tags: ['state'], alias: 'sessions' },
    {
      name: 'message-queue',
      version: '~1.2.0',
      repository: 'file://../message-queue',
      condition: 'extras',
      alias: 'queue',
    },
  ]);
  expect(files.get('values.yaml')).toBe(`extras: true

# Values of the dependency cache 0.2.0 of file://../cache, over its own.
cache:
  enabled: true
  zone: a

# Values of the dependency cache 0.2.0 of file://../cache, over its own.
sessions:
  zone: b
  # Megabytes.
  size: 5

# Values of the dependency message-queue ~1.2.0 of file://../message-queue, over its own.
queue:
  depth: 7

# Which dependencies are installed.
tags:
  "state": true
`);
  expect(files.get('README.md')).toContain('| `queue` | message-queue | ~1.2.0 | file://../message-queue | `extras` |');
});

test.each<[string, object, string]>([
  ['a value that the dependency does not have', { cache: { zoen: 'a' } }, 'cache: values.zoen'],
  ['a wrong value of an alias', { sessions: { size: 0 } }, 'sessions: values.size'],
  ['a value that the dependency needs, taken away', { cache: { zone: null } }, 'cache: values.zone'],
  ['a dependency that there is not', { cash: {} }, 'values.cash'],
])('refuses %s', (_, values, where) => {
  try {
    shop.synth(values);
  } catch (error) {
    expect(error).toBeInstanceOf(ProblemsError);
    expect((error as ProblemsError).problems.map((problem) => problem.where)).toEqual([
      { construct: expect.stringMatching(/^chart (shop|cache)$/), property: where },
    ]);
    return;
  }
  expect.unreachable('accepted');
});

test('does not look at the values of a dependency that is left out', () => {
  expect(
    shop.synth({ cache: { enabled: false, zone: null }, tags: { state: false }, sessions: { zone: null } }),
  ).toEqual([]);
});

test.each<[string, () => unknown, string]>([
  [
    'a repository that is none',
    () => dependency({ repository: 'charts.example.com', version: '1' }),
    'Helm finds no chart there',
  ],
  [
    'null among the values',
    () => dependency<object>({ repository: 'https://a.example', version: '1', values: { a: { b: null } } }),
    'a.b is null',
  ],
  [
    'a condition that is no value',
    () => dependency({ repository: 'https://a.example', version: '1', condition: 'other.enabled' }),
    'the condition is no boolean',
  ],
])('refuses %s', (_, make, message) => {
  const chart = defineChart({
    name: 'a',
    version: '1.0.0',
    values: z.object({}),
    dependencies: { b: make() as never },
  });
  expect(() => chart.generate()).toThrow(message);
});

describeWith(['helm3', 'helm4'], 'a chart with dependencies', () => {
  test.each(helms)('is built by %s from folders beside it, rendered, and locked', (helm) => {
    rmSync(folder, { recursive: true, force: true });
    write('cache', cache.generate({ checks: 5 }).files);
    write('message-queue', queue);
    write('shop', shop.generate({ checks: 5 }).files);
    execFileSync(programPath(helm), ['dependency', 'build', join(folder, 'shop')], { stdio: 'pipe' });
    expect(existsSync(join(folder, 'shop/Chart.lock'))).toBe(true);
    expect(template(helm)).toEqual({
      'r-cache': { size: '1', zone: 'a', team: 'nobody' },
      'r-sessions': { size: '5', zone: 'b', team: 'nobody' },
      'r-queue': { depth: '7' },
    });
    expect(
      template(helm, ['--set', 'global.team=t,global.of.others=1,extras=false,cache.enabled=false,sessions.size=2']),
    ).toEqual({
      'r-sessions': { size: '2', zone: 'b', team: 't' },
    });
    expect(template(helm, ['--set', 'tags.state=false,cache.zone=c,queue.anything=1'])).toEqual({
      'r-cache': { size: '1', zone: 'c', team: 'nobody' },
      'r-queue': { depth: '7' },
    });
    // What a dependency that is left out would need is nobody's concern.
    expect(template(helm, ['--set', 'cache.enabled=false,cache.zone=null'])).not.toHaveProperty('r-cache');
    expect(template(helm, ['--set', 'cache.zoen=c'])).toContain('zoen');
    expect(template(helm, ['--set', 'sessions.size=0'])).toContain("don't meet the specifications");
    expect(template(helm, ['--set', 'cash.zone=c'])).toContain("don't meet the specifications");
    execFileSync(programPath(helm), ['lint', '--strict', '--kube-version', '1.34.0', join(folder, 'shop')]);
  });
});
