import type { Spans } from './spans.js';
import { emptyMap, type HelmVersion, isMapNode, type ValuesMap, type ValuesNode } from './values-map.js';

/**
 * Lays one file's values over another's, as several `-f` do: maps are merged, everything else is replaced as a whole,
 * null included. Neither is changed.
 */
export function mergeMaps(below: ValuesMap, above: ValuesMap, spans: Spans): ValuesMap {
  const merged = emptyMap();
  for (const key of Object.keys(below)) {
    merged[key] = below[key]!;
    spans.set(merged, key, spans.get(below, key));
  }
  for (const key of Object.keys(above)) {
    const over = above[key]!;
    const under = merged[key];
    merged[key] = isMapNode(over) && isMapNode(under) ? mergeMaps(under, over, spans) : over;
    spans.set(merged, key, spans.get(above, key));
  }
  return merged;
}

/**
 * Lays the user's values over a chart's defaults, as Helm does before it renders: a null of the user removes a default;
 * one that meets none stays. Neither is changed.
 *
 * @param helm 4 leaves out the nulls among the defaults, 3 keeps them
 * @param subcharts keys whose maps keep their nulls: they take defaults of the subchart away later
 */
export function coalesce(
  user: ValuesMap,
  defaults: ValuesMap,
  helm: HelmVersion,
  subcharts: ReadonlySet<string> = new Set(),
): ValuesMap {
  const base = helm === 4 ? withoutNulls(defaults) : defaults;
  const result = emptyMap();
  for (const key of Object.keys(user)) {
    const value = user[key]!;
    const fallback = (subcharts.has(key) ? defaults : base)[key];
    if (value === null && key in defaults) continue;
    result[key] = isMapNode(value) && isMapNode(fallback) ? coalesceTables(value, fallback, subcharts.has(key)) : value;
  }
  for (const key of Object.keys(base)) if (!(key in user)) result[key] = base[key]!;
  return result;
}

/** The same with every null kept, for what goes on to a subchart. */
export const mergeTables = (user: ValuesMap, defaults: ValuesMap): ValuesMap => coalesceTables(user, defaults, true);

/** The same below the top, where a null that meets a default that is null too stays. */
function coalesceTables(user: ValuesMap, defaults: ValuesMap, keepsNulls: boolean): ValuesMap {
  const result = emptyMap();
  for (const key of Object.keys(user)) {
    const value = user[key]!;
    const fallback = defaults[key];
    if (value === null && !keepsNulls && fallback !== undefined && fallback !== null) continue;
    result[key] = isMapNode(value) && isMapNode(fallback) ? coalesceTables(value, fallback, keepsNulls) : value;
  }
  for (const key of Object.keys(defaults)) if (!(key in user)) result[key] = defaults[key]!;
  return result;
}

function withoutNulls(map: ValuesMap): ValuesMap {
  const result = emptyMap();
  for (const key of Object.keys(map)) {
    const value: ValuesNode = map[key]!;
    if (value !== null) result[key] = isMapNode(value) ? withoutNulls(value) : value;
  }
  return result;
}
