import { rmSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import { Deployment } from 'cdk8s-plus-28';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { documentsDiffer } from '../../src/chart/differences.js';
import { defineChart, passThrough } from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { HelmEngines, type HelmRequest, helmEngines } from './helm-engine.js';
import { writeChart } from './prove.js';

/** One chart with something for each of the ways in which Helm charts go wrong. */
const chart = defineChart(
  {
    name: 'traps',
    version: '1.0.0',
    kubeVersion: '>=1.28.0-0',
    values: z.object({
      whole: z.int().default(1_000_000),
      largest: z.int().default(Number.MAX_SAFE_INTEGER),
      float: z.number().default(0.5),
      text: z.string().default('1.10'),
      on: z.boolean().default(true),
      zero: z.int().default(0),
      optional: z.string().optional(),
      parent: z.object({ child: z.object({ leaf: z.string().default('x') }).default({ leaf: 'x' }) }),
      list: z.array(z.string()).default([]),
      labels: z.record(z.string(), z.string()).default({}),
      tree: passThrough().default({}),
      'with-hyphen': z.string().default('reached'),
      steps: z.array(z.object({ run: z.string(), retries: z.int().default(3) })).default([]),
      autoscaled: z.boolean().default(false),
    }),
  },
  (scope, values) => {
    new ApiObject(scope, 'one', {
      apiVersion: 'example.com/v1',
      kind: 'Trap',
      spec: {
        whole: values.whole,
        largest: values.largest,
        inText: `${values.whole}`,
        float: values.float,
        text: values.text,
        on: values.on,
        zero: values.zero,
        ...(values.optional === undefined ? {} : { optional: values.optional }),
        leaf: values.parent.child.leaf,
        list: values.list,
        labels: { ...values.labels, app: 'ours' },
        tree: values.tree,
        yes: 'no',
        'with-hyphen': values['with-hyphen'],
        steps: values.steps.map(({ run, retries }) => ({ run, retries })),
        replicas: values.autoscaled ? undefined : 3,
        between: [{ first: 1 }, ...(values.on ? [{ middle: { deep: [values.text] } }] : []), { last: 2 }],
        alert: 'Instance {{ $labels.instance }} down: {{ printf "%.2f" $value }}',
        script: '#!/bin/sh\necho "{{ .x }}"\n\n  indented "it\'s"\n',
        octal: '0777',
        separator: 'a\u0085b\u2028c',
      },
    });
    new ApiObject(scope, 'definition', {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'traps.example.com' },
    });
    if (values.on)
      new ApiObject(scope, 'two', { apiVersion: 'example.com/v1', kind: 'Trap', spec: { list: values.list } });
  },
);

interface Trap {
  spec: Record<string, unknown>;
}

