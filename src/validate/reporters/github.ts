import type { Report } from '../report.js';
import { entryOf } from './entry.js';
import { printable } from './printable.js';

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** A report as the lines that GitHub Actions turns into annotations of a pull request. */
export function githubReport({ findings }: Report): string {
  return findings
    .map(entryOf)
    .map(({ severity, file, line, column, endLine, endColumn, rule, message, fix }) => {
      const place = { file, line, endLine, col: column, endColumn, title: rule };
      const properties = Object.entries(place).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
      return `::${commands[severity]} ${properties.join(',')}::${escapeData(`${message}. ${fix}`)}\n`;
    })
    .join('');
}

const escapeData = (text: string): string => printable(text).replaceAll('%', '%25');

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
