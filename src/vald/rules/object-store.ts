import type { EffectiveValues, Rule } from '../../values/index.js';
import { blobStorage, rawSidecars, storageType, usesStore } from './agent-state.js';
import { agent, saved, sidecarWith } from './examples.js';

const s3 = `${blobStorage}.s3`;
const cloudStorage = `${blobStorage}.cloud_storage`;
const customEgress = 'defaults.networkPolicy.custom.egress';

function usesS3(values: EffectiveValues): boolean {
  return usesStore(values) && storageType(values) === 's3';
}

function usesCloudStorage(values: EffectiveValues): boolean {
  return usesStore(values) && storageType(values) === 'cloud_storage';
}

/** Rules about the store: where it is, and whether the pods reach it. */
export const objectStoreRules: readonly Rule[] = [
  {
    id: 'VALD020',
    severity: 'error',
    title: 'there is no bucket',
    why: 'Without a bucket the restoring init container ends with an error, and the sidecar fails at every upload.',
    fix: 'Set agent.sidecar.config.blob_storage.bucket.',
    fact: 'Run with sidecar v1.8.0: an empty bucket ends the restore with exit status 1.',
    check: (values) =>
      usesS3(values) && !values.isTrue(`${blobStorage}.bucket`)
        ? [{ path: `${blobStorage}.bucket`, message: 'empty, so there is nowhere to upload to' }]
        : [],
    hits: [agent(saved, sidecarWith('blob_storage: { s3: { region: eu-north-1 } }'))],
    passes: [
      agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1 } }')),
      agent(
        saved,
        sidecarWith('blob_storage: { storage_type: cloud_storage, cloud_storage: { url: "gs://backups" } }'),
      ),
    ],
  },
  {
    id: 'VALD021',
    severity: 'error',
    title: 'there is no region',
    why: 'The S3 client refuses every request without a region, also for a store of your own that has none.',
    fix: 'Set agent.sidecar.config.blob_storage.s3.region; for stores without regions any text does, such as us-east-1.',
    fact: 'Run with sidecar v1.8.0 and an endpoint: "MissingRegion", exit status 1.',
    check: (values) =>
      usesS3(values) && !values.isTrue(`${s3}.region`)
        ? [{ path: `${s3}.region`, message: 'empty, and the client refuses to go without one' }]
        : [],
    hits: [agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { endpoint: "http://minio.minio:9000" } }'))],
    passes: [
      agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1 } }')),
      agent(
        saved,
        sidecarWith('blob_storage: { storage_type: cloud_storage, cloud_storage: { url: "gs://backups" } }'),
      ),
    ],
  },
  {
    id: 'VALD031',
    severity: 'error',
    title: 'Google’s store without a key file does not work',
    why: 'The client reads the key of a service account in every case. With Workload Identity or the node’s own identity there is none, and it fails.',
    fix: 'Set agent.sidecar.config.blob_storage.cloud_storage.client.credentials_file_path to a mounted key file.',
    fact: 'Read in the sidecar v1.8.0: the key is parsed whichever way credentials were given.',
    check: (values) =>
      usesCloudStorage(values) &&
      !values.isTrue(`${cloudStorage}.client.credentials_file_path`) &&
      !values.isTrue(`${cloudStorage}.client.credentials_json`)
        ? [{ path: `${cloudStorage}.client.credentials_file_path`, message: 'empty, and there is no other key' }]
        : [],
    hits: [
      agent(
        saved,
        sidecarWith('blob_storage: { storage_type: cloud_storage, cloud_storage: { url: "gs://backups" } }'),
      ),
    ],
    passes: [
      agent(
        saved,
        sidecarWith(
          'blob_storage: { storage_type: cloud_storage, cloud_storage: { url: "gs://backups", client: { credentials_file_path: /key/key.json } } }',
        ),
      ),
      agent(saved, sidecarWith('')),
    ],
  },
  {
    id: 'VALD032',
    severity: 'error',
    title: 'Google’s store has no URL',
    why: 'For this type of store the bucket is taken from the URL; blob_storage.bucket is not read.',
    fix: 'Set agent.sidecar.config.blob_storage.cloud_storage.url to gs:// and the bucket.',
    fact: 'Read in the sidecar v1.8.0.',
    check: (values) =>
      usesCloudStorage(values) && !values.isTrue(`${cloudStorage}.url`)
        ? [{ path: `${cloudStorage}.url`, message: 'empty; blob_storage.bucket is not read for this type' }]
        : [],
    hits: [agent(saved, sidecarWith('blob_storage: { storage_type: cloud_storage, bucket: backups }'))],
    passes: [
      agent(
        saved,
        sidecarWith('blob_storage: { storage_type: cloud_storage, cloud_storage: { url: "gs://backups" } }'),
      ),
      agent(saved, sidecarWith('')),
    ],
  },
  {
    id: 'VALD033',
    severity: 'error',
    title: 'the network policy keeps the pods from the store',
    why: 'The chart’s policy lets an agent’s pods out to kube-system only. Uploads and restores time out.',
    fix: 'Add the store and its port to defaults.networkPolicy.custom.egress.',
    fact: 'Read in the chart’s NetworkPolicy: egress to kube-system and the custom rules.',
    check: (values) =>
      values.isTrue('defaults.networkPolicy.enabled') &&
      !values.isTrue(customEgress) &&
      (usesStore(values) || rawSidecars(values).length > 0)
        ? [{ path: customEgress, message: 'empty, so the pods do not reach the store' }]
        : [],
    hits: [`${agent(saved, sidecarWith(''))}defaults: { networkPolicy: { enabled: true } }\n`],
    passes: [
      `${agent(saved, sidecarWith(''))}defaults: { networkPolicy: { enabled: true, custom: { egress: [{ ports: [{ port: 443 }] }] } } }\n`,
      `${agent(saved)}defaults: { networkPolicy: { enabled: true } }\n`,
    ],
  },
];
