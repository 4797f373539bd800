export { catalogue, type ProblemCode } from './catalogue.js';
export { exitCodes } from './exit-codes.js';
export { nearest } from './nearest.js';
export { printPlace, printProblem, printProblems } from './print.js';
export type { Place, Problem, Severity } from './problem.js';
export { ProblemsError } from './problems-error.js';
