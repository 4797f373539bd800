import type { z } from 'zod';
import { type Problem, ProblemsError } from '../problem/index.js';
import { compareInventory } from './inventory.js';
import { canonicalJson } from './json.js';
import { type Manifest, manifestSchema, type ValdManifest, valdManifestSchema } from './manifest.js';
import { rondbFiles } from './rondb-files.js';

/** A manifest that can be relied on, or what is wrong with it. */
export type ReadManifest<Kind = Manifest> =
  | { readonly manifest: Kind; readonly problems: readonly [] }
  | { readonly manifest: undefined; readonly problems: readonly Problem[] };

/** One fault: where in the manifest, the fact, what was got and what is allowed. */
interface Fault {
  readonly field?: string;
  readonly message: string;
  readonly got?: string;
  readonly allowed?: string;
  readonly hint?: string;
}

/**
 * The text of `manifest.json`: canonical JSON, files sorted by path, so that equal manifests are equal bytes.
 *
 * @throws ProblemsError when {@link readManifest} would not take it: such a manifest must never be written
 */
export function printManifest(manifest: Manifest): string {
  const files = [...manifest.files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const text = canonicalJson({ ...manifest, files });
  const { problems } = readManifest(text, { path: 'manifest.json', backupId: manifest.backupId });
  if (problems.length > 0)
    throw new ProblemsError(problems.map((problem) => ({ ...problem, hint: 'Correct what is to be written.' })));
  return text;
}

/**
 * Reads `manifest.json` and checks everything that it can be checked for by itself: the format, the folder it lies in,
 * every file of every part of every node that took part, and the sums. It does not look at the files.
 *
 * @param where the object's path for the error text, and the id that its folder is named by
 */
export function readManifest(text: string, where: { readonly path: string; readonly backupId: number }): ReadManifest {
  return readText(manifestSchema, text, where, topologyFaults);
}

/** The same for a generation of one Vald pod's index. */
export function readValdManifest(
  text: string,
  where: { readonly path: string; readonly backupId: number },
): ReadManifest<ValdManifest> {
  return readText(valdManifestSchema, text, where, () => []);
}

function readText<Kind extends Manifest | ValdManifest>(
  schema: z.ZodType<Kind>,
  text: string,
  where: { readonly path: string; readonly backupId: number },
  ownFaults: (manifest: Kind) => readonly Fault[],
): ReadManifest<Kind> {
  const read = readFormat(schema, text);
  const faults =
    'faults' in read ? read.faults : [...contradictions(read.manifest, where.backupId), ...ownFaults(read.manifest)];
  if (faults.length === 0 && 'manifest' in read) return { manifest: read.manifest, problems: [] };
  return { manifest: undefined, problems: faults.map((fault) => problemOf(fault, where.path)) };
}

function readFormat<Kind>(schema: z.ZodType<Kind>, text: string): { manifest: Kind } | { faults: readonly Fault[] } {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { faults: [{ message: 'not JSON', got: text === '' ? 'an empty object' : show(text) }] };
  }
  const { version } = (content ?? {}) as { version?: unknown };
  if (typeof version === 'number' && version > 1)
    return {
      faults: [
        {
          field: 'version',
          message: 'written by a newer release, in a format that this one does not know',
          got: String(version),
          allowed: '1',
          hint: 'Use the release that wrote it, or a newer one.',
        },
      ],
    };
  const result = schema.safeParse(content, { reportInput: true });
  if (result.success) return { manifest: result.data };
  return { faults: result.error.issues.map((issue) => faultOf(issue, content)) };
}

/** What each field by itself allows and all of them together do not. */
function contradictions(manifest: Manifest | ValdManifest, backupId: number): Fault[] {
  const faults: Fault[] = [];
  if (manifest.backupId !== backupId)
    faults.push({
      field: 'backupId',
      message: 'not the folder that it lies in',
      got: `${manifest.backupId}`,
      allowed: `${backupId}`,
    });
  for (const path of repeated(manifest.files.map((file) => file.path)))
    faults.push({ field: 'files', message: 'a file twice', got: path });
  const sum = manifest.files.reduce((total, file) => total + file.size, 0);
  if (sum !== manifest.bytes)
    faults.push({ field: 'bytes', message: 'not the sum of the sizes', got: `${manifest.bytes}`, allowed: `${sum}` });
  return faults;
}

/** What is missing or too much for the data nodes that took part. */
function topologyFaults(manifest: Manifest): Fault[] {
  const faults: Fault[] = [];
  const { nodes, nodeGroups, replicas } = manifest.rondb.topology;
  for (const nodeId of repeated(nodes.map((node) => node.nodeId)))
    faults.push({ field: 'rondb.topology.nodes', message: 'a node twice', got: `${nodeId}` });
  if (new Set(nodes.map((node) => node.parts)).size > 1)
    faults.push({ field: 'rondb.topology.nodes', message: 'nodes with different numbers of parts' });
  const groups = new Set(nodes.map((node) => node.nodeGroup)).size;
  if (groups !== nodeGroups)
    faults.push({
      field: 'rondb.topology.nodes',
      message: 'not a node of every node group',
      got: `nodes of ${groups} groups`,
      allowed: `${nodeGroups}`,
    });
  if (nodes.length > nodeGroups * replicas)
    faults.push({ field: 'rondb.topology.nodes', message: 'more nodes than replicas', got: `${nodes.length}` });
  const paths = manifest.files.map((file) => file.path);
  for (const { path, difference } of compareInventory(rondbFiles(manifest.backupId, nodes), paths))
    if (difference === 'missing')
      faults.push({ field: 'files', message: 'a file of the inventory is missing', got: path });
  return faults;
}

function repeated<Item>(items: readonly Item[]): Set<Item> {
  const seen = new Set<Item>();
  return new Set(items.filter((item) => seen.has(item) || !seen.add(item)));
}

function faultOf(issue: z.core.$ZodIssue, content: unknown): Fault {
  const field = issue.path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text ? `${text}.${String(step)}` : String(step)),
    '',
  );
  const value = issue.path.reduce<unknown>((inner, step) => (inner as Record<PropertyKey, unknown>)?.[step], content);
  const allowed = issue.code === 'custom' ? issue.params?.['allowed'] : undefined;
  return {
    ...(field ? { field } : {}),
    message: value === undefined ? 'is missing' : factOf(issue),
    ...(value === undefined ? {} : { got: show(value) }),
    ...(typeof allowed === 'string' ? { allowed } : {}),
  };
}

function factOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union') return 'not one that this release knows';
  return issue.message.replace(/^Invalid input: /, '').replace(/^./, (letter) => letter.toLowerCase());
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const line = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
  return typeof value === 'string' ? line : JSON.parse(line);
}

function problemOf({ field, message, got, allowed, hint }: Fault, path: string): Problem {
  return {
    code: 'unreadable-file',
    severity: 'error',
    where: field ? { object: path, field } : { object: path },
    message,
    ...(got === undefined ? {} : { got }),
    ...(allowed === undefined ? {} : { allowed }),
    hint: hint ?? 'Restore another set, or bring back an earlier version of this object.',
  };
}
