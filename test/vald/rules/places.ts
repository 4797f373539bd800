/** What each example of each rule is told, as `line:column path: message`; the place is the nearest key that was written. */
export const places: Readonly<Record<string, readonly (readonly string[])[]>> = {
  VALD001: [['3:23 agent.sidecar.enabled: true, with which chart v1.8.0 cannot be rendered']],
  VALD002: [
    ['3:57 agent.sidecar.config.watch_dir: watches "/var/ngt/index", but the agent saves to "/var/ngt/index/origin"'],
    ['3:78 agent.sidecar.config.watch_dir: watches "/var/ngt/index", but the agent saves to "/var/ngt/index/origin"'],
    ['3:78 agent.sidecar.config.watch_dir: watches "/var/ngt/origin", but the agent saves to "/var/ngt/index/origin"'],
  ],
  VALD003: [
    ['3:88 agent.sidecar.config.auto_backup_enabled: the timer is off, and copy-on-write hides saves from the sidecar'],
    ['3:88 agent.sidecar.config.auto_backup_enabled: the timer is off, and watch_enabled is off'],
  ],
  VALD004: [['2:3 agent.ngt.enable_in_memory_mode: true, so there is nothing for the sidecar to back up']],
  VALD005: [['2:3 agent.ngt.index_path: empty, so the sidecar watches nothing and says nothing']],
  VALD006: [
    ['1:1 agent.ngt.enable_in_memory_mode: true: no volume is made although agent.persistentVolume.enabled is true'],
    ['3:3 agent.ngt.index_path: empty: no volume is made although agent.persistentVolume.enabled is true'],
  ],
  VALD007: [['2:3 agent.ngt.index_path: empty, so the agent keeps the index in memory after all']],
  VALD008: [
    ['1:1 agent.persistentVolume.enabled: off, and nothing uploads the index either'],
    ['1:1 agent.persistentVolume.enabled: off, and nothing uploads the index either'],
  ],
  VALD009: [
    ['3:51 agent.sidecar.initContainerEnabled: off without a volume: a new pod starts empty and overwrites its object'],
  ],
  VALD010: [['3:52 agent.sidecar.initContainerEnabled: true, while there is no sidecar that uploads']],
  VALD011: [['4:51 agent.sidecar.initContainerEnabled: true together with a volume that keeps its files']],
  VALD012: [
    ['1:1 agent.terminationGracePeriodSeconds: 120 seconds, but the upload begins only after 2m'],
    ['2:34 agent.terminationGracePeriodSeconds: 600 seconds, but the upload begins only after 10m'],
  ],
  VALD013: [
    ['3:86 agent.sidecar.config.post_stop_timeout: 5s: stopping and saving takes the agent longer'],
    ['3:86 agent.sidecar.config.post_stop_timeout: 0s: stopping and saving takes the agent longer'],
  ],
  VALD014: [
    ['2:34 agent.terminationGracePeriodSeconds: 0 seconds to stop, build and save the index'],
    ['2:34 agent.terminationGracePeriodSeconds: 30 seconds to stop, build and save the index'],
  ],
  VALD015: [['1:1 agent.server_config.full_shutdown_duration: up to 10m of a grace period of 120 seconds']],
  VALD016: [
    ['2:9 agent.kind: Deployment, for which the chart makes no volume for the index'],
    ['2:9 agent.kind: DaemonSet, for which the chart makes no volume for the index'],
  ],
  VALD017: [['4:57 agent.sidecar.config.filename: the name of the pod, which is random for a Deployment']],
  VALD018: [
    [
      '1:1 agent.ngt.index_path: "", but agent.faiss.index_path is "/var/faiss/index"',
      '1:1 agent.ngt.enable_in_memory_mode: true, so the chart makes no volume for Faiss either',
    ],
    ['5:36 agent.sidecar.initContainerEnabled: true, but with Faiss the init container has no volume to restore to'],
  ],
  VALD019: [
    ['4:3 agent.sidecar.config.watch_dir: watches "", but the agent saves to "/var/faiss/index"'],
    [
      '4:50 agent.sidecar.config.watch_dir: watches "/var/faiss/index/origin", but the agent saves to "/var/faiss/index"',
    ],
  ],
  VALD020: [['3:67 agent.sidecar.config.blob_storage.bucket: empty, so there is nowhere to upload to']],
  VALD021: [['3:100 agent.sidecar.config.blob_storage.s3.region: empty, and the client refuses to go without one']],
  VALD025: [
    ['3:57 agent.sidecar.env: no MY_POD_NAME, which the object’s name is made of'],
    ['3:3 agent.sidecar.env: no POD, which the object’s name is made of'],
  ],
  VALD026: [
    ['4:77 agent.sidecar.config.filename: "vald-agent" is the same name for every pod'],
    ['4:77 agent.sidecar.config.filename: "prod/_MY_POD_NAME_" is the same name for every pod'],
  ],
  VALD027: [
    [
      'blue agent.sidecar.config.filename: the same objects as release green',
      'green agent.sidecar.config.filename: the same objects as release blue',
    ],
  ],
  VALD028: [['3:145 agent.sidecar.config.blob_storage.s3.secret_access_key: empty, while the other half is there']],
  VALD029: [
    [
      '2:65 agent.sidecar.config.blob_storage.s3.secret_access_key: a secret as plain text, which goes into a ConfigMap',
    ],
    [
      '2:85 agent.sidecar.config.blob_storage.cloud_storage.client.credentials_json: a secret as plain text, which goes into a ConfigMap',
    ],
  ],
  VALD030: [
    ['2:23 agent.serviceAccountName: "vald-backup" is not used by the pods'],
    ['2:27 agent.serviceAccount.name: "vald-backup" is not used by the pods'],
  ],
  VALD031: [
    [
      '3:112 agent.sidecar.config.blob_storage.cloud_storage.client.credentials_file_path: empty, and there is no other key',
    ],
  ],
  VALD032: [
    ['3:67 agent.sidecar.config.blob_storage.cloud_storage.url: empty; blob_storage.bucket is not read for this type'],
  ],
  VALD033: [['4:13 defaults.networkPolicy.custom.egress: empty, so the pods do not reach the store']],
  VALD034: [
    ['3:3 agent.sidecar.observability.enabled: not set, and defaults.observability.enabled is true'],
    ['3:83 agent.sidecar.observability.enabled: true, with which the sidecar crashes'],
  ],
  VALD035: [
    ['4:46 agent.securityContext.readOnlyRootFilesystem: true, and no volume is mounted at /tmp'],
    ['4:46 agent.securityContext.readOnlyRootFilesystem: true, and no volume is mounted at /tmp'],
  ],
  VALD036: [
    ['3:44 agent.persistentVolume.size: 20Gi, but 2 × an index of 19.2Gi need 38.4Gi'],
    ['4:45 agent.resources.limits.ephemeral-storage: 1Gi, but 1 × an index of 2.4Gi need 2.4Gi'],
  ],
  VALD037: [['2:3 agent.ngt.broken_index_history_limit: 0: an index that does not load is deleted']],
  VALD038: [
    [
      '1:1 agent.server_config.healths.startup.startupProbe.failureThreshold: the probe gives 16m45s, loading may take 1h',
    ],
    [
      '3:76 agent.server_config.healths.startup.startupProbe.failureThreshold: the probe gives 2m35s, loading may take 10m',
    ],
  ],
  VALD039: [['2:92 agent.ngt.min_load_index_timeout: 15m, but max_load_index_timeout is 10m']],
  VALD040: [
    ['2:87 agent.ngt.auto_index_length: 0 switches the agent’s saves off, and nothing else saves'],
    ['2:95 agent.ngt.auto_index_check_duration: 0 switches the agent’s saves off, and nothing else saves'],
  ],
  VALD041: [['2:94 agent.ngt.auto_save_index_duration: saved once in 365h']],
  VALD042: [['2:95 agent.ngt.auto_index_check_duration: built every 2h, but saved every 35m']],
  VALD045: [
    ['3:124 agent.sidecar.config.compress.compression_level: 15, which gzip does not take'],
    ['3:123 agent.sidecar.config.compress.compression_level: 1, which lz4 does not take'],
  ],
  VALD046: [
    ['3:142 agent.sidecar.config.blob_storage.s3.max_chunk_size: 4mb, which is treated as 0'],
    ['3:142 agent.sidecar.config.blob_storage.s3.max_chunk_size: 5000kb, which is treated as 0'],
  ],
  VALD047: [['3:88 agent.sidecar.resources.limits.memory: 100Mi, but its buffers may take 320Mi']],
  VALD048: [['2:19 agent.hpa.enabled: true: what a removed agent holds is no longer served']],
  VALD049: [['3:19 agent.hpa.enabled: true, but a DaemonSet cannot be scaled']],
  VALD050: [
    ['3:50 agent.persistentVolume.accessMode: "ReadWriteMany" for a volume that belongs to one pod'],
    ['3:50 agent.persistentVolume.accessMode: "readwriteonce" for a volume that belongs to one pod'],
  ],
  VALD052: [
    ['2:52 agent.ngt.index_path: "/data" makes the chart mount the volume at "/"'],
    ['2:52 agent.ngt.index_path: "index" makes the chart mount the volume at "."'],
  ],
  VALD053: [
    ['4:42 agent.volumeMounts[0].mountPath: "/var/ngt" is mounted by the chart already'],
    ['3:42 agent.volumeMounts[0].mountPath: "/etc/server" is mounted by the chart already'],
  ],
  VALD054: [['3:47 agent.volumes[0].emptyDir.medium: memory, mounted at "/var/ngt/index" where the index is']],
  VALD055: [
    ['1:1 agent.persistentVolume.enabled: no volume to make a snapshot of'],
    ['4:3 agent.readreplica.snapshot_classname: empty, so no snapshot is made'],
    ['2:3 agent.ngt.enable_copy_on_write: off, so a snapshot can catch half a save'],
  ],
  VALD056: [
    ['2:24 agent.podManagementPolicy: Parallel with index_replica 1 takes several parts of the index away at once'],
    ['3:19 agent.maxUnavailable: 20% with index_replica 1 takes several parts of the index away at once'],
  ],
  VALD057: [
    [
      'blue agent.clusterRole.name: the ClusterRole "agent" belongs to release green too',
      'green agent.clusterRole.name: the ClusterRole "agent" belongs to release blue too',
    ],
  ],
  VALD058: [
    ['3:63 agent.sidecar.env[0]: AWS_CA_BUNDLE, with which the sidecar does not start'],
    ['3:85 agent.initContainers[0].env[0]: AWS_CA_BUNDLE, with which the sidecar does not start'],
  ],
  VALD059: [
    ['3:89 agent.sidecar.config.auto_backup_duration: "1 day" is no duration'],
    ['3:86 agent.sidecar.config.post_stop_timeout: "120" is no duration'],
  ],
  VALD060: [
    ['2:32 agent.ngt.enable_copy_on_wirte: "enable_copy_on_wirte" is no key of agent.ngt'],
    ['2:52 agent.sidecar.config.blob_storage.bucketName: "bucketName" is no key of agent.sidecar.config.blob_storage'],
    ['2:27 agent.terminationGracePeriod: "terminationGracePeriod" is no key of agent'],
    ['2:14 agent.algorithm: "algorithm" came with chart v1.7.11'],
  ],
  VALD061: [
    ['1:1 agent.resources.requests.ephemeral-storage: not set, with up to 1 index on the node’s disk'],
    ['1:1 agent.resources.requests.ephemeral-storage: not set, with up to 1 index on the node’s disk'],
  ],
  VALD062: [['3:57 agent.sidecar.config.restore_backoff_enabled: off: the restore gives up at the first error']],
  VALD063: [
    ['3:57 agent.sidecar.config.auto_backup_duration: one upload every 24h'],
    ['3:89 agent.sidecar.config.auto_backup_duration: one upload every 48h'],
  ],
  VALD064: [['3:3 agent.sidecar.logging.level: debug, at which access key and secret key are printed']],
};
