import type { Manifest } from '../../src/repository/index.js';

/** What was seen when a scenario was played. */
export interface FaultObservation {
  readonly name: string;
  readonly code: number | null;
  /** The line with which the run refused. */
  readonly said: string;
  readonly committed: boolean;
  /** Whether the native backup of the run still lies on the nodes. */
  readonly onNodes: boolean;
  /** Whether the next run was refused until the lease of the killed one had ended. */
  readonly waitsForLease: boolean;
  /** Seconds from the start of the newest whole set to the commit of the next one. */
  readonly exposure: number;
  readonly nextRun: { readonly code: number | null; readonly seconds: number };
  /** Seconds that the restore of the newest set took; everything in it was compared. */
  readonly restored: number;
}

export interface RestoreTime {
  readonly bytes: number;
  readonly seconds: number;
  readonly steps: readonly { readonly name: string; readonly seconds: number }[];
}

/** Names of the faults on the page, in its order. */
export function faultsOnPage(text: string): string[] {
  return [...rowsOf(text).keys()];
}

/** The rows of the first table by their first cell. */
function rowsOf(text: string): Map<string, string[]> {
  const [first = ''] = text.split('\n## ');
  const lines = first.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    lines
      .slice(2)
      .map((line) => line.slice(2, -2).split(/ +\| +/))
      .map((cells) => [cells[0]!.trim(), cells]),
  );
}

/**
 * The text of docs/faults.md: what was seen now, and for faults that were not played this time what was seen before.
 *
 * @param names all faults, in the page's order
 */
export function faultsPage(
  before: string,
  date: string,
  tools: Manifest['tools'],
  names: readonly string[],
  observations: readonly FaultObservation[],
  time: RestoreTime,
): string {
  const seen = new Map(observations.map((observation) => [observation.name, row(observation, date)]));
  const known = rowsOf(before);
  const rows = names.flatMap((name) => [seen.get(name) ?? known.get(name)].filter((cells) => cells !== undefined));
  const perGibibyte = Math.round(time.seconds / (time.bytes / 2 ** 30));
  return [
    '# What happens when something fails',
    '',
    '<!-- Written by `npm run test:faults`; do not edit. -->',
    '',
    `Played with MySQL NDB Cluster ${tools['ndb']}, rclone ${tools['rclone']}, a real S3 server and a real Kubernetes API`,
    'server, on two data nodes with two parts each. The containers are those of the synthesized CronJob and Job; `kubectl exec`',
    'is played by a stand-in that runs the command in the pod’s own namespaces. After every fault it was checked that each',
    'committed set has all its bytes, that the next run commits, and that a restore of the newest committed set gives back',
    'every row, view, routine, event, trigger, user and grant.',
    '',
    ...table(heads, rows),
    '',
    '“Lost at worst” is what a loss of the cluster right before the next run would cost: with a run that fails, everything',
    'since the set before, so one interval of the schedule more. “Here” is the time between the two in the test.',
    '',
    'A pod that is killed cannot give its lease back. Until that ends (`LEASE_SECONDS`, the active deadline and a margin)',
    'the next run is refused with 13; scheduled runs are further apart. To go on at once, delete the Lease when no pod of',
    'the run is left.',
    '',
    '## Time to restore',
    '',
    `On ${date} a set of ${(time.bytes / 2 ** 20).toFixed(0)} MiB of rows that do not compress took ${time.seconds} s: ${perGibibyte} s for each GiB,`,
    'from the store into an empty database on the same machine with all servers of the test. Only copying, data and indexes',
    'grow with the set; the rest is there for the smallest too, so a large set takes less for each GiB. The steps:',
    '',
    ...table(
      ['Step', 'Seconds'],
      time.steps.filter(({ seconds }) => seconds > 0).map(({ name, seconds }) => [name, `${seconds}`]),
    ),
    '',
    'Every command of the scripts that fails once, and the container killed before each of them, is played with a',
    'recorded cluster in `test/scripts/rondb-*.faults.test.ts`, by the same command.',
    '',
  ].join('\n');
}

const heads = [
  'Fault',
  'Exit',
  'What it said',
  'Commits',
  'Source still on the nodes',
  'Lost at worst',
  'Next run',
  'Restore',
  'Played',
];

function row(seen: FaultObservation, date: string): string[] {
  return [
    seen.name,
    seen.code === null ? 'killed' : `${seen.code}`,
    seen.said || '–',
    seen.committed ? 'yes' : 'no',
    seen.onNodes ? 'yes' : 'no',
    seen.committed ? 'nothing' : `changes since the set before (${seen.exposure} s here)`,
    `${seen.waitsForLease ? 'once the lease has ended: ' : ''}${seen.nextRun.code}, ${seen.nextRun.seconds} s`,
    `right, ${seen.restored} s`,
    date,
  ];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [heads, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  return [lines[0]!, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...lines.slice(1)];
}
