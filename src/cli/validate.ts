import { existsSync } from 'node:fs';
import { styleText } from 'node:util';
import { exitCodes, type Problem } from '../problem/index.js';
import {
  explain,
  type FailOn,
  fails,
  findChart,
  findFiles,
  githubReport,
  groupByFolder,
  jsonReport,
  junitReport,
  knownCharts,
  type Paint,
  type Report,
  sarifReport,
  textReport,
  UnreadableError,
  validate as validateValues,
} from '../validate/index.js';
import { type SetOption, setOptions } from '../values/index.js';
import { Failure } from './failure.js';
import { type Screen, showsColours } from './screen.js';
import { programVersion, projectHomepage } from './version.js';

/** Options of `chartwright validate`; its help says what each is for. */
export interface ValidateOptions {
  readonly values?: readonly string[];
  readonly chart?: string;
  readonly set?: readonly string[];
  readonly setString?: readonly string[];
  readonly setJson?: readonly string[];
  readonly setFile?: readonly string[];
  readonly setLiteral?: readonly string[];
  readonly release?: string;
  readonly namespace?: string;
  readonly fleet?: boolean;
  readonly helm: '3' | '4';
  readonly failOn: FailOn;
  readonly output: 'text' | 'json' | 'sarif' | 'junit' | 'github';
  readonly explain?: string;
}

/**
 * Checks values files and prints what is wrong with them.
 *
 * @param words files, folders and globs, of which each file is checked for itself over those of `--values`
 * @returns the exit code
 * @throws {@link Failure} for a command line that says nothing to do, and for a chart that cannot be read
 */
export async function validate(words: readonly string[], options: ValidateOptions, screen: Screen): Promise<number> {
  if (options.explain !== undefined) return explainRule(options.explain, screen);
  if (words.length === 0 && !options.values && setTexts(options).length === 0) throw nothingToDo();
  try {
    const chart = options.chart === undefined ? undefined : await findChart(options.chart, knownCharts);
    const report = validateValues({
      files: (options.values ?? []).flatMap(splitList),
      ...(words.length > 0 ? { each: await groupsOf(words, options) } : {}),
      fleet: options.fleet === true,
      set: setTexts(options),
      ...(chart ? { chart } : {}),
      ...(options.release
        ? { release: { name: options.release, ...(options.namespace ? { namespace: options.namespace } : {}) } }
        : {}),
      helm: options.helm === '3' ? 3 : 4,
    });
    print(report, options, screen);
    if (report.unreadable.length > 0) return exitCodes.unreadable;
    return fails(report, options.failOn) ? exitCodes.findings : exitCodes.ok;
  } catch (error) {
    if (error instanceof UnreadableError) throw new Failure(error.problems, exitCodes.unreadable);
    throw error;
  }
}

function print(report: Report, { output, failOn }: ValidateOptions, screen: Screen): void {
  const homepage = projectHomepage();
  const printers: Readonly<Record<typeof output, () => string>> = {
    text: () => textReport(report, paint),
    json: () => jsonReport(report),
    sarif: () => sarifReport(report, { version: programVersion(), ...(homepage === undefined ? {} : { homepage }) }),
    junit: () => junitReport(report, failOn),
    github: () => githubReport(report),
  };
  screen.result(printers[output]());
  // The other formats have no place for what was not looked at.
  if (output !== 'text') for (const note of report.notes) screen.note(note);
  screen.problems(report.unreadable);
}

function explainRule(id: string, screen: Screen): number {
  const explanation = explain(id);
  if (!('text' in explanation)) {
    const { meant } = explanation;
    const problem: Problem = {
      code: 'invalid-command-line',
      severity: 'error',
      where: { file: '--explain' },
      message: 'there is no rule of this name',
      got: id,
      hint: meant ? `Did you mean ${meant}?` : 'The rules are listed in docs/rules/.',
    };
    throw new Failure([problem], exitCodes.usage);
  }
  screen.result(explanation.text);
  return exitCodes.ok;
}

/** What is checked for itself: each file, or of a fleet each folder. */
async function groupsOf(words: readonly string[], { fleet }: ValidateOptions): Promise<string[][]> {
  const files = await findFiles(words);
  return fleet ? groupByFolder(files) : files.map((file) => [file]);
}

/** As Helm takes `-f a.yaml,b.yaml`; a file with a comma in its name is taken as it is. */
const splitList = (text: string): string[] => (existsSync(text) ? [text] : text.split(','));

function setTexts(options: ValidateOptions): { option: SetOption; text: string }[] {
  const texts: Readonly<Record<SetOption, readonly string[] | undefined>> = {
    '--set-json': options.setJson,
    '--set': options.set,
    '--set-string': options.setString,
    '--set-file': options.setFile,
    '--set-literal': options.setLiteral,
  };
  return setOptions.flatMap((option) => (texts[option] ?? []).map((text) => ({ option, text })));
}

const styles = { error: 'red', warning: 'yellow', info: 'cyan', dim: 'dim', bold: 'bold' } as const;

const paint: Paint = (text, style) => (showsColours(process.stdout) ? styleText(styles[style], text) : text);

function nothingToDo(): Failure {
  return new Failure(
    [
      {
        code: 'invalid-command-line',
        severity: 'error',
        where: { file: 'command line' },
        message: 'no values are given',
        allowed: 'files, folders or globs; -f <file>; --set <values>',
        hint: 'For example: chartwright validate values.yaml --chart ./mychart',
      },
    ],
    exitCodes.usage,
  );
}
