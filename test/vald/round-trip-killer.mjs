// A worker thread that kills a process at a chosen call, because the thread that runs the tests may be busy just then.
// It slows every call of the process that changes files and reads them as they begin: the one that the pattern finds is
// not carried out any more. Says `attached`, then `killed` if the moment came; ends on any message.
import { spawn } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';

const { strace, pid, pattern, pause } = workerData;
const rare = 'openat,mkdirat,renameat,renameat2,unlinkat,fsync';
const slow = (calls, milliseconds) => ['-e', `inject=${calls}:delay_enter=${milliseconds * 1000}`];
const tracer = spawn(
  strace,
  ['-f', '-p', String(pid), '-e', `trace=${rare},writev`, ...slow(rare, pause), ...slow('writev', pause / 4)],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);

let text = '';
let said = false;
let killed = false;
tracer.stderr.on('data', (chunk) => {
  text += chunk;
  if (!said && text.includes(' attached')) {
    said = true;
    parentPort.postMessage('attached');
  }
  if (killed || !pattern.test(text)) return;
  killed = true;
  process.kill(pid, 'SIGKILL');
  // Not asked nicely: strace waits for a delayed call of a dead process for ever, and keeps it as a zombie.
  tracer.kill('SIGKILL');
  parentPort.postMessage('killed');
});
tracer.on('exit', () => parentPort.close());
parentPort.on('message', () => tracer.kill('SIGKILL'));
