import type { Problem } from '../problem/index.js';
import { add, bytes, divideUp, less, max, mebibytes, mul, refuse, seconds } from '../units/index.js';
import { repositoryUploader, storeBackup, volumeClaim } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';

/** What follows from the size of an index: room, time limits and probes. Times are in seconds. */
export interface Sizing {
  /** Bytes that one pod’s index may reach. */
  readonly indexBytes: number;
  /** How many copies of the index must fit on its disk at once. */
  readonly copies: number;
  /** Bytes that the disk needs. */
  readonly diskBytes: number;
  readonly gracePeriod: number;
  /** Quiet time after which a stopping sidecar uploads (`post_stop_timeout`). */
  readonly postStopTimeout: number;
  /** Limit of loading an index; the agent throws the index away when it runs out (fact 0.9). */
  readonly loadTimeout: number;
  /** `failureThreshold` of the startup probe, at one probe in 5 seconds. */
  readonly startupFailures: number;
  readonly restoreTimeout: number;
  /** Limit of one upload by the repository’s uploader. */
  readonly uploadTimeout: number;
}

const mebibyte = 2 ** 20;

/** Speeds that the defaults reckon with, deliberately slow: a limit that is too long costs nothing. */
const bytesPerSecond = { save: 50 * mebibyte, upload: 50 * mebibyte, load: 25 * mebibyte, download: 10 * mebibyte };

/** Time for kubelet and processes to notice signals, on top of what is computed. */
const reserve = 30;

/** Quiet time of a native sidecar: it is told to stop only when the agent has ended (measured: section 0.1 of the facts). */
const nativePostStopTimeout = 10;

/** Whether the Kubernetes version has native sidecars (init containers with `restartPolicy: Always`, from 1.29). */
export function hasNativeSidecars(kubernetesVersion: string): boolean {
  return Number(kubernetesVersion.split('.')[1]) >= 29;
}

/**
 * How many copies of an index are on its disk at the worst moment. With copy-on-write: the one in use, the one before
 * and the one being written beside them. Restoring needs the archive and what is unpacked from it. The repository’s
 * uploader holds one more while it uploads: without copy-on-write a copy, with it the files of a generation that two
 * saves have replaced meanwhile.
 */
export function copiesOnDisk(settings: Pick<ValdAgentSettings, 'backup' | 'copyOnWrite'>): number {
  const uploading = repositoryUploader(settings.backup) ? 1 : 0;
  if (settings.copyOnWrite) return 3 + uploading;
  return storeBackup(settings.backup) ? 2 + uploading : 1;
}

/** Computes room and time limits, and reports those the user set that are too small for the work they must cover. */
export function computeSizing(
  settings: ValdAgentSettings,
  construct: string,
  report: (problem: Problem) => void,
): Sizing {
  const copies = copiesOnDisk(settings);
  const volume = volumeClaim(settings.backup);
  const store = storeBackup(settings.backup);
  const indexBytes =
    settings.expectedIndexSize !== undefined
      ? bytes(settings.expectedIndexSize)
      : volume
        ? divideUp(bytes(volume.size), copies)
        : bytes('10Gi');
  const diskBytes = mul(indexBytes, copies);
  if (volume && settings.expectedIndexSize !== undefined)
    refuse(
      less(bytes(volume.size), diskBytes),
      `the volume of ${volume.size} cannot hold ${copies} copies of an index of ${settings.expectedIndexSize}`,
      (message) =>
        report({
          code: 'too-little-space',
          severity: 'error',
          where: { construct, property: 'backup.volume.size' },
          message,
          got: volume.size,
          allowed: `${mebibytes(diskBytes)} or more: ${copies} × expectedIndexSize${copyNames(copies)}`,
          hint: 'Make the volume larger, or give the size that the index really reaches.',
        }),
    );

  const save =
    settings.expectedSaveDuration !== undefined
      ? seconds(settings.expectedSaveDuration)
      : max(60, divideUp(indexBytes, bytesPerSecond.save));
  const stopAgent = add(seconds(settings.drainDuration), save);
  const native = hasNativeSidecars(settings.kubernetesVersion);
  // A native sidecar waits only after the agent has ended. An ordinary one is told to stop together with the agent,
  // so it must not take silence for the end before the agent's save can have finished.
  const postStopTimeout = native ? nativePostStopTimeout : add(stopAgent, 15);
  const uploader = repositoryUploader(settings.backup);
  // It reads the copy for its hashes, sends it and reads it back.
  const stopSidecar = uploader
    ? mul(divideUp(indexBytes, bytesPerSecond.upload), 3)
    : add(postStopTimeout, divideUp(indexBytes, bytesPerSecond.upload));
  const needed = add(store ? (native ? add(stopAgent, stopSidecar) : stopSidecar) : stopAgent, reserve);
  const given = settings.terminationGracePeriod !== undefined ? seconds(settings.terminationGracePeriod) : undefined;
  if (given !== undefined)
    refuse(
      less(given, needed),
      `the grace period of ${given}s is shorter than the work at shutdown, ${needed}s`,
      (message) =>
        report({
          code: 'too-little-time',
          severity: 'error',
          where: { construct, property: 'terminationGracePeriod' },
          message,
          got: `${settings.terminationGracePeriod}`,
          allowed: `${needed}s or more: drain, save${store ? ', wait, upload' : ''} and ${reserve}s reserve`,
          hint: 'Leave it out to have it computed, or give the expectedSaveDuration and expectedIndexSize that are true for you.',
        }),
    );
  const loadTimeout = max(600, divideUp(indexBytes, bytesPerSecond.load));
  return {
    indexBytes,
    copies,
    diskBytes,
    gracePeriod: given ?? needed,
    postStopTimeout,
    loadTimeout,
    startupFailures: max(200, divideUp(add(loadTimeout, 60), 5)),
    restoreTimeout:
      store?.restoreTimeout !== undefined
        ? seconds(store.restoreTimeout)
        : max(3600, divideUp(indexBytes, bytesPerSecond.download)),
    uploadTimeout:
      uploader?.uploadTimeout !== undefined
        ? seconds(uploader.uploadTimeout)
        : max(600, mul(divideUp(indexBytes, bytesPerSecond.download), 3)),
  };
}

function copyNames(copies: number): string {
  if (copies < 3) return '';
  return ` (in use, ${copies === 4 ? 'before, being written, being uploaded' : 'before, being written'})`;
}
