// The first process of a played pod. It holds the pod's namespaces, as the kubelet's pause container does, and it is
// the pod's only way out: the network namespace has nothing but a loopback device, so that several pods can use the
// same fixed ports at once and no test can reach anything but the links it was given.
//
//   node pod-network.mjs FOLDER PORT…
//
// FOLDER/in.sock     a connection from outside: its first line is the port in the pod to go on to
// FOLDER/out-PORT    where a connection made in the pod to 127.0.0.1:PORT goes on to
//
// It ends with its standard input: a test that dies leaves no pod behind.
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';

const [folder, ...ports] = process.argv.slice(2);

const join2 = (from, to) => {
  from.pipe(to);
  to.pipe(from);
  for (const [one, other] of [
    [from, to],
    [to, from],
  ]) {
    one.on('error', () => other.destroy());
    // Not `destroy`: what has been read but not yet passed on must still arrive.
    one.on('close', () => other.destroySoon());
  }
};

const listening = (server, where) => new Promise((done) => server.listen(where, done));

const inward = createServer((socket) => {
  let head = Buffer.alloc(0);
  const read = (chunk) => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf(10);
    if (end < 0) return;
    socket.off('data', read);
    socket.pause();
    const to = createConnection({ host: '127.0.0.1', port: Number(head.subarray(0, end)) });
    to.on('error', () => socket.destroy());
    to.write(head.subarray(end + 1));
    join2(socket, to);
  };
  socket.on('data', read);
  socket.on('error', () => socket.destroy());
});

await listening(inward, join(folder, 'in.sock'));
for (const port of ports) {
  const outward = createServer((socket) => join2(socket, createConnection(join(folder, `out-${port}`))));
  await listening(outward, { host: '127.0.0.1', port: Number(port) });
}
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('ready\n');
