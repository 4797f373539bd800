import type { HelmValue } from '../../values/index.js';
import { isBefore } from './chart-version.js';

/** Versions of Vald’s chart whose defaults were read: each one since agents save below `origin` and the sidecar works. */
export const valdVersions: readonly string[] = [
  ...Array.from({ length: 11 }, (_, patch) => `v1.7.${patch + 7}`),
  'v1.8.0',
];

/** The defaults of Vald’s chart, only the keys that a rule reads, each from the version on that brought it. */
export function valdDefaults(version: string): { readonly [key: string]: HelmValue } {
  const from = (first: string, values: { readonly [key: string]: HelmValue }) =>
    isBefore(version, first) ? {} : values;
  return {
    defaults: {
      logging: { level: 'debug' },
      server_config: {
        full_shutdown_duration: '600s',
        healths: { startup: { startupProbe: { initialDelaySeconds: 5, failureThreshold: 30, periodSeconds: 5 } } },
      },
      observability: { enabled: false },
      networkPolicy: { enabled: false, ...from('v1.7.9', { custom: { ingress: [], egress: [] } }) },
    },
    gateway: { lb: { gateway_config: { index_replica: 3 } } },
    agent: {
      enabled: true,
      name: 'vald-agent-ngt',
      ...from('v1.7.11', { name: 'vald-agent', algorithm: 'ngt' }),
      ...from('v1.7.12', { clusterRole: { enabled: true, name: 'agent' } }),
      ...from('v1.7.13', {
        faiss: { index_path: '', enable_in_memory_mode: true, enable_copy_on_write: false },
      }),
      ...(isBefore(version, 'v1.8.0')
        ? from('v1.7.12', { serviceAccount: { enabled: true, name: 'agent-ngt' } })
        : { serviceAccountName: 'agent-ngt' }),
      kind: 'StatefulSet',
      minReplicas: 20,
      maxReplicas: 300,
      maxUnavailable: '1',
      podManagementPolicy: 'OrderedReady',
      terminationGracePeriodSeconds: 120,
      securityContext: { readOnlyRootFilesystem: false },
      persistentVolume: { enabled: false, accessMode: 'ReadWriteOncePod', size: '100Gi' },
      hpa: { enabled: false },
      initContainers: [],
      env: [podField('MY_NODE_NAME', 'spec.nodeName'), ...podNames()],
      volumeMounts: [],
      volumes: [],
      server_config: { healths: { startup: { startupProbe: { failureThreshold: 200, periodSeconds: 5 } } } },
      resources: { requests: { cpu: '300m', memory: '4Gi' } },
      ...from('v1.7.10', { readreplica: { enabled: false, snapshot_classname: '' } }),
      ngt: {
        index_path: '',
        enable_in_memory_mode: true,
        enable_copy_on_write: false,
        auto_index_check_duration: '30m',
        auto_index_duration_limit: '24h',
        auto_index_length: 100,
        auto_save_index_duration: '35m',
        min_load_index_timeout: '3m',
        max_load_index_timeout: '10m',
        broken_index_history_limit: 0,
        ...from('v1.7.12', { enable_export_index_info_to_k8s: false }),
      },
      sidecar: {
        enabled: false,
        initContainerEnabled: false,
        logging: {},
        env: [
          podField('MY_NODE_NAME', 'spec.nodeName'),
          ...podNames(),
          secretKey('AWS_ACCESS_KEY', 'access-key'),
          secretKey('AWS_SECRET_ACCESS_KEY', 'secret-access-key'),
        ],
        resources: { requests: { cpu: '100m', memory: '100Mi' } },
        config: {
          watch_enabled: true,
          auto_backup_enabled: true,
          auto_backup_duration: '24h',
          post_stop_timeout: '2m',
          filename: '_MY_POD_NAME_',
          filename_suffix: '.tar.gz',
          blob_storage: {
            storage_type: 's3',
            bucket: '',
            s3: {
              endpoint: '',
              region: '',
              access_key: '_AWS_ACCESS_KEY_',
              secret_access_key: '_AWS_SECRET_ACCESS_KEY_',
              token: '',
              max_part_size: '64mb',
              max_chunk_size: '64mb',
            },
            cloud_storage: { url: '', client: { credentials_file_path: '', credentials_json: '' } },
          },
          compress: { compress_algorithm: 'gzip', compression_level: -1 },
          restore_backoff_enabled: false,
        },
      },
    },
    manager: {
      index: {
        enabled: true,
        indexer: { auto_save_index_duration_limit: '3h' },
        ...from('v1.7.9', {
          saver: { enabled: false, suspend: false },
          creator: { enabled: false, suspend: false },
        }),
      },
    },
  };
}

function podField(name: string, fieldPath: string): HelmValue {
  return { name, valueFrom: { fieldRef: { fieldPath } } };
}

function podNames(): HelmValue[] {
  return [podField('MY_POD_NAME', 'metadata.name'), podField('MY_POD_NAMESPACE', 'metadata.namespace')];
}

function secretKey(name: string, key: string): HelmValue {
  return { name, valueFrom: { secretKeyRef: { name: 'aws-secret', key } } };
}
