import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { validate } from '../../src/validate/index.js';
import { type HelmVersion, type SetOption, SetOptionError } from '../../src/values/index.js';
import { describeWith, programPath } from '../programs/find.js';
import { PrintingChart } from './helm-chart.js';
import { layer, plain, readText } from './layered.js';

const helms = [
  ['helm3', 3],
  ['helm4', 4],
] as const;

/** Scalars as somebody may write them. Several go into one file, as a call of Helm takes a tenth of a second. */
const scalars = [
  ...[
    'y',
    'Y',
    'yes',
    'Yes',
    'YES',
    'yEs',
    'n',
    'no',
    'on',
    'On',
    'oN',
    'off',
    'OFF',
    'true',
    'True',
    'TRUE',
    'tRUE',
    'False',
  ],
  ...['', '~', 'null', 'Null', 'NULL', 'nULL', '.', '..', '--', '+', '=', '-a', '.a', '_1', '1_', '1__0', '1_000'],
  ...[
    '0',
    '00',
    '-0',
    '+0',
    '0777',
    '0o777',
    '0O17',
    '089',
    '0o8',
    '-0o7',
    '0x1F',
    '0X1f',
    '0xg',
    '+0x1F',
    '0x_1',
    '0b101',
    '0b2',
    '-0b11',
  ],
  ...[
    '12',
    '+12',
    '-12',
    '1e3',
    '12e03',
    '1E+3',
    '1e',
    'e1',
    '1e400',
    '-1e400',
    '1.',
    '.5',
    '.5_0',
    '.5_',
    '._5',
    '1.5',
    '1_0.5',
    '1.10',
    '+.5',
    '1e-7',
  ],
  ...['9007199254740993', '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616'],
  ...['-9223372036854775808', '-9223372036854775809', '+9223372036854775808', '123456789012345678901234567890'],
  ...[
    '2001-12-14',
    '2001-12-14t21:59:43.10-05:00',
    '2001-1-1',
    '12:30:45',
    '1:2',
    '190:20:30.15',
    '0.0.0.0',
    '1.2.3',
    '1-2',
    '1 2',
  ],
  ...[
    '!!str 5',
    '!!str yes',
    '!!int "5"',
    '!!float 5',
    '!!bool "yes"',
    '!!null ""',
    '!!binary aGVsbG8=',
    '!custom 5',
    '! 5',
    '!!timestamp 2001-12-14',
  ],
  ...[
    '"5"',
    "'yes'",
    '"\\x41\\u00e9\\n"',
    '|\n    a\n    b',
    '>-\n    a\n    b',
    '"a\n    b"',
    'a\n    b',
    "'it''s'",
    '<<',
    '"<<"',
  ],
];

/** Keys alike. Those that are equal to Helm are not together in one map. */
const keys = [
  ...[
    'y',
    'n',
    'yEs',
    '12',
    '0777',
    '1_000',
    '0x1F',
    '1.10',
    '.5',
    '1e7',
    '1e21',
    '123456.5',
    '1234567.5',
    '0.00001',
    '123456789.123',
  ],
  ...[
    '3.0',
    '100000.5',
    '2001-12-14',
    '12:30',
    '"1.50"',
    '-0o7',
    '+5',
    '.inf',
    '-a',
    'a b',
    'é',
    '9223372036854775807',
  ],
];

