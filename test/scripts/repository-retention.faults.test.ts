import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { History } from '../repository/history.js';
import { RetentionRun } from './retention-run.js';
import type { Fault } from './script-run.js';

const day = 86_400;
const doomed = 200_000_001;

/** Statuses that the script documents for a run in which a command failed. */
const failures = [1, 11, 12, 13];

describeWith(['bash', 'jq', 'rclone', 'versitygw'], 'repository-retention.sh amid faults', () => {
  let server: S3Server;
  const now = Math.floor(Date.now() / 1000);
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('backups');
  });
  afterAll(() => server?.stop());

  /** One set that goes, beside all kinds that stay; with the two newest kept. */
  const history = new History()
    .committed(doomed, now - 40 * day)
    .committed(doomed + 1, now - 37 * day)
    .object(`${doomed + 1}/pinned`, '', now)
    .committed(doomed + 2, now - 36 * day)
    .remove(`${doomed + 2}/users.sql`)
    .committed(doomed + 3, now - 2 * day)
    .committed(doomed + 4, now - day)
    .unfinished(doomed + 5, now - 100)
    .object('notes.txt', 'somebody’s', now)
    .object('264531200/users.sql', 'upstream’s', now);

  /** Runs with one fault, checks what must hold even then, and that a run after it ends as if nothing had been. */
  async function suffer(fault: Fault, proven: Set<string>): Promise<string> {
    const run = new RetentionRun(server).fill(history);
    try {
      const before = run.stored();
      const { code, log } = await run.run({ environment: { KEEP_LAST: '2' }, fault });
      const command = run.calls()[fault.at - 1] ?? '';
      const where = `${fault.how}: ${command}`;
      const after = run.stored();
      const folder = `${doomed}/`;
      const others = (stored: Record<string, string>) =>
        Object.entries(stored).filter(([path]) => !path.startsWith(folder));
      expect(others(after), where).toEqual(others(before));
      if (`${folder}manifest.json` in after) expect(after, where).toEqual(before);
      const remains = Object.keys(after).filter((path) => path.startsWith(folder));
      if (remains.length > 0) expect(remains, where).toContain(`${folder}started.json`);
      if (fault.how === 'killed') expect(code, where).toBe(null);
      else if (/^rm |^rclone .* rmdirs /.test(command)) expect(code, where).toBe(0);
      else expect(failures, `${where}\n${log}`).toContain(code);

      // The paths say it: no run changes what is in an object.
      const state = Object.keys(after).join(' ');
      if (!proven.has(state)) {
        proven.add(state);
        expect(await run.run({ environment: { KEEP_LAST: '2' } }), `after ${where}`).toMatchObject({ code: 0 });
        expect(run.stored(), `after ${where}`).toEqual(Object.fromEntries(others(before)));
      }
      return kindOf(command);
    } finally {
      run.remove();
    }
  }

  test('deletes a set safely whichever command is killed or fails', { timeout: 180_000 }, async () => {
    const whole = new RetentionRun(server).fill(history);
    expect(await whole.run({ environment: { KEEP_LAST: '2' } })).toMatchObject({ code: 0 });
    const commands = whole.calls();
    whole.remove();
    const faults = commands.flatMap((command, index): Fault[] => [
      { at: index + 1, how: 'killed' },
      { at: index + 1, how: 'failed' },
      // For a command that only reads it is the same as failing.
      ...(/ (delete|deletefile|rmdirs) /.test(command)
        ? [{ at: index + 1, how: 'failed after its work' } as const]
        : []),
    ]);
    const proven = new Set<string>();
    const suffered: string[] = [];
    const worker = async () => {
      for (let fault = faults.shift(); fault; fault = faults.shift()) suffered.push(await suffer(fault, proven));
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(new Set(suffered)).toEqual(new Set(commands.map(kindOf)));
    // Nothing done yet, without manifest (now an abandoned set), only started.json left, all gone.
    expect(proven.size).toBe(4);
  });
});

/** The command without what differs between runs. */
function kindOf(command: string): string {
  return command.split(' ')[0]!;
}
