import { Chart, Testing } from 'cdk8s';
import { Credentials, ObjectStore } from '../../src/index.js';
import {
  BackupMethod,
  type UploaderInput,
  ValdAgentWithBackup,
  type ValdAgentWithBackupProps,
} from '../../src/vald/index.js';
import type { PlayedObject } from '../programs/pod-spec.js';
import type { S3Server } from '../programs/s3-server.js';
import { dimension } from './round-trip-index.js';

const methods = ['persistentVolume', 'objectStorage', 'both'] as const;

/** The six combinations: the rows of every table. */
export const combinations = methods.flatMap((method) => [true, false].map((copyOnWrite) => ({ method, copyOnWrite })));
export type Combination = (typeof combinations)[number];

/** The combinations that upload. */
export const withStore = combinations.filter(({ method }) => method !== 'persistentVolume');

/** What scenarios change between two starts of a pod. */
export interface Settings {
  readonly bucket: string;
  /** @default '1s' */
  readonly backupInterval?: string;
  /** @default an identity of this test */
  readonly clusterId?: string;
  /** @default the construct's */
  readonly clusterName?: string;
  /** @default false */
  readonly allowEmptyStart?: boolean;
  /** What uploads. @default Vald's own sidecar */
  readonly uploader?: UploaderInput;
  /** Props of the construct that count more than those of the combination. */
  readonly props?: Partial<ValdAgentWithBackupProps>;
}

const secretName = 'store-key';
const never = '24h';

/** The props of a combination. */
export function combinationProps(
  combination: Combination,
  server: S3Server,
  settings: Settings,
): ValdAgentWithBackupProps {
  const volume = { size: '1Gi' };
  const stored = {
    clusterId: settings.clusterId ?? '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
    ...(settings.clusterName ? { clusterName: settings.clusterName } : {}),
    allowEmptyStart: settings.allowEmptyStart ?? false,
    backupInterval: settings.backupInterval ?? '1s',
    ...(settings.uploader ? { uploader: settings.uploader } : {}),
    restoreTimeout: '60s',
    store: ObjectStore.s3({
      bucket: settings.bucket,
      region: server.region,
      endpoint: server.endpoint,
      credentials: Credentials.secret({ name: secretName }),
    }),
  };
  const backup = {
    persistentVolume: () => BackupMethod.persistentVolume({ volume }),
    objectStorage: () => BackupMethod.objectStorage(stored),
    both: () => BackupMethod.both({ volume, ...stored }),
  }[combination.method]();
  return {
    namespace: 'vald',
    backup,
    copyOnWrite: combination.copyOnWrite,
    // Nothing is indexed or saved but by the test: an automatic save would hide a missing one.
    ngt: { dimension, autoIndexCheckDuration: never, autoSaveIndexDuration: never, autoIndexDurationLimit: never },
    ...settings.props,
  };
}

/** What the construct makes for a combination. */
export function constructManifests(combination: Combination, server: S3Server, settings: Settings): PlayedObject[] {
  const chart = new Chart(Testing.app(), 'round-trip');
  new ValdAgentWithBackup(chart, 'agent', combinationProps(combination, server, settings));
  return chart.toJson() as PlayedObject[];
}

/** The Secret that the manifests refer to: one that the cluster's operator makes. */
export function storeSecret(server: S3Server, secretKey = server.secretKey): PlayedObject {
  const stringData = { 'access-key': server.accessKey, 'secret-access-key': secretKey };
  return { kind: 'Secret', metadata: { name: secretName }, stringData };
}
