import { nearest } from '../../problem/index.js';
import type { Rule } from '../../values/index.js';
import { backups, credentials, restore } from './examples.js';

const bucket = 'bucketName endpoint keyCredentialsSecret provider region secretCredentialsSecret serverSideEncryption';

/** The keys of backups and restore. */
const known: Readonly<Record<string, string>> = {
  backups: 'enabled metadataConfigmapName objectStorageProvider pathPrefix s3 schedule ttl',
  restoreFromBackup: 'backupId excludeDatabases excludeTables objectStorageProvider pathPrefix s3',
  'backups.s3': bucket,
  'restoreFromBackup.s3': bucket,
  'backups.s3.keyCredentialsSecret': 'name key',
  'backups.s3.secretCredentialsSecret': 'name key',
  'restoreFromBackup.s3.keyCredentialsSecret': 'name key',
  'restoreFromBackup.s3.secretCredentialsSecret': 'name key',
};

/** The rule about keys that nobody reads. */
export const spellingRules: readonly Rule[] = [
  {
    id: 'RONDB002',
    severity: 'error',
    title: 'the chart does not read this key',
    why: 'The chart’s schema takes any key, so a slip of the pen leaves the default in force without a word: no schedule, no age limit, another folder.',
    fix: 'Correct the key, or remove it.',
    fact: 'Read in the schema of chart 0.8.0: unknown keys pass.',
    says: ['SCHEMA002', 'SCHEMA003'],
    until: '0.8.1',
    check: (values) =>
      Object.entries(known).flatMap(([path, words]) => {
        const keys = words.split(' ');
        return Object.keys(values.map(path))
          .filter((key) => !keys.includes(key))
          .map((key) => {
            const meant = nearest(key, keys);
            const hit = { path: [...path.split('.'), key], message: `"${key}" is no key of ${path}` };
            return meant === undefined ? hit : { ...hit, fix: `Write ${meant}, if that is meant.` };
          });
      }),
    hits: [
      backups('shedule: 0 3 * * *'),
      backups(`s3: { bucket: backups, ${credentials} }`),
      restore('"12"', 'excludedTables: [web.sessions]'),
    ],
    passes: [backups('schedule: 0 3 * * *'), 'global: { backup: { shedule: x } }\n'],
  },
];
