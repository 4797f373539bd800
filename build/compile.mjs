/**
 * Compiles the package to dist/lib:
 *
 * - `esm/` by TypeScript: modules and their types (declarations.mjs)
 * - `cjs/` by esbuild, file by file, with the same types: for projects that `cdk8s init typescript-app` makes
 * - `esm/cli/` by esbuild, bundled: one file to start and one for each command, because reading a hundred small files
 *   costs more than the command line's own work
 *
 * `--cli <folder>` makes only the last of these, somewhere else: the tests run the command line as it is now.
 *
 * Plain JavaScript, since it has to run before anything is compiled.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

const root = join(import.meta.dirname, '..');
const source = join(root, 'src');
const lib = join(root, 'dist/lib');
const target = 'node20';

/** Paths below src of everything that is part of the library. */
function libraryFiles() {
  return readdirSync(source, { recursive: true })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts') && !path.startsWith('cli/') && path !== 'main.ts');
}

async function compileModules() {
  const { compileWithTypes } = await import('./declarations.mjs');
  const output = join(lib, 'esm');
  const memory = join(root, 'dist/lib.tsbuildinfo');
  const isComplete = () => libraryFiles().every((path) => existsSync(join(output, path.replace(/\.ts$/, '.d.ts'))));
  const compile = () => {
    if (!compileWithTypes(join(root, 'tsconfig.build.json'))) throw new Error('there are type errors');
  };
  // What TypeScript remembers to have written is only true as long as it would write the same today.
  if (modifiedAt(memory) < modifiedAt(join(root, 'build/declarations.mjs'))) rmSync(memory, { force: true });
  compile();
  // And as long as nobody has removed it.
  if (!isComplete()) {
    rmSync(memory);
    compile();
  }
  removeStale(output, ['.js', '.d.ts']);
}

async function compileCommonJs() {
  const output = join(lib, 'cjs');
  for (const path of libraryFiles()) {
    // Text by text, so that esbuild does not see this package's "type": it would then take a default import of one of
    // our own modules for the whole module, as Node does where a module imports CommonJS.
    const { code } = await transform(readFileSync(join(source, path), 'utf8'), {
      sourcefile: path,
      loader: 'ts',
      format: 'cjs',
      platform: 'node',
      target,
    });
    writeIfChanged(join(output, path.replace(/\.ts$/, '.js')), code);
  }
  writeIfChanged(join(output, 'package.json'), '{ "type": "commonjs" }\n');
  removeStale(output, ['.js', '.d.ts']);
}

async function bundleCommandLine(output) {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(source, 'cli/main.ts')],
    outdir: output,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    metafile: true,
    write: false,
    logLevel: 'warning',
    // commander is CommonJS: inside a module its `require` of Node's own modules has to come from somewhere.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    },
    plugins: [leaveOut(['cdk8s', 'constructs', 'cdk8s-plus-28', 'zod'])],
  });
  // The chunks before the file that imports them.
  const isEntry = ({ path }) => Number(basename(path) === 'main.js');
  const files = new Map(
    outputFiles.sort((a, b) => isEntry(a) - isEntry(b)).map(({ path, text }) => [basename(path), text]),
  );
  files.set('LICENSES.txt', licensesOf(metafile));
  // One by one and the old ones last, so that there is a whole command line at any time: `npx chartwright` in the
  // checkout compiles the package before it runs it, and somebody else may be running it already.
  for (const [name, content] of files) writeIfChanged(join(output, name), content);
  for (const name of readdirSync(output)) if (!files.has(name)) rmSync(join(output, name), { recursive: true });
  chmodSync(join(output, 'main.js'), 0o755); // npx runs this file itself
}

/** Keeps packages out of a bundle, and their imports too where nothing of them is used. */
function leaveOut(packages) {
  const filter = new RegExp(`^(${packages.join('|')})(/|$)`);
  return {
    name: 'leave-out',
    setup: (bundler) => bundler.onResolve({ filter }, ({ path }) => ({ path, external: true, sideEffects: false })),
  };
}

/** The licences of the packages whose code is in a bundle: each of them asks to be passed on with it. */
function licensesOf(metafile) {
  const packages = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set(packages)]
    .sort()
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      if (!file) throw new Error(`${name} has no licence file`);
      return `${name} ${version}\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** The types of the modules, for the CommonJS build: there they mean CommonJS because of its package.json. */
function copyTypes() {
  for (const path of libraryFiles()) {
    const types = path.replace(/\.ts$/, '.d.ts');
    writeIfChanged(join(lib, 'cjs', types), readFileSync(join(lib, 'esm', types), 'utf8'));
  }
}

/** Leaves files alone that stay the same, so that whoever watches them has nothing to do. */
function writeIfChanged(path, content) {
  if (existsSync(path) && readFileSync(path, 'utf8') === content) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

function modifiedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Removes what was compiled from files that are gone. */
function removeStale(output, endings) {
  const known = new Set(libraryFiles().flatMap((path) => endings.map((ending) => path.replace(/\.ts$/, ending))));
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const path = relative(output, join(entry.parentPath, entry.name)).replaceAll('\\', '/');
    if (
      entry.isFile() &&
      !path.startsWith('cli/') &&
      endings.some((ending) => path.endsWith(ending)) &&
      !known.has(path)
    )
      rmSync(join(output, path));
  }
}

const cliFolder = process.argv[2] === '--cli' ? process.argv[3] : undefined;
try {
  if (cliFolder) await bundleCommandLine(cliFolder);
  else {
    await Promise.all([compileCommonJs(), bundleCommandLine(join(lib, 'esm/cli')), compileModules()]);
    copyTypes();
  }
} catch (error) {
  // TypeScript and esbuild have said what is wrong.
  console.error(`build failed: ${error.message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
