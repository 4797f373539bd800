export {
  type ClusterScript,
  type ImageContract,
  type ScriptExitCode,
  type ScriptProgram,
  type ScriptVariable,
  scriptFolder,
} from './contract.js';
export { type RepositoryRetentionVariable, repositoryRetention } from './repository-retention.js';
export { type ValdRestoreVariable, valdRestore } from './vald-restore.js';