describeWith(helmEngines, 'a trap of Helm charts cannot happen', () => {
  const { files } = chart.generate({ checks: 200 });
  let engines: HelmEngines;
  let folder: string;
  beforeAll(() => {
    engines = new HelmEngines();
    folder = writeChart(files);
  });
  afterAll(() => {
    engines?.stop();
    if (folder) rmSync(folder, { recursive: true });
  });
  const render = (request: Partial<HelmRequest>) => engines.render({ chart: folder, ...request });
  const texts = [...files.values()].join('\n');

  test.each<[string, unknown, Record<string, unknown>]>([
    [
      '1 and 2: whole numbers are not written as 1e+06',
      {},
      { whole: 1_000_000, largest: Number.MAX_SAFE_INTEGER, inText: '1000000' },
    ],
    [
      '4 and 5: words of YAML 1.1, octal numbers and versions stay text',
      { text: 'on' },
      { text: 'on', octal: '0777', yes: 'no' },
    ],
    ['5: a version stays text', {}, { text: '1.10' }],
    [
      '6: false, zero and an empty text are not taken for left out',
      { zero: 0, optional: '', text: '' },
      { zero: 0, optional: '', text: '' },
    ],
    ['7: a parent that null took away', { parent: null }, { leaf: 'x' }],
    ['7: a parent below', { parent: { child: null } }, { leaf: 'x' }],
    [
      '9: null means the default',
      { whole: null, text: null, list: null },
      { whole: 1_000_000, text: '1.10', list: [] },
    ],
    [
      '12: braces of other templates are data',
      { text: '{{ fail "x" }}' },
      { text: '{{ fail "x" }}', alert: 'Instance {{ $labels.instance }} down: {{ printf "%.2f" $value }}' },
    ],
    ['13: quotes and backslashes', { text: '"\'\\{{ "x" }}' }, { text: '"\'\\{{ "x" }}' }],
    ['14: a value with a hyphen', { 'with-hyphen': 'a' }, { 'with-hyphen': 'a' }],
    [
      '15: an object that is passed on keeps its numbers',
      { tree: { a: 2_000_000, b: [1.5] } },
      { tree: { a: 2_000_000, b: [1.5] } },
    ],
    ['16: no key twice', { labels: { app: 'mine', b: 'c' } }, { labels: { app: 'ours', b: 'c' } }],
    ['an empty list is a list', { list: [] }, { list: [] }],
    [
      'line separators',
      {},
      { separator: 'a\u0085b\u2028c', script: '#!/bin/sh\necho "{{ .x }}"\n\n  indented "it\'s"\n' },
    ],
  ])('%s', async (_, values, expected) => {
    for (const { engine, documents, error } of await render({ values: [JSON.stringify(values)] })) {
      expect(error, engine).toBeUndefined();
      const trap = documents.find((document) => (document as Trap).spec?.['alert']) as Trap;
      expect(trap.spec, engine).toMatchObject(expected);
      expect(documentsDiffer(chart.synth(values), documents), engine).toBeUndefined();
    }
  });

  test('3: --set and a file give the same', async () => {
    const set = await render({ set: ['whole=5000000,on=false'], setString: ['text=1234e5'] });
    const file = await render({ values: ['{ "whole": 5000000, "on": false, "text": "1234e5" }'] });
    for (const [index, { error, documents }] of set.entries()) {
      expect(error).toBeUndefined();
      expect(documentsDiffer(file[index]!.documents, documents)).toBeUndefined();
    }
  });

  test.each<[string, Partial<HelmRequest>, string]>([
    ['2: a number that is not exact', { set: ['whole=9007199254740993'] }, 'whole'],
    ['3 and 5: a version that YAML takes for a number', { values: ['text: 1.10'] }, 'text'],
    ['4: a word that YAML takes for a boolean', { values: ['text: on'] }, 'text'],
    ['8 and 23: a name that there is not, with its place', { set: ['parent.child.laef=1'] }, "'/parent/child'"],
    ['10: a list that --set pads with null', { set: ['list[2]=x'] }, 'list'],
    ['15: a character that toYaml loses', { setJson: ['tree={"a":"\\u0085"}'] }, 'control character'],
    ['15: a key that toYaml writes as a merge', { setJson: ['tree={"<<":1}'] }, '<<'],
    ['28: a cluster that is too old', { kubeVersion: '1.27.9' }, 'kubeVersion'],
  ])('%s is refused', async (_, request, expected) => {
    for (const { engine, error } of await render(request)) expect(error, engine).toContain(expected);
  });

  test('4: a key that YAML takes for a boolean stays a key', async () => {
    for (const { engine, documents } of await render({ values: ['{"labels":{"on":"off","1e3":"x"}}'] }))
      expect(JSON.stringify(documents), engine).toContain('"labels":{"1e3":"x","app":"ours","on":"off"}');
  });

  test('11: what comes and goes leaves its neighbours where they are', async () => {
    for (const on of [true, false])
      for (const { engine, documents } of await render({ set: [`on=${on}`] }))
        expect(JSON.stringify(documents), engine).toContain(
          on ? '"between":[{"first":1},{"middle":{"deep":["1.10"]}},{"last":2}]' : '"between":[{"first":1},{"last":2}]',
        );
  });

  test('16: a key that stands twice in the output would be told by the engine that reads it', async () => {
    const twice = writeChart(
      new Map([
        ['Chart.yaml', 'apiVersion: v2\nname: twice\nversion: 1.0.0\n'],
        ['templates/a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n  a: "1"\n  a: "2"\n'],
      ]),
    );
    for (const { engine, error } of await engines.render({ chart: twice }))
      expect(error, engine).toContain('already set');
    rmSync(twice, { recursive: true });
  });

  test('23: a default of the schema is a default of the chart, also where values.yaml has no place for it', async () => {
    for (const { engine, documents } of await render({ values: ['{"steps":[{"run":"a"},{"run":"b","retries":0}]}'] }))
      expect(JSON.stringify(documents), engine).toContain('"steps":[{"retries":3,"run":"a"},{"retries":0,"run":"b"}]');
  });

  test('25: Helm 3 and Helm 4 give the same objects', async () => {
    const [three, four] = await render({});
    expect(three!.documents).toEqual(four!.documents);
    expect(three!.documents).toHaveLength(3);
  });

  test('28: a provider’s version of Kubernetes is none before a release', async () => {
    for (const { engine, error } of await render({ kubeVersion: 'v1.31.2-gke.100' }))
      expect(error, engine).toBeUndefined();
  });

  test('29: a definition of a kind is a template, which an upgrade changes', () => {
    const folders = new Set([...files.keys()].map((path) => path.split('/')[0]));
    expect(folders).not.toContain('crds');
    expect(texts).toContain('CustomResourceDefinition');
  });

  test('30: a field that the function leaves out is not there, so that nobody else’s is taken over', async () => {
    for (const { engine, documents } of await render({ set: ['autoscaled=true'] }))
      expect(JSON.stringify(documents), engine).not.toContain('replicas');
  });

  test('12, 17, 18 and 27: nothing is evaluated, looked up, random or asked of the cluster', () => {
    expect(texts).not.toMatch(/\b(tpl|lookup|rand[A-Z]\w*|gen[A-Z]\w*|now|uuidv4|Capabilities)\b/);
  });

  test('19: version and chart are in no selector', () => {
    const plain = defineChart({ name: 'plain', version: '1.2.3', values: z.object({}) }, (scope) => {
      new Deployment(scope, 'app', { containers: [{ image: 'nginx' }] });
    });
    const [deployment] = plain.synth() as { spec: { selector: unknown; template: { metadata: unknown } } }[];
    expect(JSON.stringify([deployment!.spec.selector, deployment!.spec.template.metadata])).not.toContain('1.2.3');
  });

  test('two releases in one namespace have no object and no selector in common', () => {
    const plain = defineChart({ name: 'plain', version: '1.2.3', values: z.object({}) }, (scope) => {
      new Deployment(scope, 'app', { containers: [{ image: 'nginx' }] });
    });
    const [a, b] = ['a', 'b'].map((name) => plain.synth({}, { name, namespace: 'x' })) as {
      metadata: { name: string };
      spec: { selector: unknown };
    }[][];
    expect(a![0]!.metadata.name).not.toBe(b![0]!.metadata.name);
    expect(a![0]!.spec.selector).not.toEqual(b![0]!.spec.selector);
  });

  test.each([
    ['Trap', 63],
    ['StatefulSet', 52],
    ['CronJob', 52],
  ])('20: the name of a %s is cut to the %i letters that Kubernetes takes', (kind, longest) => {
    const long = defineChart({ name: 'long', version: '1.0.0', values: z.object({}) }, (scope) => {
      new ApiObject(scope, 'with-a-name-of-its-own', { apiVersion: 'example.com/v1', kind });
    });
    const [object] = long.synth({}, { name: 'n'.repeat(53), namespace: 'x' }) as { metadata: { name: string } }[];
    expect(object!.metadata.name.length).toBeLessThanOrEqual(longest);
    expect(object!.metadata.name).toMatch(/[a-z0-9]$/);
  });

  test('21 and 22: the schema is strict, lets a parent chart give global and enabled, and refers to nothing', () => {
    const schema = JSON.parse(files.get('values.schema.json')!) as {
      additionalProperties: boolean;
      properties: object;
    };
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['global', 'enabled']));
    expect(files.get('values.schema.json')).not.toContain('$ref');
  });

  test('24: every template is named after the chart', () => {
    expect([...texts.matchAll(/define "([^"]+)"/g)].filter(([, name]) => !name!.startsWith('traps.'))).toEqual([]);
  });
});
