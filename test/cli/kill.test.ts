import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BuiltCommandLine, configMap, Project, until } from './project.js';

const faults = join(import.meta.dirname, 'faults.mjs');
const fresh = {
  'manifests/a.yaml': configMap('a', 'new'),
  'values/vald/x.yaml': 'x: new',
  'values/other.yaml': 'y: 1',
};
const oldOutputs = {
  'out/a.yaml': configMap('a', 'old'),
  'out/stale/b.yaml': configMap('b'),
  'values/mine.yaml': 'mine: 1',
  'values/vald/x.yaml': 'x: old',
};
const newOutputs = {
  'out/a.yaml': configMap('a', 'new'),
  'values/mine.yaml': 'mine: 1',
  'values/other.yaml': 'y: 1',
  'values/vald/x.yaml': 'x: new',
};

let commandLine: BuiltCommandLine;
let project: Project;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
});
afterAll(() => commandLine.remove());
beforeEach(() => {
  project = new Project(commandLine);
});
afterEach(() => project.remove());

/** A project with old output, and an app that writes new output. */
function writeOldThenNew(): void {
  project.write(oldOutputs).writeApp(fresh);
}

/** The same with an app that starts faster than node: these tests run it some hundred times. */
function writeOldThenNewByShell(): void {
  for (const [path, content] of Object.entries(fresh)) project.write({ [`fresh/${path}`]: content });
  project.write(oldOutputs).write({
    'cdk8s.yaml': 'app: sh app.sh\noutput: out\nvalues: values\n',
    'app.sh': `cp -R fresh/manifests/. "$CDK8S_OUTDIR"
cp -R fresh/values/. "$CHARTWRIGHT_VALUES_OUTDIR"
echo '{ "problems": [], "checked": 1 }' > "$CHARTWRIGHT_REPORT"
`,
  });
}

