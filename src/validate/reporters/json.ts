import type { Report } from '../report.js';
import { entryOf } from './entry.js';

/** A report as one JSON array of findings. */
export const jsonReport = ({ findings }: Report): string => `${JSON.stringify(findings.map(entryOf), undefined, 2)}\n`;
