import { exitCodes, printable } from '../problem/index.js';
import { printDocument } from './backups-document.js';
import { failedRun, followRun, startRun } from './backups-follow.js';
import { detached, missing, type RunOptions } from './backups-run.js';
import { BackupsSession } from './backups-session.js';
import type { Screen } from './screen.js';

/** Plays a restore now, on a volume of its own, and waits for the end. @returns 0 where the backup can be used */
export function drillBackups(options: RunOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const attachment = await session.attachment();
    const template = attachment.drill ?? missing(attachment, 'drill');
    const job = await startRun(session, {
      template,
      purpose: 'manual',
      goesOn: 'It works on a volume of its own and writes nothing to the store or the database.',
    });
    if (options.detach) return detached(session, job.metadata.name);
    const { outcome } = await followRun(session, job);
    if (!outcome.succeeded) throw failedRun(job, outcome);
    // `restored POD generation ID: … in … s`, as the drill’s script ends.
    const summary = outcome.log.findLast((line) => /\brestored \S+ generation \d+/.test(line));
    const told = summary?.slice(summary.indexOf('restored ')) ?? 'the backup was restored, and answers';
    if (options.output !== 'text') printDocument({ job: outcome.job, summary: told }, options.output, screen);
    else screen.result(`${printable(told)}\n`);
    return exitCodes.ok;
  });
}
