import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of docs/moving.md. */
export const movingPage = readFileSync(join(import.meta.dirname, '../../docs/moving.md'), 'utf8');

/** The command blocks of docs/moving.md below a heading, in order. @throws Error where the heading is not there */
export function movingCommands(heading: string): string[] {
  const section = movingPage.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  if (!section) throw new Error(`docs/moving.md has no heading ${heading}`);
  return [...section.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
}
