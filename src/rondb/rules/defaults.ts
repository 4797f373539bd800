import type { HelmValue } from '../../values/index.js';

/** Versions of RonDB’s chart whose defaults were read. */
export const rondbVersions: readonly string[] = ['0.8.0'];

/** The defaults of rondb-helm, only the keys that a rule reads. They are the same in every version that is known. */
export function rondbDefaults(_version: string): { readonly [key: string]: HelmValue } {
  return {
    mode: '',
    backups: { enabled: null, schedule: null, ttl: null, metadataConfigmapName: null, ...folder() },
    restoreFromBackup: { backupId: null, excludeDatabases: [], excludeTables: [], ...folder() },
    clusterSize: { activeDataReplicas: 2, numNodeGroups: 1 },
    imagePullSecrets: [],
    mysql: { sqlInitContent: {}, users: [] },
    resources: {
      limits: { memory: { ndbmtdsMiB: 5000 } },
      requests: {
        storage: {
          classes: { diskColumns: null },
          ndbmtdGiB: 30,
          redoLogGiB: 4,
          undoLogsGiB: 4,
          logGiB: 2,
          diskColumnGiB: 2,
        },
      },
    },
    rondbConfig: { EmptyApiSlots: 8 },
    timeoutsMinutes: { restoreNativeBackup: 120 },
  };
}

/** Where backups are: the same keys for writing and for restoring. */
function folder(): { readonly [key: string]: HelmValue } {
  return {
    objectStorageProvider: 's3',
    pathPrefix: 'rondb_backup',
    s3: {
      bucketName: null,
      provider: null,
      endpoint: null,
      region: null,
      serverSideEncryption: null,
      keyCredentialsSecret: { name: null, key: null },
      secretCredentialsSecret: { name: null, key: null },
    },
  };
}
