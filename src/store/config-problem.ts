import { type Problem, ProblemsError } from '../problem/index.js';

/** A fault in a configuration of rclone or in what is to be taken from it. No text of it may be a value: it may be secret. */
export function fault(property: string, message: string, hint: string): Problem {
  const where = { construct: 'ObjectStore.fromRcloneConfig', property };
  return { code: 'invalid-property', severity: 'error', where, message, hint };
}

/** Stops with every fault at once. */
export function fail(faults: readonly Problem[]): never {
  throw new ProblemsError(faults);
}
