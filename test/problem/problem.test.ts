import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  catalogue,
  exitCodes,
  nearest,
  type Place,
  type Problem,
  ProblemsError,
  printPlace,
  printProblem,
  printProblems,
} from '../../src/problem/index.js';

const problem: Problem = {
  code: 'invalid-property',
  severity: 'error',
  where: { construct: 'app/agent', property: 'replicas' },
  message: 'not a whole number',
  got: '1.5',
  allowed: 'a whole number from 1',
  hint: 'Give the number of pods.',
};

describe('a place is printed as one word that an editor or a person can follow', () => {
  test.each<[Place, string]>([
    [{ file: 'cdk8s.yaml' }, 'cdk8s.yaml'],
    [{ file: 'cdk8s.yaml', line: 3 }, 'cdk8s.yaml:3'],
    [{ file: 'cdk8s.yaml', line: 3, column: 7 }, 'cdk8s.yaml:3:7'],
    [{ construct: 'app/agent' }, 'app/agent'],
    [{ construct: 'app/agent', property: '' }, 'app/agent'],
    [{ construct: 'app/agent', property: 'backup.volume.size' }, 'app/agent: backup.volume.size'],
    [{ object: 'Service vald/vald-agent' }, 'Service vald/vald-agent'],
    [{ object: 'Service vald/vald-agent', field: 'spec.ports[0]' }, 'Service vald/vald-agent: spec.ports[0]'],
  ])('%j', (place, expected) => expect(printPlace(place)).toBe(expected));
});

describe('a problem is printed', () => {
  test('as four lines: the fact, what was got, what is allowed, what to do', () => {
    expect(printProblem(problem)).toBe(
      [
        'error: app/agent: replicas: not a whole number [invalid-property]',
        '  got:     1.5',
        '  allowed: a whole number from 1',
        '  do:      Give the number of pods.',
      ].join('\n'),
    );
  });

  test('without the lines that it has nothing for', () => {
    const { got, allowed, ...rest } = problem;
    expect([got, allowed]).toEqual(['1.5', 'a whole number from 1']);
    expect(printProblem({ ...rest, severity: 'warning' })).toBe(
      'warning: app/agent: replicas: not a whole number [invalid-property]\n  do:      Give the number of pods.',
    );
  });

  test('with an empty line to the next one', () => {
    const other: Problem = { ...problem, message: 'too small' };
    expect(printProblems([problem, other])).toBe(`${printProblem(problem)}\n\n${printProblem(other)}`);
    expect(printProblems([])).toBe('');
  });

  test('once for all constructs that have it alike', () => {
    const elsewhere: Problem = { ...problem, where: { construct: 'app/other', property: 'replicas' } };
    const here: Problem = { ...problem, where: { construct: 'app/agent', property: 'replicas' } };
    expect(printProblems([here, elsewhere])).toBe(`${printProblem(here)}\n  also in: app/other`);
  });
});

describe('ProblemsError', () => {
  test('holds the data and the same as text', () => {
    const error = new ProblemsError([problem, problem]);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe('ProblemsError');
    expect(error.problems).toEqual([problem, problem]);
    expect(error.message).toBe(`2 problems\n\n${printProblems([problem, problem])}`);
  });

  test('counts one problem as one', () => {
    expect(new ProblemsError([problem]).message.split('\n')[0]).toBe('1 problem');
  });
});

describe('nearest', () => {
  const known = ['replicas', 'indexPath', 'copyOnWrite', 'ngt', 'name', 'namespace', 'env'];

  test.each([
    ['replica', 'replicas'],
    ['repilcas', 'replicas'],
    ['REPLICAS', 'replicas'],
    ['index_path', 'indexPath'],
    ['copyOnWirte', 'copyOnWrite'],
    ['ntg', 'ngt'],
    ['nam', 'name'],
    ['banana', undefined],
    ['x', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('of %j is %j', (word, expected) => expect(nearest(word, known)).toBe(expected));

  test('is the word itself where it is known, and nothing among nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...known), (word) => {
        expect(nearest(word, known)).toBe(word);
        expect(nearest(word, [])).toBeUndefined();
      }),
    );
  });

  test('finds a word back after one slip: a letter lost, doubled, changed or swapped with the next', () => {
    const slips: readonly ((word: string, at: number) => string)[] = [
      (word, at) => word.slice(0, at) + word.slice(at + 1),
      (word, at) => word.slice(0, at + 1) + word.slice(at),
      (word, at) => `${word.slice(0, at)}#${word.slice(at + 1)}`,
      (word, at) => word.slice(0, at) + (word[at + 1] ?? '') + word[at] + word.slice(at + 2),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('replicas', 'indexPath', 'copyOnWrite', 'namespace'),
        fc.nat(20),
        fc.constantFrom(...slips),
        (word, at, slip) => {
          expect(nearest(slip(word, at % word.length), known)).toBe(word);
        },
      ),
    );
  });
});

describe('the catalogue', () => {
  test('explains every code in one line, in lower case and without a full stop', () => {
    for (const [code, explanation] of Object.entries(catalogue)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(explanation).toMatch(/^[a-z][^\n]*[^.\n]$/);
    }
  });

  test('has no code that nothing in the sources reports', () => {
    const source = join(import.meta.dirname, '../../src');
    const text = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.startsWith('problem/') && !file.endsWith('.generated.ts'))
      .map((file) => readFileSync(join(source, file), 'utf8'))
      .join('\n');
    expect(Object.keys(catalogue).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });
});

test('the exit codes are those that pipelines depend on', () => {
  expect(exitCodes).toEqual({ ok: 0, findings: 1, usage: 2, unreadable: 3 });
});