describeWith(['helm3', 'helm4'], 'Helm itself', () => {
  let chart: PrintingChart;
  const defaults = 'a: 1\nm: {x: 1, z: {w: 2, gone: null}, keep: null}\nnothing: null\nl: [1, {b: 2}]\ntext: ""\n';
  beforeAll(() => {
    chart = new PrintingChart(defaults);
  });
  afterAll(() => chart.remove());

  test.each(helms)('%s reads all scalars alike', (helm, version) => {
    const text = scalars.map((scalar, index) => `s${index}: ${scalar}\n`).join('');
    const answer = chart.ask(helm, [chart.file(text)]);
    const read = readText(text, version).values as Record<string, unknown>;
    const got = (answer as { values?: Record<string, unknown> }).values ?? {};
    const table = (values: Record<string, unknown>) => scalars.map((scalar, index) => [scalar, values[`s${index}`]]);
    expect(table(read)).toEqual(table(got));
  });

  test.each(helms)('%s reads all keys alike', (helm) => {
    const text = `k:\n${keys.map((key) => `  ${key}: 0\n`).join('')}`;
    const { k } = (chart.ask(helm, [chart.file(text)]) as { values: Record<string, object> }).values;
    expect(Object.keys((readText(text).values as { k: object }).k).sort()).toEqual(Object.keys(k!).sort());
  });

  test('numbers from a million on are printed with an exponent, unless by toYaml or from --set', () => {
    const printing = new PrintingChart('', undefined, {
      'templates/values.yaml': 'printed: [{{ .Values.x }}, {{ .Values.x | quote }}, {{ toYaml .Values.x }}]\n',
    });
    const printed = (helm: string, words: readonly string[]) =>
      /printed: \[(.*)\]/.exec(
        spawnSync(programPath(helm), ['template', 'r', printing.path, ...words], { encoding: 'utf8' }).stdout,
      )?.[1];
    for (const [helm] of helms) {
      expect(printed(helm, ['-f', printing.file('x: 999999\n')]), helm).toBe('999999, "999999", 999999');
      expect(printed(helm, ['-f', printing.file('x: 1000001\n')]), helm).toBe('1.000001e+06, "1.000001e+06", 1000001');
      expect(printed(helm, ['--set', 'x=1000001']), helm).toBe('1000001, "1000001", 1000001');
    }
    printing.remove();
  });

  test.each([
    ['with the mark of UTF-16, little end first', 'utf16le', [0xff, 0xfe]],
    ['with the mark of UTF-16, big end first', 'utf16be', [0xfe, 0xff]],
    ['in UTF-16 without a mark', 'utf16le', []],
  ] as const)('a file %s is one that some Helm refuses or reads in part, and it is told', (_, order, mark) => {
    const bytes = Buffer.from('a: 5\n---\nb: "é"\n', 'utf16le');
    const file = chart.file(Buffer.concat([Buffer.from(mark), order === 'utf16be' ? bytes.swap16() : bytes]));
    const whole = { a: 5, b: 'é', m: { x: 1, z: { w: 2 } }, l: [1, { b: 2 }], text: '' };
    expect(helms.map(([helm]) => chart.ask(helm, [file]))).not.toEqual([{ values: whole }, { values: whole }]);
    expect(validate({ files: [file] }).findings).toMatchObject([
      { rule: { id: 'YAML007', severity: 'error' }, span: { start: mark.length > 0 ? 1 : expect.any(Number) } },
    ]);
  });

  const texts: [name: string, text: string][] = [
    ['a list at the top', '[1]'],
    ['a text at the top', 'text'],
    ['null at the top', 'null'],
    ['nothing', ''],
    ['a comment only', '# a\n'],
    ['a document mark', '---\na: 5\n...\n'],
    ['two documents', 'a: 5\n---\nm: {x: 6}\n'],
    ['an empty second document', 'a: 5\n---\n# end\n'],
    ['an empty first document', '---\n---\na: 5\n'],
    ['a byte order mark', '\uFEFFa: 5\n'],
    ['Windows line ends', 'a: 5\r\nl:\r\n- 1\r\n'],
    ['tabs for blanks', 'a:\t5\n'],
    ['tabs for indentation', 'a:\n\tb: 5\n'],
    ['duplicate keys', 'm: {x: 5}\nm: {z: 6}\n'],
    ['a merge key', 'b: &b {p: 1, q: 2}\nc:\n  <<: *b\n  q: 3\n'],
    ['a merge key behind', 'b: &b {p: 1, q: 2}\nc:\n  q: 3\n  <<: *b\n'],
    ['several merged', 'b: &b {p: 1}\nc: &c {p: 9, r: 2}\nd:\n  <<: [*b, *c]\n'],
    ['a merge key for a list', 'b: &b [1]\nc:\n  <<: *b\n'],
    ['a merge key in quotes', 'b: &b {p: 1}\nc:\n  "<<": *b\n'],
    ['an alias', 'b: &b {p: [1]}\nc: *b\n'],
    ['an anchor twice', 'a: &x 1\nb: *x\nc: &x 2\nd: *x\n'],
    ['an alias without an anchor', 'a: *nope\n'],
    ['an anchor inside of itself', 'a: &a [*a]\n'],
    ['another version of YAML', '%YAML 1.2\n---\na: 5\n'],
    ['version 1.1 of YAML', '%YAML 1.1\n---\na: 5\n'],
    ['infinity', 'a: .inf\n'],
    ['a null key', '~: 1\n'],
    ['a key without a name', ': 1\n'],
    ['a list as a key', '? [a]\n: 1\n'],
    ['a large key', '18446744073709551615: 1\n'],
    ['a tag that does not fit', 'a: !!int x\n'],
    ['a control character', 'a: "\u0001"\n'],
    ['an open bracket', 'a: [1, 2\n'],
    ['an open quote', 'a: "x\n'],
    ['a colon too many', 'a: b: c\n'],
    ['a reserved character', 'a: @b\n'],
    ['wrong indentation', 'a:\n    b: 1\n  c: 2\n'],
    ['a list at the level of its key', 'l:\n- 1\n- x: 2\n  y: 3\n'],
    ['a flow map over lines', 'm: {x: 1,\n  q: 2\n  }\n'],
    ['keys without values', 'm: {x, q}\n'],
    ['an explicit key', '? a\n: 5\n'],
    ['odd keys', '"__proto__": {x: 1}\nconstructor: 2\ntoString: 3\n'],
  ];

  test.each(texts)('both take or refuse %s, and read it, alike', (_, text) => {
    const file = chart.file(text);
    for (const [helm, version] of helms) {
      const answer = chart.ask(helm, [file]);
      const { values } = layer([text], { defaults, helm: version });
      expect(values ? plain(values.values) : 'refused', helm).toEqual('values' in answer ? answer.values : 'refused');
    }
  });

  const options: [name: string, option: SetOption, text: string][] = [
    ...[
      'a=2',
      'a=2,',
      'h={}',
      'h={,}',
      'h={a,b,3}',
      'h={a},b=1',
      'h={a}b=1',
      'h={a}x',
      'h={a',
      '=5',
      '.a=5',
      'm.=5',
      'q.=5',
      'a.b=1',
      'm.x.y=1',
    ],
    ...[
      'nothing.x=1',
      'nothing[0]=1',
      'l[0]',
      'l[0]=',
      'l[1].b=3',
      'l[2]=x',
      'l[0].b=2',
      'l[1][0]=x',
      'q[1][0]=x',
      'q[1].b=x',
      'q[0].=1',
      'q[ 1]=3',
      'q[+1]=3',
      'q[-1]=3',
    ],
    ...[
      'a\\.b=1',
      'x=a\\,b',
      'x=y\\',
      'x=1=2',
      'x={{a}}',
      'x=tRuE',
      'x=NULL',
      'x=0',
      'x=00',
      'x=007',
      'x=+5',
      'x=-05',
      'x=-0',
      'x=1e5',
      'x=1.5',
    ],
    ...[
      'x=99999999999999999999',
      'x=9007199254740993',
      'x.y.z=1,x.y.w=2',
      'x= 5',
      ' x=5',
      'x={1, 2}',
      '[0]=1',
      'x=é,ü=1',
      'x',
      '',
      'q[70000]=1',
      'm=null',
      'm.x=null',
    ],
  ].map((text): [string, SetOption, string] => [`--set ${text}`, '--set', text]);
  options.push(
    ['--set-string x=1', '--set-string', 'x=1,y=true,z=null,l={1,2}'],
    ['--set-literal x={a,b}', '--set-literal', 'x.y={a,b}\\,c=d'],
    ...[
      'm={"x":[1,2]},a=null',
      'a=',
      'a=,m.x="y"',
      'a=[1, {"b": 2}] , b=3',
      'a={',
      'a=x',
      '{"m": {"x": 5}}',
      'l[0]={"a":1}',
    ].map((text): [string, SetOption, string] => [`--set-json ${text}`, '--set-json', text]),
  );

  test.each(options)('both understand %s alike', (_, option, text) => {
    for (const [helm, version] of helms) {
      const answer = chart.ask(helm, [], [option, text]);
      expect(outcome([], [[option, text]], version), helm).toEqual('values' in answer ? answer.values : 'refused');
    }
  });

  function outcome(
    files: readonly string[],
    set: readonly (readonly [SetOption, string])[],
    helm: HelmVersion,
  ): unknown {
    try {
      return plain(layer(files, { defaults, options: set, helm }).values!.values);
    } catch (error) {
      if (error instanceof SetOptionError) return 'refused';
      throw error;
    }
  }

  test('both layer random files and options alike', () => {
    const key = fc.constantFrom('a', 'm', 'x', 'z', 'w', 'gone', 'keep', 'nothing', 'l', 'new');
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.constantFrom('', 'text', 'yes', '1.10', 1e21, 0.1),
    );
    const tree = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc.array(tie('value'), { maxLength: 3 }),
        tie('map'),
      ),
      map: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    }));
    const file = tree.map.map((map) => JSON.stringify(map));
    const path = fc.array(key, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('.'));
    const text = fc.constantFrom('1', 'true', 'null', '', 'x', '{a,b}', '007', '-3');
    const option = fc.tuple(
      fc.constantFrom<SetOption[]>('--set', '--set-string'),
      fc.tuple(path, text).map((pair) => pair.join('=')),
    );
    const stack = fc.record({
      files: fc.array(file, { maxLength: 3 }),
      set: fc.array(option, { maxLength: 2 }),
      helm: fc.constantFrom<(typeof helms)[number]>(...helms),
    });
    fc.assert(
      fc.property(stack, ({ files, set, helm: both }) => {
        const { 0: helm, 1: version } = both;
        const answer = chart.ask(
          helm,
          files.map((content) => chart.file(content)),
          set.flat(),
        );
        expect(outcome(files, set, version)).toEqual('values' in answer ? answer.values : 'refused');
      }),
      { numRuns: Number(process.env['VALUES_RUNS'] ?? 40) },
    );
  }, 300_000);
});
