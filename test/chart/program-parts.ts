import { z } from 'zod';
import { passThrough } from '../../src/chart/index.js';
import {
  add,
  choose,
  contains,
  divideUp,
  join,
  less,
  max,
  mul,
  same,
  text as toText,
  trimPrefix,
  trunc,
  yamlText,
} from '../../src/units/index.js';

/** The values of every random program: something of each kind, also in each other. */
export const programValues = z.object({
  name: z.string().default('a name'),
  other: z.string().optional(),
  count: z.int().min(0).max(1_000_000).default(3),
  large: z.int().default(2 ** 53 - 1),
  ratio: z.number().default(0.5),
  on: z.boolean().default(false),
  wide: z.boolean().default(true),
  level: z.enum(['info', 'debug', 'on']).default('info'),
  tls: z
    .object({
      host: z.string(),
      port: z.int().min(1).max(65535).default(443),
      strict: z.boolean().default(true),
      authority: z.object({ secret: z.string(), key: z.string().default('ca.crt') }).optional(),
    })
    .optional(),
  labels: z.record(z.string(), z.string()).default({ team: 'x' }),
  limits: z.record(z.string().regex(/^[a-z]+$/), z.int()).default({}),
  users: z
    .record(
      z.string().regex(/^[a-z][a-z-]*$/),
      z.object({
        role: z.enum(['admin', 'guest']).default('guest'),
        shell: z.string().optional(),
        active: z.boolean(),
      }),
    )
    .default({}),
  hosts: z.array(z.string()).default([]),
  ports: z.array(z.int().min(1).max(65535)).default([80]),
  zones: z.array(z.enum(['a', 'b', 'yes'])).default([]),
  queues: z
    .array(
      z.object({
        name: z.string(),
        size: z.int().default(1),
        durable: z.boolean().default(false),
        ttl: z.int().min(0).max(100_000).optional(),
        tags: z.array(z.string()).default([]),
        bindings: z
          .array(
            z.object({ key: z.string(), exact: z.boolean().default(true), weights: z.array(z.number()).default([]) }),
          )
          .default([]),
        extra: passThrough().default({}),
      }),
    )
    .default([]),
  targets: z
    .array(
      z.discriminatedUnion('type', [
        z.object({ type: z.literal('http'), url: z.string(), headers: z.record(z.string(), z.string()).default({}) }),
        z.object({ type: z.literal('file'), path: z.string().default('/var/log/x') }),
        z.object({ type: z.literal('none') }),
      ]),
    )
    .default([]),
  store: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('s3'), bucket: z.string(), region: z.string().optional() }),
      z.object({ type: z.literal('disk'), path: z.string().default('/data'), size: z.int().min(1).default(10) }),
      z.object({ type: z.literal('many'), disks: z.array(z.string()).default([]) }),
    ])
    .prefault({ type: 'disk' }),
  extra: passThrough().default({}),
  resources: passThrough().optional(),
});

type Values = z.output<typeof programValues>;

/** What a part of a program can see: a part inside of a loop sees the element too. */
export interface Sight {
  readonly v: Values;
  readonly r: { readonly name: string; readonly namespace: string };
  readonly queue?: Values['queues'][number];
}
export type Part = (sight: Sight) => unknown;

/** The kinds of loops that a part is in. */
export type Inside = 'chart' | 'queue';

const q = (sight: Sight): Values['queues'][number] => sight.queue!;

export const textParts: Readonly<Record<Inside, readonly Part[]>> = {
  chart: [
    ({ v }) => v.name,
    ({ v }) => v.level,
    ({ v }) => `${v.name}-{{ %s }}"${v.count}`,
    ({ r }) => `${r.name}-x.${r.namespace}.svc`,
    ({ v }) => v.other ?? 'none',
    ({ v }) => join('/', 'a', v.name, v.other ?? ''),
    ({ v }) => choose(same(v.name, 'a'), 'is a', v.name),
    ({ v }) => choose(less(v.count, 10), `few ${v.count}`, `many of ${v.name}`),
    ({ v }) => choose(contains(v.name, 'a'), v.name, 'without'),
    ({ v }) => (v.tls ? v.tls.host : 'plain'),
    ({ v }) => (v.tls?.authority ? `${v.tls.authority.secret}/${v.tls.authority.key}` : ''),
    ({ v }) => (v.store.type === 's3' ? `s3://${v.store.bucket}` : v.store.type === 'disk' ? v.store.path : 'many'),
    () => 'yes',
    () => 'line one\n  {{ line }} two\n',
    ({ v }) => `ratio ${v.ratio} level ${v.level} ${v.on} ${v.large}`,
    ({ v, r }) => trunc(`${r.name}-${v.name}`, 12),
    ({ v }) => trimPrefix(v.name, 'a'),
    ({ v }) => toText(v.large),
    ({ v }) => `--level=${v.level === 'on' ? 'everything' : v.level}`,
    ({ v }) => (v.wide ? `[${v.on ? v.name : 'off'}]` : `(${v.level})`),
  ],
  queue: [
    (s) => q(s).name,
    (s) => `${q(s).name}.${s.r.name}`,
    (s) => `${q(s).size}/${s.v.count}`,
    (s) => (q(s).ttl === undefined ? 'forever' : `${q(s).ttl}s`),
    (s) => (q(s).durable ? q(s).name : s.v.name),
    (s) => choose(less(q(s).size, s.v.count), 'small', q(s).name),
    (s) => join('-', q(s).name, s.v.level),
    (s) => trunc(q(s).name, 5),
  ],
};

