import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, LineCounter, type Pair, parseDocument } from 'yaml';
import { exitCodes, nearest, type Place, type Problem } from '../problem/index.js';
import { Failure, systemCode } from './failure.js';

/** The file that cdk8s-cli reads too; it belongs to both, so keys that are not ours are left to it. */
export const configurationFile = 'cdk8s.yaml';

/** A value with the place where somebody wrote it, for messages about it. */
export interface Setting {
  readonly value: string;
  readonly where: Place;
}

/** What `chartwright synth` takes from cdk8s.yaml. */
export interface Configuration {
  /** Shell command that runs the app, as cdk8s-cli wants it. */
  readonly app?: Setting;
  /** Folder for manifests; cdk8s-cli and this command both replace all of it. @default `dist` */
  readonly output: Setting;
  /** Folder for values files, of which only what the app writes is replaced. @default - `values`, if the app writes any */
  readonly values?: Setting;
}

const ours = ['app', 'output', 'values'] as const;
/** The keys of cdk8s-cli 2.207, which is why a near miss of one of ours is not one of these. */
const theirs = [
  'language',
  'imports',
  'importDirectory',
  'pluginsDirectory',
  'validations',
  'validationReportOutputFile',
  'synthConfig',
];

/** The configuration where there is no file: the folder that cdk8s uses by itself. */
const defaults: Configuration = { output: { value: 'dist', where: { file: configurationFile } } };

/**
 * Reads cdk8s.yaml.
 *
 * @param folder the project's folder
 * @param appGiven whether the command line names the app, so that the file may be missing or have no `app`
 * @returns the configuration, and warnings about keys that look misspelt
 * @throws {@link Failure} with every fault and its line and column
 */
export function readConfiguration(
  folder: string,
  appGiven: boolean,
): { configuration: Configuration; warnings: Problem[] } {
  const text = readText(folder);
  if (text === undefined) {
    if (appGiven) return { configuration: defaults, warnings: [] };
    throw new Failure([missingFile()], exitCodes.usage);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const placeAt = (offset: number | undefined): Place => {
    if (offset === undefined) return { file: configurationFile };
    const { line, col } = lines.linePos(offset);
    return { file: configurationFile, line, column: col };
  };
  // Only the first: the rest mostly follows from it.
  const broken = document.errors[0];
  if (broken) {
    const problem = fault(placeAt(broken.pos[0]), firstLine(broken.message), { hint: 'Correct the YAML.' });
    throw new Failure([problem], exitCodes.usage);
  }

  const contents = document.contents;
  if (contents !== null && !isMap(contents)) {
    const problem = fault(placeAt(contents.range?.[0]), 'not a map of settings', {
      allowed: 'keys with values, for example: app: npx tsx main.ts',
      hint: 'Write one "key: value" on each line.',
    });
    throw new Failure([problem], exitCodes.usage);
  }
  const settings: { -readonly [Key in keyof Configuration]: Configuration[Key] } = { ...defaults };
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const pair of contents?.items ?? []) {
    const name = keyOf(pair);
    const key = ours.find((candidate) => candidate === name);
    if (key === undefined) {
      const meant = theirs.includes(name) ? undefined : nearest(name, ours);
      if (meant)
        warnings.push({
          ...fault(placeAt(offsetOf(pair.key)), `"${name}" is not a setting of this command`, {
            hint: `Did you mean "${meant}"?`,
          }),
          severity: 'warning',
        });
      continue;
    }
    const value = isScalar(pair.value) ? pair.value.value : pair.value;
    const where = placeAt(offsetOf(pair.value) ?? offsetOf(pair.key));
    if (typeof value === 'string' && value.trim() !== '') settings[key] = { value: value.trim(), where };
    else if (!(key === 'app' && value === null)) problems.push(wrongType(key, value, where));
  }
  if (settings.app === undefined && !appGiven && !problems.some(({ message }) => message.startsWith('"app"')))
    problems.push(noApp(warnings));
  if (problems.length > 0) throw new Failure([...problems, ...warnings], exitCodes.usage);
  return { configuration: settings, warnings };
}

function readText(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, configurationFile), 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    const problem: Problem = {
      code: 'unreadable-file',
      severity: 'error',
      where: { file: configurationFile },
      message: `cannot be read (${systemCode(error) ?? String(error)})`,
      hint: 'Make it a file that you may read.',
    };
    throw new Failure([problem], exitCodes.unreadable);
  }
}

function fault(where: Place, message: string, rest: Pick<Problem, 'hint' | 'allowed' | 'got'>): Problem {
  return { code: 'invalid-configuration', severity: 'error', where, message, ...rest };
}

function missingFile(): Problem {
  return fault({ file: configurationFile }, 'there is no such file in this folder', {
    hint: 'Run the command in the folder of your project, or name the app: chartwright synth --app main.ts',
  });
}

function noApp(misspelt: readonly Problem[]): Problem {
  return fault({ file: configurationFile }, 'no "app" is set', {
    allowed: 'a command that runs your app, for example: app: npx tsx main.ts',
    hint: misspelt.length > 0 ? 'See the warning about the misspelt key.' : 'Add "app", or name it with --app.',
  });
}

function wrongType(key: (typeof ours)[number], value: unknown, where: Place): Problem {
  const got = value === null || value === '' ? 'nothing' : isScalarValue(value) ? String(value) : 'a list or a map';
  return fault(where, `"${key}" is not text`, {
    got,
    allowed: key === 'app' ? 'a command, for example: npx tsx main.ts' : 'the path of a folder',
    hint: `Correct "${key}"; quote it if it looks like a number or a truth value.`,
  });
}

function isScalarValue(value: unknown): boolean {
  return ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function offsetOf(node: unknown): number | undefined {
  return (node as { range?: [number, number, number] } | null | undefined)?.range?.[0];
}

function firstLine(text: string): string {
  const line = text.split('\n', 1)[0]!;
  return line.charAt(0).toLowerCase() + line.slice(1);
}
