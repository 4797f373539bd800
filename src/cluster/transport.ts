/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path without query, such as `/api/v1/namespaces/rondb/pods`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default - `application/json` */
  readonly contentType?: string;
}

/** What the API server answered, whatever the status. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** Seconds that it asks to wait, from `Retry-After`. */
  readonly retryAfter?: number;
  /** The texts of its `Warning` headers. */
  readonly warnings: readonly string[];
}

/** An answer that goes on: a watch, or a log that is followed. */
export interface ApiStream {
  readonly status: number;
  /** All of it where the status is no success. */
  readonly text: string;
  /** Its lines without line breaks; ends where the connection ends, and throws where it breaks. */
  readonly lines: AsyncIterable<string>;
  /** Ends it. */
  close(): void;
}

/** A program to run in a container, without input. */
export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** What came of it. */
export interface ExecAnswer {
  /** The server’s answer: 101 where the program was started. */
  readonly status: number;
  /** How the program ended; -1 where that is not known. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The way to an API server: who we are and how the connection is made is its matter. It never retries, and rejects only
 * where there is no answer.
 */
export interface Transport {
  /** Address of the server, for messages. */
  readonly server: string;
  send(request: ApiRequest): Promise<ApiAnswer>;
  /** @param signal ends it, also while there is no answer yet */
  open(request: ApiRequest, signal: AbortSignal): Promise<ApiStream>;
  /** Runs a program in a container. @param signal ends the waiting, not the program */
  exec(request: ExecRequest, signal: AbortSignal): Promise<ExecAnswer>;
  /** Reads the credentials anew, since the server takes these no longer; false where there is nothing to read anew. */
  renew(): Promise<boolean>;
}