export const numberParts: Readonly<Record<Inside, readonly Part[]>> = {
  chart: [
    ({ v }) => v.count,
    ({ v }) => v.large,
    ({ v }) => v.ratio,
    ({ v }) => v.on,
    ({ v }) => add(v.count, 1),
    ({ v }) => mul(v.count, 60),
    ({ v }) => divideUp(v.count, 7),
    ({ v }) => max(v.count, 5),
    ({ v }) => choose(less(v.count, 10), 1, v.count),
    ({ v }) => v.tls?.port ?? 80,
    ({ v }) => (v.on && v.wide ? 1_000_000 : 2),
    ({ v }) => (v.on || v.level === 'debug' ? 'either' : v.count),
    ({ v }) => (v.store.type === 'disk' ? add(v.store.size, v.count) : 0),
    ({ v }) => !v.wide,
    ({ v }) => ({ info: 1, debug: 2, on: 3 })[v.level],
  ],
  queue: [
    (s) => q(s).size,
    (s) => q(s).durable,
    (s) => q(s).ttl ?? 30,
    (s) => choose(same(q(s).size, 1), 1, s.v.count),
    (s) => max(q(s).size, 2),
  ],
};

/** Lists, with parts of the program's own in them: `a` sees what the list sees, `inner` sees the element of a queue. */
export const listParts: Readonly<Record<Inside, readonly ((a: Part, b: Part, inner: Part) => Part)[]>> = {
  chart: [
    () =>
      ({ v }) =>
        v.hosts,
    () =>
      ({ v }) =>
        v.ports,
    () =>
      ({ v }) =>
        v.hosts.map((host) => `${host}:${v.count}`),
    () =>
      ({ v }) =>
        v.ports.map((port, index) => ({ port, protocol: index < 0 ? 'UDP' : 'TCP' })),
    () =>
      ({ v }) =>
        v.zones.map((zone) => ({ zone, label: `zone-${zone}` })),
    () =>
      ({ v }) =>
        v.zones.flatMap<unknown>((zone) => (zone === 'a' ? [{ first: zone }] : [{ zone }, { again: zone }])),
    (a, b) => (s) => [a(s), ...(s.v.on ? [b(s)] : []), ...s.v.hosts],
    (a) => (s) => [...s.v.hosts, ...s.v.hosts.map((host) => ({ host })), a(s)],
    (a, _, inner) => (s) => s.v.queues.map((queue) => ({ inner: inner({ ...s, queue }), outer: a(s) })),
    (_, __, inner) => (s) => s.v.queues.map((queue) => inner({ ...s, queue })),
    (_, __, inner) => (s) =>
      s.v.queues.flatMap((queue) => (queue.durable ? [inner({ ...s, queue }), queue.name] : [queue.size])),
    () =>
      ({ v }) =>
        v.queues.flatMap((queue) => queue.tags.map((tag) => ({ tag, of: queue.name }))),
    () =>
      ({ v }) =>
        v.queues.flatMap((queue) => ['--queue', queue.name]),
    () =>
      ({ v }) =>
        v.targets.map((target) =>
          target.type === 'http'
            ? { url: target.url, headers: Object.entries(target.headers).map(([name, value]) => ({ name, value })) }
            : target.type === 'file'
              ? { path: target.path, level: v.level }
              : { none: true },
        ),
    () =>
      ({ v }) =>
        v.targets.map((target) => ({ kind: target.type, ...(target.type === 'http' ? { url: target.url } : {}) })),
    () =>
      ({ v }) =>
        Object.entries(v.labels).map(([key, value]) => `${key}=${value}`),
    () =>
      ({ v }) =>
        Object.keys(v.labels),
    () =>
      ({ v }) =>
        Object.values(v.limits),
    () =>
      ({ v }) =>
        Object.entries(v.users).map(([name, { role, shell, active }]) => ({
          name,
          role,
          ...(shell ? { shell } : {}),
          active,
        })),
    () =>
      ({ v }) =>
        Object.entries(v.users).flatMap(([name, user]) => (user.active ? [`${user.role}:${name}`] : [])),
    (a, b) => (s) => [
      ...(s.v.wide ? [{ name: 'wide', value: b(s) }] : []),
      ...(s.v.tls ? [{ name: 'tls', value: 'on', port: s.v.tls.port }] : []),
      { name: 'always', value: a(s) },
    ],
    (_, b) => (s) => (s.v.level === 'debug' ? [] : [b(s)]),
    () =>
      ({ v }) =>
        v.store.type === 'many' ? v.store.disks.map((disk) => `/disk/${disk}`) : [],
  ],
  queue: [
    () => (s) => q(s).tags,
    () => (s) => q(s).tags.map((tag) => `${q(s).name}/${tag}`),
    () => (s) =>
      q(s).bindings.map((binding) => ({
        key: binding.key,
        ...(binding.exact ? { exact: true } : { weights: binding.weights }),
      })),
    () => (s) => q(s).bindings.flatMap(({ key, weights }) => weights.map((weight) => ({ key, weight, of: q(s).name }))),
    () => (s) => q(s).bindings.map(({ weights }) => weights),
    (a) => (s) => [...q(s).tags, a(s)],
    (a, b) => (s) => (q(s).durable ? [a(s), b(s)] : [b(s)]),
  ],
};

