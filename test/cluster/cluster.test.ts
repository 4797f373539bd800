import { describe, expect, test } from 'vitest';
import {
  type ApiRequest,
  type Attachment,
  BackupProgress,
  Cluster,
  type ClusterError,
  deployerOf,
  type ExecAnswer,
  type Job,
  type KubeObject,
  lastReport,
  refusal,
  resources,
  type StatefulSet,
  setRestoreTime,
  type Transport,
  viewRepository,
  watch,
} from '../../src/cluster/index.js';
import { printOwner, printStarted } from '../../src/repository/index.js';

/** A server that gives these answers, one after the other. */
function answering(...answers: (object | string | { status: number; text?: string } | Error)[]) {
  const asked: ApiRequest[] = [];
  const next = () => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error('nobody asks so often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const transport: Transport = {
    server: 'https://cluster.example.com',
    async send(request) {
      asked.push(request);
      const answer = next();
      const { status, text } = answer as { status?: number; text?: string };
      if (typeof status === 'number') return { status, text: text ?? '', warnings: [] };
      return { status: 200, text: JSON.stringify(answer), warnings: [] };
    },
    async open(request) {
      asked.push(request);
      const answer = next();
      const { status, text } = answer as { status?: number; text?: string };
      if (typeof status === 'number') return { status, text: text ?? '', lines: lines(''), close: () => {} };
      return { status: 200, text: '', lines: lines(answer as string), close: () => {} };
    },
    exec: async () => next() as ExecAnswer,
    renew: async () => false,
  };
  return { cluster: new Cluster(transport, undefined, 1), asked };
}

async function* lines(text: string): AsyncGenerator<string> {
  for (const line of text.split('\n').filter((one) => one !== '')) {
    if (line === 'BREAK') throw Object.assign(new Error('broken'), { code: 'ECONNRESET' });
    yield line;
  }
}

const job = (name: string, version: string): Job => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name, resourceVersion: version },
  spec: { template: { spec: { containers: [] } } },
});
const page = (names: string[], next = '') => ({
  metadata: { resourceVersion: '10', continue: next },
  items: names.map((name) => job(name, '1')),
});
const names = (items: readonly Job[]) => items.map(({ metadata }) => metadata.name);
const kindOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: ClusterError) => error.kind,
  );

describe('a list', () => {
  test('goes on to its last page', async () => {
    const { cluster, asked } = answering(page(['a', 'b'], 'next'), page(['c']));
    expect(names(await cluster.list<Job>(resources.jobs, { namespace: 'n' }))).toEqual(['a', 'b', 'c']);
    expect(asked.map(({ query }) => query?.['continue'])).toEqual([undefined, 'next']);
  });

  test('that grew too old between two pages is begun again, and nothing comes twice', async () => {
    const { cluster } = answering(page(['a', 'b'], 'next'), { status: 410 }, page(['b', 'c'], 'more'), page(['d']));
    expect(names(await cluster.list<Job>(resources.jobs, {}))).toEqual(['b', 'c', 'd']);
  });
});

describe('a request', () => {
  const conflict = { status: 409, text: '{"message":"already exists"}' };
  test.each<[string, 'POST' | 'GET', (object | Error)[], string, number]>([
    ['that creates is not sent again after 500: it may have gone through', 'POST', [{ status: 500 }], 'unreachable', 1],
    ['that creates is sent again after 429: it has not begun', 'POST', [{ status: 429 }, {}], 'none', 2],
    ['that reads is sent again after 500', 'GET', [{ status: 500 }, { status: 504 }, {}], 'none', 3],
    ['is given up after five tries', 'GET', [1, 2, 3, 4, 5].map(() => ({ status: 503 })), 'unreachable', 5],
    [
      'that creates is not sent again when its connection breaks',
      'POST',
      [Object.assign(new Error(), { code: 'ECONNRESET' })],
      'unreachable',
      1,
    ],
    [
      'to an address where nobody is is sent once',
      'GET',
      [Object.assign(new Error(), { code: 'ECONNREFUSED' })],
      'unreachable',
      1,
    ],
    ['that meets an object of its name says so', 'POST', [conflict], 'conflict', 1],
  ])('%s', async (_, method, answers, kind, count) => {
    const { cluster, asked } = answering(...answers);
    expect(await kindOf(cluster.send({ method, path: '/x' }, 'try'))).toBe(kind);
    expect(asked).toHaveLength(count);
  });

  test('is not sent once the work is interrupted, but what was made is still removed', async () => {
    const { cluster, asked } = answering({});
    const interrupted = new Cluster(cluster.transport, AbortSignal.abort(), 1);
    expect(await kindOf(interrupted.list(resources.jobs, {}))).toBe('failed');
    await interrupted.remove(resources.jobs, 'n', 'a');
    expect(asked.map(({ method }) => method)).toEqual(['DELETE']);
  });
});

