import type { k8s } from 'cdk8s-plus-28';
import { retentionEnvironment, retentionPolicy } from '../repository/index.js';
import {
  packageVersion,
  type RondbBackupVariable,
  type RondbRestoreVariable,
  type RondbVerifyVariable,
  rondbBackup,
  rondbRestore,
  rondbVerify,
} from '../scripts/index.js';
import { rcloneEnvironment, rclonePath, rcloneRoot } from '../store/index.js';
import { join, seconds, text } from '../units/index.js';
import { jobName, statusName } from './names.js';
import type { BackupSettings, RestoreSettings, VerifySettings } from './props-schema.js';
import { clusterFolder, type RonDBRepositorySettings } from './repository-schema.js';
import type { Timing } from './timing.js';

type Value = string | k8s.EnvVarSource;

/** The environment of a backup. */
export function backupEnvironment(settings: BackupSettings, timing: Timing): k8s.EnvVar[] {
  const { repository } = settings;
  return environment<RondbBackupVariable>(rondbBackup, repository, {
    ...storeVariables(repository),
    ...clusterVariables(repository, timing),
    ...retentionEnvironment(retentionPolicy(settings.retention, timing.lease)),
    PUSHGATEWAY: pushgateway(settings, 'backup'),
    CLUSTER_NAME: clusterFolder(repository),
    ADOPT_FOLDER: String(repository.adoptFolder),
    NATIVE_BACKUP_TIMEOUT_SECONDS: text(seconds(settings.nativeBackupTimeout)),
    RETENTION_TIMEOUT_SECONDS: text(seconds(settings.retentionTimeout)),
    SCHEMA_ATTEMPTS: text(settings.schemaAttempts),
    MINIMUM_FREE_PERCENT: text(settings.minimumFreePercent),
  });
}

/** The environment of a verification: nothing of the cluster, since it never asks it anything. */
export function verifyEnvironment(settings: VerifySettings): k8s.EnvVar[] {
  const { repository } = settings;
  return environment<RondbVerifyVariable>(rondbVerify, repository, {
    ...storeVariables(repository),
    PUSHGATEWAY: pushgateway(settings, 'verify'),
    VERIFY_SHARE: text(settings.shares),
  });
}

/** Where a run pushes its metrics: the group is what the alerts look for. */
function pushgateway(settings: BackupSettings | VerifySettings, kind: 'backup' | 'verify'): string {
  const { repository } = settings;
  if (settings.pushgateway === undefined) return '';
  const group = ['job', jobName(repository, kind), 'namespace', repository.cluster.namespace];
  return join('/', settings.pushgateway, 'metrics', ...group);
}

/** The environment of a restore. */
export function restoreEnvironment(settings: RestoreSettings, timing: Timing): k8s.EnvVar[] {
  const { repository, source, backupId } = settings;
  const { store } = repository;
  const lines = (names: readonly string[]) => join('\n', ...names);
  return environment<RondbRestoreVariable>(rondbRestore, repository, {
    ...storeVariables(repository),
    ...clusterVariables(repository, timing),
    MODE: settings.mode,
    BACKUP_ID: typeof backupId === 'number' ? text(backupId) : backupId,
    SOURCE_PATH:
      source === undefined
        ? rclonePath(store, clusterFolder(repository))
        : rclonePath({ ...store, prefix: '' }, source),
    INCLUDE_DATABASES: lines(settings.includeDatabases),
    EXCLUDE_DATABASES: lines(settings.excludeDatabases),
    INCLUDE_TABLES: lines(settings.includeTables),
    EXCLUDE_TABLES: lines(settings.excludeTables),
    RESTORE_USERS: String(settings.restoreUsers),
    INTO_NON_EMPTY: String(settings.intoNonEmpty),
    ALLOW_UNVERIFIED: String(settings.allowUnverified),
    API_SLOTS: text(settings.apiSlots),
    RESTORE_TIMEOUT_SECONDS: text(seconds(settings.restoreTimeout)),
  });
}

/** What every script reads: the store, whose it is, and how long work with it may take. */
function storeVariables(repository: RonDBRepositorySettings) {
  const { store, cluster } = repository;
  return {
    STORE_PATH: rclonePath(store, clusterFolder(repository)),
    STORE_ROOT: rcloneRoot(store),
    CLUSTER_ID: repository.clusterId,
    ENCRYPTION: store.encryption ? 'rclone-crypt' : 'none',
    KEY_FINGERPRINT: store.encryption?.keyFingerprint ?? '',
    NAMESPACE: cluster.namespace,
    STATUS_CONFIGMAP: statusName(repository),
    PREFLIGHT_TIMEOUT_SECONDS: text(seconds(repository.preflightTimeout)),
    COMMAND_TIMEOUT_SECONDS: text(seconds(repository.commandTimeout)),
    TRANSFER_TIMEOUT_SECONDS: text(seconds(repository.transferTimeout)),
    TRANSFERS: text(repository.transfers),
    TRANSFER_RETRIES: text(repository.transferRetries),
    PACKAGE_VERSION: packageVersion,
  };
}

/** What the scripts read that work in the cluster. */
function clusterVariables({ cluster, way }: RonDBRepositorySettings, timing: Timing) {
  const { name, keys } = cluster.sqlPassword;
  return {
    POD_NAME: { fieldRef: { fieldPath: 'metadata.name' } },
    POD_UID: { fieldRef: { fieldPath: 'metadata.uid' } },
    DATA_NODES: join(' ', ...cluster.dataNodes.map(({ nodeId, pod }) => join('=', text(nodeId), pod))),
    DATA_CONTAINER: cluster.dataContainer,
    BACKUP_FOLDER: cluster.backupFolder,
    WAY: way,
    SIDECAR_CONTAINER: cluster.sidecarContainer,
    SIDECAR_BACKUP_FOLDER: cluster.sidecarBackupFolder,
    MANAGEMENT_SERVER: join(':', cluster.managementHost, text(cluster.managementPort)),
    SQL_POD: cluster.sqlPod,
    SQL_CONTAINER: cluster.sqlContainer,
    SQL_USER: cluster.sqlUser,
    SQL_PASSWORD: { secretKeyRef: { name, key: keys.password } },
    LEASE_NAME: cluster.leaseName,
    LEASE_SECONDS: text(timing.lease),
  };
}

/**
 * The variables that a script reads, in its own order: one that has no value here does not compile. Behind them are
 * those of its programs: rclone’s, and a home folder, since kubectl and rclone keep a cache below theirs.
 */
function environment<Name extends string>(
  script: { readonly environment: readonly { readonly name: Name }[] },
  { store }: RonDBRepositorySettings,
  values: Readonly<Record<Name, Value>>,
): k8s.EnvVar[] {
  return [
    ...script.environment.map(({ name }): k8s.EnvVar => {
      const value: Value = values[name];
      return typeof value === 'string' ? { name, value } : { name, valueFrom: value };
    }),
    { name: 'HOME', value: '/tmp' },
    ...rcloneEnvironment(store),
  ];
}
