import type { Results } from './main.js';
import { type Measurement, median } from './measure.js';
import type { ValidateMeasurement } from './validate.js';

/** The aims: how many times as long as what stands beside it something may take. */
const aims = { commandLine: 2, agents: 1.5, backup: 1.25 };

/** The results as one table: medians, and each as a multiple of what it stands beside. */
export function printTable({ machine, commandLine, agents, charts, backups, validate }: Results): string {
  const rows: string[][] = [['', '', 'median', 'from – to', 'memory', 'ratio', 'aim']];
  for (const { app, objects, measurements } of commandLine) {
    const [ours, ...others] = measurements;
    rows.push([`${app} (${objects} files), cold`, ...columns(ours!), '', '']);
    for (const other of others) rows.push(['', ...columns(other), ratio(ours!, other), `≤ ${aims.commandLine}`]);
  }
  for (const { agents: count, measurements } of agents) {
    const [ours, bare] = measurements;
    rows.push([`${count} ${count === 1 ? 'agent' : 'agents'} in one process`, ...columns(ours!), '', '']);
    rows.push(['', ...columns(bare!), ratio(ours!, bare!), `≤ ${aims.agents}`]);
  }
  for (const { title, measurements, aim } of charts) {
    const [ours, ...others] = measurements;
    rows.push([title, ...columns(ours!), '', '']);
    for (const other of others)
      rows.push(['', ...columns(other), ratio(ours!, other), aim === undefined ? '' : `≤ ${aim}`]);
  }
  for (const { nodes, bytes, measurements } of backups) {
    const [ours, bare] = measurements;
    rows.push([`${bytes / 2 ** 20} MiB of ${nodes} nodes`, ...columns(ours!), '', '']);
    rows.push(['', ...columns(bare!), ratio(ours!, bare!), `≤ ${aims.backup}`]);
  }
  rows.push(...validate.flatMap(validateRows));
  return [
    `${machine.processors} × ${machine.model.trim()}, Node ${machine.node}`,
    '',
    ...align(rows),
    ...growth(agents),
    '',
    'Medians of runs in turns, each in a process of its own. Ratio: ours to the one in that line; for many agents of',
    'processor time too, behind the stroke, which other work on the machine hardly changes.',
  ].join('\n');
}

/** Of many files the time of each; `helm lint` beside it is the loop that one process takes the place of. */
function validateRows({ chart, cold, many, files }: ValidateMeasurement): string[][] {
  const [ours, bare, ...lints] = cold;
  const [, more, ...loops] = many;
  const bareTime = medianOf(bare!);
  const least = chart.startsWith('Vald') ? '≤ 1000 ms' : `≤ ${Math.round(2 * bareTime + 60)} ms`;
  const megabytes = many.slice(0, 2).map(({ figures }) => median(figures.map(({ memory }) => memory ?? 0)) / 2 ** 20);
  return [
    [
      `one file for ${chart}, cold`,
      ...columns(ours!),
      `cpu ${Math.round(median(ours!.figures.map(({ cpu }) => cpu ?? 0)))} ms`,
      least,
    ],
    ...[bare!, ...lints].map((other) => ['', ...columns(other), (medianOf(ours!) / medianOf(other)).toFixed(2), '']),
    [
      `${files[1]} files, each`,
      ...columns(more!),
      `${(megabytes[1]! / megabytes[0]!).toFixed(2)} × memory of ${files[0]}`,
      '~ 1',
    ],
    ...loops.map((loop) => ['', ...columns(loop), `${(medianOf(loop) / medianOf(more!)).toFixed(0)} × slower`, '≥ 50']),
  ];
}

const medianOf = ({ figures }: Measurement): number => median(figures.map(({ milliseconds }) => milliseconds));

function columns({ name, figures }: Measurement): string[] {
  const times = figures.map(({ milliseconds }) => milliseconds);
  const memory = figures.flatMap((figure) => figure.memory ?? []);
  return [
    name,
    time(median(times)),
    `${time(Math.min(...times))} – ${time(Math.max(...times))}`,
    memory.length > 0 ? `${Math.round(median(memory) / 2 ** 20)} MiB` : '',
  ];
}

function ratio(ours: Measurement, other: Measurement): string {
  const of = (key: 'milliseconds' | 'cpu') => {
    const [a, b] = [ours, other].map(({ figures }) => figures.flatMap((figure) => figure[key] ?? []));
    return a!.length > 0 && b!.length > 0 ? (median(a!) / median(b!)).toFixed(2) : undefined;
  };
  return [of('milliseconds'), of('cpu')].filter((text) => text !== undefined).join(' / ');
}

/** How time and memory grow from the second largest to the largest number of agents. */
function growth(agents: Results['agents']): string[] {
  const [few, many] = agents.slice(-2);
  if (!few || !many) return [];
  return [
    '',
    ...many.measurements.map(({ name, figures }, index) => {
      const before = few.measurements[index]!.figures;
      const times = (all: typeof figures) => median(all.map((figure) => figure.cpu ?? figure.milliseconds));
      const memory = (all: typeof figures) => median(all.map((figure) => figure.memory ?? 0));
      const perAgent = (memory(figures) - memory(before)) / (many.agents - few.agents) / 1024;
      const factor = (times(figures) / times(before)).toFixed(1);
      return `${name}: ${many.agents / few.agents} × the agents take ${factor} × the processor time and ${perAgent.toFixed(0)} KiB more each`;
    }),
  ];
}

function time(milliseconds: number): string {
  if (milliseconds < 20) return `${milliseconds.toFixed(1)} ms`;
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

function align(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => [...row[column]!].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
