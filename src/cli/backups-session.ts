import {
  type Attachment,
  Cluster,
  ClusterError,
  type ClusterErrorKind,
  chooseAttachment,
  findAttachments,
  PodReader,
  RcloneReader,
  readPodInputs,
  type Snapshot,
} from '../cluster/index.js';
import { findRclone, LocalRclone } from './backups-rclone.js';
import { type Connection, type ConnectionOptions, connect } from './cluster-connection.js';
import { Failure } from './failure.js';
import { Interruption } from './interruption.js';
import type { Screen } from './screen.js';

/** How the store is read. */
export type Way = 'auto' | 'rclone' | 'pod';

/** Options of every command about backups. */
export interface BackupsOptions extends ConnectionOptions {
  readonly database?: string;
  readonly via: Way;
  readonly output: 'text' | 'json' | 'yaml';
}

/** Options of `chartwright backups restore`. */
export interface RestoreOptions extends BackupsOptions {
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly intoNonEmpty?: boolean;
  readonly allowUnverified?: boolean;
  readonly users: boolean;
  readonly plan?: boolean;
  /** Of Vald: the plan, and the server tries the change. Of RonDB: the plan. */
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Of what is backed up by pod. */
  readonly pod?: string;
}

/** What a command about backups works with, while it runs. */
export class BackupsSession {
  /** What a person has to know who interrupts the command now: what goes on in the cluster. */
  goesOn: string | undefined;

  private constructor(
    readonly options: BackupsOptions,
    readonly screen: Screen,
    readonly cluster: Cluster,
    readonly connection: Connection,
    private readonly interruption: Interruption,
    private readonly abort: AbortController,
  ) {}

  /** Ends when a signal comes. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get namespace(): string {
    return this.connection.namespace;
  }

  /**
   * Opens a session for a piece of work, and closes it whatever happens.
   *
   * @throws {@link Failure} for everything that is wrong with cluster, store or command line
   * @throws {@link Interrupted} after a signal, once everything temporary is gone
   */
  static async run<Result>(
    options: BackupsOptions,
    screen: Screen,
    work: (session: BackupsSession) => Promise<Result>,
  ): Promise<Result> {
    const interruption = new Interruption();
    let session: BackupsSession | undefined;
    try {
      const connection = await connect(options);
      const abort = new AbortController();
      const cluster = new Cluster(connection.transport, abort.signal);
      session = new BackupsSession(options, screen, cluster, connection, interruption, abort);
      interruption.listen(() => session?.interrupt());
      return await work(session);
    } catch (error) {
      // What breaks because a signal closed its connection is no fault of its own.
      interruption.check();
      if (error instanceof ClusterError) throw new Failure(error.problems, error.exitCode);
      throw error;
    } finally {
      interruption.release();
      session?.connection.close();
    }
  }

  /** Ends what is under way here; what runs in the cluster goes on, and the person is told so. */
  interrupt(): void {
    if (this.goesOn !== undefined) this.screen.stopProgress();
    if (this.goesOn !== undefined) this.screen.passOn(`${this.goesOn}\n`);
    this.goesOn = undefined;
    this.abort.abort();
    this.connection.close();
  }

  /** Throws {@link Interrupted} if a signal has come. */
  check(): void {
    this.interruption.check();
  }

  /** The one repository that the command is about. */
  async attachment(): Promise<Attachment> {
    const found = await findAttachments(this.cluster, this.namespace);
    return chooseAttachment(found, this.options.database, this.namespace);
  }

  /** Reads a repository’s folder in the store: with rclone here where that works, else from a pod in the cluster. */
  async readStore(attachment: Attachment, via = this.options.via): Promise<Snapshot> {
    const { cluster, screen, signal } = this;
    const note = (reason: string) => screen.note(reason);
    if (via !== 'pod') {
      try {
        return await this.#readHere(attachment);
      } catch (error) {
        this.check();
        if (via === 'rclone' || !(error instanceof ClusterError) || !mayWorkInside.includes(error.kind)) throw error;
        note(`the store cannot be read from here (${error.problems[0]!.message}): reading it from a pod`);
      }
    }
    return new PodReader(cluster, { line: () => {}, waiting: note }, signal).read(attachment);
  }

  async #readHere(attachment: Attachment): Promise<Snapshot> {
    const program = findRclone();
    if (program === undefined)
      throw new ClusterError('store', 'PATH', 'there is no rclone here', 'Install rclone, or use --via pod.');
    const inputs = await readPodInputs(this.cluster, attachment.namespace, attachment.pod);
    const host = hostOf(inputs.variables);
    if (host !== undefined && /(^[^.]+|\.svc(\.[^/]*)?)$/.test(host) && host !== 'localhost')
      throw new ClusterError('store', host, 'its name is known in the cluster only', 'Use --via pod.');
    const rclone = new LocalRclone(program, inputs, this.signal);
    try {
      return await new RcloneReader(rclone).read(attachment);
    } finally {
      rclone.remove();
    }
  }
}

/** What can be otherwise for a pod: network, identity, and Secrets that we may not read. */
const mayWorkInside: readonly ClusterErrorKind[] = ['store', 'forbidden'];

/** The host of a store that has an endpoint. */
function hostOf(variables: ReadonlyMap<string, string>): string | undefined {
  const endpoint = [...variables].find(([name]) => /^RCLONE_CONFIG_STORE(_WRAPPED)?_ENDPOINT$/.test(name))?.[1];
  if (endpoint === undefined || endpoint === '') return undefined;
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
}
