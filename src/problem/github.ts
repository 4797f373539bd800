import { printable } from './printable.js';

/**
 * A line that GitHub Actions turns into an annotation of a pull request.
 *
 * @param command `error`, `warning` or `notice`
 * @param properties such as `file`, `line` and `title`
 */
export function githubAnnotation(
  command: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const escaped = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${command} ${escaped.join(',')}::${escapeData(message)}\n`;
}

const escapeData = (text: string): string => printable(text).replaceAll('%', '%25');

const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
