import type { PathParts } from './finding.js';
import type { EntrySpans, Span } from './source.js';

/**
 * Where the entries of maps and lists were written. Kept beside the values, not in them, so that values are plain data
 * that a schema check or a merge takes as it is. One instance serves a whole run: it forgets values that are gone.
 */
export class Spans {
  readonly #entries = new WeakMap<object, Map<string | number, EntrySpans>>();

  set(container: object, key: string | number, spans: EntrySpans | undefined): void {
    if (!spans) return;
    let entries = this.#entries.get(container);
    if (!entries) {
      entries = new Map();
      this.#entries.set(container, entries);
    }
    entries.set(key, spans);
  }

  get(container: object, key: string | number): EntrySpans | undefined {
    return this.#entries.get(container)?.get(key);
  }

  /**
   * The place of a value, or of the nearest entry around it that was written; undefined where not even the first key of
   * the path was.
   *
   * @param want `key` for what is wrong with the entry as such, `value` for what is wrong with what it holds
   */
  find(values: object, path: PathParts, want: 'key' | 'value'): Span | undefined {
    let container: unknown = values;
    let found: EntrySpans | undefined;
    let depth = 0;
    for (const part of path) {
      const entry = typeof container === 'object' && container !== null ? this.get(container, part) : undefined;
      if (!entry) break;
      found = entry;
      depth++;
      container = (container as Record<string | number, unknown>)[part];
    }
    // What is around the wanted value is shown by its key: its content may be many lines.
    const exact = depth === path.length && want === 'value' && (typeof container !== 'object' || container === null);
    return found && (exact ? found.value : (found.key ?? found.value));
  }
}
