const units: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};

/** How far a backup is, as its log tells: what each node has in the store, and how many files are still to come. */
export class BackupProgress {
  /** What goes on, in a few words. */
  phase = 'starting';
  files = 0;
  total = 0;
  /** Bytes in the store and read back, by node id; as exact as the log prints sizes. */
  readonly nodes = new Map<number, number>();

  /** Takes a line of the log. @returns whether it told something new */
  take(line: string): boolean {
    const text = line.replace(/^rondb-\w+ [\d:]+: /, '');
    const sent = /^node (\d+): .*?, ([\d.]+) (\wi?B|B) in .*; (\d+) of (\d+) files$/.exec(text);
    if (sent) {
      const [, node, size, unit, files, total] = sent;
      this.phase = 'copying';
      this.nodes.set(Number(node), (this.nodes.get(Number(node)) ?? 0) + Number(size) * (units[unit!] ?? 1));
      // Workers count for themselves, so a lower number may come after a higher one.
      this.files = Math.max(this.files, Number(files));
      this.total = Number(total);
      return true;
    }
    const phase =
      /^native backup \d+ of the nodes /.test(text) || /^native backup \d+ goes on/.test(text)
        ? 'native backup'
        : /^native backup \d+ ended/.test(text)
          ? 'copying'
          : /^committed backup/.test(text)
            ? 'cleaning up'
            : undefined;
    if (phase === undefined || phase === this.phase) return false;
    this.phase = phase;
    return true;
  }
}
