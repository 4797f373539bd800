import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import {
  githubReport,
  jsonReport,
  junitReport,
  type Report,
  sarifReport,
  textReport,
} from '../../src/validate/index.js';
import { withoutSecrets } from '../../src/validate/reporters/without-secrets.js';
import { textRules, type ValuesSource } from '../../src/values/index.js';

const source: ValuesSource = {
  name: 'dir/a b.yaml',
  kind: 'file',
  text: 'a: yes\n\tlong: "<&\u0007"\n',
};
const at = (start: number, end: number) => ({ source, start, end });
const report: Report = {
  findings: [
    { rule: textRules.word, span: at(3, 6), path: ['a'], message: 'yes is read as true' },
    { rule: textRules.word, span: at(3, 6), path: ['a'], message: 'again' },
    {
      rule: textRules.notText,
      span: at(8, 20),
      path: [],
      message: 'odd: 100%, <b> & "c"\u0007\n]]>',
      fix: 'Do, it: now.',
    },
    { rule: textRules.exponent, span: at(3, 6), path: ['x', 0, 'a.b'], message: 'note' },
  ],
  files: ['dir/a b.yaml', 'clean.yaml'],
  chart: 'demo 1.0.0',
  notes: ['A note.'],
  unreadable: [],
};
const empty: Report = { findings: [], files: ['clean.yaml'], notes: [], unreadable: [] };
const plainly = (text: string) => text;

test('text shows the line with a caret, and why once for each rule', () => {
  expect(textReport(report, plainly)).toBe(`dir/a b.yaml:1:4: warning: yes is read as true [YAML011]
  1 | a: yes
    |    ^^^
  at:  a
  why: Helm reads YAML 1.1: yes, no, on, off, y and n without quotes are booleans.
  do:  Write true or false, or put the word in quotes.

dir/a b.yaml:1:4: warning: again [YAML011]
  1 | a: yes
    |    ^^^
  at:  a
  do:  Write true or false, or put the word in quotes.

dir/a b.yaml:2:2: error: odd: 100%, <b> & "c"��]]> [YAML007]
  2 |  long: "<&�"
    |  ^^^^^^^^^^^
  why: Helm refuses files with control characters or bytes that are not UTF-8; of UTF-16 it depends on the version what it reads.
  do:  Do, it: now.

dir/a b.yaml:1:4: info: note [VALUES002]
  1 | a: yes
    |    ^^^
  at:  x[0]["a.b"]
  why: A template that prints it as it is, without int64, toYaml or toJson, writes 1e+06 for 1000000, which ends up in arguments, variables and configuration files; --set does not have the problem.
  do:  Look at what "helm template" prints; put it in quotes if the chart takes a text.

1 error, 2 warnings, 1 note in 2 files for chart demo 1.0.0
A note.
`);
});

test('text cuts a long line around the place', () => {
  const long: ValuesSource = { name: 'a.yaml', kind: 'file', text: `${'x'.repeat(500)}: yes` };
  const span = { source: long, start: 502, end: 505 };
  const text = textReport({ ...empty, findings: [{ rule: textRules.word, span, path: [], message: 'm' }] }, plainly);
  const [, line, caret] = text.split('\n');
  expect(line!.length).toBeLessThan(130);
  expect(line!.indexOf('yes')).toBe(caret!.indexOf('^'));
});

test.each([
  ['password: hunter2, and more', 'password: ******** *** ****'],
  ['  - "token": x', '  - "token": *'],
  ['db: {user: a, password: b c, host: d}', 'db: {user: a, password: * *, host: d}'],
  ['db: {"password": "b, c", host: d}', 'db: {"password": *** **, host: d}'],
  ['backup.password=hunter2,replicas=3', 'backup.password=*******,replicas=3'],
  ['secretName: mine', 'secretName: mine'],
  ['password: |\n  ab\n\n  cd\nreplicas: 3', 'password: |\n  **\n\n  **\nreplicas: 3'],
  ['password:\n  ab\nuser: cd', 'password:\n  **\nuser: cd'],
  ['- password: "a: b\n    c: d"\n  user: e', '- password: *** *\n    ** **\n  user: e'],
  ['token:\n  secretKeyRef: {name: a, key: b}', 'token:\n  secretKeyRef: {name: a, key: b}'],
  ['token:\n  enabled: true\n  apiKey: ab', 'token:\n  enabled: true\n  apiKey: **'],
  ['replicas: 3', 'replicas: 3'],
])('text shows no secret: %j', (line, shown) => expect(withoutSecrets(line)).toBe(shown));

test('JSON and annotations have one entry for each finding, on one line where lines count', () => {
  expect(JSON.parse(jsonReport(report))).toHaveLength(4);
  expect(JSON.parse(jsonReport(empty))).toEqual([]);
  const lines = githubReport(report).split('\n').slice(0, -1);
  expect(lines.map((line) => line.split(' ', 1)[0])).toEqual(['::warning', '::warning', '::error', '::notice']);
  expect(lines[2]).toBe(
    '::error file=dir/a b.yaml,line=2,endLine=3,col=2,endColumn=1,title=YAML007::odd: 100%25, <b> & "c"��]]>. Do, it: now.',
  );
});

