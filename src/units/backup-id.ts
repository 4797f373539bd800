import { z } from 'zod';

/** The largest backup id: ndb_restore reads a signed number of 32 bits, and cuts off what is larger without an error. */
export const largestBackupId = 2_147_483_647;

/** A backup id: a whole number from 1 to {@link largestBackupId}. */
export const backupId = () => z.int().min(1).max(largestBackupId);
