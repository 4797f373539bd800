/** A Secret and, where they differ from the defaults, the names of its keys. */
interface SecretKeys<Keys> {
  readonly name: string;
  readonly keys?: Keys;
}

/**
 * Says where a store's credentials come from.
 *
 * @example
 * ```ts
 * Credentials.secret({ name: 'minio-secret', keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' } });
 * ```
 */
export const Credentials = {
  /** Keys of an existing Secret in the same namespace: its name and the names of the keys. S3, GCS and Azure. */
  secret: <Keys extends Record<string, string> = Record<never, string>>(secret: SecretKeys<Keys>) => ({
    type: 'secret' as const,
    secret,
  }),
  /** The cloud's own identity of the pods' ServiceAccount: no secret at all. S3, GCS and Azure. */
  workloadIdentity: (serviceAccountAnnotations: Record<string, string> = {}) => ({
    type: 'workloadIdentity' as const,
    serviceAccountAnnotations,
  }),
  /** An existing Secret with a SAS URL. Azure only. */
  sasUrl: <Keys extends Record<string, string> = Record<never, string>>(secret: SecretKeys<Keys>) => ({
    type: 'sasUrl' as const,
    secret,
  }),
  /** An existing Secret with a Keystone application credential. Swift only. */
  applicationCredential: <Keys extends Record<string, string> = Record<never, string>>(secret: SecretKeys<Keys>) => ({
    type: 'applicationCredential' as const,
    secret,
  }),
} as const;
