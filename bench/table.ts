import type { Results } from './main.js';
import { type Measurement, median } from './measure.js';

/** The aims: how many times as long as what stands beside it something may take. */
const aims = { commandLine: 2, agents: 1.5, backup: 1.25 };

/** The results as one table: medians, and each as a multiple of what it stands beside. */
export function printTable({ machine, commandLine, agents, backups }: Results): string {
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
  for (const { nodes, bytes, measurements } of backups) {
    const [ours, bare] = measurements;
    rows.push([`${bytes / 2 ** 20} MiB of ${nodes} nodes`, ...columns(ours!), '', '']);
    rows.push(['', ...columns(bare!), ratio(ours!, bare!), `≤ ${aims.backup}`]);
  }
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
