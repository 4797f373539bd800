import { writeFileSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { type Problem, printProblem } from '../problem/index.js';
import { checkObjects } from './check/index.js';

/** What `chartwright synth` reads when the app has ended: all problems, and how many objects were checked. */
export interface SynthReport {
  readonly problems: readonly Problem[];
  readonly checked: number;
}

/** Reports by tree: a process may synthesize several apps, and the file tells of all of them. */
const reports = new Map<IConstruct, SynthReport>();

const registered = new WeakMap<IConstruct, Problem[]>();

/**
 * Takes note of what is wrong with a construct. Nothing is thrown here: everything in the tree is found first, and
 * then told once, when the app is synthesized, also by cdk8s’s own `App` and `cdk8s synth`.
 *
 * Calling it without problems is enough to have all objects of the tree checked at synthesis.
 */
export function reportProblems(scope: IConstruct, problems: readonly Problem[]): void {
  const root = scope.node.root;
  const known = registered.get(root);
  if (known) {
    known.push(...problems);
    return;
  }
  registered.set(root, [...problems]);
  root.node.addValidation({
    validate: () => errorsOf(collectReport(root)).map((problem) => `\n${printProblem(problem)}`),
  });
}

/**
 * Everything that is wrong in a tree: what its constructs reported and, only where they reported no error (a construct
 * with wrong props makes no objects), what the checks of all its objects find.
 *
 * Where `CHARTWRIGHT_REPORT` names a file, the report is written there for the command that started the app.
 */
export function collectReport(root: IConstruct): SynthReport {
  const problems = [...(registered.get(root) ?? [])];
  const objects = root.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
  if (!problems.some((problem) => problem.severity === 'error'))
    problems.push(...checkObjects(objects.map((object) => ({ object: object.toJson(), source: object.node.path }))));
  const report = { problems, checked: objects.length };
  const file = process.env['CHARTWRIGHT_REPORT'];
  if (file) {
    reports.set(root, report);
    writeFileSync(file, JSON.stringify(merge([...reports.values()])));
  }
  return report;
}

/** The problems of a report that stop a synthesis. */
export function errorsOf(report: SynthReport): Problem[] {
  return report.problems.filter((problem) => problem.severity === 'error');
}

function merge(all: readonly SynthReport[]): SynthReport {
  return {
    problems: all.flatMap((report) => report.problems),
    checked: all.reduce((sum, report) => sum + report.checked, 0),
  };
}
