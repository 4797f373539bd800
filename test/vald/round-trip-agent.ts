import { connect, constants } from 'node:http2';
import type { Socket } from 'node:net';

/** A vector by its id: what an index holds. */
export type Vectors = ReadonlyMap<string, readonly number[]>;

/** An answer of the agent other than OK: the number is gRPC's status code. */
export class AgentError extends Error {
  constructor(
    method: string,
    readonly status: number,
    message: string,
  ) {
    super(`${method}: gRPC status ${status}: ${message}`);
  }
}

// Protocol buffers, as far as Vald's messages need them: https://protobuf.dev/programming-guides/encoding
const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
};
const number = (field: number, value: number): Buffer => Buffer.concat([varint(field << 3), varint(value)]);
const single = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};
const float = (field: number, value: number): Buffer => Buffer.concat([varint((field << 3) | 5), single(value)]);
const bytes = (field: number, value: Buffer | string): Buffer =>
  Buffer.concat([varint((field << 3) | 2), varint(Buffer.byteLength(value)), Buffer.from(value as string)]);
const floats = (field: number, values: readonly number[]): Buffer => bytes(field, Buffer.concat(values.map(single)));

/** The fields of a message in order: numbers for varints, raw bytes for everything else. */
function* read(message: Buffer): Generator<[field: number, value: number | Buffer]> {
  let at = 0;
  const next = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = next();
    const field = Math.floor(tag / 8);
    if (tag % 8 === 0) yield [field, next()];
    else {
      const length = tag % 8 === 2 ? next() : tag % 8 === 5 ? 4 : 8;
      yield [field, message.subarray(at, at + length)];
      at += length;
    }
  }
}

const readFloats = (packed: Buffer): number[] =>
  Array.from({ length: packed.length / 4 }, (_, index) => packed.readFloatLE(index * 4));

/** The messages in a gRPC body; each has a flag and its length before it. */
function messages(body: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const length = body.readUInt32BE(at + 1);
    all.push(body.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return all;
}

/** Speaks to one Vald agent over gRPC. Services, methods and field numbers are those of Vald's apis/proto/v1. */
export class Agent {
  readonly #open: () => Socket;

  constructor(open: () => Socket) {
    this.#open = open;
  }

  async insert(vectors: Vectors): Promise<void> {
    const requests = [...vectors].map(([id, vector]) =>
      bytes(1, bytes(1, Buffer.concat([bytes(1, id), floats(2, vector)]))),
    );
    for (let from = 0; from < requests.length; from += 1000)
      await this.#call('vald.v1.Insert/MultiInsert', Buffer.concat(requests.slice(from, from + 1000)));
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#call('vald.v1.Remove/MultiRemove', Buffer.concat(ids.map((id) => bytes(1, bytes(1, bytes(1, id))))));
  }

  /** Indexes what is waiting. */
  async createIndex(): Promise<void> {
    await this.#call('core.v1.Agent/CreateIndex', number(1, 16));
  }

  /** Writes the index to the disk; returns when the agent says that it is there. */
  async saveIndex(): Promise<void> {
    await this.#call('core.v1.Agent/SaveIndex', Buffer.alloc(0));
  }

  /** How many vectors are in the index, and how many are waiting. */
  async count(): Promise<{ stored: number; uncommitted: number }> {
    const [answer = Buffer.alloc(0)] = await this.#call('vald.v1.Index/IndexInfo', Buffer.alloc(0));
    const fields = new Map(read(answer));
    return { stored: Number(fields.get(1) ?? 0), uncommitted: Number(fields.get(2) ?? 0) };
  }

  /** Everything the agent holds. An id whose vector it cannot give is there without elements. */
  async list(): Promise<Vectors> {
    const all = new Map<string, readonly number[]>();
    for (const message of await this.#call('vald.v1.Object/StreamListObject', Buffer.alloc(0))) {
      const vector = new Map(read(message)).get(1);
      const fields = new Map(read(Buffer.isBuffer(vector) ? vector : Buffer.alloc(0)));
      const elements = fields.get(2);
      all.set(
        String(fields.get(1) ?? 'an id that was not found'),
        Buffer.isBuffer(elements) ? readFloats(elements) : [],
      );
    }
    return all;
  }

  /** The ids nearest to a vector, nearest first. */
  async search(vector: readonly number[], count: number): Promise<string[]> {
    const config = Buffer.concat([number(2, count), float(3, -1), float(4, 0.1), number(5, 3e9)]);
    const request = Buffer.concat([floats(1, vector), bytes(2, config)]);
    const [answer = Buffer.alloc(0)] = await this.#call('vald.v1.Search/Search', request);
    return [...read(answer)]
      .filter(([field]) => field === 2)
      .map(([, distance]) => String(new Map(read(distance as Buffer)).get(1)));
  }

  async #call(method: string, message: Buffer, seconds = 60): Promise<Buffer[]> {
    const session = connect('http://agent', { createConnection: () => this.#open() });
    try {
      return await new Promise<Buffer[]>((done, failed) => {
        session.on('error', failed);
        session.on('close', () => failed(new AgentError(method, 14, 'the connection was closed')));
        const stream = session.request({
          [constants.HTTP2_HEADER_METHOD]: 'POST',
          [constants.HTTP2_HEADER_PATH]: `/${method}`,
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        const chunks: Buffer[] = [];
        let status = 14;
        let reason = 'no status';
        const heard = (headers: Record<string, unknown>): void => {
          if (headers['grpc-status'] === undefined) return;
          status = Number(headers['grpc-status']);
          reason = decodeURIComponent(String(headers['grpc-message'] ?? ''));
        };
        stream.on('response', heard);
        stream.on('trailers', heard);
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('error', failed);
        stream.on('close', () =>
          status === 0 ? done(messages(Buffer.concat(chunks))) : failed(new AgentError(method, status, reason)),
        );
        stream.setTimeout(seconds * 1000, () => failed(new AgentError(method, 4, `no answer in ${seconds} s`)));
        const head = Buffer.alloc(5);
        head.writeUInt32BE(message.length, 1);
        stream.end(Buffer.concat([head, message]));
      });
    } finally {
      session.destroy();
    }
  }
}
