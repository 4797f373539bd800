import { type Problem, printProblems } from '../problem/index.js';

/** How a command shows things. */
export interface ScreenOptions {
  /** One JSON document on stdout and no other text. */
  readonly json: boolean;
  /** Problems only. */
  readonly quiet: boolean;
}

const red = '31';
const green = '32';
const yellow = '33';
/** Back to the start of the line, and nothing left on it. */
export const clearLine = '\r\u001b[2K';

/** The terminal: results go to stdout, problems and everything on the way to stderr. */
export class Screen {
  #progress: { timer: NodeJS.Timeout; clear(): void } | undefined;

  constructor(readonly options: ScreenOptions) {}

  /** Writes a result. */
  result(text: string): void {
    process.stdout.write(text);
  }

  /** Writes the one JSON document of a command. */
  document(content: object): void {
    process.stdout.write(`${JSON.stringify(content, undefined, 2)}\n`);
  }

  /** Writes a line that is good to know and not part of the result. */
  note(text: string): void {
    if (!this.options.quiet && !this.options.json) process.stderr.write(`${text}\n`);
  }

  /** Passes on what the app wrote, to stderr: stdout is for the result. */
  passOn(chunk: string): void {
    if (this.options.quiet) return;
    this.#progress?.clear();
    process.stderr.write(chunk);
  }

  /** Writes problems as text, one below the other. */
  problems(problems: readonly Problem[]): void {
    if (problems.length === 0) return;
    const texts = printProblems(problems)
      .split('\n\n')
      .map((text) => paint(text, /^\w+:/, text.startsWith('error') ? red : yellow, process.stderr));
    process.stderr.write(`${texts.join('\n\n')}\n`);
  }

  /** Writes a unified diff. */
  diff(text: string): void {
    const lines = text.split('\n').map((line) => {
      const colour = line.startsWith('+') ? green : line.startsWith('-') ? red : undefined;
      return colour ? paint(line, /^.*$/, colour, process.stdout) : line;
    });
    process.stdout.write(lines.join('\n'));
  }

  /**
   * Shows on a terminal that something is under way and for how long, until {@link stopProgress}.
   *
   * @param more what is known of it by now. @default - nothing
   */
  startProgress(text: string, more: () => string = () => ''): void {
    if (this.options.quiet || !process.stderr.isTTY) return;
    const start = Date.now();
    const draw = () => {
      const time = ` … ${Math.round((Date.now() - start) / 1_000)} s`;
      const line = text + more();
      process.stderr.write(clearLine + line.slice(0, (process.stderr.columns || 80) - time.length - 1) + time);
    };
    // Only what takes long enough to wonder about gets a line.
    this.#progress = { timer: setInterval(draw, 1_000), clear: () => process.stderr.write(clearLine) };
  }

  /** Takes the progress line away. */
  stopProgress(): void {
    if (!this.#progress) return;
    clearInterval(this.#progress.timer);
    this.#progress.clear();
    this.#progress = undefined;
  }
}

/** Whether a stream shows colours, and nobody has asked for none. */
export const showsColours = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY === true && !process.env['NO_COLOR'] && stream.hasColors();

function paint(text: string, part: RegExp, colour: string, stream: NodeJS.WriteStream): string {
  if (!showsColours(stream)) return text;
  return text.replace(part, (match) => `\u001b[${colour}m${match}\u001b[0m`);
}
