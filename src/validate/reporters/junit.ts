import { type FailOn, isFailure, type Report } from '../report.js';
import { entryOf, type FindingEntry } from './entry.js';

/** A report as JUnit XML: a suite for each file, with a case for each finding, or one that passes where there is none. */
export function junitReport(report: Report, failOn: FailOn): string {
  const entries = report.findings.map(entryOf);
  const names = [...new Set([...report.files, ...entries.map(({ file }) => file)])];
  const suites = names.map((name) => {
    const own = entries.filter(({ file }) => file === name);
    const failures = own.filter(({ severity }) => isFailure(severity, failOn)).length;
    const cases = own.length === 0 ? [passed(name)] : own.map((entry) => testCase(entry, failOn));
    return `  <testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="0">\n${cases.join('')}  </testsuite>\n`;
  });
  const failures = entries.filter(({ severity }) => isFailure(severity, failOn)).length;
  const tests = names.reduce((sum, name) => sum + Math.max(1, entries.filter(({ file }) => file === name).length), 0);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="chartwright validate" tests="${tests}" failures="${failures}" errors="0" time="0">\n${suites.join('')}</testsuites>\n`;
}

const passed = (file: string): string => `    <testcase name="no findings" classname="${escapeXml(file)}" time="0"/>\n`;

function testCase(entry: FindingEntry, failOn: FailOn): string {
  const { rule, severity, file, line, column, path, message, why, fix } = entry;
  const name = `${rule} ${path || 'the file'} (line ${line})`;
  const text = `${file}:${line}:${column}: ${severity}: ${message}\nwhy: ${why}\ndo:  ${fix}`;
  const open = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(file)}" time="0">\n`;
  // What does not fail the run must not fail the pipeline's view of it either.
  const body = isFailure(severity, failOn)
    ? `      <failure message="${escapeXml(message)}" type="${escapeXml(rule)}">${escapeXml(text)}</failure>\n`
    : `      <system-out>${escapeXml(text)}</system-out>\n`;
  return `${open}${body}    </testcase>\n`;
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
