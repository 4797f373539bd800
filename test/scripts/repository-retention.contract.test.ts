import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRetention } from '../../src/scripts/index.js';
import { describeWith, programPath } from '../programs/find.js';

const { content, environment, exitCodes } = repositoryRetention;
const script = join(import.meta.dirname, '../../src/scripts/repository-retention.sh');

describe('the description of repository-retention.sh', () => {
  test('names every variable that the script reads, and no other', () => {
    const shell = ['LC_ALL', 'TZ', 'EPOCHSECONDS'];
    const read = [...content.matchAll(/\$\{?#?([A-Z][A-Z_]+)/g)].map(([, name]) => name!);
    // check_number reads by name
    const named = [...content.matchAll(/\bfor name in ([A-Z_ ]+);/g)].flatMap(([, names]) => names!.split(' '));
    const required = [...content.matchAll(/"\$\{([A-Z_]+):\?/g)].map(([, name]) => name!);
    const described = environment.map(({ name }) => name).sort();
    expect([...new Set([...read, ...named])].filter((name) => !shell.includes(name)).sort()).toEqual(described);
    expect(required.sort()).toEqual(described);
  });

  test('names every status that the script ends with', () => {
    const statuses = [...content.matchAll(/\b(?:refuse|exit) ([0-9]+)/g)].map(([, status]) => Number(status));
    expect(new Set(exitCodes.map(({ code }) => code))).toEqual(new Set([0, 1, ...statuses]));
  });
});

describeWith(['shellcheck', 'shfmt'], 'repository-retention.sh', () => {
  test('has no finding of ShellCheck and is formatted', () => {
    execFileSync(programPath('shellcheck'), ['--norc', '--severity=style', script], { encoding: 'utf8' });
    execFileSync(programPath('shfmt'), ['-i', '2', '-ci', '-d', script], { encoding: 'utf8' });
  });
});
