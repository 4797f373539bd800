/**
 * Compiles the package to dist/lib:
 *
 * - `esm/` by tsc: modules and their types
 * - `cjs/` by esbuild, file by file, with the same types: for projects that `cdk8s init typescript-app` makes
 * - `esm/cli/` by esbuild, bundled: one file to start and one for each command, because reading a hundred small files
 *   costs more than the command line's own work
 *
 * `--cli <folder>` makes only the last of these, somewhere else: the tests run the command line as it is now.
 *
 * Plain JavaScript, since it has to run before anything is compiled.
 */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

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

async function compileModules(files) {
  const output = join(lib, 'esm');
  // What tsc remembers is only true as long as its output is there.
  if (!existsSync(join(output, 'index.js'))) rmSync(join(root, 'dist/lib.tsbuildinfo'), { force: true });
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json']);
  removeStale(output, files, ['.js', '.d.ts']);
}

async function compileCommonJs(files) {
  const output = join(lib, 'cjs');
  await build({
    entryPoints: files.map((path) => join(source, path)),
    outdir: output,
    outbase: source,
    format: 'cjs',
    platform: 'node',
    target,
    logLevel: 'warning',
  });
  writeFileSync(join(output, 'package.json'), '{ "type": "commonjs" }\n');
  removeStale(output, files, ['.js', '.d.ts']);
}

async function bundleCommandLine(output) {
  rmSync(output, { recursive: true, force: true });
  const { metafile } = await build({
    entryPoints: [join(source, 'cli/main.ts')],
    outdir: output,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target,
    metafile: true,
    logLevel: 'warning',
    // commander is CommonJS: inside a module its `require` of Node's own modules has to come from somewhere.
    banner: {
      js: "import { createRequire as createRequireOfBundle } from 'node:module';\nconst require = createRequireOfBundle(import.meta.url);",
    },
    plugins: [leaveOut(['cdk8s', 'constructs', 'cdk8s-plus-28', 'zod'])],
  });
  chmodSync(join(output, 'main.js'), 0o755); // `npx chartwright` in the checkout runs this file itself
  writeFileSync(join(output, 'LICENSES.txt'), licensesOf(metafile));
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
function copyTypes(files) {
  for (const path of files.filter((file) => !file.endsWith('.d.ts'))) {
    const types = path.replace(/\.ts$/, '.d.ts');
    mkdirSync(dirname(join(lib, 'cjs', types)), { recursive: true });
    cpSync(join(lib, 'esm', types), join(lib, 'cjs', types));
  }
}

/** Removes what was compiled from files that are gone. */
function removeStale(output, files, endings) {
  const known = new Set(files.flatMap((path) => endings.map((ending) => path.replace(/\.ts$/, ending))));
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

function run(program, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { cwd: root, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${words[0]} ended with ${code}`))));
  });
}

const cliFolder = process.argv[2] === '--cli' ? process.argv[3] : undefined;
try {
  if (cliFolder) await bundleCommandLine(cliFolder);
  else {
    const files = libraryFiles();
    await Promise.all([compileModules(files), compileCommonJs(files), bundleCommandLine(join(lib, 'esm/cli'))]);
    copyTypes(files);
  }
} catch (error) {
  // tsc and esbuild have said what is wrong.
  console.error(`build failed: ${error.message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
