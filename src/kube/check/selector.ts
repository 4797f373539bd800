import { type Fields, itemsOf, mapOf, textOf } from './fields.js';
import type { PodTemplate } from './pod-template.js';

/** Whether labels fulfil a LabelSelector (`matchLabels` and `matchExpressions`). */
export function matches(selector: Fields, labels: Fields): boolean {
  for (const [key, value] of Object.entries(mapOf(selector['matchLabels']))) if (labels[key] !== value) return false;
  return itemsOf(selector['matchExpressions']).every(([, expression]) => {
    const value = labels[textOf(expression['key']) ?? ''];
    const values = Array.isArray(expression['values']) ? (expression['values'] as unknown[]) : [];
    switch (expression['operator']) {
      case 'In':
        return value !== undefined && values.includes(value);
      case 'NotIn':
        return value === undefined || !values.includes(value);
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        // An operator that does not exist is told by the schema: here it must not lead to a second problem.
        return true;
    }
  });
}

/** Finds pods by labels without looking at all of them: most selectors name a label that few pods have. */
export class PodIndex {
  readonly #all = new Map<string, PodTemplate[]>();
  readonly #byLabel = new Map<string, PodTemplate[]>();

  add(pod: PodTemplate): void {
    const { namespace } = pod.object;
    push(this.#all, namespace, pod);
    for (const [key, value] of Object.entries(pod.labels))
      if (typeof value === 'string') push(this.#byLabel, `${namespace} ${key}=${value}`, pod);
  }

  /** The pods of a namespace that a selector selects, found one by one as they are asked for. */
  *select(namespace: string, selector: Fields): Generator<PodTemplate> {
    let fewest = this.#all.get(namespace) ?? [];
    for (const [key, value] of Object.entries(mapOf(selector['matchLabels']))) {
      // A value of the wrong type is told by the schema, and selects nothing.
      const candidates = typeof value === 'string' ? this.#byLabel.get(`${namespace} ${key}=${value}`) : undefined;
      if ((candidates?.length ?? 0) < fewest.length) fewest = candidates ?? [];
    }
    for (const pod of fewest) if (matches(selector, pod.labels)) yield pod;
  }
}

/** Labels as a selector writes them on a command line: `app=vald-agent,tier=index`. */
export function printLabels(labels: Fields): string {
  const texts = Object.entries(labels).map(([key, value]) => `${key}=${typeof value === 'string' ? value : '?'}`);
  return texts.join(',') || 'no labels';
}

function push(map: Map<string, PodTemplate[]>, key: string, pod: PodTemplate): void {
  const list = map.get(key);
  if (list) list.push(pod);
  else map.set(key, [pod]);
}