function outputs(): Record<string, string> {
  return Object.fromEntries(Object.entries(project.files()).filter(([path]) => /^(out|values)\//.test(path)));
}

function temporaryFolders(): string[] {
  return readdirSync(project.folder).filter((name) => name.includes('chartwright'));
}

/** Whether each output is as it was or as it should become, and nothing in between. */
function expectWhole(): void {
  const found = Object.entries(outputs());
  const part = (all: Record<string, string> | [string, string][], start: string) =>
    Object.fromEntries((Array.isArray(all) ? all : Object.entries(all)).filter(([path]) => path.startsWith(start)));
  for (const folder of ['out/', 'values/vald/'])
    expect([part(oldOutputs, folder), part(newOutputs, folder)]).toContainEqual(part(found, folder));
  expect(part(found, 'values/mine.yaml')).toEqual(part(oldOutputs, 'values/mine.yaml'));
}

/** Runs the app with a fault at each step in turn, until there is no such step. */
function atEachStep(kind: string, check: (step: number, result: ReturnType<Project['run']>) => void): number {
  for (let step = 1; step < 100; step++) {
    writeOldThenNewByShell();
    const result = project.run(['synth'], { preload: faults, environment: { FAULT: `${kind}:${step}` } });
    if (result.stderr.includes('no such step')) return step - 1;
    check(step, result);
    project.remove();
    project = new Project(commandLine);
  }
  throw new Error('there is no end to the steps');
}

test('killed before each step that changes the file system: the next run finds all whole and cleans up', () => {
  const steps = atEachStep('kill', (step, result) => {
    expect(result.signal).toBe('SIGKILL');
    // A run whose app fails changes nothing by itself, so that only the clean-up is seen.
    const app = readFileSync(join(project.folder, 'app.sh'), 'utf8');
    project.write({ 'app.sh': 'exit 7' });
    expect(project.run(['synth'])).toMatchObject({ exitCode: 1 });
    expectWhole();
    expect(temporaryFolders()).toEqual([]);
    if (step % 4 > 0) return;
    project.write({ 'app.sh': app });
    expect(project.run(['synth'])).toMatchObject({ exitCode: 0 });
    expect(outputs()).toEqual(newOutputs);
    expect(temporaryFolders()).toEqual([]);
  });
  expect(steps).toBeGreaterThan(10);
});

describe('a step that fails', () => {
  test('leaves all of the old output or all of the new, says so, and leaves nothing temporary after the next run', () => {
    const ends = new Set<number | null>();
    atEachStep('fail', (_, { exitCode, stderr }) => {
      ends.add(exitCode);
      expect(outputs()).toEqual(exitCode === 0 ? newOutputs : oldOutputs);
      if (exitCode !== 0)
        expect(stderr).toMatch(/^error: .*: the system refuses to \w+ this \(EIO\) \[unwritable-output\]/);
      expect(stderr).not.toMatch(/^\s+at /m);
      if (temporaryFolders().length > 0) expect(project.run(['synth'])).toMatchObject({ exitCode: 0 });
      expect(temporaryFolders()).toEqual([]);
    });
    expect([...ends].sort()).toEqual([0, 3]);
  });
});

describe('Ctrl-C', () => {
  test('at each step leaves all of the old output or all of the new and nothing temporary', () => {
    atEachStep('interrupt', (_, { signal }) => {
      const found = outputs();
      expect([oldOutputs, newOutputs]).toContainEqual(found);
      if (signal !== 'SIGINT') expect(found).toEqual(newOutputs);
      expect(temporaryFolders()).toEqual([]);
    });
  });

  test.each([
    ['SIGINT', ['synth']],
    ['SIGTERM', ['synth']],
    ['SIGHUP', ['synth', '--app', 'app.mjs']],
  ] as const)(
    '%s to "%s" ends an app that hangs and does not listen, and all that it started',
    async (signal, words) => {
      writeOldThenNew();
      project.write({
        'app.mjs': `import { spawn } from 'node:child_process';
          import { renameSync, writeFileSync } from 'node:fs';
          process.on('SIGTERM', () => {});
          const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
          writeFileSync('pids.new', JSON.stringify([process.pid, child.pid]));
          renameSync('pids.new', 'pids.json');
          setInterval(() => {}, 1000);`,
      });
      const { child, ended } = project.start(words);
      const processes = await startedProcesses();
      expect(temporaryFolders()).toHaveLength(2);
      child.kill(signal);
      expect(await ended).toMatchObject({ exitCode: null, signal, stdout: '', stderr: '' });
      for (const id of processes) await until(() => !isAlive(id), 2);
      expect(outputs()).toEqual(oldOutputs);
      expect(temporaryFolders()).toEqual([]);
    },
  );

  test('SIGKILL while the app runs: the next run cleans up', async () => {
    writeOldThenNew();
    project.write({
      'app.mjs': `import { renameSync, writeFileSync } from 'node:fs';
        writeFileSync('pids.new', JSON.stringify([process.pid]));
        renameSync('pids.new', 'pids.json');
        setInterval(() => {}, 1000);`,
    });
    const { child, ended } = project.start(['synth']);
    const [app] = await startedProcesses();
    child.kill('SIGKILL');
    process.kill(app!, 'SIGKILL');
    await ended;
    expect(temporaryFolders()).toHaveLength(2);
    project.writeApp(fresh);
    expect(project.run(['synth'])).toMatchObject({ exitCode: 0 });
    expect(outputs()).toEqual(newOutputs);
    expect(temporaryFolders()).toEqual([]);
  });
});

test('a second run beside the first is refused and disturbs nothing', async () => {
  writeOldThenNew();
  project.writeApp(
    fresh,
    `writeFileSync('running', ''); while (!(await import('node:fs')).existsSync('go')) await new Promise((r) => setTimeout(r, 20));`,
  );
  const first = project.start(['synth']);
  await until(() => existsSync(join(project.folder, 'running')));
  const second = project.run(['synth']);
  expect(second.stderr).toContain(`error: out: another run (process ${first.child.pid}) is writing this folder`);
  expect(second.exitCode).toBe(3);
  project.write({ go: '' });
  expect(await first.ended).toMatchObject({ exitCode: 0 });
  expect(outputs()).toEqual(newOutputs);
});

test('what a killed run put aside is not put back over something newer', () => {
  project.writeApp({}, 'process.exit(7);').write({
    ...oldOutputs,
    '.out.chartwright-999999999/aside/folder/a.yaml': configMap('a', 'older'),
    '.values.chartwright-999999999/aside/entries/vald/x.yaml': 'x: older',
    '.values.chartwright-999999999/aside/entries/lost.yaml': 'lost: 1',
  });
  expect(project.run(['synth'])).toMatchObject({ exitCode: 1 });
  expect(outputs()).toEqual({ ...oldOutputs, 'values/lost.yaml': 'lost: 1' });
});

/** The ids that the app has written down, once it has. */
async function startedProcesses(): Promise<number[]> {
  const file = join(project.folder, 'pids.json');
  await until(() => existsSync(file));
  return JSON.parse(readFileSync(file, 'utf8')) as number[];
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8')); // a zombie waits for a parent, it does not run
  } catch {
    return false;
  }
}
