import { describe, expect, test } from 'vitest';
import { rondbChart } from '../../../src/rondb/index.js';
import { run } from '../../vald/rules/rule-run.js';
import { describeRules } from '../../vald/rules/rules-contract.js';
import { places } from './places.js';

describeRules(rondbChart, { prefix: 'RONDB', count: 48, places });

describe('a parent chart of Hopsworks', () => {
  const backups =
    'backups: { enabled: true, schedule: "@daily", ttl: 30d, pathPrefix: a, s3: { bucketName: backups } }';
  const ids = (text: string) => run(rondbChart, text).map(({ id }) => id);

  test('brings the store, so its settings and credentials are not asked for', () => {
    expect(ids(backups)).toEqual(['RONDB014', 'RONDB016']);
    const parent = (given: string) => ids(`${backups}\nglobal: { _hopsworks: ${given} }`);
    expect(parent('{ managedObjectStorage: { enabled: true, s3: { region: eu-north-1 } } }')).toEqual([]);
    expect(parent('{ minio: { enabled: true, hopsfs: { enabled: true } } }')).toEqual([]);
    expect(parent('{ minio: { enabled: false, hopsfs: { enabled: true } } }')).toEqual(['RONDB014', 'RONDB016']);
  });

  test('says that the cloud is AWS, which has every kind of encryption', () => {
    const encrypted = backups.replace('s3: {', 's3: { region: eu-north-1, serverSideEncryption: AES256,');
    expect(ids(encrypted)).toEqual(['RONDB014', 'RONDB017']);
    expect(ids(`${encrypted}\nglobal: { _hopsworks: { cloudProvider: AWS } }`)).toEqual(['RONDB014']);
  });
});
