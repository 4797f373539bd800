import type { HelmValue } from '../../../src/values/index.js';

/**
 * Where a table of defaults says something else than a chart’s own values: each path with both values. Keys that the
 * table leaves out do not count.
 */
export function agreesWith(table: HelmValue, theirs: HelmValue | undefined, path = ''): string[] {
  const isMap = typeof table === 'object' && table !== null && !Array.isArray(table);
  if (!isMap || Object.keys(table).length === 0)
    return JSON.stringify(table) === JSON.stringify(theirs)
      ? []
      : [`${path}: ${JSON.stringify(table)}, but upstream has ${JSON.stringify(theirs)}`];
  const inner = typeof theirs === 'object' && theirs !== null && !Array.isArray(theirs) ? theirs : {};
  return Object.entries(table).flatMap(([key, value]) =>
    agreesWith(value, (inner as Readonly<Record<string, HelmValue>>)[key], path === '' ? key : `${path}.${key}`),
  );
}
