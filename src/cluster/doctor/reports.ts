import { githubAnnotation, type JunitCase, junitXml, sarifLog } from '../../problem/index.js';
import type { Verdict } from './check.js';
import { allChecks, type Diagnosis } from './diagnose.js';

/** From which verdict on a run fails. */
export type DoctorFailOn = 'error' | 'warning' | 'never';

/** Whether a verdict fails the run. */
export const failsRun = (verdict: Verdict, failOn: DoctorFailOn): boolean =>
  (verdict === 'error' && failOn !== 'never') || (verdict === 'warning' && failOn === 'warning');

/** What machines read of a diagnosis. */
export const entryOf = ({ check, verdict, subject, seen, todo }: Diagnosis) => ({
  check: check.id,
  title: check.title,
  verdict,
  subject,
  seen,
  ...(verdict === 'ok' || verdict === 'skipped' ? {} : { todo }),
});

/** `2 errors, 1 warning, 14 ok`. */
export function countVerdicts(found: readonly Diagnosis[]): string {
  const counts: readonly [Verdict, string][] = [
    ['error', 'error'],
    ['warning', 'warning'],
    ['ok', 'ok'],
    ['skipped', 'skipped'],
  ];
  return counts
    .map(([verdict, word]): [number, string] => [found.filter((one) => one.verdict === verdict).length, word])
    .filter(([count, word]) => count > 0 || word === 'error')
    .map(([count, word]) => `${count} ${count !== 1 && /^(error|warning)$/.test(word) ? `${word}s` : word}`)
    .join(', ');
}

/** A report for GitHub Actions: an annotation for each error and warning. */
export function doctorGithub(found: readonly Diagnosis[]): string {
  return found
    .flatMap(({ check, verdict, subject, seen, todo }) =>
      verdict === 'error' || verdict === 'warning'
        ? [githubAnnotation(verdict, { title: check.id }, `${subject}: ${seen}. ${todo}`)]
        : [],
    )
    .join('');
}

/** A report as JUnit XML: a suite for each check, a case for each thing that it looked at. */
export function doctorJunit(found: readonly Diagnosis[], failOn: DoctorFailOn): string {
  const ids = [...new Set(found.map(({ check }) => check.id))];
  const suites = ids.map((id) => {
    const own = found.filter(({ check }) => check.id === id);
    return { name: `${id}: ${own[0]!.check.title}`, cases: own.map((one) => testCase(one, failOn)) };
  });
  return junitXml('chartwright doctor', suites);
}

function testCase({ check, verdict, subject, seen, todo }: Diagnosis, failOn: DoctorFailOn): JunitCase {
  const text = verdict === 'ok' || verdict === 'skipped' ? seen : `${seen}\ndo: ${todo}`;
  return {
    name: subject,
    className: check.id,
    result: failsRun(verdict, failOn)
      ? { failure: seen, type: check.id, text }
      : verdict === 'skipped'
        ? { skipped: text }
        : { output: `${verdict}: ${text}` },
  };
}

/** A report as SARIF 2.1.0: a result for each error and warning, placed at the object in the cluster. */
export function doctorSarif(found: readonly Diagnosis[], version: string): string {
  const findings = found.filter(({ verdict }) => verdict === 'error' || verdict === 'warning');
  const rules = allChecks.filter((check) => findings.some((one) => one.check === check));
  return sarifLog({
    version,
    rules: rules.map(({ id, title, why, todo, looksAt }) => ({
      id,
      shortDescription: { text: title },
      fullDescription: { text: why },
      help: { text: `${looksAt}\n\n${why}\n\n${todo}` },
    })),
    results: findings.map(({ check, verdict, subject, seen, todo }) => ({
      ruleId: check.id,
      ruleIndex: rules.indexOf(check),
      level: verdict,
      message: { text: `${subject}: ${seen}. ${todo}` },
      locations: [{ logicalLocations: [{ fullyQualifiedName: subject, kind: 'resource' }] }],
      partialFingerprints: { 'chartwright/v1': `${check.id}:${subject}` },
    })),
  });
}

/** The page with all checks. */
export function checksPage(): string {
  return allChecks
    .map(
      ({ id, title, looksAt, why, todo }) =>
        `### ${id}: ${title}\n\n**Looks at.** ${looksAt}\n\n**Why.** ${why}\n\n**Do.** ${todo}\n`,
    )
    .join('\n');
}
