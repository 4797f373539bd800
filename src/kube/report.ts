import { writeFileSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { type Problem, printProblem } from '../problem/index.js';
import { checkObjects } from './check/index.js';
import type { Manifest } from './manifests.js';

/** What `chartwright synth` reads when the app has ended: all problems, and how many objects were checked. */
export interface SynthReport {
  readonly problems: readonly Problem[];
  readonly checked: number;
}

/** Reports by tree: a process may synthesize several apps, and the file tells of all of them. */
const reports = new Map<IConstruct, SynthReport>();

const registered = new WeakMap<IConstruct, Problem[]>();

/** Trees whose objects are installed beside others that nobody here knows. */
const amongOthers = new WeakSet<IConstruct>();

/** Trees whose report is told already, so that cdk8s’s own validation does not make it again. */
const told = new WeakSet<IConstruct>();

/**
 * Says that the objects of a tree are installed beside others, as those of a Helm chart are: what they refer to is looked
 * for by the cluster, with the values that the chart is installed with. They are not checked here, and what is external
 * is not declared on them. What constructs report themselves counts as ever.
 */
export function leaveToCluster(scope: IConstruct): void {
  amongOthers.add(scope.node.root);
}

/** Whether {@link leaveToCluster} was said of the tree that a construct is in. */
export function isLeftToCluster(scope: IConstruct): boolean {
  return amongOthers.has(scope.node.root);
}

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
    validate: () =>
      told.has(root) ? [] : errorsOf(collectReport(root)).map((problem) => `\n${printProblem(problem)}`),
  });
}

/**
 * Everything that is wrong in a tree: what its constructs reported and, only where they reported no error (a construct
 * with wrong props makes no objects), what the checks of all its objects find.
 *
 * Where `CHARTWRIGHT_REPORT` names a file, the report is written there for the command that started the app.
 */
export function collectReport(root: IConstruct): SynthReport & { readonly manifests: readonly Manifest[] } {
  const problems = [...(registered.get(root) ?? [])];
  const objects = root.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
  const manifests =
    amongOthers.has(root) || problems.some((problem) => problem.severity === 'error')
      ? []
      : objects.map((construct) => ({ construct, content: construct.toJson() as object }));
  problems.push(
    ...checkObjects(manifests.map(({ construct, content }) => ({ object: content, source: construct.node.path }))),
  );
  const report = { problems, checked: objects.length };
  const file = process.env['CHARTWRIGHT_REPORT'];
  if (file) {
    reports.set(root, report);
    writeFileSync(file, JSON.stringify(merge([...reports.values()])));
  }
  return { ...report, manifests };
}

/** Runs the rest of a synthesis whose report is told already. */
export function withoutReport(root: IConstruct, run: () => void): void {
  told.add(root);
  try {
    run();
  } finally {
    told.delete(root);
  }
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
