/**
 * A time as the repository writes it: UTC, whole seconds, `2026-11-21T03:24:08Z`. The text of two such times sorts as
 * the times do, and its first 10, 7 or 4 letters are the day, month or year.
 */
export function printTime(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/**
 * The seconds since 1970 of a time as {@link printTime} writes it, or undefined for anything else: other time zones,
 * fractions, days that do not exist.
 */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length !== 20) return undefined;
  const seconds = Date.parse(text) / 1000;
  return seconds >= 0 && printTime(seconds) === text ? seconds : undefined;
}
