import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The command line as it is now, bundled as the package has it, for one test file. */
export class BuiltCommandLine {
  // Inside the repository: it finds its package.json and tsx from where it is.
  readonly folder = join(root, 'dist', `test-cli-${process.pid}-${Date.now()}`);
  readonly main = join(this.folder, 'main.js');

  constructor() {
    const built = spawnSync(process.execPath, ['build/compile.mjs', '--cli', this.folder], {
      cwd: root,
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(built.stderr);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Result {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly environment?: Record<string, string>;
  /** Module that is loaded into the command's process first. */
  readonly preload?: string;
  readonly user?: number;
}

/** Where an app of a test writes: paths start with `manifests/` or `values/`. */
export type AppFiles = Readonly<Record<string, string>>;

/** A project of a user in a temporary folder, removed by `remove`. */
export class Project {
  readonly folder: string;
  readonly #started: ChildProcess[] = [];

  constructor(
    readonly commandLine: BuiltCommandLine,
    name = 'project',
  ) {
    this.folder = join(realpathSync(mkdtempSync(join(tmpdir(), 'chartwright-test-'))), name);
    mkdirSync(this.folder);
  }

  remove(): void {
    // Only where a test has failed: the command ends its app then.
    for (const child of this.#started) child.kill('SIGTERM');
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }

  write(files: Readonly<Record<string, string>>): this {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
    return this;
  }

  /** Writes cdk8s.yaml and an app that writes these files and reports its objects as checked. */
  writeApp(files: AppFiles, afterwards = '', configuration = 'output: out\nvalues: values\n'): this {
    return this.write({
      'cdk8s.yaml': `app: ${JSON.stringify(`"${process.execPath}" app.mjs`)}\n${configuration}`,
      'app.mjs': appSource(files, afterwards),
    });
  }

  /** Every file in the project with its content, without those named. */
  files(...without: string[]): Record<string, string> {
    return Object.fromEntries(
      readdirSync(this.folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path.slice(this.folder.length + 1), readFileSync(path, 'utf8')] as const)
        .filter(([path]) => !without.includes(path))
        .sort(),
    );
  }

  /** What the command wrote: every file but the app and its configuration. */
  outputs(): Record<string, string> {
    return this.files('cdk8s.yaml', 'app.mjs', 'main.ts');
  }

  run(words: readonly string[], { environment, preload, user }: RunOptions = {}): Result {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, this.#arguments(words, preload), {
      cwd: this.folder,
      env: { ...withoutColour(), ...environment },
      encoding: 'utf8',
      timeout: 30_000,
      ...(user === undefined ? {} : { uid: user, gid: user }),
    });
    return { exitCode: status, signal, stdout, stderr };
  }

  start(words: readonly string[]): { child: ChildProcess; ended: Promise<Result> } {
    const child = spawn(process.execPath, this.#arguments(words), { cwd: this.folder, env: withoutColour() });
    this.#started.push(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Result>((resolve) =>
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr })),
    );
    return { child, ended };
  }

  #arguments(words: readonly string[], preload?: string): string[] {
    return [...(preload ? ['--import', preload] : []), this.commandLine.main, ...words];
  }
}

/** An app as a program: writes files where the command wants them, then does `afterwards`. */
export function appSource(files: AppFiles, afterwards = ''): string {
  return `import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
const folders = { manifests: process.env.CDK8S_OUTDIR, values: process.env.CHARTWRIGHT_VALUES_OUTDIR };
const report = (problems, checked = 1) => writeFileSync(process.env.CHARTWRIGHT_REPORT, JSON.stringify({ problems, checked }));
for (const [path, content] of Object.entries(${JSON.stringify(files)})) {
  const [set, ...rest] = path.split('/');
  const file = join(folders[set], ...rest);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
report([]);
${afterwards}
`;
}

/** A ConfigMap as YAML, the smallest object that is valid. */
export function configMap(name: string, value = 'a'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  key: ${value}\n`;
}

/** Waits until `condition` holds. */
export async function until(condition: () => boolean, seconds = 15): Promise<void> {
  const end = Date.now() + seconds * 1_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function withoutColour(): NodeJS.ProcessEnv {
  const { CHARTWRIGHT_DEBUG, FORCE_COLOR, ...environment } = process.env;
  return environment;
}
