import { valdBlobStorage } from '../store/index.js';
import { join, yamlText } from '../units/index.js';
import type { StoreBackupSettings } from './backup-method.js';
import { clusterFolder } from './names.js';
import type { ValdAgentSettings } from './props-schema.js';
import { observability, serverConfig } from './server-config.js';
import type { Sizing } from './sizing.js';

/** The sidecar’s `config.yaml`, with the keys of upstream’s ConfigMap. */
export function sidecarConfig(
  settings: ValdAgentSettings,
  backup: StoreBackupSettings,
  namespace: string,
  sizing: Sizing,
): string {
  return yamlText({
    version: 'v0.0.0',
    time_zone: 'UTC',
    // `debug` would print the expanded access key at every start (rule 29); the props do not offer it.
    logging: { logger: 'glg', level: settings.logLevel, format: 'raw' },
    server_config: serverConfig({ servers: false, shutdownSeconds: 600 }),
    observability: observability(`${settings.name}-sidecar`),
    agent_sidecar: {
      mode: '_VALD_AGENT_SIDECAR_MODE_',
      // Where the agent really saves; upstream's chart watches the folder above without copy-on-write (fact 0.2).
      watch_dir: `${settings.indexPath}/origin`,
      watch_enabled: true,
      // Without copy-on-write each save is an event that uploads, and a timer could catch a save half written and
      // replace the only good object with that. With it there is no such event (fact 0.3): the timer is the upload.
      auto_backup_enabled: settings.copyOnWrite,
      auto_backup_duration: backup.backupInterval,
      post_stop_timeout: `${sizing.postStopTimeout}s`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Vald’s own way to write a variable inside a text
      filename: join('/', backup.store.prefix, clusterFolder(settings, backup, namespace), '${MY_POD_NAME}'),
      filename_suffix: '.tar.gz',
      blob_storage: valdBlobStorage(backup.store),
      compress: { compress_algorithm: 'gzip', compression_level: backup.compressionLevel },
      restore_backoff_enabled: false,
      restore_backoff: {
        initial_duration: '1s',
        backoff_time_limit: '30m',
        maximum_duration: '1m',
        jitter_limit: '10s',
        backoff_factor: 1.2,
        retry_count: 100,
        enable_error_log: true,
      },
      client: httpClient(),
    },
  });
}

function httpClient(): object {
  return {
    net: {
      network: 'tcp',
      dns: { cache_enabled: true, refresh_duration: '1h', cache_expiration: '24h' },
      dialer: { timeout: '5s', keepalive: '5m', dual_stack_enabled: false },
      tls: {
        enabled: false,
        cert: '/path/to/cert',
        key: '/path/to/key',
        ca: '/path/to/ca',
        insecure_skip_verify: false,
        server_name: '',
        client_auth: 'None',
      },
      socket_option: {
        reuse_port: true,
        reuse_addr: true,
        tcp_fast_open: true,
        tcp_no_delay: false,
        tcp_cork: true,
        tcp_quick_ack: false,
        tcp_defer_accept: false,
        ip_transparent: false,
        ip_recover_destination_addr: false,
      },
    },
    transport: {
      round_tripper: {
        tls_handshake_timeout: '5s',
        max_idle_conns: 100,
        max_idle_conns_per_host: 10,
        max_conns_per_host: 10,
        idle_conn_timeout: '90s',
        // Upstream's 5s is shorter than what a busy store takes to answer a finished upload (facts, section 2).
        response_header_timeout: '1m',
        expect_continue_timeout: '5s',
        max_response_header_size: 0,
        write_buffer_size: 0,
        read_buffer_size: 0,
        force_attempt_http_2: true,
      },
      backoff: {
        initial_duration: '5ms',
        backoff_time_limit: '5s',
        maximum_duration: '5s',
        jitter_limit: '100ms',
        backoff_factor: 1.1,
        retry_count: 100,
        enable_error_log: true,
      },
    },
  };
}
