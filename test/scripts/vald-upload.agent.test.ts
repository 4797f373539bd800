import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test as oneByOne } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { savedIndex } from './index-folder.js';
import { indexKeys } from './index-keys.js';
import { RestorePod } from './restore-pod.js';
import { StandInAgent, type StandInAnswers } from './stand-in-agent.js';
import { Uploader, uploadCommands } from './upload-pod.js';

// Each waits for intervals to pass, in a folder and a cluster of its own.
const test = oneByOne.concurrent;

const asking = ['mkfifo', 'nc', 'od', 'wc'];
const ids = ['plain', 'a "quoted" \\ id', 'tab\t', '\u0001', 'ö€', 'with [brackets] {too}', '"searches": [', '\\u0041'];
const index = { ...savedIndex('an index', ids.length), 'ngt-meta.kvsdb': indexKeys(ids) };

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-upload.sh beside an agent', () => {
  let server: S3Server;
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    await Promise.all(ends.map((end) => end()));
    await server?.stop();
  });

  const agentThat = async (answers: Partial<StandInAnswers>): Promise<StandInAgent> => {
    const agent = await StandInAgent.start({ stored: ids.length, search: (id) => [[id, 0]], ...answers });
    ends.push(() => agent.stop());
    return agent;
  };
  /** Uploads one save beside an agent on that port. Gives what its manifest has, and what was said. */
  const upload = async (AGENT_PORT: string, before?: (uploader: Uploader) => string) => {
    const pod = new RestorePod({ server, rclone: 'recorded' }).own();
    const uploader = new Uploader(pod, { AGENT_PORT });
    ends.push(async () => {
      await uploader.kill();
      pod.remove();
    });
    uploader.save(index);
    uploader.start(before ? { before: before(uploader) } : {});
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    const generations = uploader.generations();
    expect(generations).toHaveLength(1);
    return { searches: generations[0]!.vald.searches, log: uploader.log };
  };

  test('writes down what the agent finds for a few ids, whatever is in them', async () => {
    const far = (n: number): [string, number] => [`${n} "ö"`, n + 1];
    const found: Record<string, [string, number][]> = {
      [ids[0]!]: [[ids[0]!, 0], ...Array.from({ length: 10 }, (_, n) => far(n))],
      // Of those that are as near as the eleventh, others may be found next time.
      [ids[1]!]: [[ids[1]!, 0], far(0), ...Array.from({ length: 9 }, (_, n): [string, number] => [`${n}`, 5])],
      [ids[2]!]: Array.from({ length: 11 }, (_, n): [string, number] => [`copy ${n}`, 0]),
      [ids[3]!]: [],
    };
    const agent = await agentThat({ search: (id) => found[id] ?? [[id, 0]] });
    const { searches, log } = await upload(`${agent.port}`);
    expect(searches).toEqual([
      { id: ids[0], nearest: [ids[0], ...Array.from({ length: 9 }, (_, n) => far(n)[0])] },
      { id: ids[1], nearest: [ids[1], far(0)[0]] },
      ...ids.slice(4).map((id) => ({ id, nearest: [id] })),
    ]);
    expect(log).not.toContain('without searches');
    const count = '/vald.v1.Index/IndexInfo';
    expect(agent.asked).toEqual([count, count, ...ids, count]);
  });

  test.for<[string, () => Partial<StandInAnswers>, string]>([
    [
      'has other vectors than were saved',
      () => ({ stored: 9 }),
      'the agent has 9 vectors and is not idle, saved are 8',
    ],
    ['has vectors that are not indexed', () => ({ busy: () => [1, 0, 0] }), 'is not idle'],
    ['is indexing', () => ({ busy: () => [0, 1, 0] }), 'is not idle'],
    ['is saving', () => ({ busy: () => [0, 0, 1] }), 'is not idle'],
    [
      'has gone on while it was asked',
      () => {
        let times = 0;
        return { busy: () => [++times > 2 ? 1 : 0, 0, 0] };
      },
      'is not idle',
    ],
    ['finds nothing', () => ({ search: () => undefined }), 'finds nothing'],
  ])('uploads without searches where the agent %s', async ([, answers, log]) => {
    const outcome = await upload(`${(await agentThat(answers())).port}`);
    expect(outcome.searches).toBeUndefined();
    expect(outcome.log).toContain('this save goes up without searches: ');
    expect(outcome.log).toContain(log);
  });

  test.for([false, true])('uploads without searches where no agent answers, silent %s', async (silent) => {
    const connections = createServer(() => {});
    await new Promise<void>((done) => connections.listen(0, '127.0.0.1', done));
    ends.push(() => connections.close());
    const began = performance.now();
    const { searches, log } = await upload(silent ? `${(connections.address() as AddressInfo).port}` : '1');
    expect(searches).toBeUndefined();
    expect(log.split('goes up without searches: the agent does not answer')).toHaveLength(2);
    expect(performance.now() - began, 'it waits for seconds').toBeLessThan(30_000);
  });

  test('calls the programs of its image that others do not need', async () => {
    const agent = await agentThat({});
    let calls = '';
    await upload(`${agent.port}`, ({ pod }) => {
      calls = join(pod.folder, 'all-calls');
      return `echo "$name" >>${calls}`;
    });
    const called = readFileSync(calls, 'utf8').split('\n');
    expect(asking.filter((name) => !called.includes(name))).toEqual([]);
    expect(uploadCommands).toEqual(expect.arrayContaining(asking));
  });
});
