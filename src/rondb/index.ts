export { RonDBBackupCronJob } from './backup.js';
export { rondbBackupChart } from './chart.js';
export { type RonDBBackupValues, rondbBackupValues } from './chart-values.js';
export {
  clusterSchema,
  RonDBCluster,
  type RonDBClusterInput,
  type RonDBClusterSettings,
  type UpstreamCluster,
} from './cluster.js';
export type {
  RonDBBackupCronJobProps,
  RonDBRepository,
  RonDBRestoreJobProps,
  RonDBVerifyCronJobProps,
} from './props.generated.js';
export { RonDBRestoreJob } from './restore.js';
export { rondbChart } from './rules/index.js';
export { RonDBUpstreamValues, type RonDBUpstreamValuesProps } from './upstream-values.js';
export { RonDBVerifyCronJob } from './verify.js';
