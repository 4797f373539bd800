export {
  type ClusterScript,
  type ImageContract,
  type ScriptExitCode,
  type ScriptLibrary,
  type ScriptProgram,
  type ScriptVariable,
  scriptFolder,
} from './contract.js';
export { type RepositoryRetentionVariable, repositoryRetention } from './repository-retention.js';
export { type RondbBackupVariable, rondbBackup } from './rondb-backup.js';
export {
  rondbClusterLibrary,
  rondbLeaseLibrary,
  rondbRunLibrary,
  rondbStoreLibrary,
  rondbTransferLibrary,
} from './rondb-libraries.js';
export { type RondbRestoreVariable, rondbRestore } from './rondb-restore.js';
export { type RondbVerifyVariable, rondbVerify } from './rondb-verify.js';
export { type ValdDrillRestoreVariable, valdDrillRestore } from './vald-drill-restore.js';
export { type ValdDrillSearchVariable, valdDrillSearch } from './vald-drill-search.js';
export {
  valdFetchLibrary,
  valdGenerationsLibrary,
  valdRetentionLibrary,
  valdStageLibrary,
} from './vald-libraries.js';
export { type ValdRestoreVariable, valdRestore } from './vald-restore.js';
export { type ValdStartGateVariable, valdStartGate } from './vald-start-gate.js';
export { type ValdUploadVariable, valdUpload } from './vald-upload.js';
export { type ValdVerifyVariable, valdVerify } from './vald-verify.js';
export { default as packageVersion } from './version.generated.js';
