import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { Credentials, ObjectStore } from '../../src/index.js';
import { BackupMethod, type ValdAgentWithBackupProps, valdAgentSchema } from '../../src/vald/index.js';

describe('the interface of the props', () => {
  type Schema = z.input<typeof valdAgentSchema>;
  type Loose<Type> = Type extends (infer Item)[]
    ? Loose<Item>[]
    : Type extends object
      ? { [Key in keyof Type]: Loose<Type[Key]> | (undefined extends Type[Key] ? undefined : never) }
      : Type;

  test('is what the schema takes, both ways', () => {
    const toSchema = (props: ValdAgentWithBackupProps): Loose<Schema> => props as Loose<ValdAgentWithBackupProps>;
    const toProps = (props: Loose<Schema>): Loose<ValdAgentWithBackupProps> => props;
    const props = { backup: BackupMethod.persistentVolume({ volume: { size: '1Gi' } }), ngt: { dimension: 784 } };
    expect(toProps(toSchema(props))).toBe(props);
  });

  test('has exactly the props of the schema', () => {
    type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
    const same: Same<keyof ValdAgentWithBackupProps, keyof Schema> = true;
    const inNgt: Same<keyof ValdAgentWithBackupProps['ngt'], keyof Schema['ngt']> = true;
    expect([same, inNgt]).toEqual([true, true]);
  });

  test('refuses wrong props where they are written', () => {
    const backup = BackupMethod.persistentVolume({ volume: { size: '1Gi' } });
    const good = { backup, ngt: { dimension: 784 } };
    const store = ObjectStore.s3({ bucket: 'abc', region: 'auto', credentials: Credentials.secret({ name: 'a' }) });
    const wrong: ValdAgentWithBackupProps[] = [
      // @ts-expect-error the backup is required
      { ngt: { dimension: 784 } },
      // @ts-expect-error the dimension is required
      { backup, ngt: {} },
      // @ts-expect-error there is no such prop
      { ...good, inMemory: true },
      // @ts-expect-error a number, not text
      { ...good, replicas: '3' },
      // @ts-expect-error not one of the log levels
      { ...good, logLevel: 'debug' },
      // @ts-expect-error a method is made by BackupMethod, not by a flag
      { ...good, backup: { persistentVolume: true, objectStorage: true } },
      // @ts-expect-error without the identity of the cluster
      { ...good, backup: BackupMethod.objectStorage({ store }) },
      // @ts-expect-error a volume has a size
      { ...good, backup: BackupMethod.persistentVolume({ volume: {} }) },
      // @ts-expect-error not an access mode for one writer
      { ...good, backup: BackupMethod.persistentVolume({ volume: { size: '1Gi', accessMode: 'ReadWriteMany' } }) },
    ];
    expect(wrong.filter((props) => valdAgentSchema.safeParse(props).success)).toEqual([]);
  });
});
