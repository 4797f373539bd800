import { BackupProgress } from '../cluster/index.js';
import { printAge, printBytes } from './columns.js';
import { clearLine } from './screen.js';

/** Where a line is drawn: a terminal, with its width. */
export interface Terminal {
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far a Job is: on a terminal one line that is drawn anew, else each line of its log as it comes. */
export class ProgressLine {
  readonly #progress = new BackupProgress();
  readonly #start = Date.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #step = '';

  /**
   * @param terminal undefined where there is none, or none that should be drawn on
   * @param plain takes the lines then
   */
  constructor(
    private readonly terminal: Terminal | undefined,
    private readonly plain: (text: string) => void,
  ) {
    if (terminal) this.#timer = setInterval(() => this.#draw(terminal), 500);
  }

  /** A line of the Job’s log. */
  line(text: string): void {
    const { terminal } = this;
    if (!terminal) {
      this.plain(text);
      return;
    }
    const told = this.#progress.take(text);
    const step = /^rondb-\w+ [\d:]+: (.*)$/.exec(text)?.[1];
    if (step !== undefined && !told) this.#step = step;
    // What is wrong stays on the screen, and so does what a person may want to know later.
    if (/: (error|hint|warning|damaged): /.test(text)) terminal.write(`${clearLine}${text}\n`);
    this.#draw(terminal);
  }

  /** Why the Job’s pod does not run yet. */
  waiting(reason: string): void {
    const { terminal } = this;
    if (!terminal) {
      this.plain(`waiting: ${reason}`);
      return;
    }
    terminal.write(`${clearLine}waiting: ${reason}\n`);
    this.#draw(terminal);
  }

  /** Takes the line away. */
  end(): void {
    clearInterval(this.#timer);
    this.terminal?.write(clearLine);
  }

  #draw(terminal: Terminal): void {
    const { phase, files, total, nodes } = this.#progress;
    const done = total > 0 ? `${bar(files / total)} ${files}/${total} files` : this.#step || phase;
    const each = [...nodes].sort(([a], [b]) => a - b).map(([node, bytes]) => `node ${node} ${printBytes(bytes)}`);
    const text = [done, ...each, printAge((Date.now() - this.#start) / 1000)].join('  ');
    terminal.write(clearLine + text.slice(0, (terminal.columns || 80) - 1));
  }
}

const barWidth = 20;
const bar = (part: number): string => {
  const full = Math.round(Math.min(1, part) * barWidth);
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}]`;
};
