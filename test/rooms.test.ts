import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** The rooms: each with its layer and the rooms it may import. Arrows go down only. */
const table: Readonly<Record<string, { readonly layer: number; readonly mayImport: readonly string[] }>> = {
  problem: { layer: 0, mayImport: [] },
  units: { layer: 1, mayImport: ['problem'] },
  scripts: { layer: 1, mayImport: ['problem'] },
  chart: { layer: 2, mayImport: ['problem', 'units'] },
  store: { layer: 2, mayImport: ['problem', 'units'] },
  values: { layer: 2, mayImport: ['problem', 'units'] },
  kube: { layer: 3, mayImport: ['problem', 'units', 'scripts', 'chart'] },
  repository: { layer: 3, mayImport: ['problem', 'units', 'scripts', 'store'] },
  vald: { layer: 4, mayImport: ['problem', 'units', 'scripts', 'chart', 'store', 'values', 'kube', 'repository'] },
  rondb: { layer: 4, mayImport: ['problem', 'units', 'scripts', 'chart', 'store', 'values', 'kube', 'repository'] },
  validate: { layer: 5, mayImport: ['problem', 'values', 'vald', 'rondb'] },
  cluster: { layer: 5, mayImport: ['problem', 'units', 'scripts', 'store', 'kube', 'repository', 'vald', 'rondb'] },
  cli: {
    layer: 6,
    mayImport: [
      'problem',
      'units',
      'scripts',
      'chart',
      'store',
      'values',
      'kube',
      'repository',
      'vald',
      'rondb',
      'validate',
      'cluster',
    ],
  },
};

/** Rooms that talk to the world: print, exit, start processes. */
const outer = ['cli'];

/** Files outside of those rooms that may touch the disk, with the reason. */
const touchesDisk: Readonly<Record<string, string>> = {
  'kube/app.ts': 'writes at synthesis, when everything is checked',
  'kube/manifests.ts': 'the same',
  'kube/report.ts': 'writes the report for the command that started the app',
  'store/from-rclone-config.ts': 'reads the file that its caller names',
  'validate/chart.ts': 'reads the chart that its caller names',
  'validate/chart-files.ts': 'reads that chart and the charts inside of it',
  'validate/argo-application.ts': 'looks whether a values file that an Application names is in its repository',
  'validate/inputs.ts': 'looks for the values files in folders that its caller names',
  'validate/read-file.ts': 'reads the values files that its caller names',
  'validate/validator.ts': 'reads what --set-file names',
};

const vagueNames = ['utils', 'util', 'common', 'types', 'helpers', 'core', 'shared', 'misc', 'lib'];
const mostLines = 400;

/** Source files by path below src, with forward slashes. */
type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface Facts {
  readonly imports: readonly Import[];
  /** Members of `process` that are used, such as `exit`. */
  readonly process: readonly string[];
  readonly usesConsole: boolean;
  readonly usesImportMeta: boolean;
}

function read(path: string, text: string): Facts {
  const imports: Import[] = [];
  const process: string[] = [];
  let usesConsole = false;
  let usesImportMeta = false;
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const typeOnly = ts.isImportDeclaration(node) ? node.importClause?.isTypeOnly : node.isTypeOnly;
      imports.push({ specifier: (node.moduleSpecifier as ts.StringLiteral).text, typeOnly: typeOnly ?? false });
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      imports.push({ specifier: (node.argument.literal as ts.StringLiteral).text, typeOnly: true });
    } else if (ts.isCallExpression(node) && isLoad(node.expression) && ts.isStringLiteralLike(node.arguments[0]!)) {
      imports.push({ specifier: node.arguments[0].text, typeOnly: false });
    } else if (ts.isMetaProperty(node)) {
      usesImportMeta ||= node.keywordToken === ts.SyntaxKind.ImportKeyword;
    } else if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      if (node.expression.text === 'console') usesConsole = true;
      if (node.expression.text === 'process') process.push(node.name.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true));
  return { imports, process, usesConsole, usesImportMeta };
}

const isLoad = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');

/** The room of a file, or undefined for an entry point directly in src. */
const roomOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);

