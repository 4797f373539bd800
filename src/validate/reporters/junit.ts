import { type JunitCase, junitXml } from '../../problem/index.js';
import { type FailOn, isFailure, type Report } from '../report.js';
import { entryOf, type FindingEntry } from './entry.js';

/** A report as JUnit XML: a suite for each file, with a case for each finding, or one that passes where there is none. */
export function junitReport(report: Report, failOn: FailOn): string {
  const entries = report.findings.map(entryOf);
  const names = [...new Set([...report.files, ...entries.map(({ file }) => file)])];
  const suites = names.map((name) => {
    const own = entries.filter(({ file }) => file === name);
    const passed = { name: 'no findings', className: name };
    return { name, cases: own.length === 0 ? [passed] : own.map((entry) => testCase(entry, failOn)) };
  });
  return junitXml('chartwright validate', suites);
}

function testCase(entry: FindingEntry, failOn: FailOn): JunitCase {
  const { rule, severity, file, line, column, path, message, why, fix } = entry;
  const text = `${file}:${line}:${column}: ${severity}: ${message}\nwhy: ${why}\ndo:  ${fix}`;
  return {
    name: `${rule} ${path || 'the file'} (line ${line})`,
    className: file,
    // What does not fail the run must not fail the pipeline's view of it either.
    result: isFailure(severity, failOn) ? { failure: message, type: rule, text } : { output: text },
  };
}
