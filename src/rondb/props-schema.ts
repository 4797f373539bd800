import { z } from 'zod';
import { retentionSchema } from '../repository/index.js';
import { backupId, dnsLabel, duration, isTraced, largestBackupId, textLeaf, wholeNumber } from '../units/index.js';
import { jobFields, scheduleFields } from './job-schema.js';

/** Schema of everything that {@link RonDBBackupCronJob} takes. */
export const backupSchema = z
  .strictObject({
    ...jobFields,
    ...scheduleFields,
    retention: retentionSchema
      .prefault({})
      .describe(
        'Which committed sets stay; the newest always does. It runs after each commit, in the own folder only.',
      ),
    nativeBackupTimeout: duration().default('1h').describe('How long RonDB’s own backup may take.'),
    retentionTimeout: duration().default('30m').describe('How long removing old sets may take.'),
    schemaAttempts: wholeNumber(1, 10)
      .default(3)
      .describe(
        'How many native backups are tried while the schema changes meanwhile; the last one is kept with a warning.',
      ),
    minimumFreePercent: wholeNumber(0, 99)
      .default(20)
      .describe(
        'How much of a data node’s volume must be free before a backup starts: it shares the volume with the redo log.',
      ),
  })
  .meta({ id: 'RonDBBackupCronJobProps', description: 'Props of `RonDBBackupCronJob`.' });

/** Schema of everything that {@link RonDBVerifyCronJob} takes. */
export const verifySchema = z
  .strictObject({
    ...jobFields,
    ...scheduleFields,
    shares: wholeNumber(1, 366)
      .default(7)
      .describe('Into how many shares all bytes are divided; each run reads one back. 1 reads everything each time.'),
  })
  .meta({ id: 'RonDBVerifyCronJobProps', description: 'Props of `RonDBVerifyCronJob`.' });

const setId = () =>
  z
    .custom<number | 'latest'>((id) => id === 'latest' || isTraced(id) || backupId().safeParse(id).success, {
      error: 'not a backup id',
      params: { allowed: `latest, or a whole number from 1 to ${largestBackupId}` },
    })
    .meta({ tsType: "number | 'latest'" });

const database = () =>
  textLeaf({
    pattern: /^[^\p{Cc},./\\`'"]{1,64}$/u,
    allowed: 'a database’s name without commas, dots, slashes and quotes, such as shop',
  });
const table = () =>
  textLeaf({
    pattern: /^[^\p{Cc},./\\`'"]{1,64}\.[^\p{Cc},./\\`'"]{1,64}$/u,
    allowed: 'database.table without commas, more dots, slashes and quotes, such as shop.orders',
  });

/** Schema of everything that {@link RonDBRestoreJob} takes. */
export const restoreSchema = z
  .strictObject({
    ...jobFields,
    backupId: setId().describe('Id of the set to restore, or `latest` for the newest committed one.'),
    id: dnsLabel(20)
      .optional()
      .describe('End of the Job’s name. A Job cannot be changed: another restore needs another id.')
      .meta({ defaultText: 'the backup’s id and the start of a checksum of what the Job does' }),
    mode: z
      .enum(['plan', 'apply'])
      .default('plan')
      .describe('`plan` reads store and cluster, prints what would be done and changes nothing.'),
    run: z
      .boolean()
      .default(false)
      .describe(
        'Whether the Job starts when it is applied. Otherwise it is suspended and waits for somebody to start it.',
      ),
    source: textLeaf({
      pattern: /^(\.*[A-Za-z0-9_=-][A-Za-z0-9._=-]*|\.{3,})(\/(\.*[A-Za-z0-9_=-][A-Za-z0-9._=-]*|\.{3,}))*$/,
      maxLength: 512,
      allowed: 'a path without leading or trailing slash, such as production/north or rondb_backup',
    })
      .optional()
      .describe(
        'Folder that holds the sets, from the bucket (with encryption: from the store’s prefix): another cluster’s, or upstream’s `backups.pathPrefix`. It is only read.',
      )
      .meta({ defaultText: 'this cluster’s own' }),
    includeDatabases: z
      .array(database())
      .default([])
      .describe('Only these databases, beside `includeTables`; both empty is everything.'),
    excludeDatabases: z.array(database()).default([]).describe('Not these databases, whatever else is included.'),
    includeTables: z.array(table()).default([]).describe('Only these tables, beside `includeDatabases`.'),
    excludeTables: z.array(table()).default([]).describe('Not these tables, whatever else is included.'),
    restoreUsers: z
      .boolean()
      .default(true)
      .describe('Whether users that are not there are made, with their grants. Those that are there stay as they are.'),
    intoNonEmpty: z
      .boolean()
      .default(false)
      .describe('Whether the cluster may have other tables. Tables of the selection must not exist in either case.'),
    allowUnverified: z
      .boolean()
      .default(false)
      .describe(
        'Whether a set without manifest is taken, as upstream’s own backups are: nothing proves that it is whole.',
      ),
    apiSlots: wholeNumber(0, 255)
      .default(0)
      .describe('How many ndb_restore may run at once, each in a free API slot; 0 is as many as are free.'),
    restoreTimeout: duration()
      .default('2h')
      .describe('How long each step in the database may take: metadata, data, counting, indexes, epoch, SQL files.'),
    activeDeadline: duration()
      .optional()
      .describe('How long the run may take. One that is shorter than its steps together is refused.')
      .meta({ defaultText: 'computed: the timeouts of all steps and a reserve' }),
  })
  .meta({ id: 'RonDBRestoreJobProps', description: 'Props of `RonDBRestoreJob`.' });

/** The props of {@link RonDBBackupCronJob} with all defaults filled in. */
export type BackupSettings = z.output<typeof backupSchema>;

/** The props of {@link RonDBVerifyCronJob} with all defaults filled in. */
export type VerifySettings = z.output<typeof verifySchema>;

/** The props of {@link RonDBRestoreJob} with all defaults filled in. */
export type RestoreSettings = z.output<typeof restoreSchema>;

/** What every job has. */
export type JobSettings = VerifySettings | BackupSettings | RestoreSettings;
