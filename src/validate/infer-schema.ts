import { isMapNode, type ValuesMap, type ValuesNode } from '../values/index.js';

/**
 * A schema for a chart that has none, from its default values: it tells an editor and a compiler which keys there are. It
 * refuses little, because a default shows one of the forms that a value may have.
 */
export function inferSchema(defaults: ValuesNode): ValuesMap {
  if (isMapNode(defaults)) {
    const properties = Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, inferSchema(value)]));
    return { type: 'object', properties };
  }
  if (Array.isArray(defaults)) {
    const [first] = defaults;
    return first === undefined ? { type: 'array' } : { type: 'array', items: inferSchema(first), default: defaults };
  }
  // An empty text and null are how charts write "nothing yet", whatever belongs there.
  if (defaults === null || defaults === '') return defaults === null ? {} : { default: '' };
  const type = typeof defaults === 'number' ? ['number', 'string'] : typeof defaults;
  return { type: type as ValuesNode, default: defaults };
}
