import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { manifestSchema, retentionPolicy, retentionSchema } from '../../src/repository/index.js';
import { describeWith } from '../programs/find.js';
import { History } from './history.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/repository.md'), 'utf8');

interface JsonSchema {
  readonly description?: string;
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly required?: readonly string[];
  readonly oneOf?: readonly JsonSchema[];
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
}

const schema = z.toJSONSchema(manifestSchema) as JsonSchema;

/** One row for each field, with the path to it; lists have `[]` behind their name. */
function rows(fields: JsonSchema, path = ''): string[] {
  const inner = resolve(fields);
  if (inner.items) return rows(inner.items, `${path}[]`);
  const properties: JsonSchema['properties'] = Object.assign(
    {},
    ...(inner.oneOf ?? [inner]).map((one) => resolve(one).properties),
  );
  return Object.entries(properties ?? {}).flatMap(([name, field]) => {
    const place = path ? `${path}.${name}` : name;
    const own = field.description ? [`| \`${place}\` | ${kindOf(field)} | ${field.description} |`] : [];
    return [...own, ...rows(field, place)];
  });
}

function resolve(field: JsonSchema): JsonSchema {
  return field.$ref ? (schema.$defs?.[field.$ref.replace('#/$defs/', '')] ?? {}) : field;
}

function kindOf(field: JsonSchema): string {
  const inner = resolve(field);
  if (inner.const !== undefined) return `\`${JSON.stringify(inner.const)}\``;
  if (inner.items) return 'list';
  if (inner.type === 'integer') return 'whole number';
  if (typeof inner.additionalProperties === 'object') return 'texts by name';
  return inner.type === 'string' ? 'text' : 'object';
}

/** Nights from the first to the last, each with a set at 02:00 UTC. */
function nightly(first: string, last: string): History {
  const history = new History();
  const day = 86_400;
  const epoch = Date.parse('2020-01-01T00:00:00Z') / 1000;
  for (let time = Date.parse(`${first}T02:00:00Z`) / 1000; time <= Date.parse(`${last}T02:00:00Z`) / 1000; time += day)
    history.committed(time - epoch, time + 600);
  return history;
}

describe('docs/repository.md', () => {
  test('has the manifest’s fields as the schema has them', () => {
    expect(page).toContain(['| field | kind | meaning |', '|---|---|---|', ...rows(schema)].join('\n'));
  });

  test('has the worked example as the plan has it', () => {
    const policy = retentionPolicy(
      retentionSchema.parse({ keepLast: 2, keepDaily: 4, keepWeekly: 3, keepMonthly: 3, keepYearly: 2 }),
      86_400,
    );
    const history = nightly('2025-12-20', '2026-03-12');
    const plan = history.plan(policy, Date.parse('2026-03-12T02:11:00Z') / 1000);
    const kept = plan.sets.filter((set) => set.action === 'keep');
    const lines = kept.map(
      ({ backupId, time, reasons }) =>
        `| \`${backupId}\` | ${time} | ${reasons.map(({ rule, detail }) => `${rule} ${detail}`.trim()).join(', ')} |`,
    );
    expect(page).toContain(['| set | finished | kept by |', '|---|---|---|', ...lines].join('\n'));
    expect(page).toContain(`${plan.sets.length} sets, of which ${plan.sets.length - kept.length} go`);
  });
});

describeWith(['jq', 'sha256sum'], 'docs/repository.md', () => {
  test('has a command that finds a changed byte, a missing file and nothing else', () => {
    const folder = mkdtempSync(join(tmpdir(), 'chartwright-page-'));
    const check = () => spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }).status;
    const command = /^jq -r .*sha256sum.*$/m.exec(page)?.[0] ?? '';
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
      return { path, size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
    };
    try {
      const files = [put('users.sql', 'users'), put('rondb/1/BACKUP-7.1.ctl', 'tables')];
      put('manifest.json', JSON.stringify({ files }));
      expect(check()).toBe(0);
      put('users.sql', 'Users');
      expect(check()).not.toBe(0);
      put('users.sql', 'users');
      expect(check()).toBe(0);
      rmSync(join(folder, 'rondb/1/BACKUP-7.1.ctl'));
      expect(check()).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