describe('SARIF', () => {
  /** What SARIF 2.1.0 (OASIS, sections 3.13 to 3.50) says of the objects that are used; others are not allowed. */
  const object = (properties: object, required: string[]) => ({
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  });
  const text = { type: 'string', minLength: 1 };
  const level = { enum: ['none', 'note', 'warning', 'error'] };
  const message = object({ text }, ['text']);
  const from1 = { type: 'integer', minimum: 1 };
  const rule = object(
    {
      id: text,
      shortDescription: message,
      fullDescription: message,
      helpUri: { type: 'string', pattern: '^https://' },
      help: object({ text, markdown: text }, ['text']),
      defaultConfiguration: object({ level }, []),
    },
    ['id'],
  );
  const region = object({ startLine: from1, startColumn: from1, endLine: from1, endColumn: from1 }, []);
  const physicalLocation = object(
    { artifactLocation: object({ uri: { type: 'string', pattern: '^[^ \\\\]+$' } }, []), region },
    [],
  );
  const result = object(
    {
      ruleId: text,
      ruleIndex: { type: 'integer', minimum: 0 },
      level,
      message,
      locations: {
        type: 'array',
        items: object(
          {
            physicalLocation,
            logicalLocations: { type: 'array', items: object({ fullyQualifiedName: text, kind: text }, []) },
          },
          [],
        ),
      },
      partialFingerprints: { type: 'object', additionalProperties: text },
    },
    ['message'],
  );
  const driver = object(
    { name: text, version: text, semanticVersion: text, informationUri: text, rules: { type: 'array', items: rule } },
    ['name'],
  );
  const run = object(
    {
      tool: object({ driver }, ['driver']),
      invocations: {
        type: 'array',
        items: object({ executionSuccessful: { type: 'boolean' } }, ['executionSuccessful']),
      },
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: { type: 'array', items: result },
    },
    ['tool'],
  );
  const log = object({ $schema: text, version: { const: '2.1.0' }, runs: { type: 'array', items: run } }, [
    'version',
    'runs',
  ]);
  const validate = new Ajv({ strict: true, allErrors: true }).compile(log);

  test.each([
    ['with findings', report],
    ['without', empty],
  ])('keeps to the standard, %s', (_, one) => {
    const sarif = JSON.parse(sarifReport(one, { version: '1.0.0', homepage: 'https://example.com/p#readme' }));
    expect(validate(sarif), JSON.stringify(validate.errors)).toBe(true);
  });

  test('names each broken rule once, and results point at it', () => {
    const [{ tool, results }] = JSON.parse(
      sarifReport(report, { version: '1.0.0', homepage: 'https://example.com/p#readme' }),
    ).runs;
    const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(ids).toEqual(['YAML011', 'YAML007', 'VALUES002']);
    expect(tool.driver.rules[0].helpUri).toBe('https://example.com/p/blob/main/docs/rules/YAML011.md');
    for (const { ruleId, ruleIndex } of results) expect(ids[ruleIndex]).toBe(ruleId);
    expect(results[2].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'dir/a%20b.yaml' },
      region: { startLine: 2, startColumn: 2, endLine: 3, endColumn: 1 },
    });
  });
});

describe('JUnit', () => {
  /** Elements with their attributes, as the schema of Jenkins’ xUnit plugin has them, and what they hold. */
  const allowed: Readonly<Record<string, { attributes: string[]; inside: string[] }>> = {
    testsuites: { attributes: ['name', 'tests', 'failures', 'errors', 'time'], inside: [''] },
    testsuite: { attributes: ['name', 'tests', 'failures', 'errors', 'skipped', 'time'], inside: ['testsuites'] },
    testcase: { attributes: ['name', 'classname', 'time'], inside: ['testsuite'] },
    failure: { attributes: ['message', 'type'], inside: ['testcase'] },
    'system-out': { attributes: [], inside: ['testcase'] },
  };

  /** Reads XML far enough to see that it is well-formed and holds nothing but that; counts elements. */
  function read(xml: string): Record<string, number> {
    const counts: Record<string, number> = {};
    const open: string[] = [];
    const rest = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '');
    for (const [, text = '', closing, name = '', attributes = '', empty] of rest.matchAll(
      /([^<]*)(?:<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|$)/g,
    )) {
      expect(text.replaceAll(/&(amp|lt|gt|quot|#10);/g, '')).not.toMatch(/[&>]|(?![\t\n\r])\p{Cc}/u);
      if (name === '') continue;
      if (closing) {
        expect(open.pop()).toBe(name);
        continue;
      }
      counts[name] = (counts[name] ?? 0) + 1;
      expect(allowed[name]?.inside).toContain(open.at(-1) ?? '');
      for (const [, attribute] of attributes.matchAll(/ ([a-z]+)=/g))
        expect(allowed[name]?.attributes).toContain(attribute);
      if (!empty) open.push(name);
    }
    expect(open).toEqual([]);
    return counts;
  }

  test('has a suite for each file and a case for each finding', () => {
    expect(read(junitReport(report, 'error'))).toEqual({
      testsuites: 1,
      testsuite: 2,
      testcase: 5,
      failure: 1,
      'system-out': 3,
    });
    expect(read(junitReport(report, 'info'))).toMatchObject({ failure: 4 });
    expect(read(junitReport(empty, 'error'))).toEqual({ testsuites: 1, testsuite: 1, testcase: 1 });
  });

  test('counts what fails', () => {
    expect(junitReport(report, 'warning')).toMatch(/<testsuites name="chartwright validate" tests="5" failures="3"/);
    expect(junitReport(report, 'never')).toMatch(/failures="0"/);
  });
});
