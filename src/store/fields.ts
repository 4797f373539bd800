import { z } from 'zod';
import { dataKey, dnsName, textLeaf } from '../units/index.js';
import { encryption } from './encryption.js';

/** The name of an S3 or Google bucket. */
export const bucketName = () =>
  textLeaf({
    pattern: /^(?!.*\.\.)[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/,
    allowed: 'a bucket name: 3 to 63 lower-case letters, digits, dots, underscores and hyphens, such as vald-backups',
  });

// A segment is neither `.` nor `..`, said without a look-ahead: Go, which checks a chart's values, has none.
/** A path inside a bucket; empty is the bucket itself. */
export const prefix = () =>
  textLeaf({
    pattern: /^((\.*[A-Za-z0-9_=-][A-Za-z0-9._=-]*|\.{3,})(\/(\.*[A-Za-z0-9_=-][A-Za-z0-9._=-]*|\.{3,}))*)?$/,
    maxLength: 512,
    allowed: 'a path of at most 512 characters without leading or trailing slash, such as production/eu',
  });

/** Letters, digits and hyphens only: Vald reads `_X_` as an environment variable, and Kubernetes `$(X)`. */
export const region = () =>
  textLeaf({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    maxLength: 63,
    allowed: 'a region: letters, digits, dots, underscores and hyphens, such as eu-north-1',
  });

const port = ':([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';
const server = `https?:\\/\\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(${port})?`;

/** The URL of a server, without a path. */
export const serverUrl = () =>
  textLeaf({
    pattern: new RegExp(`^${server}$`),
    maxLength: 270,
    allowed: 'a URL without a path, such as https://s3.example.com or http://minio.minio.svc:9000',
  });

/** The URL of a service, which may have a path but neither a user nor a query: those carry secrets. */
export const serviceUrl = (example: string) =>
  textLeaf({
    pattern: new RegExp(`^${server}(\\/[A-Za-z0-9._~-]+)*\\/?$`),
    maxLength: 512,
    allowed: `a URL without user, query and fragment, such as ${example}`,
  });

/** Schema of a private certificate authority: a ConfigMap or Secret with PEM certificates. */
export const certificateAuthority = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('configMap'),
      name: dnsName().describe('Name of an existing ConfigMap in the same namespace.'),
      key: dataKey().default('ca.crt').describe('Key that holds the PEM certificates.'),
    }),
    z.strictObject({
      type: z.literal('secret'),
      name: dnsName().describe('Name of an existing Secret in the same namespace.'),
      key: dataKey().default('ca.crt').describe('Key that holds the PEM certificates.'),
    }),
  ])
  .meta({ id: 'CertificateAuthority' });

/** The identity of the pods' ServiceAccount in the cloud, with an example of an annotation that gives it. */
export const workloadIdentity = (annotation: string) =>
  z.strictObject({
    type: z.literal('workloadIdentity'),
    serviceAccountAnnotations: z
      .record(z.string(), z.string())
      .default({})
      .describe(`Annotations of the ServiceAccount that the pods run under, such as \`${annotation}\`.`),
  });

/** The fields that every store has, apart from those of Vald. */
export const everyStore = {
  prefix: prefix().default('').describe('Path below which everything of ours is kept. It is made when it is missing.'),
  certificateAuthority: certificateAuthority
    .optional()
    .describe('Private certificate authority of the endpoint.')
    .meta({ defaultText: 'the certificate authorities in the images' }),
  encryption: encryption
    .optional()
    .describe('Encryption before upload, with a key that the store never sees.')
    .meta({ defaultText: 'what is uploaded is as the store keeps it' }),
};
