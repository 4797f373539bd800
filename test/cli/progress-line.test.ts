import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ProgressLine } from '../../src/cli/progress-line.js';
import { showsColours } from '../../src/cli/screen.js';

const log = [
  'rondb-backup 02:17:05: native backup 7 of the nodes 1 2',
  'rondb-backup 02:17:09: node 2: b.Data, 512 B in 0 s, 512 B/s, read back; 1 of 4 files',
  'rondb-backup 02:17:09: node 1: a.Data, 1.5 MiB in 1 s, 1.5 MiB/s, read back; 2 of 4 files',
  'rondb-backup 02:17:10: warning: a node is down',
];

describe('the progress of a Job', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());
  /** What a terminal shows in the end: text behind a return stands in place of what was on its line. */
  const shown = (written: string) => written.split('\n').map((line) => line.split('\r\u001b[2K').at(-1));

  test('is one line on a terminal, which is drawn anew, and what is wrong stays above it', () => {
    let written = '';
    const plain = vi.fn();
    const progress = new ProgressLine({ columns: 80, write: (text) => (written += text) }, plain);
    progress.waiting('ImagePullBackOff');
    for (const line of log.slice(0, 3)) progress.line(line);
    expect(shown(written)).toEqual([
      'waiting: ImagePullBackOff',
      '[##########----------] 2/4 files  node 1 1.5 MiB  node 2 512 B  0s',
    ]);
    vi.advanceTimersByTime(65_000);
    expect(shown(written).at(-1)).toMatch(/ 1m 5s$/);
    progress.line(log[3]!);
    expect(shown(written)[1]).toBe(log[3]);
    progress.end();
    expect(shown(written)).toEqual(['waiting: ImagePullBackOff', log[3], '']);
    const length = written.length;
    vi.advanceTimersByTime(5_000);
    expect(written).toHaveLength(length);
    expect(plain).not.toHaveBeenCalled();
    // No colour, so nothing to leave out where somebody wants none.
    expect(written.replaceAll('\r\u001b[2K', '')).not.toContain('\u001b');
  });

  test('is cut at the width of the terminal, or it would not stay one line', () => {
    let written = '';
    const progress = new ProgressLine({ columns: 20, write: (text) => (written += text) }, () => {});
    for (const line of log.slice(0, 3)) progress.line(line);
    progress.end();
    for (const line of written.split('\r\u001b[2K')) expect(line.length).toBeLessThan(20);
  });

  test('is every line of the log where there is no terminal', () => {
    const lines: string[] = [];
    const progress = new ProgressLine(undefined, (text) => lines.push(text));
    progress.waiting('ImagePullBackOff');
    for (const line of log) progress.line(line);
    progress.end();
    expect(lines).toEqual(['waiting: ImagePullBackOff', ...log]);
  });
});

test.each([
  ['a terminal', true, undefined, true],
  ['a terminal of somebody who wants none (NO_COLOR)', true, '1', false],
  ['a file', false, undefined, false],
])('colours are shown on %s: %s', (_, isTTY, noColour, expected) => {
  vi.stubEnv('NO_COLOR', noColour);
  expect(showsColours({ isTTY, hasColors: () => true } as NodeJS.WriteStream)).toBe(expected);
  vi.unstubAllEnvs();
});
