import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, type Problem } from '../problem/index.js';
import type { AppCommand } from './app-command.js';
import { runApp } from './app-process.js';
import { refuseFailedApp } from './app-report.js';
import { Failure } from './failure.js';
import type { Interruption } from './interruption.js';
import type { ModuleReport, ModuleRequest } from './module-runner.js';
import type { Screen } from './screen.js';
import { WorkFolder } from './work-folder.js';

const typeScript = /\.[mc]?tsx?$/;
const starter = 'const { runModule } = await import(process.argv[1]); await runModule(JSON.parse(process.argv[2]));';

/**
 * Loads somebody's module in a process of its own and has made of it what is wanted. A TypeScript module needs no build
 * step: this package's own tsx is used.
 *
 * @param module path of the module, as the user wrote it
 * @throws {@link Failure} with everything that is wrong with the module, in its own lines
 */
export async function runModuleProcess(
  module: string,
  wanted: Pick<ModuleRequest, 'wanted' | 'checks' | 'environments'> & { readonly policies?: readonly string[] },
  interruption: Interruption,
  screen: Screen,
): Promise<ModuleReport> {
  const folder = process.cwd();
  const file = moduleFile(module, folder);
  const policies = (wanted.policies ?? []).map((policy) => moduleFile(policy, folder));
  const work = WorkFolder.elsewhere();
  try {
    const report = join(work.path, 'report.json');
    const progress = join(work.path, 'progress');
    const request: ModuleRequest = { ...wanted, file, folder, report, progress, policies };
    const command = await commandFor(module, request);
    screen.startProgress(`running ${module}`, () =>
      existsSync(progress) ? `: ${readFileSync(progress, 'utf8')}` : '',
    );
    const end = await runApp(command, process.env, folder, interruption, (chunk) => screen.passOn(chunk));
    screen.stopProgress();
    interruption.check();
    screen.passOn(end.exitCode === 0 || process.env['CHARTWRIGHT_DEBUG'] ? end.stderr : '');
    if (!existsSync(report)) {
      refuseFailedApp(command, end, { problems: [], checked: 0 }, folder);
      throw new Failure([endedEarly(module)], exitCodes.findings);
    }
    const made = JSON.parse(readFileSync(report, 'utf8')) as ModuleReport;
    if (made.problems.some(({ severity }) => severity === 'error'))
      throw new Failure(made.problems, exitCodes.findings);
    return made;
  } finally {
    screen.stopProgress();
    work.remove();
  }
}

function moduleFile(module: string, folder: string): string {
  const file = resolve(folder, module);
  if (!existsSync(file) || !statSync(file).isFile() || !/\.[mc]?[jt]sx?$/.test(file)) throw noModule(module);
  return file;
}

async function commandFor(module: string, request: ModuleRequest): Promise<AppCommand> {
  // Only its place is wanted: it runs in the other process.
  const { location } = await import('./module-runner.js');
  const loader = [request.file, ...request.policies].some((file) => typeScript.test(file))
    ? ['--import', import.meta.resolve('tsx')]
    : [];
  return {
    text: module,
    where: { file: module },
    program: process.execPath,
    arguments: [...loader, '--input-type=module', '--eval', starter, location, JSON.stringify(request)],
    shell: false,
    file: request.file,
  };
}

function noModule(module: string): Failure {
  const problem: Problem = {
    code: 'unreadable-file',
    severity: 'error',
    where: { file: module },
    message: 'there is no such TypeScript or JavaScript file',
    hint: 'Correct the path; it starts from the folder that you are in.',
  };
  return new Failure([problem], exitCodes.unreadable);
}

function endedEarly(module: string): Problem {
  return {
    code: 'app-failed',
    severity: 'error',
    where: { file: module },
    message: 'the module ended the process that loaded it',
    hint: 'Do not call process.exit() in it.',
  };
}