/** Everything in which sources break the rules, one line each. */
function violations(sources: Sources, dependencies: readonly string[]): string[] {
  const found: string[] = [];
  const graph = new Map<string, { path: string; typeOnly: boolean }[]>();
  const rooms = new Set([...sources.keys()].map(roomOf).filter((room) => room !== undefined));
  for (const room of rooms) {
    if (!table[room]) found.push(`${room}/ is not in the table of rooms`);
    if (!outer.includes(room) && !sources.has(`${room}/index.ts`)) found.push(`${room}/ has no index.ts`);
  }
  for (const [path, text] of sources) {
    const room = roomOf(path);
    const vague = path
      .replace(/\.[a-z]+$/, '')
      .split('/')
      .find((part) => vagueNames.includes(part));
    if (vague) found.push(`${path}: "${vague}" says nothing about what is in it`);
    const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    if (lines > mostLines && !path.includes('.generated.')) found.push(`${path}: ${lines} lines, at most ${mostLines}`);
    if (!path.endsWith('.ts')) continue;

    const { imports, process, usesConsole, usesImportMeta } = read(path, text);
    const worldly = room !== undefined && outer.includes(room);
    if (usesImportMeta && !worldly) found.push(`${path}: import.meta, which the CommonJS build does not have`);
    if (usesConsole && !worldly) found.push(`${path}: prints with console`);
    for (const member of ['stdout', 'stderr', 'stdin', 'exit', 'exitCode', 'abort', 'kill', 'on', 'once', 'chdir'])
      if (process.includes(member) && !worldly) found.push(`${path}: process.${member}`);

    const edges: { path: string; typeOnly: boolean }[] = [];
    for (const { specifier, typeOnly } of imports) {
      if (!specifier.startsWith('.')) {
        const problem = worldly ? undefined : refusedModule(path, specifier);
        if (problem) found.push(`${path}: ${problem}`);
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/');
        if (!specifier.startsWith('node:') && !dependencies.includes(name))
          found.push(`${path}: ${name} is not a dependency of the package`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
      if (!specifier.endsWith('.js') || !sources.has(target)) {
        found.push(`${path}: there is no ${specifier}`);
        continue;
      }
      edges.push({ path: target, typeOnly });
      const targetRoom = roomOf(target);
      if (targetRoom === room) continue;
      if (room && targetRoom === undefined) found.push(`${path}: imports the entry point ${target}`);
      else if (target !== `${targetRoom}/index.ts`) found.push(`${path}: imports ${target}, not the room’s index.ts`);
      if (room && targetRoom && table[room] && !table[room].mayImport.includes(targetRoom))
        found.push(`${path}: ${room}/ may not import ${targetRoom}/`);
    }
    graph.set(path, edges);
  }
  const cycle = (kind: string, keep: (edge: { typeOnly: boolean }) => boolean) =>
    cycles(new Map([...graph].map(([path, edges]) => [path, edges.filter(keep).map((edge) => edge.path)]))).map(
      (files) => `${kind}: ${files.join(' → ')}`,
    );
  const running = cycle('cycle', ({ typeOnly }) => !typeOnly);
  return [...found, ...running, ...(running.length > 0 ? [] : cycle('cycle of types', () => true))];
}

function refusedModule(path: string, specifier: string): string | undefined {
  if (/^node:(child_process|net|http|https|http2|dgram|worker_threads|readline|process)/.test(specifier))
    return `uses ${specifier}`;
  if (/^node:fs/.test(specifier) && !touchesDisk[path]) return `touches the disk with ${specifier}`;
  return undefined;
}

/** The cycles of a graph: for each file that can reach itself, once, one way round. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push([...trail.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  return found;
}

describe('the sources', () => {
  const root = join(import.meta.dirname, '..');
  const sources = new Map(
    readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [posix.relative(join(root, 'src'), path), readFileSync(path, 'utf8')]),
  );
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    peerDependencies: Record<string, string>;
  };

  test('keep to the table of rooms, without cycles, long files and vague names', () => {
    expect(violations(sources, Object.keys({ ...dependencies, ...peerDependencies }))).toEqual([]);
  });

  test('are described by ARCHITECTURE.md with the same rooms and layers', () => {
    const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const described = [...text.matchAll(/^\| (\d) \| `(\w+)\/` \|/gm)].map(([, layer, room]) => [room, Number(layer)]);
    const rooms = new Set([...sources.keys()].map(roomOf).filter((room) => room !== undefined));
    const expected = Object.entries(table).filter(([room]) => rooms.has(room));
    expect(Object.fromEntries(described)).toMatchObject(
      Object.fromEntries(expected.map(([room, { layer }]) => [room, layer])),
    );
  });
});

test('the table has arrows that go down only', () => {
  for (const [room, { layer, mayImport }] of Object.entries(table))
    for (const below of mayImport) expect(table[below]!.layer, `${room} imports ${below}`).toBeLessThan(layer);
});

describe('a planted violation is found', () => {
  /** Rooms that keep to the rules, to plant something into. */
  const good = {
    'index.ts': "export { a } from './units/index.js';",
    'problem/index.ts': "export { b } from './problem.js';",
    'problem/problem.ts': 'export const b = 1;',
    'units/index.ts': "export { a } from './text.js';",
    'units/text.ts': "import { z } from 'zod';\nimport { b } from '../problem/index.js';\nexport const a = z ? b : 2;",
    'kube/index.ts': "export * from './check/index.js';",
    'kube/check/index.ts': "import { b } from '../../problem/index.js';\nexport const c = b;",
    'scripts/index.ts': 'export const script = 1;',
    'cli/index.ts': "import { a } from '../units/index.js';\nconsole.log(a, import.meta.url);\nprocess.exit(1);",
  };
  const plant = (files: Record<string, string>) =>
    violations(new Map(Object.entries({ ...good, ...files })), ['zod', '@scope/name']);

  test('and nothing without one', () => expect(plant({})).toEqual([]));

  test.each<[string, Record<string, string>, string[]]>([
    ['an arrow up', { 'units/up.ts': "import '../kube/index.js';" }, ['units/up.ts: units/ may not import kube/']],
    [
      'an arrow up for types only',
      { 'units/up.ts': "import type { c } from '../kube/index.js';" },
      ['units/up.ts: units/ may not import kube/'],
    ],
    [
      'an arrow up inside of a type',
      { 'units/up.ts': "export type C = import('../kube/index.js').C;" },
      ['units/up.ts: units/ may not import kube/'],
    ],
    [
      'an arrow up at run time',
      { 'units/up.ts': "export const c = () => import('../kube/index.js');" },
      ['units/up.ts: units/ may not import kube/'],
    ],
    [
      'an arrow up in what is passed on',
      { 'units/up.ts': "export * from '../kube/index.js';" },
      ['units/up.ts: units/ may not import kube/'],
    ],
    [
      'an arrow to a room on the same layer',
      { 'units/side.ts': "import '../scripts/index.js';" },
      ['units/side.ts: units/ may not import scripts/'],
    ],
    [
      'an arrow past the index of a room',
      { 'units/past.ts': "import '../problem/problem.js';" },
      ['units/past.ts: imports problem/problem.ts, not the room’s index.ts'],
    ],
    [
      'an entry point that goes past it too',
      { 'main.ts': "import './units/text.js';" },
      ['main.ts: imports units/text.ts, not the room’s index.ts'],
    ],
    [
      'an arrow to an entry point',
      { 'units/out.ts': "import '../index.js';" },
      ['units/out.ts: imports the entry point index.ts'],
    ],
    ['an import of nothing', { 'units/no.ts': "import './nothing.js';" }, ['units/no.ts: there is no ./nothing.js']],
    ['an import without .js', { 'units/no.ts': "import './text';" }, ['units/no.ts: there is no ./text']],
    ['a room nobody knows', { 'news/index.ts': '' }, ['news/ is not in the table of rooms']],
    ['a room without an index', { 'store/s3.ts': '' }, ['store/ has no index.ts']],
    [
      'a cycle',
      { 'units/a.ts': "import './b.js';", 'units/b.ts': "import './c.js';", 'units/c.ts': "import './a.js';" },
      ['cycle: units/a.ts → units/b.ts → units/c.ts → units/a.ts'],
    ],
    ['a file that imports itself', { 'units/a.ts': "import './a.js';" }, ['cycle: units/a.ts → units/a.ts']],
    [
      'a cycle of types',
      { 'units/a.ts': "import { b } from './b.js';", 'units/b.ts': "import type { a } from './a.js';" },
      ['cycle of types: units/a.ts → units/b.ts → units/a.ts'],
    ],
    [
      'a vague folder',
      { 'units/utils/text.ts': '' },
      ['units/utils/text.ts: "utils" says nothing about what is in it'],
    ],
    ['a vague file', { 'units/types.ts': '' }, ['units/types.ts: "types" says nothing about what is in it']],
    ['a long file', { 'units/long.ts': '//\n'.repeat(401) }, ['units/long.ts: 401 lines, at most 400']],
    ['a long script', { 'scripts/long.sh': '#\n'.repeat(401) }, ['scripts/long.sh: 401 lines, at most 400']],
    ['a long file that is generated', { 'units/long.generated.ts': '//\n'.repeat(401) }, []],
    [
      'import.meta',
      { 'units/meta.ts': 'export const here = import.meta.url;' },
      ['units/meta.ts: import.meta, which the CommonJS build does not have'],
    ],
    [
      'import.meta in an entry point',
      { 'main.ts': 'import.meta.url;' },
      ['main.ts: import.meta, which the CommonJS build does not have'],
    ],
    ['printing', { 'units/print.ts': "console.log('a');" }, ['units/print.ts: prints with console']],
    ['printing past console', { 'kube/print.ts': "process.stdout.write('a');" }, ['kube/print.ts: process.stdout']],
    ['an exit', { 'kube/exit.ts': 'process.exitCode = 1;' }, ['kube/exit.ts: process.exitCode']],
    [
      'a process',
      { 'kube/run.ts': "import { spawn } from 'node:child_process';" },
      ['kube/run.ts: uses node:child_process'],
    ],
    [
      'a file read',
      { 'kube/read.ts': "import { readFileSync } from 'node:fs';" },
      ['kube/read.ts: touches the disk with node:fs'],
    ],
    ['a file read where it is the job', { 'kube/app.ts': "import { readFileSync } from 'node:fs';" }, []],
    [
      'a package that users do not get',
      { 'units/dev.ts': "import 'vitest/node';" },
      ['units/dev.ts: vitest is not a dependency of the package'],
    ],
    ['a package with a scope', { 'units/dev.ts': "import '@scope/name/sub';" }, []],
    [
      'the same words in text and comments',
      { 'units/text2.ts': "// console.log\nexport const t = 'process.exit';" },
      [],
    ],
  ])('%s', (_, files, expected) => expect(plant(files)).toEqual(expected));
});
