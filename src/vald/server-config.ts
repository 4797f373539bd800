/** The ports of the agent, as upstream’s defaults: the rest of a Vald installation expects them. */
export const agentPorts = { liveness: 3000, readiness: 3001, grpc: 8081 } as const;

interface ServerConfigOptions {
  /** `full_shutdown_duration`, in seconds. */
  readonly shutdownSeconds: number;
  /** Whether the servers run; the sidecar runs none. */
  readonly servers: boolean;
}

/** The `server_config` block of Vald’s configuration, every key written out as upstream’s chart does. */
export function serverConfig(options: ServerConfigOptions): object {
  const running = options.servers;
  return {
    servers: running ? [grpcServer()] : null,
    health_check_servers: running
      ? [healthServer('liveness', agentPorts.liveness, '5s'), healthServer('readiness', agentPorts.readiness, '0s')]
      : null,
    metrics_servers: null,
    startup_strategy: running ? ['liveness', 'grpc', 'readiness'] : null,
    shutdown_strategy: running ? ['readiness', 'grpc', 'liveness'] : null,
    full_shutdown_duration: `${options.shutdownSeconds}s`,
    tls: {
      enabled: false,
      cert: '/path/to/cert',
      key: '/path/to/key',
      ca: '/path/to/ca',
      crl: '/path/to/crl',
      insecure_skip_verify: false,
      hot_reload: false,
      server_name: '',
      client_auth: 'None',
    },
  };
}

/** The `observability` block. The sidecar crashes with it enabled (fact 0.8), so only the agent can have a collector. */
export function observability(serviceName: string, collectorEndpoint?: string): object {
  return {
    enabled: collectorEndpoint !== undefined,
    otlp: {
      collector_endpoint: collectorEndpoint ?? '',
      trace_batch_timeout: '1s',
      trace_export_timeout: '1m',
      trace_max_export_batch_size: 1024,
      trace_max_queue_size: 256,
      metrics_export_interval: '1s',
      metrics_export_timeout: '1m',
      attribute: {
        namespace: '_MY_POD_NAMESPACE_',
        pod_name: '_MY_POD_NAME_',
        node_name: '_MY_NODE_NAME_',
        service_name: serviceName,
      },
    },
    metrics: {
      enable_version_info: true,
      enable_memory: true,
      enable_goroutine: true,
      enable_cgo: true,
      version_info_labels: [
        'vald_version',
        'server_name',
        'git_commit',
        'build_time',
        'go_version',
        'go_os',
        'go_arch',
        'algorithm_info',
      ],
    },
    trace: { enabled: false },
  };
}

function socketOption(quick: boolean): object {
  return {
    reuse_port: true,
    reuse_addr: true,
    tcp_fast_open: quick,
    tcp_no_delay: quick,
    tcp_cork: false,
    tcp_quick_ack: quick,
    tcp_defer_accept: false,
    ip_transparent: false,
    ip_recover_destination_addr: false,
  };
}

function grpcServer(): object {
  return {
    name: 'grpc',
    host: '0.0.0.0',
    port: agentPorts.grpc,
    mode: 'GRPC',
    probe_wait_time: '3s',
    network: 'tcp',
    socket_path: '',
    restart: true,
    grpc: {
      bidirectional_stream_concurrency: 20,
      max_receive_message_size: 0,
      max_send_message_size: 0,
      initial_window_size: 1048576,
      initial_conn_window_size: 2097152,
      keepalive: {
        max_conn_idle: '',
        max_conn_age: '',
        max_conn_age_grace: '',
        time: '3h',
        timeout: '60s',
        min_time: '1s',
        permit_without_stream: true,
      },
      write_buffer_size: 0,
      read_buffer_size: 0,
      connection_timeout: '',
      max_header_list_size: 0,
      header_table_size: 0,
      max_concurrent_streams: 0,
      num_stream_workers: 0,
      interceptors: ['RecoverInterceptor'],
      shared_write_buffer: true,
      wait_for_handlers: true,
      enable_reflection: true,
      enable_admin: false,
      enable_channelz: false,
    },
    socket_option: socketOption(false),
  };
}

function healthServer(name: string, port: number, shutdown: string): object {
  return {
    name,
    host: '0.0.0.0',
    port,
    mode: 'REST',
    probe_wait_time: '3s',
    network: 'tcp',
    socket_path: '',
    restart: true,
    http: {
      shutdown_duration: shutdown,
      handler_timeout: '',
      idle_timeout: '',
      read_header_timeout: '',
      read_timeout: '',
      write_timeout: '',
      http2: {
        enabled: false,
        handler_limit: 0,
        max_concurrent_streams: 0,
        max_decoder_header_table_size: 4096,
        max_encoder_header_table_size: 4096,
        max_read_frame_size: 0,
        max_upload_buffer_per_connection: 0,
        max_upload_buffer_per_stream: 0,
        permit_prohibited_cipher_suites: true,
      },
    },
    socket_option: socketOption(true),
  };
}
