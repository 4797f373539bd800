/**
 * Loaded into the command's process by `node --import`: at the n-th call that changes the file system it ends the
 * process, lets the call fail, or sends a signal, as `FAULT=<kind>:<n>` says.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [kind, step] = (process.env.FAULT ?? 'none:0').split(':');
let calls = 0;
let inside = false;

for (const name of ['mkdirSync', 'mkdtempSync', 'chmodSync', 'renameSync', 'rmSync', 'rmdirSync']) {
  const original = fs[name];
  fs[name] = (...words) => {
    // Node removes a folder by these same calls; that is one step.
    if (inside) return original(...words);
    calls += 1;
    if (calls === Number(step)) {
      if (kind === 'kill') process.kill(process.pid, 'SIGKILL');
      if (kind === 'fail')
        throw Object.assign(new Error(`EIO: i/o error, ${name} '${words[0]}'`), {
          code: 'EIO',
          syscall: name.replace('Sync', ''),
          path: words[0],
        });
      if (kind === 'interrupt') process.kill(process.pid, 'SIGINT');
    }
    inside = true;
    try {
      return original(...words);
    } finally {
      inside = false;
    }
  };
}
syncBuiltinESMExports();

process.on('exit', () => {
  // How a test knows that it has been through all steps.
  if (calls < Number(step)) process.stderr.write('no such step\n');
});
