export { App, addOutputFile, type OutputFile } from './app.js';
export { BackupAlerts, type BackupAlertsProps, type WatchedCronJob } from './backup-alerts.js';
export {
  type CheckOptions,
  checkObjects,
  type External,
  externalAnnotation,
  type SourcedObject,
} from './check/index.js';
export { declareExternal } from './external.js';
export {
  containerImage,
  containerSecurity,
  imageName,
  kubernetesObject,
  quantities,
  requests,
} from './pod-parts.js';
export { type CheckedProps, checkProps } from './props.js';
export { reportProblems, type SynthReport } from './report.js';
export { generatedValues, isValuesPathTaken, yamlComments } from './values-file.js';
