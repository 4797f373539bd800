import type { EffectiveValues, Rule } from '../../values/index.js';
import { foldersInUse, isManagedByHopsworks, makesBackups } from './backup-state.js';
import { backups } from './examples.js';

const secrets = ['keyCredentialsSecret', 'secretCredentialsSecret'];

function isGiven(values: EffectiveValues, folder: string, secret: string): boolean {
  return ['name', 'key'].some((key) => values.isTrue(`${folder}.s3.${secret}.${key}`));
}

/** Rules about the credentials for the store. */
export const credentialRules: readonly Rule[] = [
  {
    id: 'RONDB012',
    severity: 'error',
    title: 'the credentials are incomplete',
    why: 'With the first Secret alone the chart takes its entry for the secret key as well, and with a name without a key, or a key without a name, it leaves the credentials out. Every request is refused.',
    fix: 'Set name and key of both keyCredentialsSecret and secretCredentialsSecret.',
    fact: 'Rendered with chart 0.8.0: AWS_SECRET_ACCESS_KEY pointed to the entry of the access key.',
    check(values) {
      return foldersInUse(values).flatMap((folder) => {
        if (!secrets.some((secret) => isGiven(values, folder, secret))) return [];
        return secrets.flatMap((secret) => {
          const missing = ['name', 'key'].filter((key) => !values.isTrue(`${folder}.s3.${secret}.${key}`));
          return missing.length === 0
            ? []
            : [{ path: `${folder}.s3.${secret}`, message: `no ${missing.join(' and no ')}` }];
        });
      });
    },
    hits: [
      backups(
        's3: { provider: AWS, region: eu-north-1, bucketName: backups, keyCredentialsSecret: { name: aws, key: id } }',
      ),
      backups(
        's3: { provider: AWS, region: eu-north-1, bucketName: backups, keyCredentialsSecret: { name: aws, key: id }, secretCredentialsSecret: { name: aws } }',
      ),
    ],
    passes: [backups(), backups('s3: { provider: AWS, region: eu-north-1, bucketName: backups }')],
  },
  {
    id: 'RONDB013',
    severity: 'error',
    needsCluster: true,
    title: 'the credentials were left out when the chart was rendered',
    why: 'Unless mode says otherwise, the chart looks the Secrets up in the cluster and leaves the credentials out where it does not find them. helm template, Argo CD and a Secret that comes later all look like that: the jobs run without credentials.',
    fix: 'Set mode to install for the installation and to upgrade from then on where the chart is rendered without the cluster, and create the Secrets first.',
    fact: 'Rendered with chart 0.8.0: with mode empty or auto and no Secret in sight no AWS_* variable is set.',
  },
  {
    id: 'RONDB014',
    severity: 'error',
    title: 'nothing gives the data nodes access to the store',
    why: 'The files of a backup are uploaded from the pods of the data nodes, which run as the namespace’s default ServiceAccount. An identity on the chart’s own accounts never reaches them, so without Secrets only a role of the whole node is left.',
    fix: 'Set keyCredentialsSecret and secretCredentialsSecret; or bind an identity to the default ServiceAccount or the nodes and ignore this rule with that reason.',
    fact: 'Read in chart 0.8.0: serviceAccountAnnotations are not on the account of the data nodes.',
    check: (values) =>
      makesBackups(values) &&
      !isManagedByHopsworks(values) &&
      !secrets.some((secret) => isGiven(values, 'backups', secret))
        ? [{ path: 'backups.s3.keyCredentialsSecret', message: 'no Secret with credentials' }]
        : [],
    hits: [
      backups('s3: { provider: AWS, region: eu-north-1, bucketName: backups }'),
      `${backups('s3: { provider: AWS, region: eu-north-1, bucketName: backups }')}serviceAccountAnnotations: { eks.amazonaws.com/role-arn: role }\n`,
    ],
    passes: [backups(), 'backups:\n  enabled: false\n'],
  },
];
