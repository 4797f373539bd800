export {
  App,
  addOutputFile,
  BackupAlerts,
  type BackupAlertsProps,
  type CheckOptions,
  checkObjects,
  declareExternal,
  type External,
  externalAnnotation,
  type OutputFile,
  type SourcedObject,
  type WatchedCronJob,
} from './kube/index.js';
export {
  catalogue,
  exitCodes,
  type Place,
  type Problem,
  type ProblemCode,
  ProblemsError,
  printProblem,
  printProblems,
  type Severity,
} from './problem/index.js';
export { Credentials, ObjectStore, type ObjectStoreInput } from './store/index.js';
