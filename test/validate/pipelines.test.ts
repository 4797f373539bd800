import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeWith } from '../programs/find.js';

const root = join(import.meta.dirname, '../..');

describeWith(['bash', 'shellcheck'], 'the GitHub Action', () => {
  const action = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
  const [{ run, env }] = action.runs.steps;
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'chartwright-action-'));
    writeFileSync(join(folder, 'npx'), '#!/bin/sh\nfor word; do echo "$word"; done\n');
    chmodSync(join(folder, 'npx'), 0o755);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('passes on every input, and takes nothing in them for a part of its script', () => {
    expect(Object.values(env)).toEqual(Object.keys(action.inputs).map((name) => `\${{ inputs.${name} }}`));
    expect(run).not.toContain('${{');
    const { stdout } = spawnSync('shellcheck', ['--shell=bash', '-'], { input: run, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  const defaults = {
    FILES: '',
    VALUES: '',
    CHART: '',
    FLEET: 'false',
    FAIL_ON: 'error',
    OUTPUT: 'github',
    VERSION: '1.0.0',
  };
  const always = ['--yes', 'chartwright@1.0.0', 'validate', '--output', 'github', '--fail-on', 'error'];
  test.each([
    ['nothing', {}, [...always, '--']],
    ['files with blanks', { FILES: 'a b.yaml\nc/*.yaml\n' }, [...always, '--', 'a b.yaml', 'c/*.yaml']],
    [
      'a file that looks like an option or a command',
      { FILES: '--explain\n$(touch x)' },
      [...always, '--', '--explain', '$(touch x)'],
    ],
    [
      'everything',
      { FILES: 'r', VALUES: 'x.yaml\ny.yaml', CHART: 'vald', FLEET: 'true' },
      [...always, '--chart', 'vald', '--fleet', '--values', 'x.yaml', '--values', 'y.yaml', '--', 'r'],
    ],
  ])('runs the command with %s', (_, inputs, words) => {
    const PATH = `${folder}${delimiter}${process.env['PATH']}`;
    const { stdout } = spawnSync('bash', ['-e', '-c', run], {
      cwd: folder,
      env: { PATH, ...defaults, ...inputs },
      encoding: 'utf8',
    });
    expect(stdout.split('\n').slice(0, -1)).toEqual(words);
  });
});

describe('the hook for pre-commit', () => {
  const [hook] = parse(readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8'));

  test('runs the command of the package', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(Object.keys(bin)).toContain(hook.entry.split(' ')[0]);
  });

  test.each([
    ['values.yaml', true],
    ['env/values-production.yml', true],
    ['env/production.values.yaml', true],
    ['values.schema.json', false],
    ['env/my-values/readme.md', false],
    ['templates/deployment.yaml', false],
  ])('looks at %s: %s', (path, wanted) => expect(new RegExp(hook.files).test(path)).toBe(wanted));
});
