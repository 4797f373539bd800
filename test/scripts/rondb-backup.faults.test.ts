import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rondbBackup } from '../../src/scripts/index.js';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { faultsOfDay, partOfFaults, rcloneOfDay, statesOfDay } from './faults-of-day.js';
import { BackupRun } from './rondb-backup-run.js';
import type { Fault } from './script-run.js';

const documented: readonly number[] = rondbBackup.exitCodes.map(({ code }) => code);

/** One file at a time, so that commands have the same numbers in each run. */
const environment = { TRANSFERS: '1' };

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'rondb-backup.sh amid faults', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());

  /** What must hold after any run, whatever happened to it. */
  function expectSafe(run: BackupRun, log: string, where: string): void {
    const stored = run.stored();
    for (const id of run.committed())
      for (const { path, size, sha256 } of run.manifest(id).files) {
        const text = stored[`${id}/${path}`];
        expect(text?.length, `${where}: ${path}`).toBe(size);
        expect(createHash('sha256').update(text!, 'latin1').digest('hex'), `${where}: ${path}`).toBe(sha256);
      }
    // A native backup is on both nodes, all of it, until it is committed.
    for (const [, id] of log.matchAll(/native backup ([0-9]+) ended/g)) {
      if (run.committed().includes(Number(id))) continue;
      const files = [1, 2].flatMap((node) => Object.keys(run.cluster.native(node)));
      expect(
        files.filter((path) => path.startsWith(`BACKUP-${id}/`)),
        where,
      ).toHaveLength(6);
    }
  }

  /** Runs with one fault, checks what must hold even then, and that the next run ends as if nothing had been. */
  async function suffer(fault: Fault, proven: Set<string>): Promise<void> {
    const run = new BackupRun(server, { rclone: rcloneOfDay });
    try {
      const { code, log } = await run.run({ environment, fault });
      const command = run.calls()[fault.at - 1] ?? '';
      const where = `${fault.how}: ${command}\n${log}`;
      if (fault.how === 'killed') expect(code, where).toBe(null);
      else expect(documented, where).toContain(code);
      if (code === 0) expect(run.committed(), where).toHaveLength(1);
      expectSafe(run, log, where);

      const state = JSON.stringify([
        Object.keys(run.stored()).map((path) => path.replace(/^[0-9]+/, 'id')),
        [1, 2].map((node) => Object.keys(run.cluster.native(node)).length),
        Boolean(run.cluster.object('lease')?.spec.holderIdentity),
      ]);
      if (proven.has(state)) return;
      proven.add(state);
      run.cluster.expireLease();
      const before = run.committed().length;
      const next = await run.run({ environment });
      expect(next.code, `after ${where}\n${next.log}`).toBe(0);
      expect(run.committed(), `after ${where}`).toHaveLength(before + 1);
      expectSafe(run, next.log, `after ${where}`);
      expect([run.cluster.native(1), run.cluster.native(2)], `after ${where}`).toEqual([{}, {}]);
      expect(
        Object.keys(run.stored()).filter((path) => /probe/.test(path)),
        `after ${where}`,
      ).toEqual([]);
    } finally {
      run.remove();
    }
  }

  test(`no kind of command can be killed or fail so that data is lost or the next run fails: ${partOfFaults}`, {
    timeout: 1_800_000,
  }, async () => {
    const whole = new BackupRun(server, { rclone: rcloneOfDay });
    expect(await whole.run({ environment })).toMatchObject({ code: 0 });
    const commands = whole.calls();
    whole.remove();
    const kinds = new Map<string, number>();
    for (const [index, command] of commands.entries())
      if (!kinds.has(kindOf(command))) kinds.set(kindOf(command), index + 1);
    const faults = [...kinds.values()].flatMap((at): Fault[] => [
      { at, how: 'failed' },
      ...(changesSomething(commands[at - 1]!)
        ? ([
            { at, how: 'failed after its work' },
            { at, how: 'killed' },
          ] as const)
        : []),
    ]);
    expect(faults.length).toBeGreaterThan(80);
    const today = faultsOfDay(faults);
    const proven = new Set<string>();
    const worker = async () => {
      for (let fault = today.shift(); fault; fault = today.shift()) await suffer(fault, proven);
    };
    await Promise.all([worker(), worker(), worker()]);
    // Nothing yet, with owner.json, begun, half sent, committed with the files on the nodes, on one of them, on none, …
    expect(proven.size).toBeGreaterThan(statesOfDay(10));
  });
});

/** Whether a command changes the cluster, the store or an object of Kubernetes. */
function changesSomething(command: string): boolean {
  return (
    /^rclone .* (copyto|rcat|deletefile) /.test(command) ||
    /^kubectl .* (create|replace|patch) /.test(command) ||
    /START BACKUP| -- rm -rf /.test(command)
  );
}

/** The command without what differs between runs and files. */
function kindOf(command: string): string {
  return command
    .replace(
      /^(rclone|kubectl) .*?(?=(lsf|lsjson|cat|copyto|copy|rcat|deletefile|version|get|create|replace|patch|exec) )/,
      '$1 ',
    )
    .replace(/store:\S*\//g, '')
    .replace(/\/tmp\/\S*\/(tmp\.\w+\/)?/g, '')
    .replace(/[0-9]{8,}/g, 'N')
    .replace(/(-0)?\.[12]\.(Data|ctl|log)/g, '.file')
    .replace(/PART-.*\//g, '')
    .slice(0, 110);
}
