import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWith } from '../programs/find.js';

// Each test installs packages and compiles a project.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Projects of which a usual run installs into one, another one each day: each takes half a minute of a processor. */
const turns = ['cdk8s-cli', 'chart', 'library'];
const isTurn = (project: string): boolean =>
  process.env['CHARTWRIGHT_CHARTS'] === 'all' || turns[Math.floor(Date.now() / 86_400_000) % turns.length] === project;

const root = join(import.meta.dirname, '../..');
const temporary = mkdtempSync(join(tmpdir(), 'chartwright-test-'));
let packed: string;

// Packages come from npm's cache or its registry; without either there is nothing to install the package into.
const registry = spawnSync('npm', ['view', '--prefer-offline', 'cdk8s', 'version'], { encoding: 'utf8' }).status === 0;

beforeAll(() => {
  run(root, process.execPath, 'build/compile.mjs');
  run(root, 'npm', 'pack', '--ignore-scripts', '--pack-destination', temporary);
  packed = join(temporary, readdirSync(temporary).find((name) => name.endsWith('.tgz'))!);
});
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Runs a program, which has to succeed, and gives what it wrote to stdout. */
function run(folder: string, program: string, ...words: string[]): string {
  // npm tells the programs that it starts about itself; a project of somebody else must not see this one.
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  const { status, stdout, stderr } = spawnSync(program, words, { cwd: folder, encoding: 'utf8', env: environment });
  expect(status, `${program} ${words.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function write(folder: string, files: Readonly<Record<string, string>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(temporary, folder, path)), { recursive: true });
    writeFileSync(join(temporary, folder, path), content);
  }
  return join(temporary, folder);
}

/** The project that was installed into before. */
let before: string | undefined;

/**
 * Installs the package and others. What the project before has is not unpacked once more: npm finds it there, keeps of it
 * what this project's packages ask for, and removes the rest.
 */
function install(folder: string, ...packages: string[]): void {
  const modules = join(folder, 'node_modules');
  if (before) {
    run(temporary, 'cp', '-al', join(before, 'node_modules'), modules);
    // npm writes into this one, which must not be that of the project before.
    const list = '.package-lock.json';
    rmSync(join(modules, list));
    run(temporary, 'cp', '-p', join(before, 'node_modules', list), modules);
  }
  before = folder;
  run(folder, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', packed, ...packages);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Chains of declaration files, from a public one to one that imports a package. */
function importers(folder: string, entries: readonly string[], name: string): string[] {
  const from = new Map<string, string | undefined>(entries.map((entry) => [entry, undefined]));
  const found: string[] = [];
  for (const [path] of from) {
    const text = readFileSync(join(folder, path), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)) {
      const next = join(dirname(path), specifier!.replace(/\.js$/, '.d.ts'));
      if (specifier === name) found.push(chainTo(path, from));
      else if (specifier!.startsWith('.') && !from.has(next)) from.set(next, path);
    }
  }
  return found;
}

function chainTo(path: string, from: ReadonlyMap<string, string | undefined>): string {
  const before = from.get(path);
  return before === undefined ? path : `${chainTo(before, from)} > ${path}`;
}

const body = `
const app = new App();
const chart = new Chart(app, 'vald');
const agent = new ValdAgentWithBackup(chart, 'agent', {
  namespace: 'vald',
  ngt: { dimension: 784 },
  backup: BackupMethod.both({
    volume: { size: '100Gi' },
    store: ObjectStore.s3({ bucket: 'backups', region: 'eu-north-1', credentials: Credentials.secret({ name: 'aws-secret' }) }),
    clusterId: '8c1d5b0e-7f0b-4f6e-9a53-5d2c1e6b7a90',
  }),
});
// @ts-expect-error there is no such property, and the types know it
() => new ValdAgentWithBackup(chart, 'other', { namspace: 'vald' });
void agent;
app.synth();
`;
const imports = `import { Chart } from 'cdk8s';
import { App, Credentials, ObjectStore } from 'chartwright';
import { BackupMethod, ValdAgentWithBackup } from 'chartwright/vald';
`;
const statefulSet = 'vald/StatefulSet.vald-agent.k8s.yaml';

describe('the package by itself', () => {
  test('is clean for publint', () => {
    expect(run(root, 'node_modules/.bin/publint', '--strict', packed)).toContain('All good');
  });

  test('is clean for are-the-types-wrong', () => {
    expect(run(root, 'node_modules/.bin/attw', packed)).toContain('No problems found');
  });

  test('has public types that need no types of zod', () => {
    // Zod's own types do not compile in a project as "cdk8s init typescript-app" makes it (no esModuleInterop).
    const types = join(root, 'dist/lib/esm');
    expect(importers(types, ['index.d.ts', 'vald/index.d.ts', 'rondb/index.d.ts'], 'zod')).toEqual([]);
  });

  test('holds nothing but what was compiled', () => {
    const paths = spawnSync('tar', ['-tzf', packed], { encoding: 'utf8' }).stdout.trim().split('\n');
    const expected = /^package\/((package\.json|README\.md|LICENSE|CHANGELOG\.md)$|dist\/lib\/(esm|cjs)\/)/;
    expect(paths.filter((path) => !expected.test(path) || /tsbuildinfo|\.test\./.test(path))).toEqual([]);
    expect(paths).toContain('package/dist/lib/esm/cli/LICENSES.txt');
  });
});

describeWith(
  ['npm'],
  'the package installed',
  () => {
    test('into an ESM project: the types hold under NodeNext and the app runs', () => {
      const folder = write('esm', {
        'package.json': '{ "name": "esm", "private": true, "type": "module" }',
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            target: 'ES2022',
            module: 'NodeNext',
            strict: true,
            types: ['node'],
          },
          include: ['main.ts'],
        }),
        'main.ts': imports + body,
      });
      install(folder, 'cdk8s', 'constructs', 'typescript@5.9', '@types/node@20');
      run(folder, 'node_modules/.bin/tsc');
      // cdk8s-plus's own types do not hold under this flag, so theirs are left out; ours must suit those who use it.
      run(folder, 'node_modules/.bin/tsc', '--exactOptionalPropertyTypes', '--skipLibCheck');
      run(folder, process.execPath, 'main.js');
      expect(filesBelow(join(folder, 'dist'))).toContain(statefulSet);
    });

    describe('into a CommonJS project as "cdk8s init typescript-app" makes it', () => {
      let folder: string;
      beforeAll(() => {
        folder = write('commonjs', {
          'package.json':
            '{ "name": "commonjs", "version": "1.0.0", "main": "main.js", "types": "main.ts", "private": true }',
          'cdk8s.yaml': 'language: typescript\napp: npx ts-node main.ts\nimports:\n  - k8s\n',
          'tsconfig.json': JSON.stringify({
            compilerOptions: {
              alwaysStrict: true,
              declaration: true,
              experimentalDecorators: true,
              inlineSourceMap: true,
              inlineSources: true,
              lib: ['es2016'],
              module: 'CommonJS',
              noEmit: false,
              noEmitOnError: true,
              noFallthroughCasesInSwitch: true,
              noImplicitAny: true,
              noImplicitReturns: true,
              noImplicitThis: true,
              noUnusedLocals: true,
              noUnusedParameters: true,
              resolveJsonModule: true,
              strict: true,
              strictNullChecks: true,
              strictPropertyInitialization: true,
              stripInternal: true,
              target: 'ES2017',
            },
            include: ['**/*.ts'],
            exclude: ['node_modules'],
          }),
          'main.ts': imports + body,
        });
        install(folder, 'cdk8s', 'constructs', 'typescript@5.9.x', '@types/node@^14', 'ts-node@^10');
      });

      test('the types hold under classic module resolution and the app runs', () => {
        run(folder, 'node_modules/.bin/tsc', '--build');
        run(folder, process.execPath, 'main.js');
        expect(filesBelow(join(folder, 'dist'))).toContain(statefulSet);
        // Its compiled files would be in the way of ts-node.
        for (const name of ['main.js', 'main.d.ts', 'tsconfig.tsbuildinfo'])
          rmSync(join(folder, name), { force: true });
      });

      test('chartwright synth runs its app by ts-node', () => {
        rmSync(join(folder, 'dist'), { recursive: true, force: true });
        run(folder, 'node_modules/.bin/chartwright', 'synth');
        expect(filesBelow(join(folder, 'dist'))).toContain(statefulSet);
      });

      test('the same names are there as for ESM', () => {
        const names = (loader: string) =>
          `for (const name of ['chartwright', 'chartwright/chart', 'chartwright/vald', 'chartwright/rondb']) ${loader}.then((all) => console.log(name, Object.keys(all).filter((key) => key !== 'default' && key !== 'module.exports').sort().join()))`;
        const required = run(folder, process.execPath, '-e', names('Promise.resolve(require(name))'));
        const imported = run(folder, process.execPath, '-e', names('import(name)'));
        expect(imported.split('\n').sort()).toEqual(required.split('\n').sort());
      });
    });

    test.runIf(isTurn('cdk8s-cli'))(
      'beside cdk8s-cli: either command may follow the other, and neither destroys what the other keeps',
      () => {
        const folder = write('both', {
          'package.json': '{ "name": "both", "private": true, "type": "module" }',
          'cdk8s.yaml': 'language: typescript\napp: npx tsx main.ts\noutput: dist/manifests\nvalues: values\n',
          'main.ts': imports + body,
          'dist/lib/index.js': 'compiled',
          'dist/manifests/stale.k8s.yaml': 'kind: Stale',
          'values/mine.yaml': 'mine: 1',
        });
        install(folder, 'cdk8s', 'constructs', 'cdk8s-cli@2.207.60');
        const written = () => {
          const files = ['dist', 'values'].flatMap((name) =>
            filesBelow(join(folder, name)).map((path) => join(name, path)),
          );
          return Object.fromEntries(files.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
        };
        const chartwright = () => run(folder, 'node_modules/.bin/chartwright', 'synth');
        const cdk8s = () => run(folder, 'node_modules/.bin/cdk8s', 'synth', '--check-upgrade=false');

        chartwright();
        const first = written();
        expect(Object.keys(first)).toEqual(
          expect.arrayContaining(['dist/lib/index.js', `dist/manifests/${statefulSet}`, 'values/mine.yaml']),
        );
        expect(first).not.toHaveProperty(['dist/manifests/stale.k8s.yaml']);
        write('both', { 'dist/manifests/stale.k8s.yaml': 'kind: Stale' });
        cdk8s();
        expect(written()).toEqual(first);
        expect(chartwright()).toMatch(/^manifests {2}dist\/manifests .* 0 +0 +\d+ +0$/m);
        expect(written()).toEqual(first);
      },
    );

    describe('into examples/minimal', () => {
      let folder: string;
      beforeAll(() => {
        folder = join(temporary, 'minimal');
        cpSync(join(root, 'examples/minimal'), folder, {
          recursive: true,
          filter: (path) => !path.endsWith('node_modules'),
        });
        install(folder);
      });

      test('its types hold', () => {
        run(folder, 'node_modules/.bin/tsc');
      });

      test('its scripts write the manifests and find no difference afterwards', () => {
        expect(run(folder, 'npm', 'run', 'synth')).toMatch(/^manifests {2}manifests .* 0 +0 +0$/m);
        expect(filesBelow(join(folder, 'manifests'))).toContain(statefulSet);
        expect(run(folder, 'npm', 'run', 'check')).toMatch(/^manifests {2}manifests .* 0 +0 +\d+ +0$/m);
      });

      test('its file runs by name, without tsx in the project', () => {
        const shown = run(folder, 'node_modules/.bin/chartwright', 'synth', '--app', 'main.ts', '--output', 'json');
        expect(JSON.parse(shown)).toMatchObject({ ok: true, outputs: [{ set: 'manifests', state: 'unchanged' }] });
      });
    });

    describe.each(['chart', 'library'].filter(isTurn))('into a %s project as "chartwright init" makes it', (kind) => {
      let folder: string;
      beforeAll(() => {
        run(temporary, process.execPath, join(root, 'dist/lib/esm/cli/main.js'), 'init', kind, `my-${kind}`);
        folder = join(temporary, `my-${kind}`);
        install(folder);
      });

      test('its tests pass and its types hold', () => {
        run(folder, 'npm', 'test');
        run(folder, 'npm', 'run', 'types');
      });

      test('its scripts write what it is for, and find no difference afterwards', () => {
        expect(run(folder, 'npm', 'run', 'chart')).toContain(`my-${kind} 0.1.0: exhaustive`);
        for (const script of kind === 'chart' ? ['values', 'package'] : ['build']) run(folder, 'npm', 'run', script);
        run(folder, 'npm', 'run', 'check');
        expect(filesBelow(folder).filter((path) => /^(charts|values|dist)\//.test(path))).toEqual(
          expect.arrayContaining([
            `charts/my-${kind}/Chart.yaml`,
            ...(kind === 'chart'
              ? ['dist/charts/my-chart-0.1.0.tgz', 'values/my-chart/prod.yaml', 'values/my-chart/staging.yaml']
              : ['dist/index.js', 'dist/index.d.ts']),
          ]),
        );
      });
    });
  },
  { 'a package registry': registry },
);
