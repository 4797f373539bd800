import type { Cluster, Selection } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import type { KubeObject } from './objects.js';
import { pathOf, type Resource } from './resources.js';

interface WatchEvent<Item> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Item & { readonly code?: number };
}

/** How many times in a row a watch may fail before it gives up: a little more than two minutes. */
const mostFailures = 20;

/**
 * Follows the objects of a selection: first all that are there, then each change. A connection that breaks is made again
 * from where it was; where the server no longer knows that place, all that is there now is read again.
 *
 * @param signal ends it
 * @yields the objects by name, after every change; the same map each time
 * @throws ClusterError where the objects may not be read, or no connection comes about for minutes
 */
export async function* watch<Item extends KubeObject>(
  cluster: Cluster,
  resource: Resource,
  selection: Selection,
  signal: AbortSignal,
): AsyncGenerator<ReadonlyMap<string, Item>> {
  const objects = new Map<string, Item>();
  let version: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const listed = await cluster.listFrom<Item>(resource, selection);
        objects.clear();
        for (const item of listed.items) objects.set(item.metadata.name, item);
        version = listed.resourceVersion;
        yield objects;
        if (signal.aborted) return;
      }
      const request = watchRequest(resource, selection, version);
      const stream = await cluster.open(request, `watch ${resource.plural}`, signal);
      const close = () => stream.close();
      signal.addEventListener('abort', close);
      try {
        for await (const line of stream.lines) {
          const { type, object } = JSON.parse(line) as WatchEvent<Item>;
          if (type === 'ERROR') {
            // 410: the server has forgotten the version from which we wanted to go on
            version = undefined;
            break;
          }
          failures = 0;
          version = object.metadata.resourceVersion ?? version;
          if (type === 'BOOKMARK') continue;
          if (type === 'DELETED') objects.delete(object.metadata.name);
          else objects.set(object.metadata.name, object);
          yield objects;
          if (signal.aborted) break;
        }
      } finally {
        signal.removeEventListener('abort', close);
        stream.close();
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isFinal(error) || ++failures > mostFailures) throw error;
      if (isGone(error)) version = undefined;
    }
    // Also after an end without an error, or a server that ends each watch at once would be asked without a pause.
    if (!signal.aborted) await cluster.wait(Math.max(1, failures));
  }
}

function watchRequest(resource: Resource, { namespace, labelSelector, fieldSelector }: Selection, version: string) {
  return {
    method: 'GET',
    path: pathOf(resource, namespace),
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '240',
      resourceVersion: version,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    },
  } as const;
}

/** What does not get better by waiting. */
const isFinal = (error: unknown): boolean =>
  error instanceof ClusterError && ['unauthorized', 'forbidden', 'certificate', 'refused'].includes(error.kind);

const isGone = (error: unknown): boolean => error instanceof ClusterError && error.kind === 'gone';