/** Maps, with parts of the program's own in them. */
export const mapParts: Readonly<Record<Inside, readonly ((a: Part, b: Part) => Part)[]>> = {
  chart: [
    (a, b) => (s) => ({ a: a(s), b: b(s) }),
    (a, b) => (s) => ({ a: a(s), ...(s.v.on ? { b: b(s) } : {}) }),
    (a, b) => (s) => ({ ...(s.v.tls ? { tls: a(s) } : {}), ...(s.v.wide ? { wide: b(s) } : {}) }),
    () =>
      ({ v }) => ({ ...v.labels, app: 'ours' }),
    () =>
      ({ v }) => ({ app: 'theirs', ...v.labels, ...(v.on ? { team: 'ours' } : {}) }),
    () =>
      ({ v }) => ({ app: 'theirs', ...v.labels, tier: v.name, ...v.limits }),
    (a, b) => (s) => (s.v.store.type === 's3' ? { bucket: a(s), region: s.v.store.region } : { path: b(s) }),
    () =>
      ({ v }) =>
        v.extra,
    (a) => (s) => ({ ...s.v.extra, app: a(s) }),
    (a) => (s) => ({ app: a(s), ...s.v.extra, tier: 'x' }),
    () =>
      ({ v }) => ({ resources: v.resources, extra: { ...v.extra } }),
    () =>
      ({ v }) => ({ ...(v.resources ? { resources: v.resources } : { none: true }) }),
    (a, b) => (s) => ({ 'a.b/c': a(s), yes: b(s), '{{': 1, '': 2 }),
    (a, b) => (s) => ({ 'config.yaml': yamlText({ a: a(s), b: b(s) }) }),
    () =>
      ({ v }) =>
        Object.fromEntries(Object.entries(v.labels).map(([key, value]) => [`x-${key}`, value])),
    () =>
      ({ v }) =>
        Object.fromEntries(Object.entries(v.users).map(([name, user]) => [name, user.active ? user.role : 'off'])),
    () =>
      ({ v }) =>
        Object.fromEntries(v.queues.map((queue) => [`queue.${queue.name}`, queue.size])),
    () =>
      ({ v }) => ({ ...v.tls, level: v.level }),
    () =>
      ({ v }) => ({ ...v.store }),
  ],
  queue: [
    (a, b) => (s) => ({ a: a(s), b: b(s) }),
    (a, b) => (s) => ({ a: a(s), ...(q(s).durable ? { b: b(s) } : { c: s.v.on }) }),
    (a) => (s) => ({ ...(q(s).ttl === undefined ? {} : { ttl: q(s).ttl }), a: a(s) }),
    (a) => (s) => ({ ...q(s).extra, app: a(s) }),
    () => (s) => ({ ...q(s) }),
    () => (s) => ({ ...s.v.labels, queue: q(s).name }),
  ],
};

