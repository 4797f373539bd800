import { createHash } from 'node:crypto';
import { operation } from './leaf.js';

/** The SHA-256 of a text in hexadecimal: put into a pod's annotation, it rolls the pods when the text changes. */
export const checksum = operation('checksum', (content: string): string =>
  createHash('sha256').update(content, 'utf8').digest('hex'),
);
