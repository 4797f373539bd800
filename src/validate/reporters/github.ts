import { githubAnnotation } from '../../problem/index.js';
import type { Report } from '../report.js';
import { entryOf } from './entry.js';

const commands = { error: 'error', warning: 'warning', info: 'notice' } as const;

/** A report as the lines that GitHub Actions turns into annotations of a pull request. */
export function githubReport({ findings }: Report): string {
  return findings
    .map(entryOf)
    .map(({ severity, file, line, column, endLine, endColumn, rule, message, fix }) => {
      const place = { file, line, endLine, col: column, endColumn, title: rule };
      return githubAnnotation(commands[severity], place, `${message}. ${fix}`);
    })
    .join('');
}
