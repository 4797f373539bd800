import { createConnection, createServer, type Server, type Socket } from 'node:net';

/**
 * The way from a pod to one server on 127.0.0.1, which a test can cut or let hang: the pod sees the server under the
 * same address and port. Every played pod gets links of its own.
 */
export class PodLink {
  readonly port: number;
  /** Bytes that came back from the server so far. */
  received = 0;
  #limit = Number.POSITIVE_INFINITY;
  #cut = false;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  /** @param port the server's port, and the port under which the pod sees it */
  constructor(port: number) {
    this.port = port;
  }

  /** Listens on a Unix socket: the pod's network process connects there. */
  async open(path: string): Promise<void> {
    this.#server = createServer((socket) => this.#connect(socket));
    await new Promise<void>((done) => this.#server?.listen(path, done));
  }

  close(): void {
    this.#server?.close();
    this.#breakConnections();
  }

  /** The server is gone: connections break, new ones too. */
  cut(): void {
    this.#cut = true;
    this.#breakConnections();
  }

  /** After so many more bytes from the server the connections hang, as on a network that loses every packet. */
  hangAfter(bytes: number): void {
    this.#limit = this.received + bytes;
  }

  /** Connections made from now on work; those that hang are broken. */
  mend(): void {
    this.#cut = false;
    this.#limit = Number.POSITIVE_INFINITY;
    this.#breakConnections();
  }

  /** Whether `hangAfter` has taken effect. */
  get hangs(): boolean {
    return this.received >= this.#limit;
  }

  #breakConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #connect(socket: Socket): void {
    if (this.#cut) return void socket.destroy();
    const server = createConnection({ host: '127.0.0.1', port: this.port });
    for (const [one, other] of [
      [socket, server],
      [server, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        // Not `destroy`: what has been read but not yet passed on must still arrive.
        other.destroySoon();
      });
    }
    socket.pipe(server);
    server.on('data', (chunk: Buffer) => {
      const room = this.#limit - this.received;
      this.received += chunk.length;
      if (room <= 0) return void server.pause();
      if (!socket.write(chunk.subarray(0, Math.min(room, chunk.length)))) {
        server.pause();
        socket.once('drain', () => server.resume());
      }
    });
    server.on('end', () => socket.end());
  }
}
