import { seconds, yamlText } from '../units/index.js';
import { startGate } from './container-parts.js';
import type { ValdAgentSettings } from './props-schema.js';
import { observability, serverConfig } from './server-config.js';
import type { Sizing } from './sizing.js';

/**
 * The agent’s `config.yaml`, with the keys of upstream’s ConfigMap. In-memory mode is always off: with it nothing is
 * ever saved (rule 4 of the facts).
 */
export function agentConfig(settings: ValdAgentSettings, sizing: Sizing): string {
  return yamlText({
    version: 'v0.0.0',
    time_zone: 'UTC',
    logging: { logger: 'glg', level: settings.logLevel, format: 'raw' },
    server_config: serverConfig({ servers: true, shutdownSeconds: seconds(settings.drainDuration) }),
    observability: observability(settings.name, settings.collectorEndpoint),
    ngt: ngtConfig(settings, sizing),
  });
}

/** The `ngt` block: upstream’s values `agent.ngt`, which its chart copies into the ConfigMap as they are. */
export function ngtConfig(settings: ValdAgentSettings, sizing: Sizing): Record<string, unknown> {
  const ngt = settings.ngt;
  // One limit, long enough for the expected size: an index that takes longer is not loaded later but thrown away.
  const loadTimeout = settings.copyOnWrite ? `${sizing.loadTimeout}s` : `file://${startGate}`;
  return {
    pod_name: '_MY_POD_NAME_',
    namespace: '_MY_POD_NAMESPACE_',
    index_path: settings.indexPath,
    dimension: ngt.dimension,
    bulk_insert_chunk_size: ngt.bulkInsertChunkSize,
    distance_type: ngt.distanceType,
    object_type: ngt.objectType,
    creation_edge_size: ngt.creationEdgeSize,
    search_edge_size: ngt.searchEdgeSize,
    auto_index_duration_limit: ngt.autoIndexDurationLimit,
    auto_index_check_duration: ngt.autoIndexCheckDuration,
    auto_save_index_duration: ngt.autoSaveIndexDuration,
    auto_index_length: ngt.autoIndexLength,
    auto_create_index_pool_size: ngt.autoCreateIndexPoolSize,
    initial_delay_max_duration: ngt.initialDelayMaxDuration,
    enable_in_memory_mode: false,
    default_pool_size: ngt.defaultPoolSize,
    default_radius: ngt.defaultRadius,
    default_epsilon: ngt.defaultEpsilon,
    epsilon_for_creation: ngt.epsilonForCreation,
    min_load_index_timeout: loadTimeout,
    max_load_index_timeout: loadTimeout,
    load_index_timeout_factor: '1ms',
    enable_proactive_gc: ngt.enableProactiveGc,
    enable_copy_on_write: settings.copyOnWrite,
    vqueue: {
      insert_buffer_pool_size: ngt.vqueueInsertBufferPoolSize,
      delete_buffer_pool_size: ngt.vqueueDeleteBufferPoolSize,
    },
    kvsdb: { concurrency: ngt.kvsdbConcurrency },
    broken_index_history_limit: settings.brokenIndexHistoryLimit,
    error_buffer_limit: ngt.errorBufferLimit,
    enable_statistics: ngt.enableStatistics,
    enable_export_index_info_to_k8s: settings.exportIndexInfo,
    export_index_info_duration: '1m',
  };
}
