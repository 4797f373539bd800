import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChartFiles } from '../../src/cli/chart-files.js';
import { readHelmIgnore } from '../../src/cli/helm-ignore.js';
import type { Problem } from '../../src/problem/index.js';
import { describeWith, programPath } from '../programs/find.js';

describe('a .helmignore', () => {
  test.each([
    ['*.bak', ['a.bak', 'sub/a.bak'], ['bak', 'a.bak.txt']],
    ['/a.txt', ['a.txt'], ['sub/a.txt']],
    ['sub/*.txt', ['sub/a.txt'], ['a.txt', 'sub/deep/a.txt']],
    ['[a-c]?', ['ab', 'sub/c-'], ['dd', 'a']],
    ['[^a]', ['b'], ['a', 'bb']],
    ['\\*', ['*'], ['a']],
    ['', ['templates/.hidden'], ['.hidden', 'templates/a', 'templates/sub/.hidden']],
  ])('with %j leaves out %j and keeps %j', (text, left, kept) => {
    const problems: Problem[] = [];
    const isIgnored = readHelmIgnore(text, '.helmignore', problems);
    expect(problems).toEqual([]);
    expect([left, kept].map((paths) => paths.filter((path) => isIgnored(path, false)))).toEqual([left, []]);
  });

  test('with a slash at the end leaves out folders only', () => {
    const isIgnored = readHelmIgnore('docs/', '.helmignore', []);
    expect([isIgnored('sub/docs', true), isIgnored('docs', false)]).toEqual([true, false]);
  });

  test.each(['[', '[a', '[]', '[a-]', 'a\\', 'a/**'])('with %j is refused', (text) => {
    const problems: Problem[] = [];
    readHelmIgnore(`# first\n${text}`, 'web/.helmignore', problems);
    expect(problems).toMatchObject([{ where: { file: 'web/.helmignore', line: 2 }, got: text }]);
  });
});

describeWith(['helm4', 'tar'], 'random patterns', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-ignore-'));
  const chart = join(folder, 'web');
  const names =
    'a.txt ab [x] x-y .hid sub/a.txt sub/b.md sub/deep/ab docs/x docs/sub/a templates/.h templates/t.yaml a/b/c/d';
  beforeAll(() => {
    for (const name of ['Chart.yaml', 'values.yaml', ...names.split(' ')]) {
      mkdirSync(dirname(join(chart, name)), { recursive: true });
      writeFileSync(join(chart, name), name === 'Chart.yaml' ? 'apiVersion: v2\nname: web\nversion: 1.0.0\n' : '');
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('leave out what they leave out for Helm, or are refused', () => {
    const parts = [
      'a',
      'b',
      '*',
      '?',
      '/',
      '[a-c]',
      '[^a]',
      '.txt',
      'sub',
      'docs',
      '\\[',
      '[',
      '-',
      ']',
      '.',
      '[b-a]',
      '!',
    ];
    const pattern = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 4 }).map((some) => some.join(''));
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 1, maxLength: 2 }), (lines) => {
        writeFileSync(join(chart, '.helmignore'), lines.join('\n'));
        const problems: Problem[] = [];
        const ours = [...readChartFiles(chart, 'web', problems).keys()].sort();
        const { status } = spawnSync(programPath('helm4'), ['package', chart, '-d', folder]);
        // A fault behind the first letter that does not match is overlooked by Helm; nothing that Helm refuses passes.
        if (problems.length > 0) return;
        expect(status === 0).toBe(ours.includes('Chart.yaml'));
        if (status !== 0) return;
        const listed = execFileSync('tar', ['-tzf', join(folder, 'web-1.0.0.tgz')], { encoding: 'utf8' });
        expect(ours).toEqual(
          listed
            .trim()
            .replaceAll(/^web\//gm, '')
            .split('\n')
            .sort(),
        );
      }),
      { numRuns: 20 },
    );
  });
});
