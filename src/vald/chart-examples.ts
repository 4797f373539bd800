import type { z } from 'zod';
import type { GivenValues } from '../chart/index.js';
import type { valdAgentValues } from './chart-values.js';

type Values = GivenValues<z.input<typeof valdAgentValues>>;

// An example’s identity. Make your own with uuidgen: two clusters must never share one.
const clusterId = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';
const ngt = { dimension: 784 };
const volume = { size: '100Gi' };
const store = {
  type: 's3',
  bucket: 'vald-backups',
  region: 'eu-north-1',
  credentials: { type: 'secret', secret: { name: 'aws-secret' } },
} as const;

/** Values files of the chart vald-agent, by name: each method, each store, and everything that is off by default. */
export const valdAgentExamples = {
  default: { ngt, backup: { type: 'persistentVolume', volume } },
  s3: { ngt, backup: { type: 'objectStorage', store, clusterId } },
  'pv-and-s3': { ngt, backup: { type: 'both', volume, store, clusterId } },
  'pv-without-copy-on-write': { ngt, copyOnWrite: false, backup: { type: 'persistentVolume', volume } },
  'volumes-by-name': {
    ngt,
    replicas: 2,
    backup: {
      type: 'persistentVolume',
      volume: {
        ...volume,
        bind: {
          type: 'names',
          volumes: [
            { ordinal: 0, volumeName: 'index-a' },
            { ordinal: 1, volumeName: 'index-b' },
          ],
        },
      },
    },
  },
  's3-without-copy-on-write': { ngt, copyOnWrite: false, backup: { type: 'objectStorage', store, clusterId } },
  'repository-uploader': {
    ngt,
    backup: { type: 'both', volume, store, clusterId, uploader: { type: 'repository' } },
    verify: { enabled: true },
    prometheusRule: { labels: { release: 'kube-prometheus-stack' } },
  },
  minio: {
    ngt,
    backup: {
      type: 'both',
      volume,
      clusterId,
      clusterName: 'north',
      store: {
        type: 's3',
        provider: 'Minio',
        bucket: 'vald-backups',
        region: 'us-east-1',
        endpoint: 'https://minio.minio.svc:9000',
        prefix: 'production',
        certificateAuthority: { type: 'configMap', name: 'minio-ca' },
        credentials: {
          type: 'secret',
          secret: { name: 'minio-secret', keys: { accessKeyId: 'rootUser', secretAccessKey: 'rootPassword' } },
        },
      },
    },
  },
  gcs: {
    ngt,
    backup: {
      type: 'objectStorage',
      clusterId,
      store: { type: 'gcs', bucket: 'vald-backups', credentials: { type: 'secret', secret: { name: 'gcs-key' } } },
    },
  },
  'workload-identity': {
    ngt,
    backup: {
      type: 'objectStorage',
      clusterId,
      store: {
        ...store,
        credentials: {
          type: 'workloadIdentity',
          serviceAccountAnnotations: {
            'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/vald-backup',
          },
        },
      },
    },
  },
  'kubernetes-1.28': { ngt, kubernetesVersion: '1.28', backup: { type: 'both', volume, store, clusterId } },
  autoscaled: { ngt, backup: { type: 'both', volume, store, clusterId }, autoscaling: { maxReplicas: 10 } },
  everything: {
    ngt,
    fullnameOverride: 'second-agent',
    nameOverride: 'second',
    commonLabels: { team: 'search' },
    commonAnnotations: { 'example.com/owner': 'search' },
    backup: {
      type: 'both',
      volume: {
        size: '100Gi',
        storageClass: 'fast',
        accessMode: 'ReadWriteOnce',
        bind: { type: 'selector', matchLabels: { disk: 'index' } },
        retention: { whenDeleted: 'Retain', whenScaled: 'Delete' },
      },
      store,
      clusterId,
    },
    replicas: 2,
    image: { repository: 'registry.example.com/vald-agent-ngt', tag: 'v1.8.0', pullPolicy: 'IfNotPresent' },
    imagePullSecrets: ['registry'],
    podManagementPolicy: 'Parallel',
    priority: { type: 'existing', name: 'system-cluster-critical' },
    podLabels: { team: 'search' },
    podAnnotations: { 'example.com/note': 'text' },
    env: [{ name: 'GOMEMLIMIT', value: '6GiB' }],
    volumes: [{ name: 'scratch', emptyDir: {} }],
    volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
    resources: { requests: { memory: '8Gi' } },
    nodeSelector: { disk: 'fast' },
    tolerations: [{ key: 'vald', operator: 'Exists' }],
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { app: 'second-agent' } },
      },
    ],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
        },
      },
    },
    exportIndexInfo: true,
    networkPolicy: {},
    collectorEndpoint: 'otel-collector.monitoring.svc:4317',
  },
} as const satisfies Readonly<Record<string, Values>>;
