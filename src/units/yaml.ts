import { stringify } from 'yaml';
import { operation } from './leaf.js';

/**
 * An object as YAML text for a file inside a ConfigMap. Words that YAML 1.1 reads as something else (`yes`, `on`,
 * `12:30:45`) are quoted, because the programs that read it use either version.
 */
export const yamlText = operation('yamlText', (content: object): string =>
  stringify(content, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }),
);