describe('a watch', () => {
  const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;
  async function seen(answers: Parameters<typeof answering>, count: number) {
    const { cluster, asked } = answering(...answers);
    const stop = new AbortController();
    const states: string[] = [];
    for await (const jobs of watch<Job>(cluster, resources.jobs, { namespace: 'n' }, stop.signal)) {
      states.push([...jobs.values()].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).join(' '));
      if (states.length === count) stop.abort();
    }
    return { states, versions: asked.map(({ query }) => query?.['resourceVersion'] ?? 'list') };
  }

  test('whose connection breaks goes on from the last version it has seen', async () => {
    const first = `${event('MODIFIED', job('a', '11'))}${event('BOOKMARK', { metadata: { resourceVersion: '15' } })}BREAK`;
    const { states, versions } = await seen([page(['a']), first, event('ADDED', job('b', '16'))], 3);
    expect(states).toEqual(['a@1', 'a@11', 'a@11 b@16']);
    expect(versions).toEqual(['list', '10', '15']);
  });

  test.each([
    ['in the stream', event('ERROR', { code: 410 })],
    ['as an answer', { status: 410 }],
  ])('whose version the server has forgotten, told %s, reads all again', async (_, gone) => {
    const { states, versions } = await seen([page(['a', 'b']), gone, page(['b'])], 2);
    expect(states).toEqual(['a@1 b@1', 'b@1']);
    expect(versions).toEqual(['list', '10', 'list']);
  });

  test('that may not be read ends at once', async () => {
    await expect(seen([page(['a']), { status: 403 }], 9)).rejects.toMatchObject({ kind: 'forbidden' });
  });
});

describe('the time that Vald’s pods go back to', () => {
  const asOf = '2026-11-21T03:00:00Z';
  const set = (resourceVersion: string, generation: number, value?: string): StatefulSet => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'a', namespace: 'n', resourceVersion, generation },
    spec: {
      template: {
        spec: {
          initContainers: [
            { name: 'restore', env: [{ name: 'RESTORE_AS_OF', ...(value === undefined ? {} : { value }) }] },
            { name: 'gate', restartPolicy: 'Always', env: [{ name: 'RESTORE_AS_OF' }] },
            { name: 'upload', restartPolicy: 'Always', env: [{ name: 'KEEP_LAST', value: '1' }] },
          ],
          containers: [{ name: 'agent' }],
        },
      },
    },
  });
  const conflict = { status: 409, text: '{"message":"the object has been modified"}' };
  const broken = Object.assign(new Error('broken'), { code: 'ECONNRESET' });
  const sent = (asked: readonly ApiRequest[]) =>
    asked.map(({ method, body }) => [method, (body as KubeObject | undefined)?.metadata.resourceVersion]);

  test('is set where pods restore and nowhere else, under the version that was planned with', async () => {
    const { cluster, asked } = answering(set('2', 2, asOf));
    await setRestoreTime(cluster, set('1', 1), asOf, true);
    const env = [{ name: 'RESTORE_AS_OF', value: asOf }];
    expect(asked).toMatchObject([{ method: 'PATCH', query: { dryRun: 'All' } }]);
    expect(asked[0]!.body).toEqual({
      metadata: { resourceVersion: '1' },
      spec: {
        template: {
          spec: {
            initContainers: [
              { name: 'restore', env },
              { name: 'gate', env },
            ],
          },
        },
      },
    });
  });

  test.each<[string, Parameters<typeof answering>, string, (string | undefined)[][]]>([
    [
      'is set again after a change of the status alone',
      [conflict, set('5', 1), set('6', 2, asOf)],
      'none',
      [
        ['PATCH', '1'],
        ['GET', undefined],
        ['PATCH', '5'],
      ],
    ],
    [
      'is not set over somebody else’s change',
      [conflict, set('5', 2)],
      'conflict',
      [
        ['PATCH', '1'],
        ['GET', undefined],
      ],
    ],
    [
      'is there where only the answer got lost',
      [broken, set('5', 2, asOf)],
      'none',
      [
        ['PATCH', '1'],
        ['GET', undefined],
      ],
    ],
    [
      'is not sent again where it may have been lost',
      [broken, set('1', 1)],
      'unreachable',
      [
        ['PATCH', '1'],
        ['GET', undefined],
      ],
    ],
  ])('%s', async (_, answers, kind, expected) => {
    const { cluster, asked } = answering(...answers);
    expect(await kindOf(setRestoreTime(cluster, set('1', 1), asOf, false))).toBe(kind);
    expect(sent(asked)).toEqual(expected);
  });

  test('is not sent where it is set already', async () => {
    expect((await setRestoreTime(answering().cluster, set('1', 1, asOf), asOf, false)).metadata.name).toBe('a');
  });

  test.each([
    ['argocd.argoproj.io/tracking-id', 'Argo CD'],
    ['helm.toolkit.fluxcd.io/name', 'Flux'],
    ['kustomize.toolkit.fluxcd.io/name', 'Flux'],
    ['meta.helm.sh/release-name', 'Helm'],
    ['app.kubernetes.io/name', undefined],
  ])('who applies an object is known by %s', (mark, name) => {
    const { metadata, ...rest } = set('1', 1);
    expect(deployerOf({ ...rest, metadata: { ...metadata, labels: { [mark]: 'x' } } })?.name).toBe(name);
  });
});

