export { App, addOutputFile, type OutputFile } from './app.js';
export {
  type CheckOptions,
  checkObjects,
  type External,
  externalAnnotation,
  type SourcedObject,
} from './check/index.js';
export { declareExternal } from './external.js';
export { type CheckedProps, checkProps } from './props.js';
export { reportProblems, type SynthReport } from './report.js';
