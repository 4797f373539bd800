export { App, addOutputFile, type OutputFile } from './app.js';
export { BackupAlerts, type BackupAlertsProps, type WatchedCronJob } from './backup-alerts.js';
export {
  alertValues,
  givenLabels,
  givenObject,
  givenObjects,
  putSchedule,
  scheduleValues,
  standingSchedule,
} from './chart-values.js';
export {
  type CheckOptions,
  checkObjects,
  type External,
  externalAnnotation,
  type SourcedObject,
} from './check/index.js';
export { declareExternal } from './external.js';
export {
  type GivenContainerParts,
  type GivenObject,
  type GivenPodParts,
  passOnToPod,
} from './given-objects.js';
export { addMetadata, type ObjectMetadata } from './object-metadata.js';
export {
  containerImage,
  containerSecurity,
  imageName,
  kubernetesObject,
  quantities,
  requests,
} from './pod-parts.js';
export { type CheckedProps, checkProps } from './props.js';
export { leaveToCluster, reportProblems, type SynthReport } from './report.js';
export { generatedValues, isValuesPathTaken, yamlComments } from './values-file.js';
