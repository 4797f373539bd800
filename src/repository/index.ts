export { backupIdTime, nextBackupId, parseBackupId } from './backup-id.js';
export { type BackupSet, largestRecord, readSeries, recordPaths, type Series, type SetState } from './backup-set.js';
export { compareInventory, compareListing, type FileDifference } from './inventory.js';
export {
  clusterPath,
  type Entry,
  entryOf,
  manifestFile,
  ownerFile,
  pinnedFile,
  seriesName,
  seriesPath,
  startedFile,
} from './layout.js';
export { type ListedObject, readListing } from './listing.js';
export {
  type BackupFile,
  type Manifest,
  manifestSchema,
  schemaChanged,
  type ValdManifest,
  valdManifestSchema,
} from './manifest.js';
export { printManifest, type ReadManifest, readManifest, readValdManifest } from './manifest-text.js';
export { type Owner, printOwner, readOwner } from './owner.js';
export {
  type PlannedSet,
  planRetention,
  type RetentionInput,
  type RetentionPlan,
  type RetentionRule,
} from './retention-plan.js';
export {
  type RetentionPolicy,
  type RetentionSettings,
  retentionEnvironment,
  retentionPolicy,
  retentionSchema,
} from './retention-policy.js';
export { type BackupNode, rondbFiles, rondbPartFolder, sqlFiles } from './rondb-files.js';
export { printStarted, readStarted, type Started } from './started.js';
export { parseTime, printTime } from './time.js';
