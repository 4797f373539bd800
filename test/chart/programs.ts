import { ApiObject } from 'cdk8s';
import { z } from 'zod';
import { defineChart, type HelmChart, passThrough } from '../../src/chart/index.js';
import { add, choose, join, less, mul, same, trunc } from '../../src/units/index.js';

/** The values of every random program. */
const values = z.object({
  name: z.string().default('a name'),
  other: z.string().optional(),
  count: z.int().min(0).max(1_000_000).default(3),
  ratio: z.number().default(0.5),
  on: z.boolean().default(false),
  wide: z.boolean().default(true),
  level: z.enum(['info', 'debug', 'on']).default('info'),
  tls: z
    .object({ host: z.string(), port: z.int().min(1).max(65535).default(443), strict: z.boolean().default(true) })
    .optional(),
  labels: z.record(z.string(), z.string()).default({ team: 'x' }),
  hosts: z.array(z.string()).default([]),
  queues: z
    .array(
      z.object({
        name: z.string(),
        size: z.int().default(1),
        durable: z.boolean().default(false),
        tags: z.array(z.string()).default([]),
      }),
    )
    .default([]),
  store: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('s3'), bucket: z.string(), region: z.string().optional() }),
      z.object({ type: z.literal('disk'), path: z.string().default('/data') }),
    ])
    .prefault({ type: 'disk' }),
  extra: passThrough().default({}),
});

type Values = z.output<typeof values>;
type Part = (values: Values, release: { name: string }) => unknown;

/** A random function on these values, from the ways in which people write constructs. */
export function randomProgram(seed: number, random: () => number): HelmChart<typeof values> {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;

  const text = (): Part =>
    pick<Part>([
      (v) => v.name,
      (v) => v.level,
      (v) => `${v.name}-{{ %s }}"${v.count}`,
      (_, release) => `${release.name}-x`,
      (v) => v.other ?? 'none',
      (v) => join('/', 'a', v.name, v.other ?? ''),
      (v) => choose(same(v.name, 'a'), 'is a', v.name),
      (v) => (v.tls ? v.tls.host : 'plain'),
      (v) => (v.store.type === 's3' ? `s3://${v.store.bucket}` : v.store.path),
      () => 'yes',
      () => 'line one\n  {{ line }} two\n',
      (v) => `ratio ${v.ratio} level ${v.level}`,
    ]);
  const scalar = (): Part =>
    pick<Part>([
      text(),
      (v) => v.count,
      (v) => v.ratio,
      (v) => v.on,
      (v) => add(v.count, 1),
      (v) => mul(v.count, 60),
      (v) => choose(less(v.count, 10), 1, v.count),
      (v) => v.tls?.port ?? 80,
      (v) => (v.on && v.wide ? 1000000 : 2),
      (v) => (v.on || v.level === 'debug' ? 'either' : v.count),
    ]);
  const list = (depth: number): Part => {
    const [a, b] = [tree(depth - 1), scalar()];
    return pick<Part>([
      (v) => v.hosts,
      (v) => v.hosts.map((host) => `${host}:${v.count}`),
      (v, r) => [a(v, r), ...(v.on ? [b(v, r)] : []), ...v.hosts],
      (v) =>
        v.queues.map((queue) => ({ name: queue.name, size: queue.size, ...(queue.durable ? { durable: true } : {}) })),
      (v) => v.queues.map((queue) => ({ tags: queue.tags.map((tag) => `${queue.name}/${tag}`) })),
      (v) => v.queues.flatMap((queue) => ['--queue', queue.name]),
      (v) => Object.entries(v.labels).map(([key, value]) => `${key}=${value}`),
      (v, r) => [
        ...(v.wide ? [{ name: 'wide', value: b(v, r) }] : []),
        ...(v.tls ? [{ name: 'tls', value: 'on' }] : []),
      ],
      (v, r) => (v.level === 'debug' ? [] : [b(v, r)]),
    ]);
  };
  const map = (depth: number): Part => {
    const [a, b] = [tree(depth - 1), tree(depth - 1)];
    return pick<Part>([
      (v, r) => ({ a: a(v, r), b: b(v, r) }),
      (v, r) => ({ a: a(v, r), ...(v.on ? { b: b(v, r) } : {}) }),
      (v, r) => ({ ...(v.tls ? { tls: a(v, r) } : {}), ...(v.wide ? { wide: b(v, r) } : {}) }),
      (v) => ({ ...v.labels, app: 'ours' }),
      (v) => ({ app: 'theirs', ...v.labels, ...(v.on ? { team: 'ours' } : {}) }),
      (v, r) => (v.store.type === 's3' ? { bucket: a(v, r), region: v.store.region } : { path: b(v, r) }),
      (v) => v.extra,
      (v) => ({ ...v.extra, app: 'ours' }),
      (v, r) => ({ 'a.b/c': a(v, r), yes: b(v, r), '{{': 1 }),
    ]);
  };
  const tree = (depth: number): Part => {
    if (depth <= 0) return scalar();
    const [yes, no] = [() => tree(depth - 1), () => tree(depth - 1)];
    return pick<() => Part>([
      scalar,
      () => map(depth),
      () => list(depth),
      () => {
        const [a, b] = [yes(), no()];
        return (v, r) => (v.on ? a(v, r) : b(v, r));
      },
      () => {
        const [a, b] = [yes(), no()];
        return (v, r) => (v.tls && v.wide ? a(v, r) : b(v, r));
      },
    ])();
  };

  const parts = Array.from({ length: 3 }, () => tree(3));
  const perQueue = random() < 0.3;
  const onlyWide = random() < 0.3;
  return defineChart({ name: `program-${seed}`, version: '1.0.0', values }, (scope, v, release) => {
    const add = (id: string, fields: object) =>
      new ApiObject(scope, id, { ...fields, apiVersion: 'example.com/v1', kind: 'Thing' });
    add('one', { spec: { first: parts[0]!(v, release) } });
    if (!onlyWide || v.wide) add('two', { spec: { second: parts[1]!(v, release), third: parts[2]!(v, release) } });
    if (perQueue)
      v.queues.forEach((queue, index) => {
        add(`queue-${index}`, { metadata: { name: trunc(queue.name, 20) }, spec: { size: queue.size } });
      });
  });
}
