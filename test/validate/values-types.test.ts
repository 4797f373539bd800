import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { type Chart, editorSchema, knownCharts, valuesTypes } from '../../src/validate/index.js';
import { SchemaDocument, toValues, type ValuesMap } from '../../src/values/index.js';
import { describeWith, sharedFolder } from '../programs/find.js';

const root = join(import.meta.dirname, '../..');
const chartOf = (schema: object | undefined, defaults: object = {}): Chart => ({
  name: 'my-chart',
  version: '1.0.0',
  defaults: toValues(defaults) as ValuesMap,
  complete: true,
  ...(schema ? { schema: new SchemaDocument(JSON.stringify(schema)) } : {}),
  mentioned: new Set(),
  subcharts: [],
  missing: new Set(),
  notes: [],
});

/** What the compiler says against a module, as strict as it can be. */
function errorsOf(text: string): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    lib: ['lib.es2022.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, target, ...rest) =>
    name === 'values.ts' ? ts.createSourceFile(name, text, target) : getSourceFile.call(host, name, target, ...rest);
  const program = ts.createProgram(['values.ts'], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n').split('\n', 1)[0]!);
}

const schema = {
  type: 'object',
  definitions: {
    text: { type: 'string' },
    'tree-node': { properties: { children: { type: 'array', items: { $ref: '#/definitions/tree-node' } } } },
    'tree/node': { type: ['integer', 'null'] },
  },
  properties: {
    replicas: { type: 'integer', description: 'How many. Not */ a comment.' },
    'odd-key': { enum: ['a', 'b', null, 1] },
    tree: { $ref: '#/definitions/tree-node' },
    other: { $ref: '#/definitions/tree~1node' },
    elsewhere: { $ref: 'https://example.com/x.json' },
    choice: { oneOf: [{ type: 'string' }, { type: 'object', properties: { name: { type: 'string' } } }] },
    list: { type: 'array', items: { type: ['string', 'number'] } },
    free: { type: 'object' },
    typed: { type: 'object', additionalProperties: { $ref: '#/definitions/text' } },
    constant: { const: true },
    anything: {},
  },
};

describe('types from a schema', () => {
  const types = valuesTypes(chartOf(schema));

  test('read as somebody would have written them', () => {
    expect(types).toBe(`/** Values of the chart my-chart 1.0.0. */
export interface MyChartValues {
  /** How many. Not *\\/ a comment. */
  readonly replicas?: number | null;
  readonly "odd-key"?: "a" | "b" | null | 1;
  readonly tree?: TreeNode | null;
  readonly other?: TreeNode2 | null;
  readonly elsewhere?: unknown;
  readonly choice?: string | {
    readonly name?: string | null;
  } | null;
  readonly list?: readonly (string | number)[] | null;
  readonly free?: { readonly [key: string]: unknown } | null;
  readonly typed?: { readonly [key: string]: Text } | null;
  readonly constant?: true | null;
  readonly anything?: unknown;
}

export type Text = string;

export interface TreeNode {
  readonly children?: readonly TreeNode[] | null;
}

export type TreeNode2 = number | null;
`);
  });

  test.each([
    [
      '{ replicas: 3, tree: { children: [{ children: [] }] }, choice: { name: "a" }, list: ["a", 1], free: { x: [] } }',
      [],
    ],
    ['{ replicas: null, "odd-key": "b", typed: { a: "b" } }', []],
    ['{ replicas: "3" }', ["Type 'string' is not assignable to type 'number'."]],
    [
      '{ replica: 3 }',
      [
        "Object literal may only specify known properties, but 'replica' does not exist in type 'MyChartValues'. Did you mean to write 'replicas'?",
      ],
    ],
    ['{ "odd-key": "c" }', [`Type '"c"' is not assignable to type 'null | 1 | "b" | "a"'.`]],
  ])('take and refuse what the schema does: %s', (values, errors) => {
    const got = errorsOf(`${types}\nexport const values: MyChartValues = ${values};\n`);
    expect(got.length, got.join()).toBe(errors.length);
  });
});

test('types from default values only say what there is', () => {
  const types = valuesTypes(
    chartOf(undefined, { replicas: 1, image: { tag: '' }, hosts: ['a'], none: null, labels: {} }),
  );
  expect(types).toContain('  readonly replicas?: number | string | null;\n');
  const values = '{ replicas: 2, image: { tag: 1, digest: "x" }, hosts: ["b"], none: [], labels: { a: "b" }, more: 1 }';
  expect(errorsOf(`${types}\nexport const values: MyChartValues = ${values};\n`)).toEqual([]);
});

describe('a schema for editors', () => {
  test('is the chart’s own, with our rules at the values that they are about', () => {
    const [vald] = knownCharts;
    const chart = {
      ...chartOf({ properties: { agent: { description: 'Agents.' } } }, vald!.defaults('v1.8.0')),
      name: 'vald',
      version: 'v1.8.0',
      known: vald!,
    };
    const { properties } = JSON.parse(editorSchema(chart));
    expect(properties.agent.description).toBe('Agents.');
    const { watch_dir } = properties.agent.properties.sidecar.properties.config.properties;
    expect(watch_dir.description).toMatch(/VALD002 \(error\): the sidecar watches a folder/);
  });

  test('takes the chart’s own default values', () => {
    for (const known of knownCharts) {
      const defaults = toValues(known.defaults(known.versions.at(-1)!)) as ValuesMap;
      const { type, properties } = JSON.parse(editorSchema({ ...chartOf(undefined), defaults }));
      expect({ type, keys: Object.keys(properties) }).toEqual({ type: 'object', keys: Object.keys(defaults) });
    }
  });
});

const upstream = sharedFolder('upstream/vald');
describeWith(
  [],
  'types of upstream’s chart',
  () => {
    test('are there in five seconds, have no name twice, and compile', async () => {
      const text = readFileSync(join(upstream!, 'values-v1.8.0.schema.json'), 'utf8');
      const started = performance.now();
      const types = valuesTypes({ ...chartOf(undefined), name: 'vald', schema: new SchemaDocument(text) });
      expect(performance.now() - started).toBeLessThan(5_000);
      const names = [...types.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name);
      expect(names).toEqual([...new Set(names)]);
      const use = (value: string) =>
        `${types}\nexport const values: ValdValues = { agent: { minReplicas: ${value}, persistentVolume: { enabled: true } } };\n`;
      expect(errorsOf(use('3'))).toEqual([]);
      expect(errorsOf(use('"three"'))).toEqual(["Type 'string' is not assignable to type 'number'."]);
    }, 300_000);
  },
  { upstream },
);

test('the types are those of a dependency’s values in a chart, and in its environments', () => {
  const folder = mkdtempSync(join(import.meta.dirname, '.types-'));
  try {
    writeFileSync(join(folder, 'my-chart.ts'), valuesTypes(chartOf(schema)));
    writeFileSync(
      join(folder, 'use.ts'),
      `import { z } from 'zod';
import { defineChart, defineValues, dependency } from '../../../src/chart/index.js';
import type { MyChartValues } from './my-chart.js';

const mine = dependency<MyChartValues>({ repository: 'https://example.com', version: '1.0.0', values: { replicas: 3 } });
const chart = defineChart(
  { name: 'web', version: '1.0.0', values: z.object({ size: z.int().default(1) }), dependencies: { mine } },
  () => {},
);
export const values = defineValues(chart, { prod: { mine: { replicas: 4, tree: { children: [] } } } });
export const wrong = defineValues(chart, { prod: { mine: { replicas: 'four' } } });
export const wrongToo = dependency<MyChartValues>({ repository: 'https://example.com', version: '1.0.0', values: { replica: 3 } });
`,
    );
    const options = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config.compilerOptions;
    const { options: compilerOptions } = ts.convertCompilerOptionsFromJson({ ...options, noEmit: true }, root);
    const program = ts.createProgram([join(folder, 'use.ts')], compilerOptions);
    const lines = ['my-chart.ts', 'use.ts'].flatMap((name) => {
      const file = program.getSourceFile(join(folder, name))!;
      return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
        ({ start }) => `${name}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}`,
      );
    });
    expect(lines).toEqual(['use.ts:11', 'use.ts:12']);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
