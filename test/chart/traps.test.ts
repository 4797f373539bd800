import { ApiObject } from 'cdk8s';
import { Deployment } from 'cdk8s-plus-28';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineChart, passThrough } from '../../src/chart/index.js';
import { documentsDiffer } from '../../src/chart/verify.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk, helms } from './helm.js';

/** One chart with something for each of the ways in which Helm charts go wrong. */
const chart = defineChart(
  {
    name: 'traps',
    version: '1.0.0',
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
        'with-hyphen': 'a',
        alert: 'Instance {{ $labels.instance }} down: {{ printf "%.2f" $value }}',
        script: '#!/bin/sh\necho "{{ .x }}"\n\n  indented "it\'s"\n',
        octal: '0777',
        separator: 'a\u0085b\u2028c',
      },
    });
    if (values.on)
      new ApiObject(scope, 'two', { apiVersion: 'example.com/v1', kind: 'Trap', spec: { list: values.list } });
  },
);

interface Trap {
  spec: Record<string, unknown>;
}

describeWith(helms, 'a trap of Helm charts cannot happen', () => {
  const { files } = chart.generate({ checks: 200 });
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
    ['14: keys with hyphens', {}, { 'with-hyphen': 'a' }],
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
  ])('%s', (_, values, expected) => {
    const onDisk = new ChartOnDisk(files);
    for (const helm of helms) {
      const { documents, error } = onDisk.template(helm, { values });
      expect(error, helm).toBeUndefined();
      expect((documents[0] as Trap).spec, helm).toMatchObject(expected);
      expect(documentsDiffer(chart.synth(values), documents), helm).toBeUndefined();
    }
  });

  test('3: --set and a file give the same', () => {
    const onDisk = new ChartOnDisk(files);
    for (const helm of helms) {
      const set = onDisk.template(helm, {
        arguments: ['--set', 'whole=5000000,on=false', '--set-string', 'text=1234e5'],
      });
      const file = onDisk.template(helm, { values: { whole: 5_000_000, on: false, text: '1234e5' } });
      expect(set.error).toBeUndefined();
      expect(documentsDiffer(file.documents, set.documents)).toBeUndefined();
    }
  });

  test.each<[string, readonly string[], string]>([
    ['2: a number that is not exact', ['--set', 'whole=9007199254740993'], 'whole'],
    ['8: a name that there is not', ['--set', 'wohle=1'], 'wohle'],
    ['10: a list that --set pads with null', ['--set', 'list[2]=x'], 'list'],
    ['15: a character that toYaml loses', ['--set-json', 'tree={"a":"\\u0085"}'], 'control character'],
  ])('%s is refused', (_, parameters, expected) => {
    const onDisk = new ChartOnDisk(files);
    for (const helm of helms) expect(onDisk.template(helm, { arguments: parameters }).error, helm).toContain(expected);
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

  test('20: names are cut to what Kubernetes takes', () => {
    const release = { name: 'n'.repeat(53), namespace: 'x' };
    const [object] = chart.synth({}, release) as { metadata: { name: string } }[];
    expect(object!.metadata.name.length).toBeLessThanOrEqual(63);
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
