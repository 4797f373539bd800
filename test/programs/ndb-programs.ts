import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, sharedFolder } from './find.js';
import { canPlayPods } from './pod-player.js';

/** The MySQL NDB Cluster that the tests run with. */
export const ndbVersion = '9.7.2';

const everything = process.env['CHARTWRIGHT_NDB'] === 'all';
const day = Math.floor(Date.now() / 86_400_000);

const home = join(cacheFolder, `ndb-${ndbVersion}`);

/**
 * The folder with the real NDB programs (`bin`, `lib`, `share`), unpacked into the cache by the first who asks; undefined
 * where neither the cache nor the folder beside the project has them. It is renamed into place, so what is there is whole,
 * and of several who unpack at once one wins.
 */
export function ndbFolder(): string | undefined {
  if (existsSync(home)) return home;
  const archive = sharedFolder(`tools/ndb/ndb-${ndbVersion}-debian12-amd64.tar.xz`);
  if (!archive) return undefined;
  mkdirSync(cacheFolder, { recursive: true });
  const part = mkdtempSync(`${home}.part-`);
  const { status, stderr } = spawnSync('tar', ['-xJf', archive, '-C', part], { encoding: 'utf8' });
  try {
    if (status !== 0) throw new Error(`cannot unpack ${archive}: ${stderr}`);
    renameSync(part, home);
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    if (!existsSync(home)) throw error;
  }
  return home;
}

/**
 * The same for tests that go beyond those of usual runs: more than the synthesized jobs played whole (test/ndb). They take
 * minutes, so they wait for `npm run test:ndb`.
 */
export function wholeNdbNeeds(): Record<string, unknown> {
  return { ...ndbNeeds(), 'npm run test:ndb': everything };
}

/**
 * Of what takes a minute or more of both processors, the part that a usual run plays: every second, the others the next
 * day. `npm run test:ndb` plays all.
 */
export function ndbOfDay<Part>(parts: readonly Part[]): Part[] {
  return everything ? [...parts] : parts.filter((_, index) => index % 2 === day % 2);
}

/** Whether this run plays the first, or the second, of two that take turns from day to day. */
export const isNdbTurn = (turn: 0 | 1): boolean => everything || day % 2 === turn;

/** The same as {@link ndbNeeds} for two files that take turns. */
export function ndbNeedsOfTurn(turn: 0 | 1): Record<string, unknown> {
  return { ...ndbNeeds(), 'its turn, which is tomorrow, or npm run test:ndb': isNdbTurn(turn) };
}

/** What `describeWith` has to ask for before a cluster is started: `describeWith([…], title, body, ndbNeeds())`. */
export function ndbNeeds(): Record<string, unknown> {
  return { [`the programs of NDB ${ndbVersion}`]: ndbFolder(), 'root that may mount': canPlayPods() };
}
