export { App, addOutputFile, type OutputFile } from './app.js';
export { checkObjects } from './check/index.js';
export { declareExternal, type ExternalReference, externalAnnotation } from './external.js';
export { type CheckedProps, checkProps } from './props.js';
export { reportProblems, type SynthReport } from './report.js';
