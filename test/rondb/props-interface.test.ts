import { expect, test } from 'vitest';
import type { z } from 'zod';
import { Credentials, ObjectStore } from '../../src/index.js';
import {
  type RonDBBackupCronJobProps,
  RonDBCluster,
  type RonDBRepository,
  type RonDBRestoreJobProps,
  type RonDBVerifyCronJobProps,
} from '../../src/rondb/index.js';
import { backupSchema, restoreSchema, type verifySchema } from '../../src/rondb/props-schema.js';
import { clusterId, repository } from './sets.js';

type Loose<Type> = Type extends (infer Item)[]
  ? Loose<Item>[]
  : Type extends object
    ? { [Key in keyof Type]: Loose<Type[Key]> | (undefined extends Type[Key] ? undefined : never) }
    : Type;

test('the interfaces of the props are what the schemas take, both ways', () => {
  const backup = (props: RonDBBackupCronJobProps): Loose<z.input<typeof backupSchema>> =>
    props as Loose<RonDBBackupCronJobProps>;
  const verify = (props: RonDBVerifyCronJobProps): Loose<z.input<typeof verifySchema>> =>
    props as Loose<RonDBVerifyCronJobProps>;
  const restore = (props: RonDBRestoreJobProps): Loose<z.input<typeof restoreSchema>> =>
    props as Loose<RonDBRestoreJobProps>;
  const back = (props: Loose<z.input<typeof backupSchema>>): Loose<RonDBBackupCronJobProps> => props;
  const props = { repository, schedule: '17 2 * * *' };
  expect(back(backup(props))).toBe(props);
  expect(verify(props)).toBe(props);
  expect(restore({ repository, backupId: 7 })).toEqual({ repository, backupId: 7 });
});

test('wrong props are refused where they are written', () => {
  const store = ObjectStore.s3({ bucket: 'abc', region: 'auto', credentials: Credentials.secret({ name: 'a' }) });
  const cluster = RonDBCluster.fromUpstream({ namespace: 'rondb' });
  const repositories: RonDBRepository[] = [
    // @ts-expect-error without the identity of the cluster
    { cluster, store },
    // @ts-expect-error not one of the ways
    { cluster, store, clusterId, way: 'copy' },
    // @ts-expect-error a cluster is an object with every pod
    { cluster: 'rondb', store, clusterId },
    // @ts-expect-error there is no such prop
    { cluster, store, clusterId, ttl: '30d' },
  ];
  const given = (props: RonDBBackupCronJobProps): RonDBBackupCronJobProps => props;
  const backups = [
    ...repositories.map((wrong) => given({ repository: wrong, schedule: '0 0 * * *' })),
    // @ts-expect-error the schedule is required
    given({ repository }),
    // @ts-expect-error a duration is text with a unit
    given({ repository, schedule: '0 0 * * *', nativeBackupTimeout: 3600 }),
    // @ts-expect-error a restore's prop
    given({ repository, schedule: '0 0 * * *', backupId: 7 }),
  ];
  const restores: RonDBRestoreJobProps[] = [
    // @ts-expect-error an id is a number
    { repository, backupId: '7' },
    // @ts-expect-error not one of the modes
    { repository, backupId: 7, mode: 'dry-run' },
  ];
  expect(backups.filter((props) => backupSchema.safeParse(props).success)).toEqual([]);
  expect(restores.filter((props) => restoreSchema.safeParse(props).success)).toEqual([]);
});
