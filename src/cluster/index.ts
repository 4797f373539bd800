export {
  type Attachment,
  chooseAttachment,
  findAttachments,
  type JobKind,
  objectsOf,
  readStatus,
  type Status,
  variable,
} from './attachment.js';
export { BackupProgress } from './backup-progress.js';
export { Cluster } from './cluster.js';
export { ClusterError, type ClusterErrorKind } from './cluster-error.js';
export * from './doctor/index.js';
export { followJob, type JobListener, type JobOutcome } from './follow-job.js';
export { createJob, jobEnd, jobFrom, refuseWhileBusy } from './job-template.js';
export { lastReport, refusal } from './log-report.js';
export type * from './objects.js';
export { type PodInputs, readPodInputs } from './pod-inputs.js';
export { PodReader } from './pod-reader.js';
export type { PodView } from './pod-status.js';
export { planPruning, pruneCommand, refuseHalfRestored, type SeriesPlan } from './prune.js';
export { type Rclone, RcloneReader, rcloneOptions } from './rclone-reader.js';
export {
  type BackupView,
  type RepositoryView,
  type SetState,
  viewRepository,
} from './repository-view.js';
export { resources } from './resources.js';
export { deployerOf, restoringContainer, setRestoreTime } from './restore-time.js';
export type { Snapshot, StoreReader } from './snapshot.js';
export type { ApiAnswer, ApiRequest, ApiStream, ExecAnswer, ExecRequest, Transport } from './transport.js';
export { type PodPlan, planRestore, restorableAgents, type ValdPlan } from './vald-plan.js';
export { followRestore, type PodOutcome, type RestoreListener } from './vald-restore.js';
export { watch } from './watch.js';
