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

/**
 * The way to an API server: who we are and how the connection is made is its matter. It never retries, and rejects only
 * where there is no answer.
 */
export interface Transport {
  /** Address of the server, for messages. */
  readonly server: string;
  send(request: ApiRequest): Promise<ApiAnswer>;
  open(request: ApiRequest): Promise<ApiStream>;
  /** Reads the credentials anew, since the server takes these no longer; false where there is nothing to read anew. */
  renew(): Promise<boolean>;
}
