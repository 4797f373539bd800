import { afterAll, beforeAll, expect, test } from 'vitest';
import { rondbRestore } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { faultsOfDay, partOfFaults, rcloneOfDay, statesOfDay } from './faults-of-day.js';
import { JobRun, restored } from './rondb-job-run.js';
import type { Fault } from './script-run.js';

/** Statuses that the script documents; wrong variables and a cluster with tables are not what a failure looks like. */
const documented = rondbRestore.exitCodes.map(({ code }): number => code).filter((code) => code !== 2 && code !== 21);

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-restore.sh amid faults', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());

  /** Runs with one fault, checks what must hold even then, and that a run after it ends as if nothing had been. */
  async function suffer(fault: Fault, proven: Set<string>): Promise<void> {
    const job = new JobRun(server, rondbRestore, rcloneOfDay).putSet(700);
    try {
      const { code, log } = await job.run({ fault });
      const where = `${fault.how}: ${job.calls()[fault.at - 1]}\n${log}`;
      const database = job.database.state();
      const whole = JSON.stringify(database) === JSON.stringify(restored);
      const unfinished = job.status('restore')?.unfinished;
      if (fault.how === 'killed') expect.soft(code, where).toBe(null);
      else expect.soft(documented, where).toContain(code);
      if (code === 0) expect.soft(database, where).toEqual(restored);
      // What is not whole is known as such, or the next run would take it for somebody's data.
      if (Object.keys(database).length > 0 && !unfinished) expect.soft(database, where).toEqual(restored);
      if (fault.how !== 'killed')
        expect.soft(job.cluster.object('lease')?.spec.holderIdentity ?? 'none', where).toMatch(/^none$|^uid/);

      const state = JSON.stringify([database, job.copies(), unfinished?.backupId ?? null]);
      if (proven.has(state)) return;
      proven.add(state);
      job.cluster.expireLease();
      const again = await job.run();
      expect.soft(again.code, `after ${where}\n${again.log}`).toBe(whole && !unfinished ? 21 : 0);
      expect.soft(job.database.state(), `after ${where}`).toEqual(restored);
      if (again.code === 0) expect.soft(job.copies(), `after ${where}`).toEqual([]);
    } finally {
      job.remove();
    }
  }

  test(`ends right whichever command is killed or fails: ${partOfFaults}`, { timeout: 1_800_000 }, async () => {
    const job = new JobRun(server, rondbRestore, rcloneOfDay).putSet(700);
    expect(await job.run()).toMatchObject({ code: 0 });
    const commands = job.calls();
    job.remove();
    // A command that comes again and again suffers where it comes last.
    const last = new Map(commands.map((command, index) => [kindOf(command), index + 1]));
    const faults = [...last].flatMap(([kind, at]): Fault[] => [
      { at, how: 'failed' },
      ...(changes(kind)
        ? ([
            { at, how: 'killed' },
            { at, how: 'failed after its work' },
          ] as const)
        : []),
    ]);
    expect(faults.length).toBeGreaterThan(70);
    const today = faultsOfDay(faults);
    const proven = new Set<string>();
    const worker = async () => {
      for (let fault = today.shift(); fault; fault = today.shift()) await suffer(fault, proven);
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(proven.size).toBeGreaterThan(statesOfDay(8));
  });
});

const changes = (kind: string) =>
  /^kubectl .* (exec|patch|create|replace) /.test(kind) && !/ ndb_mgm | sweep | check | space /.test(kind);

/** The command without what differs between runs. */
function kindOf(command: string): string {
  return command
    .replace(/\/tmp\/\S+\//g, '')
    .replace(/job-[0-9]+-[0-9]+/g, 'job')
    .replace(/\b1[0-9]{9}\b/g, 'now')
    .replace(/uid-[0-9]+/g, 'uid');
}
