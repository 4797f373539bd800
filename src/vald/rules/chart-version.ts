/** Whether a version of the chart comes before another one. A text that is no version counts as the newest. */
export function isBefore(version: string, other: string): boolean {
  const [ours, theirs] = [numbersOf(version), numbersOf(other)];
  const at = ours.findIndex((number, index) => number !== theirs[index]);
  return at >= 0 && ours[at]! < (theirs[at] ?? 0);
}

function numbersOf(version: string): number[] {
  const [, ...numbers] = /^v?([0-9]+)\.([0-9]+)\.([0-9]+)/.exec(version) ?? [];
  return numbers.map(Number);
}
