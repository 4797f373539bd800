/** A case of a JUnit report: what was looked at, and what came of it. */
export interface JunitCase {
  readonly name: string;
  readonly className: string;
  /** @default - it passed and there is nothing to say */
  readonly result?:
    | { readonly failure: string; readonly type: string; readonly text: string }
    | { readonly skipped: string }
    | { readonly output: string };
}

/** Cases that belong together. */
export interface JunitSuite {
  readonly name: string;
  readonly cases: readonly JunitCase[];
}

/** A report as JUnit XML, as pipelines read it. What it is given may hold anything: it is escaped here. */
export function junitXml(name: string, suites: readonly JunitSuite[]): string {
  const all = suites.flatMap(({ cases }) => cases);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="${escapeXml(name)}" tests="${all.length}" failures="${count(all, 'failure')}" errors="0" time="0">\n${suites.map(suiteXml).join('')}</testsuites>\n`;
}

const suiteXml = ({ name, cases }: JunitSuite): string =>
  `  <testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${count(cases, 'failure')}" errors="0" skipped="${count(cases, 'skipped')}" time="0">\n${cases.map(caseXml).join('')}  </testsuite>\n`;

const count = (cases: readonly JunitCase[], kind: string): number =>
  cases.filter(({ result }) => result && kind in result).length;

function caseXml({ name, className, result }: JunitCase): string {
  const open = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(className)}" time="0"`;
  return result ? `${open}>\n      ${resultXml(result)}\n    </testcase>\n` : `${open}/>\n`;
}

function resultXml(result: NonNullable<JunitCase['result']>): string {
  if ('skipped' in result) return `<skipped message="${escapeXml(result.skipped)}"/>`;
  if ('output' in result) return `<system-out>${escapeXml(result.output)}</system-out>`;
  const { failure, type, text } = result;
  return `<failure message="${escapeXml(failure)}" type="${escapeXml(type)}">${escapeXml(text)}</failure>`;
}

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
