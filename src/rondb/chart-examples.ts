import type { z } from 'zod';
import type { GivenValues } from '../chart/index.js';
import type { rondbBackupValues } from './chart-values.js';

type Values = GivenValues<z.input<typeof rondbBackupValues>>;

// An example’s identity. Make your own with uuidgen: two clusters must never share one.
const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
/** Two node groups of two replicas, as rondb-helm numbers them. */
const dataNodes = [
  { nodeId: 1, pod: 'node-group-0-0' },
  { nodeId: 2, pod: 'node-group-0-1' },
  { nodeId: 4, pod: 'node-group-1-0' },
  { nodeId: 5, pod: 'node-group-1-1' },
];
const s3 = {
  type: 's3',
  bucket: 'rondb-backups',
  region: 'eu-north-1',
  credentials: { type: 'secret', secret: { name: 'backup-store' } },
} as const;
const repository = { cluster: { dataNodes }, store: s3, clusterId };

/** Values files of the chart rondb-backup, by name: each store, each way, restores, and everything that is off. */
export const rondbBackupExamples = {
  default: { repository },
  sidecar: { repository: { ...repository, way: 'sidecar' } },
  minio: {
    repository: {
      ...repository,
      store: {
        type: 's3',
        provider: 'Minio',
        bucket: 'rondb-backups',
        region: 'us-east-1',
        endpoint: 'https://minio.minio.svc:9000',
        prefix: 'production',
        certificateAuthority: { type: 'configMap', name: 'minio-ca' },
        credentials: {
          type: 'secret',
          secret: { name: 'minio-secret', keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' } },
        },
        encryption: { type: 'crypt', secret: { name: 'backup-key' }, keyFingerprint: '0123456789abcdef' },
      },
    },
  },
  gcs: {
    repository: {
      ...repository,
      store: { type: 'gcs', bucket: 'rondb-backups', credentials: { type: 'secret', secret: { name: 'gcs-key' } } },
    },
  },
  azure: {
    repository: {
      ...repository,
      store: {
        type: 'azure',
        container: 'rondb-backups',
        account: 'examplebackups',
        credentials: {
          type: 'workloadIdentity',
          serviceAccountAnnotations: { 'azure.workload.identity/client-id': '3f0c9c6e-0000-4a53-9e0f-0d5cf6a0f1b2' },
        },
      },
    },
  },
  swift: {
    repository: {
      ...repository,
      store: {
        type: 'swift',
        container: 'rondb-backups',
        authUrl: 'https://auth.cloud.ovh.net/v3',
        region: 'GRA',
        credentials: { type: 'applicationCredential', secret: { name: 'swift' } },
      },
    },
  },
  alerts: {
    repository,
    prometheusRule: { labels: { release: 'kube-prometheus-stack' }, alertLabels: { team: 'data' } },
    networkPolicy: {},
  },
  restore: { repository, restore: { enabled: true, id: 'first', mode: 'apply', run: true } },
  everything: {
    fullnameOverride: 'north',
    nameOverride: 'database',
    commonLabels: { team: 'data' },
    commonAnnotations: { 'example.com/owner': 'data' },
    repository: {
      ...repository,
      clusterName: 'north',
      store: {
        ...s3,
        serverSideEncryption: { type: 'aws:kms', keyId: 'alias/backups' },
        storageClass: 'STANDARD_IA',
        credentials: {
          type: 'workloadIdentity',
          serviceAccountAnnotations: {
            'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/rondb-backup',
          },
        },
      },
      transfers: 8,
    },
    image: { repository: 'registry.example.com/hwutils', tag: '1.1', pullPolicy: 'Always' },
    imagePullSecrets: ['registry'],
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'backup', operator: 'Exists' }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
        },
      },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'north' } },
      },
    ],
    priorityClassName: 'system-cluster-critical',
    podLabels: { team: 'data' },
    podAnnotations: { 'example.com/note': 'text' },
    env: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example.com:3128' }],
    volumes: [{ name: 'scratch', emptyDir: {} }],
    volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    runAsId: 1001,
    networkPolicy: { egress: [{ ports: [{ protocol: 'TCP', port: 3128 }] }] },
    pushgateway: 'pushgateway.monitoring.svc:9091',
    backup: {
      schedule: '17 */6 * * *',
      longestInterval: '6h',
      timeZone: 'Europe/Stockholm',
      retention: { keepLast: 7, keepWithin: '72h', keepDaily: 14, keepWeekly: 8, keepMonthly: 12, keepYearly: 3 },
      ttlAfterFinished: '168h',
      resources: { requests: { cpu: '1', memory: '512Mi' } },
    },
    verify: { schedule: '47 6 * * *', shares: 14, serviceAccount: { name: 'verify' } },
    restore: {
      enabled: true,
      id: 'shop-again',
      backupId: 217000000,
      source: 'production/south',
      includeDatabases: ['shop'],
      excludeTables: ['shop.sessions', 'shop.carts'],
      intoNonEmpty: true,
    },
    prometheusRule: {},
  },
} as const satisfies Readonly<Record<string, Values>>;
