export {
  add,
  bytes,
  type Condition,
  checksum,
  choose,
  clean,
  contains,
  dirname,
  divideUp,
  join,
  less,
  max,
  mebibytes,
  mul,
  port,
  refuse,
  same,
  seconds,
  text,
  trimPrefix,
  trunc,
  yamlText,
} from '../units/index.js';
export { type ArtifactHub, type ArtifactHubChange, artifactHub } from './artifact-hub.js';
export { ChartTest, type ChartTestProps } from './chart-test.js';
export {
  type ChartDefinition,
  type ChartFunction,
  type ChartInput,
  defineChart,
  type GeneratedChart,
  type GenerateOptions,
  type GivenValues,
  HelmChart,
} from './define-chart.js';
export { ChartValues, defineValues } from './define-values.js';
export {
  type Dependencies,
  type Dependency,
  dependency,
  type ForeignDependency,
  type OwnDependency,
} from './dependency.js';
export type { ChartFiles } from './folder.js';
export { type ImageDefaults, type ImageSettings, imageReference, imageValues } from './image.js';
export type { ChartMetadata } from './metadata.js';
export { ChartNames, chartNames, type NameOverrides, nameValues } from './names.js';
export type { ChartObject, Finding, Policies, Policy, PolicyContext } from './policy.js';
export { type ProbeDefaults, type ProbeSettings, probe, probeValues } from './probe.js';
export type { Labels, Release } from './render.js';
export { setField } from './set-field.js';
export { passThrough } from './shape.js';
export { type UpgradeRecord, upgradeFile, upgradeProblems } from './upgrade.js';