/** What people write although a chart cannot do it with every value: each is refused, or right all the same. */
export const doubtfulParts: readonly Part[] = [
  ({ v }) => v.hosts.join(','),
  ({ v }) => v.hosts.length,
  ({ v }) => v.hosts[0] ?? 'none',
  ({ v }) => [...v.hosts].sort(),
  ({ v }) => [...v.hosts].reverse(),
  ({ v }) => v.hosts.filter((host) => host !== 'a'),
  ({ v }) => v.hosts.includes('web'),
  ({ v }) => v.queues.find((queue) => queue.durable)?.name ?? 'none',
  ({ v }) => v.queues.filter((queue) => queue.durable).map((queue) => queue.name),
  ({ v }) => v.queues.map((queue, index) => ({ index, name: queue.name })),
  ({ v }) => v.queues.reduce((sum, queue) => sum + queue.size, 0),
  ({ v }) => v.queues.some((queue) => queue.durable),
  ({ v }) => v.queues.every((queue) => queue.tags.length > 0),
  ({ v }) => new Set(v.hosts).size,
  ({ v }) => [...new Set(v.zones)],
  ({ v }) => v.name.length,
  ({ v }) => v.name || 'nothing',
  ({ v }) => v.name === 'web',
  ({ v }) => (v.name > 'm' ? 'late' : 'early'),
  ({ v }) => v.name.toUpperCase(),
  ({ v }) => v.name.slice(0, 3),
  ({ v }) => v.name.replaceAll('a', 'b'),
  ({ v }) => v.name.split('-')[0],
  ({ v }) => v.name.trim(),
  ({ v }) => [...v.name].length,
  ({ v }) => v.name.at(0),
  ({ v }) => `${v.name}`.padEnd(4, '.'),
  ({ v }) => encodeURIComponent(v.name),
  ({ v }) => Buffer.from(v.name).toString('base64'),
  ({ v }) => JSON.stringify(v.name),
  ({ v }) => JSON.stringify({ name: v.name, hosts: v.hosts }),
  ({ v }) => JSON.stringify(v.labels),
  ({ v }) => v.count + 1,
  ({ v }) => v.count * 2,
  ({ v }) => v.count / 2,
  ({ v }) => v.count % 2,
  ({ v }) => -v.count,
  ({ v }) => (v.count > 5 ? 'many' : 'few'),
  ({ v }) => v.count === 17,
  ({ v }) => (v.count ? 'some' : 'none'),
  ({ v }) => String(v.count).length,
  ({ v }) => v.count.toString(16),
  ({ v }) => v.count.toLocaleString('en'),
  ({ v }) => Math.max(v.count, 7),
  ({ v }) => Math.min(v.ports.length, 3),
  ({ v }) => Math.max(...v.ports),
  ({ v }) => v.ratio.toFixed(2),
  ({ v }) => Math.round(v.ratio),
  ({ v }) => v.ratio * 100,
  ({ v }) => Number(v.name),
  ({ v }) => v.labels['team'] ?? 'none',
  ({ v }) => 'team' in v.labels,
  ({ v }) => Object.keys(v.labels).length,
  ({ v }) => Object.keys(v.labels).includes('app'),
  ({ v }) => Object.entries(v.labels).filter(([key]) => key !== 'app'),
  ({ v }) => Object.keys(v.extra),
  ({ v }) => v.extra['limits'],
  ({ v }) => (v.resources?.['limits'] ? 'limited' : 'free'),
  ({ v }) => JSON.stringify(v.extra),
  ({ v }) => v.other?.length ?? 0,
  ({ v }) => (v.other ? v.other : 'none'),
  ({ v }) => (v.tls?.host ? 'tls' : 'plain'),
  ({ v }) => v.tls?.host === v.name,
  ({ v }) => ({ [v.name]: 1, name: 2 }),
  ({ v }) => ({ [v.name]: v.name, [v.other ?? 'other']: 2 }),
  ({ v }) => v.zones.includes('a'),
  ({ v }) => v.zones.map(() => 'same'),
  ({ v }) => v.hosts.map((_, index) => index),
  ({ v }) => v.hosts.flatMap((host) => [host, host]),
  ({ v }) => v.hosts.map((host) => [host, v.hosts]),
  ({ v }) => v.hosts.map((host) => v.ports.map((port) => `${host}:${port}`)),
  ({ v }) => v.hosts.flatMap((host) => v.ports.map((port) => ({ host, port }))),
  ({ v }) => v.targets.filter((target) => target.type === 'http').map((target) => target.url),
  ({ v }) => v.targets.map((target) => target.type).join(' '),
  ({ v }) => v.queues.map((queue) => queue.tags.join('+')),
  ({ v }) => v.queues.map((queue) => queue.tags[0] ?? queue.name),
  ({ v }) => v.queues.map((queue) => (queue.size > 3 ? 'large' : 'small')),
  ({ v }) => v.queues.slice(0, 2).map((queue) => queue.name),
  ({ v }) => v.queues.at(-1)?.name ?? 'none',
  ({ v }) => v.queues.toSorted?.((a, b) => a.size - b.size).map((queue) => queue.name) ?? 'old',
  ({ v }) => structuredClone(v.hosts),
  ({ r }) => (r.name === 'release-name' ? 1 : 2),
  ({ r }) => r.name.length,
  ({ r }) => r.namespace.startsWith('kube-'),
];
