import type { EffectiveValues, Rule } from '../../values/index.js';
import { foldersInUse, isManagedByHopsworks, provider } from './backup-state.js';
import { backups, credentials } from './examples.js';

/** Providers for which rclone has the server’s encryption, and those with keys of a key service. */
const encrypting = ['AWS', 'Ceph', 'ChinaMobile', 'Minio'];
const withKeyService = ['AWS', 'Ceph', 'Minio'];

function folders(values: EffectiveValues): string[] {
  return isManagedByHopsworks(values) ? [] : foldersInUse(values);
}

function endpoint(values: EffectiveValues, folder: string): string {
  return values.text(`${folder}.s3.endpoint`) ?? '';
}

/** An endpoint for a message: without a user and a password in it. */
function shown(text: string): string {
  return text.replace(/^([a-z]+:\/\/)?[^/]*@/i, '$1…@');
}

/** Whether an endpoint without a scheme looks like a service that speaks plain HTTP: a port, or a name of the cluster. */
function looksPlain(text: string): boolean {
  const host = text.split('/')[0]!;
  const [name = '', port] = host.split(':');
  return (port !== undefined && port !== '443') || !name.includes('.') || /\.(svc|local|consul|internal)\b/.test(name);
}

/** The example of a store with these settings. */
function store(settings: string): string {
  return backups(`s3: { bucketName: backups, ${settings}, ${credentials} }`);
}

/** Rules about the store that the backups go to. */
export const storeRules: readonly Rule[] = [
  {
    id: 'RONDB015',
    severity: 'error',
    title: 'requests go to the wrong server',
    why: 'Without an endpoint rclone asks Amazon, whatever the provider is called. Without http:// or https:// in front it takes https, which a service inside of the cluster mostly does not speak.',
    fix: 'Set s3.endpoint with its scheme, such as http://minio.minio.svc:9000.',
    fact: 'Run with rclone 1.75.1: Minio, Ceph, Cloudflare and Other without an endpoint asked s3.<region>.amazonaws.com; "127.0.0.1:1" was asked as https.',
    check: (values) =>
      folders(values).flatMap((folder) => {
        const path = `${folder}.s3.endpoint`;
        const text = endpoint(values, folder);
        const named = values.isTrue(`${folder}.s3.provider`) && provider(values, folder) !== 'AWS';
        if (text === '')
          return named ? [{ path, message: `not set for ${provider(values, folder)}, so Amazon is asked` }] : [];
        return !/^[a-z]+:\/\//i.test(text) && looksPlain(text)
          ? [{ path, message: `"${shown(text)}" has no scheme and is asked as https` }]
          : [];
      }),
    hits: [store('provider: Minio'), store('provider: Minio, endpoint: "minio.minio.svc:9000"')],
    passes: [
      store('provider: Minio, endpoint: "https://minio.example.org"'),
      store('provider: Wasabi, endpoint: s3.eu-central-1.wasabisys.com'),
    ],
  },
  {
    id: 'RONDB016',
    severity: 'warning',
    title: 'the region of the bucket is not given',
    why: 'rclone then asks us-east-1. For a bucket elsewhere requests are redirected or refused, and what the clean-up cannot list it does not delete.',
    fix: 'Set s3.region to the region of the bucket.',
    fact: 'Run with rclone 1.75.1: without a region s3.us-east-1.amazonaws.com was asked.',
    check: (values) =>
      folders(values)
        .filter(
          (folder) =>
            !values.isTrue(`${folder}.s3.region`) &&
            endpoint(values, folder) === '' &&
            (provider(values, folder) === 'AWS' || !values.isTrue(`${folder}.s3.provider`)),
        )
        .map((folder) => ({ path: `${folder}.s3.region`, message: 'not set, so us-east-1 is asked' })),
    hits: [store('provider: AWS')],
    passes: [
      store('provider: AWS, region: eu-north-1'),
      store('provider: Minio, endpoint: "https://minio.example.org"'),
    ],
  },
  {
    id: 'RONDB017',
    severity: 'error',
    title: 'the store is not known to encrypt this way',
    why: 'rclone has this setting for a few providers only. With others uploads may be refused, or stored in plain text, and the backups themselves are not encrypted.',
    fix: 'Leave s3.serverSideEncryption out, or use a provider that has it.',
    fact: 'Read in rclone 1.75.1 (its list of providers with the option): AWS, Ceph, ChinaMobile and Minio; aws:kms not for ChinaMobile, aws:kms:dsse for AWS alone.',
    check: (values) =>
      folders(values).flatMap((folder) => {
        const path = `${folder}.s3.serverSideEncryption`;
        const kind = values.text(path) ?? '';
        const able = kind === 'aws:kms:dsse' ? ['AWS'] : kind.startsWith('aws:kms') ? withKeyService : encrypting;
        const name = provider(values, folder);
        return kind !== '' && !able.includes(name)
          ? [{ path, message: `${kind} is not known to work with ${name}` }]
          : [];
      }),
    hits: [
      store('provider: Wasabi, endpoint: "https://s3.wasabisys.com", serverSideEncryption: AES256'),
      store('provider: Minio, endpoint: "https://minio.example.org", serverSideEncryption: "aws:kms:dsse"'),
    ],
    passes: [
      store('provider: AWS, region: eu-north-1, serverSideEncryption: AES256'),
      store('provider: Minio, endpoint: "https://minio.example.org", serverSideEncryption: "aws:kms"'),
    ],
  },
  {
    id: 'RONDB042',
    severity: 'warning',
    title: 'backups go over the network in plain text',
    why: 'Over http the keys of requests are signed but the data is readable: all rows, and the password hashes of all users.',
    fix: 'Use https:// in s3.endpoint, or make sure that the network is your own all the way.',
    fact: 'Read in chart 0.8.0: native backups are not encrypted, and users.sql has the hashes.',
    check: (values) =>
      folders(values)
        .filter((folder) => /^http:\/\//i.test(endpoint(values, folder)))
        .map((folder) => ({
          path: `${folder}.s3.endpoint`,
          message: `"${shown(endpoint(values, folder))}" is not encrypted`,
        })),
    hits: [store('provider: Minio, endpoint: "http://minio.minio.svc:9000"')],
    passes: [store('provider: Minio, endpoint: "https://minio.minio.svc:9000"')],
  },
  {
    id: 'RONDB043',
    severity: 'error',
    needsCluster: true,
    title: 'the bucket is in another region',
    why: 'The store refuses or redirects every request, and upstream’s upload removes the source all the same.',
    fix: 'Set s3.region to the region of the bucket.',
    fact: 'How S3 answers requests for buckets of other regions; read in chart 0.8.0 what the upload does then.',
  },
  {
    id: 'RONDB044',
    severity: 'warning',
    title: 'the key of the encryption cannot be chosen',
    why: 'The chart has no setting for the id of a key, so Amazon’s own key of the account is taken. Nobody in another account can read such backups, not even for a restore.',
    fix: 'Set the key as the bucket’s default encryption and leave s3.serverSideEncryption out.',
    fact: 'Read in chart 0.8.0: the key’s id is not among the values.',
    check: (values) =>
      folders(values)
        .map((folder) => `${folder}.s3.serverSideEncryption`)
        .filter((path) => (values.text(path) ?? '').startsWith('aws:kms'))
        .map((path) => ({ path, message: `${values.text(path)} with the account’s own key` })),
    hits: [store('provider: AWS, region: eu-north-1, serverSideEncryption: "aws:kms"')],
    passes: [store('provider: AWS, region: eu-north-1, serverSideEncryption: AES256')],
  },
];
