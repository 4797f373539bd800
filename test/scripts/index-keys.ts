/**
 * The `ngt-meta.kvsdb` of an index with these ids: a map as Go’s gob writes it, of few entries: a definition (here of one
 * byte), then the entries. Nothing in it is 128 or more but what ids bring along, so it is text.
 */
export function indexKeys(ids: readonly string[]): string {
  const byte = (value: number): string => String.fromCharCode(value);
  const entries = ids.map((id) => `${byte(Buffer.byteLength(id))}${id}${byte(7)}`);
  return `${byte(1)}.${byte(99)}${byte(64)}${byte(0)}${byte(ids.length)}${entries.join('')}`;
}
