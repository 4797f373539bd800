import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { defineChart, type HelmChart, setField } from '../../src/chart/index.js';
import { join, less, refuse, same, trunc } from '../../src/units/index.js';
import {
  doubtfulParts,
  type Inside,
  listParts,
  mapParts,
  numberParts,
  type Part,
  programValues,
  type Sight,
  textParts,
} from './program-parts.js';

/** A random program, as a chart, and the text of what it is made of. */
export interface Program {
  readonly chart: HelmChart<typeof programValues>;
  readonly sources: readonly string[];
  /** Whether it has a part that a chart cannot do with every value. */
  readonly doubtful: boolean;
}

/**
 * A random function on {@link programValues}, from the ways in which people write constructs. Each fourth one has a
 * doubtful part, and is small beside it.
 *
 * @param depth how deep things are in each other
 */
export function randomProgram(seed: number, random: () => number, depth: number): Program {
  const sources: string[] = [];
  const doubtful = seed % 4 === 3;

  const pick = <Item>(items: readonly Item[]): Item => {
    const item = items[Math.floor(random() * items.length)]!;
    if (typeof item === 'function') sources.push(String(item));
    return item;
  };
  const scalar = (inside: Inside): Part => {
    const where = inside === 'queue' && random() < 0.3 ? 'chart' : inside;
    return pick(random() < 0.5 ? textParts[where] : numberParts[where]);
  };
  const tree = (levels: number, inside: Inside = 'chart'): Part => {
    const way = random();
    if (levels <= 0 || way < 0.15) return scalar(inside);
    const next = () => tree(levels - 1, inside);
    if (way < 0.45) return pick(mapParts[inside])(next(), next());
    if (way < 0.75) return pick(listParts[inside])(next(), scalar(inside), tree(levels - 1, 'queue'));
    const [yes, no] = [next(), next()];
    return pick<(yes: Part, no: Part) => Part>([
      (a, b) => (s) => (s.v.on ? a(s) : b(s)),
      (a, b) => (s) => (s.v.tls && s.v.wide ? a(s) : b(s)),
      (a, b) => (s) => (s.v.level === 'info' ? b(s) : a(s)),
      (a, b) => (s) => (s.v.store.type === 'many' || s.v.on ? a(s) : b(s)),
      (a, b) => (s) => (s.v.tls?.authority ? a(s) : b(s)),
    ])(yes, no);
  };

  type Writer = (scope: ConstructorParameters<typeof ApiObject>[0], s: Sight) => void;
  const thing = (scope: ConstructorParameters<typeof ApiObject>[0], id: string, fields: object) =>
    new ApiObject(scope, id, { ...fields, apiVersion: 'example.com/v1', kind: 'Thing' });
  const writer = (id: string): Writer => {
    const [a, b, inner] = [tree(depth), tree(depth - 1), tree(depth - 1, 'queue')];
    return pick<Writer>([
      (scope, s) => void thing(scope, id, { spec: { a: a(s), b: b(s) } }),
      (scope, s) => {
        if (s.v.wide) thing(scope, id, { spec: { a: a(s) } });
      },
      (scope, s) => {
        if (s.v.tls) thing(scope, id, { spec: { a: a(s), host: s.v.tls.host } });
        else thing(scope, `${id}-plain`, { spec: { b: b(s) } });
      },
      (scope, s) =>
        s.v.queues.forEach((queue, index) => {
          thing(scope, `${id}-${index}`, {
            metadata: { name: trunc(join('-', s.r.name, id, queue.name), 50) },
            spec: { size: queue.size, inner: inner({ ...s, queue }) },
          });
        }),
      (scope, s) =>
        s.v.queues.forEach((queue, index) => {
          if (queue.durable)
            thing(scope, `${id}-${index}`, { metadata: { name: queue.name }, spec: { inner: inner({ ...s, queue }) } });
        }),
      (scope, s) =>
        Object.entries(s.v.users).forEach(([name, user], index) => {
          thing(scope, `${id}-${index}`, { metadata: { name: `${id}-${name}` }, spec: { ...user, a: a(s) } });
        }),
      (scope, s) => {
        const { store } = s.v;
        thing(scope, id, { spec: store.type === 'disk' ? { path: store.path, b: b(s) } : { type: store.type } });
      },
      (scope, s) =>
        void new k8s.KubeConfigMap(scope, id, {
          metadata: { annotations: { ...s.v.labels } },
          data: { name: s.v.name, list: `${s.v.count} {{ x }}`, ...(s.v.on ? { on: s.r.name } : {}) },
        }),
      (scope, s) => {
        const pod = new k8s.KubePod(scope, id, {
          spec: { containers: [{ name: 'a', image: s.v.name, env: s.v.hosts.map((name) => ({ name })) }] },
        });
        setField(pod, '/spec/containers/0/resources', s.v.resources);
        if (s.v.on) pod.addJsonPatch(JsonPatch.add('/spec/hostNetwork', true));
      },
    ]);
  };

  const doubt = doubtful ? pick(doubtfulParts) : undefined;
  const doubted: Writer = (scope, s) => void thing(scope, 'doubt', { spec: { doubt: doubt!(s) } });
  const writers = doubt
    ? [doubted, ...(random() < 0.3 ? [writer('part')] : [])]
    : Array.from({ length: 1 + Math.floor(random() * 2) }, (_, index) => writer(`part-${index}`));
  const refusal = random() < 0.25 ? pick([refuseMany, refuseSame, refuseByChoice, refuseQueue]) : undefined;
  const chart = defineChart(
    {
      name: `program-${seed}`,
      version: '1.0.0',
      values: programValues,
      ...(random() < 0.5 ? { labels: () => ({}) } : {}),
    },
    (scope, v, r) => {
      const sight: Sight = { v, r };
      refusal?.(sight);
      for (const write of writers) write(scope, sight);
    },
  );
  return { chart, sources, doubtful };
}

const report = (message: string): never => {
  throw new Error(message);
};

const refuseMany = ({ v }: Sight) => refuse(less(900_000, v.count), `count is ${v.count}`, report);
const refuseSame = ({ v }: Sight) => {
  if (v.tls) refuse(same(v.tls.host, v.name), 'host and name are the same', report);
};
const refuseByChoice = ({ v }: Sight) => {
  if (v.on && v.store.type === 's3' && !v.wide) throw new Error('not with s3');
};
const refuseQueue = ({ v }: Sight) => {
  for (const queue of v.queues) refuse(less(queue.size, 0), `queue ${queue.name} has a size below zero`, report);
};
