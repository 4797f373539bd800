import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';

/** What a stand-in agent answers. */
export interface StandInAnswers {
  readonly stored: number;
  /** What else IndexInfo says: vectors that are not indexed yet, whether it is indexing, whether it is saving. */
  readonly busy?: () => readonly [uncommitted: number, indexing: number, saving: number];
  /** The ids and distances that a search by an id finds; undefined is an error. */
  readonly search: (id: string) => readonly (readonly [id: string, distance: number])[] | undefined;
}

const field = (number: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, value.length]), value]);

function distanceOf([id, distance]: readonly [string, number]): Buffer {
  const number = Buffer.alloc(5, 2 * 8 + 5);
  number.writeFloatLE(distance, 1);
  return field(2, Buffer.concat([field(1, Buffer.from(id)), ...(distance === 0 ? [] : [number])]));
}

/** A count as the field with this number, from 0. What is zero is left out, as Go does. */
function countOf(value: number, index: number): Buffer {
  return value === 0 ? Buffer.of() : Buffer.concat([Buffer.of((index + 1) * 8), varint(value)]);
}

function varint(value: number): Buffer {
  return value < 128 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value % 128) + 128]), varint(value >> 7)]);
}

/** Speaks as much of Vald's gRPC as a restore drill asks for: Index/IndexInfo and Search/SearchByID, without vectors. */
export class StandInAgent {
  readonly asked: string[] = [];
  readonly #server: Http2Server;

  private constructor(answers: StandInAnswers) {
    this.#server = createServer();
    this.#server.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => this.#answer(stream, String(headers[':path']), Buffer.concat(chunks), answers));
    });
  }

  static async start(answers: StandInAnswers): Promise<StandInAgent> {
    const agent = new StandInAgent(answers);
    await new Promise<void>((done) => agent.#server.listen(0, '127.0.0.1', done));
    return agent;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  stop(): void {
    this.#server.close();
  }

  #answer(stream: ServerHttp2Stream, path: string, body: Buffer, answers: StandInAnswers): void {
    // Behind gRPC's head of five bytes: the field's tag, the length and the id.
    const id = body.subarray(7, 7 + (body[6] ?? 0)).toString();
    const found = path.endsWith('/SearchByID') ? answers.search(id) : [];
    this.asked.push(path.endsWith('/SearchByID') ? id : path);
    const message = path.endsWith('/IndexInfo')
      ? Buffer.concat([answers.stored, ...(answers.busy?.() ?? [])].map(countOf))
      : Buffer.concat((found ?? []).map(distanceOf));
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': found ? '0' : '5' }));
    stream.end(found ? Buffer.concat([head, message]) : undefined);
  }
}
