#!/usr/bin/env node
import { exitCodes } from '../problem/index.js';
import { Interrupted } from './failure.js';
import { run } from './program.js';
import { processTitle } from './work-folder.js';

process.title = processTitle;
// A reader that has seen enough (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  // Not process.exit: what is still in a pipe has to get out.
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (error instanceof Interrupted) {
    // Ended by the signal itself, as shells and pipelines expect it of an interrupted program.
    process.kill(process.pid, error.signal);
  } else {
    process.exitCode = exitCodes.unreadable;
    const text = error instanceof Error ? error : new Error(String(error));
    if (process.env['CHARTWRIGHT_DEBUG']) console.error(text.stack);
    else {
      console.error(`chartwright failed by a fault of its own: ${text.message.split('\n', 1)[0]}`);
      console.error('Set CHARTWRIGHT_DEBUG=1 to see where, and report it.');
    }
  }
}