test('progress counts the bytes of each node and the files of all workers', () => {
  const progress = new BackupProgress();
  const told = [
    'rondb-backup 02:17:05: native backup 7 of the nodes 1 2',
    'rondb-backup 02:17:06: something else',
    'rondb-backup 02:17:09: node 1: a.Data, 1.5 MiB in 1 s, 1.5 MiB/s, read back; 4 of 14 files',
    'rondb-backup 02:17:09: node 2: b.Data, 512 B in 0 s, 512 B/s, read back; 3 of 14 files',
    'rondb-backup 02:17:09: node 1: c.ctl, 0.5 KiB in 0 s, 0.5 KiB/s, read back; 5 of 14 files',
  ].map((line) => progress.take(line));
  expect(told).toEqual([true, false, true, true, true]);
  expect(progress).toMatchObject({ phase: 'copying', files: 5, total: 14 });
  expect([...progress.nodes]).toEqual([
    [1, 1.5 * 2 ** 20 + 512],
    [2, 512],
  ]);
});

test('a report is the last whole object in a log, on one line or several', () => {
  expect(lastReport(['{"a":1}', 'x: said', '{', '  "b": {', '  "c": 2', '}}', 'y: said'])).toEqual({ b: { c: 2 } });
  expect(lastReport(['{"a":1}', '{"cut":'])).toEqual({ a: 1 });
  expect(lastReport(['nothing'])).toBeUndefined();
});

test('a refusal is the last error with the last hint', () => {
  const log = [
    'rondb-backup 1:2:3: error: first',
    'rondb-backup 1:2:3: error: the store: is gone',
    'rondb-backup 1:2:3: hint: Look.',
  ];
  expect(refusal(log)).toEqual({ fact: 'the store: is gone', hint: 'Look.' });
  expect(refusal(['all is right'])).toBeUndefined();
});

test('Vald’s generations are listed by pod, and the objects of its own sidecar as unverified', () => {
  const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
  const manifest = {
    version: 1,
    backupId: 9,
    finished: '2026-11-20T00:00:00Z',
    files: [{ path: 'index/grp', size: 4 }],
    vald: { vectors: 12 },
  };
  const texts: Record<string, string> = {
    'owner.json': printOwner({ cluster: 'vald', clusterId }),
    'vald-agent-0/9/manifest.json': JSON.stringify(manifest),
    'vald-agent-0/9/started.json': printStarted({ clusterId, backupId: 9, started: '2026-11-20T00:00:00Z' }),
    'vald-agent-0/10/started.json': printStarted({ clusterId, backupId: 10, started: '2026-11-20T00:10:00Z' }),
    'vald-agent-0/status.json': '{}',
  };
  const listing = [...Object.keys(texts), 'vald-agent-0/9/index/grp', 'vald-agent-0.seen', 'vald-agent-1.tar.gz'].map(
    (path) => ({ path, size: path.endsWith('grp') ? 4 : 20, modified: '2026-11-20T00:00:00Z' }),
  );
  const attachment = {
    database: 'vald',
    namespace: 'vald',
    name: 'vald-agent',
    clusterName: 'vald',
    clusterId,
    storePath: 'store:b/vald',
    storeRoot: 'store:b',
  };
  const status = { backup: undefined, verify: undefined, restore: undefined };
  const snapshot = { listing, records: new Map(Object.entries(texts)) };
  const { backups } = viewRepository(attachment as Attachment, snapshot, status, new Date('2026-11-20T01:00:00Z'));
  expect(backups.map(({ pod, id, state, vectors, age }) => [pod, id, state, vectors, age])).toEqual([
    ['vald-agent-0', '10', 'incomplete', undefined, 3_000],
    ['vald-agent-0', '9', 'committed', 12, 3_600],
    ['vald-agent-1', 'vald-agent-1.tar.gz', 'unverified', undefined, 3_600],
  ]);
});
