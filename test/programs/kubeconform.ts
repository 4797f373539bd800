import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { programPath } from './find.js';
import { besideServer, floorOpenApiFile, startKubeApiServer } from './kube-api-server.js';

/** Kubernetes versions with schemas: the oldest that the package supports, and that of the installed API server. */
export type KubernetesVersion = '1.28' | '1.36';

type JsonSchema = Readonly<Record<string, unknown>>;

const folders = new Map<KubernetesVersion, Promise<string>>();

/**
 * Fails with a line for each object in the files of a folder (and below) that kubeconform finds invalid in strict mode,
 * and when it finds no object at all. The schemas are made from the API servers' own OpenAPI, nothing is downloaded.
 */
export async function expectConforms(folder: string, version: KubernetesVersion): Promise<void> {
  if (!folders.has(version)) folders.set(version, writeSchemas(version));
  const schemas = await folders.get(version)!;
  const { resources, summary } = runKubeconform(folder, schemas);
  const bad = resources.filter(({ status }) => status !== 'statusValid');
  if (bad.length > 0)
    throw new Error(
      `not conforming to Kubernetes ${version}:\n${bad.map(({ filename, kind, name, msg }) => `- ${filename}: ${kind} ${name}: ${msg}`).join('\n')}`,
    );
  if (summary.valid === 0) throw new Error(`${folder} holds no object`);
}

interface KubeconformResult {
  readonly resources: { filename: string; kind: string; name: string; status: string; msg: string }[];
  readonly summary: { valid: number };
}

function runKubeconform(folder: string, schemas: string): KubeconformResult {
  const location = join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json');
  const args = ['-strict', '-verbose', '-summary', '-output', 'json', '-schema-location', location, folder];
  try {
    return JSON.parse(execFileSync(programPath('kubeconform'), args, { encoding: 'utf8', maxBuffer: 2 ** 26 }));
  } catch (error) {
    // It exits 1 for invalid objects, with the same report.
    const { stdout } = error as { stdout?: string };
    if (!stdout) throw error;
    return JSON.parse(stdout);
  }
}

/**
 * A file for each kind with the definitions it needs, in a folder beside the server. The folder is named by this
 * program's own text, so that other schemas get another folder; it is renamed into place, so that one that exists is whole.
 */
async function writeSchemas(version: KubernetesVersion): Promise<string> {
  const digest = createHash('sha256')
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 12);
  const home = besideServer(`kubeconform-${version}-${digest}`);
  if (existsSync(home)) return home;
  const definitions = version === '1.28' ? readFloor() : await readServer();
  const folder = `${home}.${process.pid}`;
  mkdirSync(folder, { recursive: true });
  const strict = new Map(Object.entries(definitions).map(([name, schema]) => [name, strictly(name, schema)]));
  for (const [name, schema] of Object.entries(definitions)) {
    const kinds = (schema['x-kubernetes-group-version-kind'] ?? []) as {
      group: string;
      version: string;
      kind: string;
    }[];
    // A definition of many kinds (DeleteOptions) is sent in requests and is none that a manifest holds.
    if (kinds.length !== 1) continue;
    const [{ group, version: apiVersion, kind }] = kinds as [(typeof kinds)[0]];
    const file = [kind.toLowerCase(), ...(group ? [group.split('.')[0]] : []), apiVersion].join('-');
    const schemaFile = { $ref: `#/definitions/${name}`, definitions: reachable(strict, name) };
    writeFileSync(join(folder, `${file}.json`), JSON.stringify(schemaFile));
  }
  try {
    renameSync(folder, home);
  } catch {
    // Another test process was faster, with the same content.
    rmSync(folder, { recursive: true });
  }
  return home;
}

/** The definitions that one leads to. kubeconform reads a file for each kind: with all of them in it that takes seconds. */
function reachable(all: ReadonlyMap<string, JsonSchema>, root: string): Record<string, JsonSchema> {
  const found: Record<string, JsonSchema> = {};
  const queue = [root];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found[name]) continue;
    found[name] = all.get(name)!;
    for (const [, target] of JSON.stringify(found[name]).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g))
      queue.push(target!);
  }
  return found;
}

/** A schema that knows all fields: an object takes no others, and an optional field may be null, as the server has it. */
function strictly(name: string, schema: JsonSchema): JsonSchema {
  if (name.endsWith('.Quantity')) return { type: ['string', 'number'] };
  if (name.endsWith('.IntOrString')) return { type: ['string', 'integer'] };
  const result: Record<string, unknown> = {};
  const reference = (schema['$ref'] ?? (schema['allOf'] as JsonSchema[] | undefined)?.[0]?.['$ref']) as
    | string
    | undefined;
  if (reference) return { $ref: `#/definitions/${reference.split('/').pop()}` };
  for (const key of ['type', 'enum', 'required']) if (schema[key] !== undefined) result[key] = schema[key];
  for (const key of ['items', 'additionalProperties'])
    if (schema[key] !== undefined) result[key] = strictly('', schema[key] as JsonSchema);
  const properties = schema['properties'] as Record<string, JsonSchema> | undefined;
  if (properties) {
    const required = (schema['required'] ?? []) as string[];
    result['additionalProperties'] = false;
    result['properties'] = Object.fromEntries(
      Object.entries(properties).map(([field, value]) => {
        const content = strictly('', value);
        return [field, required.includes(field) ? content : { anyOf: [content, { type: 'null' }] }];
      }),
    );
  }
  return result;
}

function readFloor(): Record<string, JsonSchema> {
  return JSON.parse(readFileSync(floorOpenApiFile(), 'utf8')).definitions;
}

/** What the server publishes, kept beside it because it changes with its version only. */
async function readServer(): Promise<Record<string, JsonSchema>> {
  const file = besideServer('openapi-v3.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  const server = await startKubeApiServer();
  try {
    const definitions: Record<string, JsonSchema> = {};
    const { body } = await server.request('GET', '/openapi/v3');
    for (const { serverRelativeURL } of Object.values(body.paths as Record<string, { serverRelativeURL: string }>))
      Object.assign(definitions, (await server.request('GET', serverRelativeURL)).body?.components?.schemas);
    const part = `${file}.${process.pid}`;
    writeFileSync(part, JSON.stringify(definitions));
    renameSync(part, file);
    return definitions;
  } finally {
    await server.stop();
  }
}
