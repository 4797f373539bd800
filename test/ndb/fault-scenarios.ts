import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { programPath } from '../programs/find.js';
import type { NdbCluster } from '../programs/ndb-cluster.js';
import { podFolder } from '../programs/ndb-pod.js';
import { startS3Server } from '../programs/s3-server.js';
import type { ToolboxControl, ToolboxRun, ToolboxRunOptions } from '../programs/toolbox.js';
import type { Installation } from './installation.js';
import { newestCommitted } from './stored-sets.js';
import type { TestBed } from './test-bed.js';

export interface FaultPlace {
  readonly bed: TestBed;
  readonly cluster: NdbCluster;
  readonly north: Installation;
}

/** What went wrong, how to bring it about, and what the run must say. */
export interface FaultScenario {
  readonly name: string;
  /** Whether usual runs of the tests play it; the others are played by `npm run test:faults`. */
  readonly usual: boolean;
  /** The exit codes that the run with the fault may end with; null for a killed one. */
  readonly codes: readonly (number | null)[];
  /** Whether a set is committed all the same. */
  readonly commits: boolean;
  /** Runs with the fault, and ends it; what has to be repaired by a person is repaired at the end. */
  readonly play: (place: FaultPlace) => Promise<ToolboxRun>;
}

/** Options that do something once when the log has a text. */
function when(text: string, act: (control: ToolboxControl) => unknown): ToolboxRunOptions {
  let done = false;
  return {
    onLog: (log, control) => {
      if (done || !log.includes(text)) return;
      done = true;
      act(control);
    },
  };
}

/** A native backup that does not end because a node stands still; then something happens, then the node goes on. */
function duringNativeBackup(cluster: NdbCluster, act: () => Promise<void>): ToolboxRunOptions {
  return when(': native backup ', () => {
    void (async () => {
      cluster.signalNode(2, 'SIGSTOP');
      await sleep(1500);
      await act();
      cluster.signalNode(2, 'SIGCONT');
    })();
  });
}

/**
 * Changes one file of the newest committed set, says what a restore of one lost database says, and puts the file back;
 * then the same restore succeeds.
 */
async function damaged({ north, cluster }: FaultPlace, change: (file: string) => void): Promise<ToolboxRun> {
  const { id, manifest } = newestCommitted(north.storeFolder)!;
  const largest = [...manifest!.files].sort((a, b) => b.size - a.size)[0]!;
  const file = join(north.storeFolder, `${id}`, largest.path);
  const whole = readFileSync(file);
  const props = { backupId: id, includeDatabases: ['stock-room'], intoNonEmpty: true, restoreUsers: false };
  await cluster.sql('DROP DATABASE `stock-room`');
  change(file);
  const verification = await north.verify({ shares: 1 });
  const refused = await north.restore(props);
  const there = await cluster.sql("SHOW DATABASES LIKE 'stock-room'");
  writeFileSync(file, whole);
  const again = await north.restore(props);
  if (verification.code !== 20 || there || again.code !== 0)
    throw new Error(`${verification.log}\n'${there}' is there\n${again.log}`);
  return refused;
}

/** A run with another store in place of the right one. */
function elsewhere({ north }: FaultPlace, store: object, more: object = {}): Promise<ToolboxRun> {
  const { repository } = north;
  const timeouts = { preflightTimeout: '20s', transferTimeout: '20s', transferRetries: 0 };
  return north.backup({
    repository: {
      ...repository,
      ...timeouts,
      store: { ...repository.store, ...store } as typeof repository.store,
      ...more,
    },
  });
}

/** A server on this machine that lets bytes through slowly. */
async function slowLink(target: string, bytesPerSecond: number): Promise<{ port: number; close: () => void }> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = createConnection(Number(port), hostname);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => socket.destroy()));
    upstream.pipe(client);
    client.on('data', (chunk) => {
      upstream.write(chunk);
      client.pause();
      setTimeout(() => client.resume(), (chunk.length / bytesPerSecond) * 1000);
    });
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A clock in the toolbox that stands still at a time. */
function clock(time: string): ToolboxRunOptions {
  const seconds = Date.parse(time) / 1000;
  return { before: `[[ $name != date || "$*" != *+%s* ]] || { echo ${seconds}; exit; }` };
}

const six: readonly FaultScenario[] = [
  {
    name: 'a data node dies during the native backup',
    usual: true,
    codes: [17],
    commits: false,
    play: ({ north, cluster }) =>
      north.backup(
        {},
        duringNativeBackup(cluster, () => cluster.killNode(2)),
      ),
  },
  {
    name: 'the management server is lost during the native backup',
    usual: true,
    codes: [17],
    commits: false,
    play: async ({ north, cluster }) => {
      const run = await north.backup(
        {},
        duringNativeBackup(cluster, () => cluster.killManagementServer()),
      );
      await cluster.startManagementServer();
      return run;
    },
  },
  {
    name: 'the pod of the run is killed during the upload',
    usual: true,
    codes: [null],
    commits: false,
    play: ({ north }) =>
      north.backup(
        {},
        when('read back; ', ({ kill }) => kill()),
      ),
  },
  {
    name: 'one byte of the newest set is changed in the store',
    usual: true,
    codes: [20],
    commits: false,
    play: (place) =>
      damaged(place, (file) => {
        const bytes = readFileSync(file);
        bytes[bytes.length >> 1]! ^= 1;
        writeFileSync(file, bytes);
      }),
  },
  {
    name: 'two runs at once',
    usual: true,
    codes: [13],
    commits: true,
    play: async ({ north }) => {
      const runs = await Promise.all([north.backup(), north.backup()]);
      const loser = runs.find(({ code }) => code !== 0);
      if (!loser || runs.every(({ code }) => code !== 0)) throw new Error(`${runs.map(({ code }) => code)}`);
      return loser;
    },
  },
  {
    name: 'the SQL pod is gone after the native backup',
    usual: true,
    codes: [17],
    commits: false,
    play: async ({ north, cluster }) => {
      let gone: Promise<void> | undefined;
      const run = await north.backup(
        {},
        when(' ended: ', () => (gone = cluster.killSqlPod({ keepFolder: true }))),
      );
      await gone;
      await cluster.startSqlPod();
      return run;
    },
  },
];

