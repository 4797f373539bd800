import { printable } from '../problem/index.js';

/** One column of a table: its heading, and whether it holds numbers. */
export interface Column<Row> {
  readonly heading: string;
  readonly right?: boolean;
  text(row: Row): string;
}

/** Rows as lines with aligned columns; a column in which no row has anything is left out. */
export function printColumns<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const used = columns
    .map(({ heading, right, text }) => ({ right, cells: [heading, ...rows.map((row) => printable(text(row)))] }))
    .filter(({ cells }) => cells.slice(1).some((cell) => cell !== ''));
  const widths = used.map(({ cells }) => Math.max(...cells.map((cell) => cell.length)));
  return [0, ...rows.map((_, index) => index + 1)]
    .map((line) =>
      used
        .map(({ right, cells }, column) =>
          right ? cells[line]!.padStart(widths[column]!) : cells[line]!.padEnd(widths[column]!),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Bytes for people: `1.5 GiB`. */
export function printBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** An age for people, in its two largest units: `5d 3h`. */
export function printAge(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [Math.floor(seconds) % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ');
}
