export { type ArtifactHub, type ArtifactHubChange, artifactHub } from './artifact-hub.js';
export { ChartTest, type ChartTestProps } from './chart-test.js';
export {
  type ChartDefinition,
  type ChartFunction,
  defineChart,
  type GeneratedChart,
  type GenerateOptions,
  type GivenValues,
  HelmChart,
} from './define-chart.js';
export { ChartValues, defineValues } from './define-values.js';
export type { ChartFiles } from './folder.js';
export type { ChartMetadata } from './metadata.js';
export type { Labels, Release } from './render.js';
export { setField } from './set-field.js';
export { passThrough } from './shape.js';
