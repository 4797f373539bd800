import { stringify } from 'yaml';
import type { Screen } from './screen.js';

/** Writes the one document of a command for machines. */
export function printDocument(content: object, format: 'json' | 'yaml', screen: Screen): void {
  if (format === 'json') screen.document(content);
  else screen.result(stringify(content));
}
