/**
 * The message of an error with which a function refuses values. An `Error`, or a class of somebody's own, was thrown on
 * purpose: by the author (`throw new Error('replicas must be odd')`), or by a library that can make nothing of what it
 * got. What JavaScript or Node.js throw by themselves is a mistake in the function: no chart may make a refusal of it.
 *
 * @throws the error itself where it is a mistake
 */
export function refusalIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'UntraceableError' || isMistake(error)) throw error;
  return error.message;
}

/** Whether nobody threw an error on purpose: a language's own, or one of the system (`ENOENT`, `ERR_INVALID_ARG_TYPE`). */
export function isMistake(error: Error): boolean {
  const own = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError];
  return own.some((kind) => error instanceof kind) || typeof (error as { code?: unknown }).code === 'string';
}