const others: readonly FaultScenario[] = [
  {
    name: 'a file of the newest set is deleted from the store',
    usual: false,
    codes: [20],
    commits: false,
    play: (place) => damaged(place, (file) => rmSync(file)),
  },
  {
    name: 'a file of the newest set is cut in half in the store',
    usual: false,
    codes: [20],
    commits: false,
    play: (place) => damaged(place, (file) => truncateSync(file, readFileSync(file).length >> 1)),
  },
  {
    name: 'the pod of the run is killed during the native backup',
    usual: false,
    codes: [null],
    commits: false,
    play: ({ north }) =>
      north.backup(
        {},
        when(': native backup ', ({ kill }) => setTimeout(kill, 300)),
      ),
  },
  {
    name: 'the run is told to stop during the upload',
    usual: false,
    codes: [143],
    commits: false,
    play: ({ north }) =>
      north.backup(
        {},
        when('read back; ', ({ stop }) => stop()),
      ),
  },
  {
    name: 'the store is full',
    usual: false,
    codes: [12, 18],
    commits: false,
    play: async (place) => {
      const folder = join(place.bed.server.folder, 'small-disk');
      mkdirSync(folder, { recursive: true });
      execFileSync(programPath('mount'), ['-t', 'tmpfs', '-o', 'size=256k', 'small', folder]);
      const server = await startS3Server({ folder });
      try {
        mkdirSync(join(folder, 'backups'));
        const run = await elsewhere(place, { endpoint: server.endpoint });
        // The disk gets larger: what is on it stays.
        cpSync(join(folder, 'backups'), join(place.bed.server.folder, 'backups'), { recursive: true });
        return run;
      } finally {
        await server.stop();
        execFileSync(programPath('umount'), [folder]);
      }
    },
  },
  {
    name: 'the store is so slow that the upload takes longer than it may',
    usual: false,
    codes: [12, 18],
    commits: false,
    play: async (place) => {
      const link = await slowLink(place.bed.server.endpoint, 3000);
      try {
        return await elsewhere(place, { endpoint: `http://127.0.0.1:${link.port}` });
      } finally {
        link.close();
      }
    },
  },
  {
    name: 'the certificate of the store is from an unknown authority',
    usual: false,
    codes: [12],
    commits: false,
    // Any server with a certificate of its own making will do.
    play: (place) => elsewhere(place, { endpoint: place.bed.kube.url }),
  },
  {
    name: 'the region of the store is a wrong one',
    usual: false,
    codes: [12],
    commits: false,
    play: (place) => elsewhere(place, { region: 'eu-nowhere-1' }),
  },
  {
    name: 'the store denies every write',
    usual: false,
    codes: [12],
    commits: false,
    play: async (place) => {
      const server = await startS3Server({ folder: place.bed.server.folder, readOnly: true });
      try {
        return await elsewhere(place, { endpoint: server.endpoint });
      } finally {
        await server.stop();
      }
    },
  },
  {
    name: 'the id of the clock is taken, in the store and on a node',
    usual: false,
    codes: [0],
    commits: true,
    play: async ({ north, cluster }) => {
      const now = '2027-12-30T00:00:00Z';
      const id = Date.parse(now) / 1000 - Date.UTC(2020, 0, 1) / 1000;
      const taken = podFolder(join(cluster.node(1).folder, 'ndb/backups/BACKUP', `BACKUP-${id + 1}`));
      mkdirSync(join(north.storeFolder, `${id}`), { recursive: true });
      writeFileSync(join(north.storeFolder, `${id}`, 'somebody-else.txt'), 'x');
      const run = await north.backup({}, clock(now));
      const got = newestCommitted(north.storeFolder)?.id ?? 0;
      if (run.code === 0 && got !== id + 2) throw new Error(`the id is ${got}`);
      rmSync(taken, { recursive: true, force: true });
      return run;
    },
  },
  {
    name: 'the clock goes over a year’s end, and back again',
    usual: false,
    codes: [0],
    commits: true,
    play: async ({ north }) => {
      const times = ['2027-12-31T23:59:59Z', '2028-01-01T00:00:00Z', '2028-01-03T12:00:00Z', '2027-12-31T12:00:00Z'];
      let last: ToolboxRun | undefined;
      let highest = 0;
      for (const time of times) {
        last = await north.backup({}, clock(time));
        const id = newestCommitted(north.storeFolder)?.id ?? 0;
        if (last.code !== 0 || id <= highest)
          throw new Error(`${time}: ${last.code}, ${id} after ${highest}\n${last.log}`);
        highest = id;
      }
      return last!;
    },
  },
];

export const faultScenarios: readonly FaultScenario[] = [...six, ...others];

/** Those that usual runs play, half of them one day and half of them the next. */
export const usualFaults: readonly FaultScenario[] = faultScenarios.filter(({ usual }) => usual);
