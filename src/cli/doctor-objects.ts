import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseAllDocuments } from 'yaml';
import { type Cluster, ClusterError, type KubeObject, resources, type Secret } from '../cluster/index.js';

/** The objects in files and folders, and on stdin where a name is `-`. @throws ClusterError for what is no object */
export function readManifests(paths: readonly string[]): KubeObject[] {
  return paths.flatMap((path) => (path === '-' ? parseObjects(readFileSync(0, 'utf8'), 'stdin') : readPath(path)));
}

function readPath(path: string): KubeObject[] {
  const folder = statSync(path, { throwIfNoEntry: false });
  if (!folder) throw new ClusterError('configuration', path, 'there is no such file or folder', 'Check the path.');
  if (!folder.isDirectory()) return parseObjects(readFileSync(path, 'utf8'), path);
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ya?ml|json)$/.test(name));
  if (files.length === 0)
    throw new ClusterError('configuration', path, 'the folder holds no manifest', 'Run "chartwright synth" first.');
  return files.sort().flatMap((name) => parseObjects(readFileSync(join(path, name), 'utf8'), join(path, name)));
}

/** The objects of a text in YAML, the items of lists among them. */
export function parseObjects(text: string, source: string): KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [problem] = document.errors;
    if (problem)
      throw new ClusterError('configuration', source, `is no YAML: ${problem.message.split('\n')[0]}`, 'Correct it.');
    return flatten(document.toJS() as unknown, source);
  });
}

function flatten(content: unknown, source: string): KubeObject[] {
  if (content === null || content === undefined) return [];
  const object = content as Partial<KubeObject> & { readonly items?: readonly unknown[] };
  if (object.kind === 'List' && Array.isArray(object.items))
    return object.items.flatMap((item) => flatten(item, source));
  const { apiVersion, kind, metadata } = object;
  if (typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string')
    return [object as KubeObject];
  throw new ClusterError(
    'configuration',
    source,
    'holds something that is no Kubernetes object',
    'Give manifests: objects with apiVersion, kind and metadata.name. Values files are for "chartwright validate".',
  );
}

/** The objects that a Helm release put into the cluster: those of its newest revision that is deployed, or the newest. */
export async function readRelease(cluster: Cluster, namespace: string, release: string): Promise<KubeObject[]> {
  const labelSelector = `owner=helm,name=${release}`;
  const revisions = await cluster.list<Secret>(resources.secrets, { namespace, labelSelector });
  const number = ({ metadata }: Secret) => Number(metadata.labels?.['version'] ?? 0);
  const ordered = revisions.sort((a, b) => number(b) - number(a));
  const newest = ordered.find(({ metadata }) => metadata.labels?.['status'] === 'deployed') ?? ordered[0];
  if (!newest?.data?.['release'])
    throw new ClusterError(
      'not-found',
      `namespace ${namespace}`,
      `there is no Helm release called ${release}`,
      'Look with "helm list"; choose the namespace with -n.',
    );
  // Helm's own encoding inside of the Secret's: base64 of gzip of JSON.
  const packed = Buffer.from(Buffer.from(newest.data['release'], 'base64').toString('latin1'), 'base64');
  const { manifest } = JSON.parse(gunzipSync(packed).toString('utf8')) as { manifest: string };
  return parseObjects(manifest, `release ${release}`);
}

/** The objects of a chart with values, as `helm template` renders them. */
export async function renderChart(
  chart: string,
  { values = [], release, namespace }: { values?: readonly string[]; release: string; namespace: string },
): Promise<KubeObject[]> {
  const words = ['template', release, chart, '--namespace', namespace, ...values.flatMap((file) => ['--values', file])];
  const { status, stdout, stderr } = await run('helm', words);
  if (status !== 0)
    throw new ClusterError('configuration', chart, 'helm cannot render this chart', 'Correct what helm names.', {
      got: stderr.trim().split('\n').at(-1) ?? '',
    });
  return parseObjects(stdout, chart);
}

function run(program: string, words: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', () =>
      reject(
        new ClusterError('configuration', 'PATH', 'there is no helm here', 'Install Helm, or pipe manifests in: -'),
      ),
    );
    child.on('close', (status) => resolve({ status: status ?? 1, stdout, stderr }));
  });
}
