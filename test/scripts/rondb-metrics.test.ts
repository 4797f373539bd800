import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { rondbVerify } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { BackupRun } from './rondb-backup-run.js';
import { JobRun } from './rondb-job-run.js';

vi.setConfig({ testTimeout: 300_000 });

/** What a Pushgateway is to a script: takes metrics by group, or refuses what it cannot read. */
class Gateway {
  readonly pushes: { group: string; metrics: Record<string, number> }[] = [];
  answer: 'take' | 'fail' | 'hang' = 'take';
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      if (this.answer === 'hang') return;
      const lines = body.split('\n');
      // The text format: its type before each metric, and the last line ended too.
      const whole =
        lines.pop() === '' &&
        lines.length % 2 === 0 &&
        lines.every((line, index) =>
          index % 2 === 0 ? line === `# TYPE ${lines[index + 1]!.split(' ')[0]} gauge` : /^\w+ [0-9.e+-]+$/.test(line),
        );
      const right = request.method === 'POST' && /^\/metrics\/job\/[^/]+(\/\w+\/[^/]+)*$/.test(request.url ?? '');
      if (this.answer === 'fail' || !whole || !right) {
        response.writeHead(400).end('unreadable\n');
        return;
      }
      const metrics = lines.filter((_, index) => index % 2 === 1).map((line) => line.split(' ') as [string, string]);
      this.pushes.push({
        group: request.url!,
        metrics: Object.fromEntries(metrics.map(([name, value]) => [name, Number(value)])),
      });
      response.writeHead(200).end();
    });
  });

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get target(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}/metrics/job/rondb-backup/namespace/rondb`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'metrics for a Pushgateway', () => {
  let server: S3Server;
  let gateway: Gateway;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    gateway = new Gateway();
    await gateway.start();
  });
  afterEach(() => gateway.stop());

  describe('of a backup', () => {
    let run: BackupRun;
    beforeEach(() => {
      run = new BackupRun(server);
    });
    afterEach(() => run.remove());

    test('tell of its success, and then of a failure without taking back the success', async () => {
      const environment = { PUSHGATEWAY: gateway.target };
      const { code, log, result } = await run.run({ environment });
      expect(code, log).toBe(0);
      const [first] = gateway.pushes;
      expect(first).toEqual({
        group: '/metrics/job/rondb-backup/namespace/rondb',
        metrics: {
          chartwright_backup_last_attempt_timestamp_seconds: Date.parse(result.started) / 1000 + result.seconds,
          chartwright_backup_last_attempt_duration_seconds: result.seconds,
          chartwright_backup_last_attempt_success: 1,
          chartwright_backup_last_success_timestamp_seconds: Date.parse(result.lastCommitted.time) / 1000,
          chartwright_backup_last_success_bytes: result.bytes,
        },
      });

      const failed = await run.run({ environment: { ...environment, STORE_ROOT: 'store:no-such-bucket' } });
      expect(failed.code).toBe(12);
      expect(gateway.pushes[1]!.metrics).toMatchObject({
        chartwright_backup_last_attempt_success: 0,
        chartwright_backup_last_success_timestamp_seconds:
          first!.metrics['chartwright_backup_last_success_timestamp_seconds'],
      });
    });

    test('of a cluster that never had one name no success', async () => {
      const environment = { PUSHGATEWAY: gateway.target, STORE_ROOT: 'store:no-such-bucket' };
      expect((await run.run({ environment })).code).toBe(12);
      expect(Object.keys(gateway.pushes[0]!.metrics).filter((name) => name.includes('last_success'))).toEqual([]);
    });

    test.each<[string, Gateway['answer'], string | undefined, string]>([
      ['refuses them', 'fail', undefined, 'HTTP/1.1 400'],
      ['does not answer', 'hang', undefined, 'does not take the metrics'],
      ['is not there', 'take', '127.0.0.1:1/metrics/job/rondb-backup', 'refused'],
    ])('are a warning and no failure where the Pushgateway %s', async (_, answer, target, said) => {
      gateway.answer = answer;
      const { code, log } = await run.run({ environment: { PUSHGATEWAY: target ?? gateway.target } });
      expect(code, log).toBe(0);
      expect(log).toContain('warning: the Pushgateway 127.0.0.1 does not take the metrics');
      expect(log).toContain(said);
      expect(run.committed()).toHaveLength(1);
    });

    test.each(['gateway', 'gateway:9091', 'http://gateway:9091/metrics/job/x', 'gateway:9091/metrics/job/x;id'])(
      'are refused to go to %s, before anything is done',
      async (PUSHGATEWAY) => {
        const { code, log } = await run.run({ environment: { PUSHGATEWAY } });
        expect(code).toBe(2);
        expect(log).toContain('Allowed: empty, or host:port/metrics/job/name.');
        expect(run.committed()).toEqual([]);
      },
    );
  });

  test('of a verification tell of its success, of the last whole pass, and of damage', async () => {
    const job = new JobRun(server, rondbVerify).putSet(700);
    try {
      const environment = { PUSHGATEWAY: gateway.target };
      const { code, log, report } = await job.run({ environment });
      expect(code, log).toBe(0);
      const time = Date.parse(report.time) / 1000;
      expect(gateway.pushes[0]!.metrics).toEqual({
        chartwright_verification_last_attempt_timestamp_seconds: time,
        chartwright_verification_last_attempt_duration_seconds: report.seconds,
        chartwright_verification_last_attempt_success: 1,
        chartwright_verification_last_success_timestamp_seconds: time,
        chartwright_verification_last_whole_pass_timestamp_seconds: time,
      });
      const damaged = join(job.storeFolder, '700/users.sql');
      writeFileSync(damaged, `${readFileSync(damaged, 'utf8')}\n`);
      expect((await job.run({ environment })).code).toBe(20);
      expect(gateway.pushes[1]!.metrics).toMatchObject({
        chartwright_verification_last_attempt_success: 0,
        chartwright_verification_last_success_timestamp_seconds: time,
      });
    } finally {
      job.remove();
    }
  });
});
