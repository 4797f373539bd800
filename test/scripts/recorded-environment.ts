import { recordedBackupFolder, recordedPassword } from './recorded-cluster.js';

export const clusterId = '6f2c1f0e-6b1d-4c8e-9a51-0d3c2b1a4e5f';

/** Variables that every script reads, for a run on a recorded cluster that may take as long as a loaded machine needs. */
export function recordedEnvironment(pod: string, run: string, nodes: readonly number[], store: string) {
  return {
    NAMESPACE: 'rondb',
    STATUS_CONFIGMAP: 'status',
    COMMAND_TIMEOUT_SECONDS: '60',
    POD_NAME: `${pod}-${run}`,
    POD_UID: `uid-${run}`,
    LEASE_NAME: 'backup',
    LEASE_SECONDS: '3600',
    DATA_NODES: nodes.map((node) => `${node}=node-${node}`).join(' '),
    DATA_CONTAINER: 'ndbmtd',
    BACKUP_FOLDER: recordedBackupFolder,
    MANAGEMENT_SERVER: 'management:1186',
    SQL_POD: 'mysqlds-0',
    SQL_CONTAINER: 'mysqld',
    SQL_USER: 'root',
    SQL_PASSWORD: recordedPassword,
    CLUSTER_ID: clusterId,
    STORE_ROOT: 'store:backups',
    STORE_PATH: store,
    ENCRYPTION: 'none',
    KEY_FINGERPRINT: '',
    WAY: 'stream',
    SIDECAR_CONTAINER: 'rclone-listener',
    SIDECAR_BACKUP_FOLDER: recordedBackupFolder,
    TRANSFER_RETRIES: '0',
    PUSHGATEWAY: '',
    TRANSFER_TIMEOUT_SECONDS: '120',
    PREFLIGHT_TIMEOUT_SECONDS: '120',
    PACKAGE_VERSION: '0.1.0',
  };
}
