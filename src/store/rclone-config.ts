/** The options of a remote by name, as `rclone config` wrote them. */
export type Section = ReadonlyMap<string, string>;

/** What cannot be read in a configuration; `line` counts from 1. */
export interface UnreadableLine {
  readonly line: number;
  readonly message: string;
}

/** A configuration by names of remotes, or the lines that cannot be read. */
export type ReadConfig =
  | { readonly sections: ReadonlyMap<string, Section>; readonly unreadable: readonly [] }
  | { readonly sections: undefined; readonly unreadable: readonly UnreadableLine[] };

/**
 * Reads the text of an `rclone.conf` as rclone does: comment lines, sections, `name = value` or `name: value`, values
 * in backticks or three double quotes. A message never holds a line's text, which may be a secret.
 *
 * Refused, although rclone reads them: a section or an option that is there twice, and `%(name)s`, which takes a value
 * from elsewhere.
 */
export function readRcloneConfig(text: string): ReadConfig {
  const sections = new Map<string, Map<string, string>>();
  const unreadable: UnreadableLine[] = [];
  let section: Map<string, string> | undefined;
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((raw, index) => {
      const report = (message: string) => unreadable.push({ line: index + 1, message });
      const line = raw.trim();
      if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
      const name = /^\[(.*)\]$/.exec(line)?.[1]?.trim();
      if (name !== undefined) {
        if (sections.has(name)) report(`the remote "${name}" is there twice`);
        section = new Map();
        sections.set(name, section);
        return;
      }
      const [, option, right] = /^([A-Za-z0-9_.]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
      if (option === undefined || right === undefined) report('not an option, a comment or the name of a remote');
      else if (!section) report('an option before the first name of a remote');
      else if (section.has(option)) report(`the option "${option}" is there twice`);
      else if (/%\(.+?\)s/.test(right)) report(`the value of "${option}" takes over another one with %(…)s`);
      else section.set(option, unquote(right));
    });
  return unreadable.length > 0 ? { sections: undefined, unreadable } : { sections, unreadable: [] };
}

function unquote(value: string): string {
  return /^(`|""")(.*)\1/.exec(value)?.[2] ?? value;
}
