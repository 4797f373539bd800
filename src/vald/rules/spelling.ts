import { nearest } from '../../problem/index.js';
import type { Rule } from '../../values/index.js';
import { isBefore } from './chart-version.js';
import { agent, saved } from './examples.js';

const indexing =
  'pod_name namespace index_path dimension initial_delay_max_duration enable_in_memory_mode enable_copy_on_write enable_proactive_gc ' +
  'auto_index_duration_limit auto_index_check_duration auto_index_length auto_save_index_duration ' +
  'min_load_index_timeout max_load_index_timeout load_index_timeout_factor vqueue kvsdb';

/** The keys that the chart’s versions know, in the maps where a lost key means a lost backup. */
const known: Readonly<Record<string, string>> = {
  agent:
    'enabled version algorithm time_zone logging name kind serviceType externalTrafficPolicy progressDeadlineSeconds minReplicas maxReplicas ' +
    'maxUnavailable unhealthyPodEvictionPolicy revisionHistoryLimit terminationGracePeriodSeconds podSecurityContext securityContext ' +
    'podManagementPolicy persistentVolume podPriority annotations podAnnotations service hpa image rollingUpdate initContainers clusterRole ' +
    'clusterRoleBinding serviceAccount serviceAccountName env volumeMounts volumes nodeName nodeSelector tolerations affinity topologySpreadConstraints ' +
    'server_config observability resources readreplica ngt faiss sidecar',
  'agent.persistentVolume': 'enabled accessMode mountPropagation storageClass size',
  'agent.ngt':
    `${indexing} auto_create_index_pool_size bulk_insert_chunk_size distance_type object_type creation_edge_size search_edge_size ` +
    'default_pool_size default_radius default_epsilon epsilon_for_creation enable_export_index_info_to_k8s export_index_info_duration ' +
    'broken_index_history_limit error_buffer_limit enable_statistics is_readreplica',
  'agent.faiss': `${indexing} method_type metric_type nlist m nbits_per_idx`,
  'agent.sidecar':
    'enabled initContainerEnabled version time_zone logging name image service env server_config observability resources config',
  'agent.sidecar.config':
    'mode watch_dir watch_enabled auto_backup_enabled auto_backup_duration post_stop_timeout filename filename_suffix blob_storage compress ' +
    'client restore_backoff_enabled restore_backoff',
  'agent.sidecar.config.blob_storage': 'storage_type bucket s3 cloud_storage',
  'agent.sidecar.config.blob_storage.s3':
    'endpoint region access_key secret_access_key token max_retries force_path_style use_accelerate use_arn_region use_dual_stack enable_ssl ' +
    'enable_param_validation enable_100_continue enable_content_md5_validation enable_endpoint_discovery enable_endpoint_host_prefix ' +
    'max_part_size max_chunk_size',
  'agent.sidecar.config.blob_storage.cloud_storage':
    'url client write_buffer_size write_cache_control write_content_disposition write_content_encoding write_content_language write_content_type',
  'agent.sidecar.config.compress': 'compress_algorithm compression_level',
};

/** The versions of the chart that brought those keys that were not there from the start. */
const broughtBy: Readonly<Record<string, string>> = {
  'agent.readreplica': 'v1.7.10',
  'agent.algorithm': 'v1.7.11',
  'agent.clusterRole': 'v1.7.12',
  'agent.clusterRoleBinding': 'v1.7.12',
  'agent.serviceAccount': 'v1.7.12',
  'agent.ngt.enable_export_index_info_to_k8s': 'v1.7.12',
  'agent.ngt.export_index_info_duration': 'v1.7.12',
  'agent.ngt.enable_statistics': 'v1.7.13',
  'agent.faiss': 'v1.7.13',
  'agent.unhealthyPodEvictionPolicy': 'v1.7.15',
  'agent.serviceAccountName': 'v1.8.0',
  'agent.ngt.epsilon_for_creation': 'v1.8.0',
};

/** The rule about keys that nobody reads. */
export const spellingRules: readonly Rule[] = [
  {
    id: 'VALD060',
    severity: 'warning',
    title: 'nobody reads this key',
    why: 'The chart’s schema takes any key, so a slip of the pen leaves the default in force without a word: a backup that is off, or a grace period that is too short.',
    fix: 'Correct the key, or remove it.',
    fact: 'Rendered with chart v1.8.0: unknown keys pass. The keys were read in each chart from v1.7.7 on.',
    says: ['SCHEMA002', 'SCHEMA003'],
    until: 'v1.8.1',
    check: (values, { chartVersion }) =>
      Object.entries(known).flatMap(([path, words]) => {
        const keys = words.split(' ');
        return Object.keys(values.map(path))
          .filter((key) => values.isSet([...path.split('.'), key]))
          .flatMap((key) => {
            const here = [...path.split('.'), key];
            const first = broughtBy[`${path}.${key}`];
            if (keys.includes(key))
              return first !== undefined && isBefore(chartVersion, first)
                ? [
                    {
                      path: here,
                      message: `"${key}" came with chart ${first}`,
                      fix: 'Remove it, or upgrade the chart.',
                    },
                  ]
                : [];
            const meant = nearest(key, keys);
            const hit = { path: here, message: `"${key}" is no key of ${path}` };
            return [meant === undefined ? hit : { ...hit, fix: `Write ${meant}, if that is meant.` }];
          });
      }),
    hits: [
      agent('ngt: { enable_copy_on_wirte: true }'),
      agent('sidecar: { config: { blob_storage: { bucketName: backups } } }'),
      agent('terminationGracePeriod: 600'),
      { values: agent('algorithm: ngt'), chartVersion: 'v1.7.10' },
    ],
    passes: [agent(saved), agent('sidecar: { config: { watch_dir: /var/ngt/index/origin } }'), agent('algorithm: ngt')],
  },
];
