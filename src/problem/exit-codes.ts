/**
 * Exit codes of every command.
 *
 * - `ok` 0: done, nothing to report
 * - `findings` 1: the work found errors, or `--check` found a difference
 * - `usage` 2: the command line or the configuration is wrong
 * - `unreadable` 3: a file or a program that is needed could not be read or started
 */
export const exitCodes = { ok: 0, findings: 1, usage: 2, unreadable: 3 } as const;
