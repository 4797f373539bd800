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
  const data = (text: string) => printable(text).replaceAll('%', '%25');
  return found
    .filter(({ verdict }) => verdict === 'error' || verdict === 'warning')
    .map(
      ({ check, verdict, subject, seen, todo }) =>
        `::${verdict} title=${check.id}::${data(`${subject}: ${seen}. ${todo}`)}\n`,
    )
    .join('');
}

/** A report as JUnit XML: a suite for each check, a case for each thing that it looked at. */
export function doctorJunit(found: readonly Diagnosis[], failOn: DoctorFailOn): string {
  const ids = [...new Set(found.map(({ check }) => check.id))];
  const suites = ids.map((id) => {
    const own = found.filter(({ check }) => check.id === id);
    const failures = own.filter(({ verdict }) => failsRun(verdict, failOn)).length;
    const skips = own.filter(({ verdict }) => verdict === 'skipped').length;
    const name = escapeXml(`${id}: ${own[0]!.check.title}`);
    return `  <testsuite name="${name}" tests="${own.length}" failures="${failures}" errors="0" skipped="${skips}" time="0">\n${own.map((one) => testCase(one, failOn)).join('')}  </testsuite>\n`;
  });
  const failures = found.filter(({ verdict }) => failsRun(verdict, failOn)).length;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="chartwright doctor" tests="${found.length}" failures="${failures}" errors="0" time="0">\n${suites.join('')}</testsuites>\n`;
}

function testCase({ check, verdict, subject, seen, todo }: Diagnosis, failOn: DoctorFailOn): string {
  const open = `    <testcase name="${escapeXml(subject)}" classname="${check.id}" time="0">\n`;
  const text = escapeXml(verdict === 'ok' || verdict === 'skipped' ? seen : `${seen}\ndo: ${todo}`);
  const body = failsRun(verdict, failOn)
    ? `<failure message="${escapeXml(seen)}" type="${check.id}">${text}</failure>`
    : verdict === 'skipped'
      ? `<skipped message="${text}"/>`
      : `<system-out>${verdict}: ${text}</system-out>`;
  return `${open}      ${body}\n    </testcase>\n`;
}

/** A report as SARIF 2.1.0: a result for each error and warning, placed at the object in the cluster. */
export function doctorSarif(found: readonly Diagnosis[], version: string): string {
  const findings = found.filter(({ verdict }) => verdict === 'error' || verdict === 'warning');
  const rules = allChecks.filter((check) => findings.some((one) => one.check === check));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'chartwright',
            version,
            semanticVersion: version,
            rules: rules.map(({ id, title, why, todo, looksAt }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: `${looksAt}\n\n${why}\n\n${todo}` },
            })),
          },
        },
        invocations: [{ executionSuccessful: true }],
        results: findings.map(({ check, verdict, subject, seen, todo }) => ({
          ruleId: check.id,
          ruleIndex: rules.indexOf(check),
          level: verdict,
          message: { text: `${subject}: ${seen}. ${todo}` },
          locations: [{ logicalLocations: [{ fullyQualifiedName: subject, kind: 'resource' }] }],
          partialFingerprints: { 'chartwright/v1': `${check.id}:${subject}` },
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
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

const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, ' ');

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** What XML 1.0 has no place for, escaped or not. */
const notXml = /(?![\t\n\r])\p{Cc}|[\uFFFE\uFFFF]|\p{Cs}/gu;

const escapeXml = (text: string): string =>
  text.replaceAll(notXml, '�').replaceAll(/[&<>"\n]/g, (character) => entities[character]!);
