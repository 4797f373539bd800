import { looksSecret } from '../../values/index.js';

/** Text without what a terminal would obey; a tab becomes one blank, so that a caret below it stays in its place. */
export const printable = (text: string): string => text.replaceAll('\t', ' ').replaceAll(/\p{Cc}/gu, '�');

/** A line of a values file, or a `--set` option, with stars in place of secrets: what is shown ends up in logs. */
export function withoutSecrets(line: string): string {
  const block = /^(\s*(?:- +)*["']?([\w.-]+)["']?\s*:\s+)([^\s{[&*|>].*)$/.exec(line);
  if (block && looksSecret([block[2]!])) return block[1]! + stars(block[3]!);
  return line.replaceAll(
    /([\w.-]+)(["']?\s*[:=]\s*)([^\s,{}|>&*][^,{}]*)/g,
    (whole: string, key: string, between: string, value: string) =>
      looksSecret(key.split('.')) ? key + between + stars(value) : whole,
  );
}

const stars = (text: string): string => '*'.repeat(text.length);
