import type { BackupView } from '../cluster/index.js';
import { printable } from '../problem/index.js';
import { parseTime } from '../repository/index.js';
import { printAge, printBytes } from './columns.js';

/** What is shown of a manifest, of either database. What a manifest does not have is left out. */
interface ShownManifest {
  readonly backupId?: number;
  readonly clusterName?: string;
  readonly started?: string;
  readonly finished?: string;
  readonly bytes?: number;
  readonly files?: readonly unknown[];
  readonly encryption?: { readonly type?: string; readonly keyFingerprint?: string };
  readonly script?: { readonly name?: string; readonly version?: string };
  readonly tools?: Readonly<Record<string, string>>;
  readonly rondb?: {
    readonly records?: number;
    readonly stopGcp?: number;
    readonly topology?: {
      readonly nodeGroups?: number;
      readonly replicas?: number;
      readonly nodes?: readonly { readonly nodeId: number }[];
    };
    readonly schemaHash?: { readonly before: string; readonly after: string };
  };
  readonly vald?: { readonly vectors?: number; readonly saved?: string };
}

/** A manifest’s text as an object; empty where it is none. */
export function parseManifest(text: string | undefined): ShownManifest {
  try {
    return (JSON.parse(text ?? '') ?? {}) as ShownManifest;
  } catch {
    return {};
  }
}

/** The lines about a backup that everybody wants to see. */
export function printSummary(
  { started, finished, bytes, files, ...manifest }: ShownManifest,
  view?: BackupView,
): string {
  const { rondb, vald, encryption, script, tools } = manifest;
  const took = (parseTime(finished) ?? Number.NaN) - (parseTime(started) ?? Number.NaN);
  const { nodes = [], nodeGroups, replicas } = rondb?.topology ?? {};
  const hashes = rondb?.schemaHash;
  const rows: [string, string | undefined][] = [
    ['state', view && [view.state, ...(view.pinned ? ['pinned'] : []), ...(view.note ? [view.note] : [])].join(', ')],
    ['finished', finished && `${finished}${took >= 0 ? `, took ${printAge(took)}` : ''}`],
    ['changed', finished === undefined ? view?.time : undefined],
    ['age', view?.age === undefined ? undefined : printAge(view.age)],
    ['size', `${printBytes(bytes ?? view?.bytes ?? 0)} in ${files?.length ?? view?.objects ?? 0} files`],
    [
      'nodes',
      nodes.length > 0
        ? `${nodes.map(({ nodeId }) => nodeId).join(', ')} (${nodeGroups} node groups, ${replicas} replicas)`
        : undefined,
    ],
    ['rows', rondb?.records === undefined ? undefined : String(rondb.records)],
    ['checkpoint', rondb?.stopGcp === undefined ? undefined : String(rondb.stopGcp)],
    [
      'schema',
      hashes &&
        (hashes.before === hashes.after ? 'did not change meanwhile' : 'CHANGED meanwhile: SQL files may not fit'),
    ],
    ['vectors', vald?.vectors === undefined ? undefined : String(vald.vectors)],
    ['saved', vald?.saved],
    ['encryption', encryption?.type && [encryption.type, encryption.keyFingerprint ?? ''].join(' ').trim()],
    ['verified', view?.verified ?? (view?.state === 'committed' ? 'not yet' : undefined)],
    ['made by', script && `${script.name} ${script.version}`],
    [
      'tools',
      tools &&
        Object.entries(tools)
          .map(([name, version]) => `${name} ${version}`)
          .join(', '),
    ],
  ];
  return rows
    .filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '')
    .map(([name, text]) => `  ${name.padEnd(10)}  ${printable(text)}\n`)
    .join('');
}
