import { type Release, type Rule, sharedPlaces } from '../../values/index.js';
import { defaultPrefix, foldersInUse, makesBackups, pathPrefix } from './backup-state.js';
import { backups, credentials, restore } from './examples.js';

/** Folders that shells and rclone take as they are. */
const plainFolder = /^[A-Za-z0-9_=.+-]+(\/[A-Za-z0-9_=.+-]+)*$/;

/** Names of buckets as S3 takes them. */
const bucketName = /^(?!xn--)(?!.*\.\.)(?!(?:[0-9]+\.){3}[0-9]+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Names of Kubernetes objects. */
const objectName = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Where a release keeps its backups. */
function place({ values }: Release): string {
  const key = (name: string) => values.text(`backups.s3.${name}`) ?? '';
  return [key('endpoint'), key('bucketName'), pathPrefix(values, 'backups').replace(/^\/+|\/+$/g, '')].join('\n');
}

/** Rules about the bucket and the folder of the backups. */
export const locationRules: readonly Rule[] = [
  {
    id: 'RONDB009',
    severity: 'error',
    title: 'the folder of the backups is not a plain path',
    why: 'The text goes into paths and shell commands as it is. With "/" the clean-up takes the whole bucket for old backups; slashes at the ends, "..", blanks and signs of the shell lead somewhere else or stop the scripts.',
    fix: 'Write letters, digits, "-", "_" and ".", with single slashes between, such as production/rondb.',
    fact: 'Rendered with chart 0.8.0, and read in its clean-up: every folder below the prefix is deleted when it is old.',
    check: (values) =>
      foldersInUse(values).flatMap((folder) => {
        const prefix = pathPrefix(values, folder);
        return plainFolder.test(prefix) && !prefix.split('/').some((part) => /^\.+$/.test(part))
          ? []
          : [{ path: `${folder}.pathPrefix`, message: `"${prefix}" is not a plain path` }];
      }),
    hits: [
      backups('pathPrefix: /'),
      backups('pathPrefix: production/'),
      backups('pathPrefix: ../other'),
      backups('pathPrefix: my backups'),
      restore('"12"', 'pathPrefix: $(id)'),
    ],
    passes: [backups('pathPrefix: production/rondb-1'), backups('pathPrefix: ""')],
  },
  {
    id: 'RONDB010',
    severity: 'error',
    title: 'two releases keep their backups in one folder',
    why: 'The clean-up of each deletes the other’s backups when they are old, and only spares its own newest. Ids collide too, because both are made of the time.',
    fix: 'Give each release its own backups.pathPrefix.',
    fact: 'Read in chart 0.8.0: nothing in the folder says whose it is.',
    checkFleet: (releases) =>
      sharedPlaces(
        releases.filter(({ values }) => makesBackups(values)),
        place,
        'backups.pathPrefix',
        'the same folder as',
      ),
    fleetHits: [
      { blue: backups(), green: backups() },
      { blue: backups('pathPrefix: rondb'), green: backups('pathPrefix: rondb/') },
    ],
    fleetPasses: [
      { blue: backups('pathPrefix: blue'), green: backups('pathPrefix: green') },
      {
        blue: backups(),
        green: backups(`s3: { provider: AWS, region: eu-north-1, bucketName: other, ${credentials} }`),
      },
      { blue: backups(), green: 'backups:\n  enabled: false\n' },
    ],
  },
  {
    id: 'RONDB011',
    severity: 'warning',
    title: 'the folder of the backups does not name the cluster',
    why: 'With the default prefix the next cluster that uses this bucket shares the folder without anybody noticing, and the two delete each other’s backups.',
    fix: 'Set backups.pathPrefix to something that only this cluster has, such as production/rondb.',
    fact: 'Read in chart 0.8.0: the default is rondb_backup for every release.',
    check: (values) =>
      makesBackups(values) && values.isTrue('backups.s3.bucketName') && pathPrefix(values, 'backups') === defaultPrefix
        ? [{ path: 'backups.pathPrefix', message: `"${defaultPrefix}", the default of every cluster` }]
        : [],
    hits: [backups(), backups('pathPrefix: ""')],
    passes: [backups('pathPrefix: production/rondb'), 'backups:\n  enabled: false\n'],
  },
  {
    id: 'RONDB018',
    severity: 'error',
    title: 'the name of the bucket is none that S3 takes',
    why: 'The name is put before the folder as it is: a slash makes a folder of its second half, everything else is refused by the store at the first backup.',
    fix: 'Write 3 to 63 lower-case letters, digits, hyphens and dots; a folder belongs into pathPrefix.',
    fact: 'The naming rules of S3; the chart’s schema takes any text.',
    check: (values) =>
      foldersInUse(values)
        .map((folder) => `${folder}.s3.bucketName`)
        .filter((path) => values.isTrue(path) && !bucketName.test(values.text(path) ?? ''))
        .map((path) => ({ path, message: `"${values.text(path) ?? ''}" is no name of a bucket` })),
    hits: [
      backups(`s3: { provider: AWS, region: eu-north-1, bucketName: backups/rondb, ${credentials} }`),
      backups(`s3: { provider: AWS, region: eu-north-1, bucketName: My_Backups, ${credentials} }`),
    ],
    passes: [
      backups(`s3: { provider: AWS, region: eu-north-1, bucketName: rondb-backups.example, ${credentials} }`),
      'backups:\n  s3: { bucketName: My_Backups }\n',
    ],
  },
  {
    id: 'RONDB031',
    severity: 'warning',
    title: 'the ConfigMap for records cannot have this name',
    why: 'It is made after the upload. When that fails, a good backup is reported as a failed run.',
    fix: 'Set backups.metadataConfigmapName to lower-case letters, digits, hyphens and dots, such as rondb-backups.',
    fact: 'Read in chart 0.8.0: the name is not checked, and the step comes last.',
    check(values) {
      const path = 'backups.metadataConfigmapName';
      const name = values.text(path) ?? '';
      return makesBackups(values) && values.isTrue(path) && (!objectName.test(name) || name.length > 240)
        ? [{ path, message: `"${name}" cannot name a ConfigMap` }]
        : [];
    },
    hits: [backups('metadataConfigmapName: RonDB_Backups')],
    passes: [backups('metadataConfigmapName: rondb-backups'), 'backups:\n  metadataConfigmapName: RonDB_Backups\n'],
  },
];
