export {
  App,
  addOutputFile,
  checkObjects,
  declareExternal,
  type ExternalReference,
  externalAnnotation,
  type OutputFile,
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
