import type { Cluster } from './cluster.js';
import { ClusterError } from './cluster-error.js';
import { pathOf, resources } from './resources.js';

/** How many times in a row the connection may break before the rest of a log is given up. */
const mostFailures = 20;

/**
 * The log of a container from its first line to its end. A connection that breaks is made again: each line carries its
 * time, so none comes twice or is left out.
 *
 * @param signal ends it
 * @throws ClusterError where it may not be read
 */
export async function* podLog(
  cluster: Cluster,
  namespace: string,
  pod: string,
  container: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const path = `${pathOf(resources.pods, namespace, pod)}/log`;
  let last = '';
  for (let failures = 0; !signal.aborted; ) {
    // Only what comes again after a break is left out: lines of one moment are all told.
    const known = last;
    const since = last === '' ? {} : { sinceTime: last.replace(/\.\d+/, '') };
    const query = { container, follow: 'true', timestamps: 'true', ...since };
    try {
      const stream = await cluster.open({ method: 'GET', path, query }, `read the log of ${pod}`, signal);
      const close = () => stream.close();
      signal.addEventListener('abort', close);
      try {
        for await (const line of stream.lines) {
          const space = line.indexOf(' ');
          const time = line.slice(0, space < 0 ? undefined : space);
          // The server counts from whole seconds, so some of what was read comes again.
          if (time <= known) continue;
          last = time;
          failures = 0;
          yield space < 0 ? '' : line.slice(space + 1);
        }
        return;
      } finally {
        signal.removeEventListener('abort', close);
        stream.close();
      }
    } catch (error) {
      if (signal.aborted) return;
      const kind = error instanceof ClusterError ? error.kind : 'unreachable';
      // refused: the container has only just begun to start
      if (!['unreachable', 'refused'].includes(kind) || ++failures > mostFailures) throw error;
      await cluster.wait(failures);
    }
  }
}
