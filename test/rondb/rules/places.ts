/** What each example of each rule is told, as `line:column path: message`; the place is the nearest key that was written. */
export const places: Readonly<Record<string, readonly (readonly string[])[]>> = {
  RONDB001: [
    ['1:1 backups.enabled: not true, although there is schedule and s3.bucketName'],
    ['2:12 backups.enabled: not true, although there is ttl'],
  ],
  RONDB002: [
    ['3:12 backups.shedule: "shedule" is no key of backups'],
    ['3:17 backups.s3.bucket: "bucket" is no key of backups.s3'],
    ['3:3 restoreFromBackup.excludedTables: "excludedTables" is no key of restoreFromBackup'],
  ],
  RONDB003: [
    ['3:13 backups.schedule: "0 3 * *" is no schedule for Kubernetes'],
    ['3:13 backups.schedule: "CRON_TZ=UTC 0 3 * * *" is no schedule for Kubernetes'],
  ],
  RONDB004: [['1:1 backups.schedule: not set, so a backup is made once a week']],
  RONDB005: [
    ['3:13 backups.schedule: a backup every 60 seconds, but one takes about 2 minutes'],
    ['3:13 backups.schedule: a backup every 10 minutes, but one takes about 21.3 minutes'],
  ],
  RONDB006: [
    ['3:8 backups.ttl: 0d: all backups but the newest are deleted'],
    ['3:8 backups.ttl: 00h: all backups but the newest are deleted'],
  ],
  RONDB007: [
    ['4:8 backups.ttl: 36h, with up to 24 hours between two backups'],
    ['3:8 backups.ttl: 10d, with up to 7 days between two backups'],
    ['4:8 backups.ttl: 5d, with up to 3 days between two backups'],
  ],
  RONDB008: [['1:1 backups.ttl: not set, so nothing is ever deleted']],
  RONDB009: [
    ['3:15 backups.pathPrefix: "/" is not a plain path'],
    ['3:15 backups.pathPrefix: "production/" is not a plain path'],
    ['3:15 backups.pathPrefix: "../other" is not a plain path'],
    ['3:15 backups.pathPrefix: "my backups" is not a plain path'],
    ['3:15 restoreFromBackup.pathPrefix: "$(id)" is not a plain path'],
  ],
  RONDB010: [
    [
      'blue backups.pathPrefix: the same folder as release green',
      'green backups.pathPrefix: the same folder as release blue',
    ],
    [
      'blue backups.pathPrefix: the same folder as release green',
      'green backups.pathPrefix: the same folder as release blue',
    ],
  ],
  RONDB011: [
    ['1:1 backups.pathPrefix: "rondb_backup", the default of every cluster'],
    ['3:15 backups.pathPrefix: "rondb_backup", the default of every cluster'],
  ],
  RONDB012: [
    ['3:3 backups.s3.secretCredentialsSecret: no name and no key'],
    ['3:111 backups.s3.secretCredentialsSecret: no key'],
  ],
  RONDB014: [
    ['3:3 backups.s3.keyCredentialsSecret: no Secret with credentials'],
    ['3:3 backups.s3.keyCredentialsSecret: no Secret with credentials'],
  ],
  RONDB015: [
    ['3:3 backups.s3.endpoint: not set for Minio, so Amazon is asked'],
    ['3:57 backups.s3.endpoint: "minio.minio.svc:9000" has no scheme and is asked as https'],
  ],
  RONDB016: [['3:3 backups.s3.region: not set, so us-east-1 is asked']],
  RONDB017: [
    ['3:108 backups.s3.serverSideEncryption: AES256 is not known to work with Wasabi'],
    ['3:108 backups.s3.serverSideEncryption: aws:kms:dsse is not known to work with Minio'],
  ],
  RONDB018: [
    ['3:56 backups.s3.bucketName: "backups/rondb" is no name of a bucket'],
    ['3:56 backups.s3.bucketName: "My_Backups" is no name of a bucket'],
  ],
  RONDB019: [['4:1 imagePullSecrets: not given to the CronJob of the backups']],
  RONDB021: [['1:31 clusterSize.numNodeGroups: 22, at most 21']],
  RONDB022: [
    ['4:1 resources.requests.storage.ndbmtdGiB: 30, but memory, logs and a backup need 52'],
    ['4:48 resources.requests.storage.ndbmtdGiB: 22, but memory, logs and a backup need 27'],
  ],
  RONDB023: [['1:1 rondbConfig.EmptyApiSlots: 8, but a backup of 9 nodes needs 11']],
  RONDB024: [
    ['2:13 restoreFromBackup.backupId: "007" is no id of a backup'],
    ['2:13 restoreFromBackup.backupId: "latest" is no id of a backup'],
    ['2:13 restoreFromBackup.backupId: "4294967295" is no id of a backup'],
  ],
  RONDB025: [['3:13 restoreFromBackup.backupId: "12" with mode upgrade']],
  RONDB027: [
    ['1:1 restoreFromBackup.s3.bucketName: not set; that of backups is not used'],
    ['1:1 restoreFromBackup.pathPrefix: not set; backups.pathPrefix is not used'],
    [
      '6:3 restoreFromBackup.s3.keyCredentialsSecret: not set; backups.s3.keyCredentialsSecret is not used',
      '6:3 restoreFromBackup.s3.secretCredentialsSecret: not set; backups.s3.secretCredentialsSecret is not used',
    ],
  ],
  RONDB028: [
    ['3:19 restoreFromBackup.excludeTables[0]: "sessions" is not database.table'],
    ['3:33 restoreFromBackup.excludeTables[1]: "web.a,web.b" is not database.table'],
  ],
  RONDB031: [['3:26 backups.metadataConfigmapName: "RonDB_Backups" cannot name a ConfigMap']],
  RONDB033: [['1:36 clusterSize.activeDataReplicas: 1, so there is one copy of each row']],
  RONDB034: [['1:1 timeoutsMinutes.restoreNativeBackup: 120, but a full node may take 3.6 hours']],
  RONDB035: [['4:10 mysql.users: made before the users of the backup, which are then left out']],
  RONDB036: [
    ['4:33 mysql.sqlInitContent.web: the database "users" is left out'],
    ['4:71 mysql.users[0].privileges[0].database: the database "dbt2" is left out'],
  ],
  RONDB038: [['4:33 mysql.sqlInitContent.web: the tablespace "ts_2" does not come back']],
  RONDB041: [
    ['4:8 backups.ttl: 48h, with up to 24 hours between two backups'],
    ['3:8 backups.ttl: 20d, with up to 7 days between two backups'],
  ],
  RONDB042: [['3:57 backups.s3.endpoint: "http://minio.minio.svc:9000" is not encrypted']],
  RONDB044: [['3:87 backups.s3.serverSideEncryption: aws:kms with the account’s own key']],
  RONDB045: [['2:13 restoreFromBackup.backupId: "2147483648" is more than 2147483647']],
  RONDB046: [
    ['3:3 restoreFromBackup.excludeDatabases: not looked at by the SQL files of the backup'],
    ['3:3 restoreFromBackup.excludeTables: not looked at by the SQL files of the backup'],
  ],
  RONDB047: [['3:13 backups.schedule: "0 0 31 2 *" never runs'], ['3:13 backups.schedule: "0 3 31 6,9 *" never runs']],
  RONDB048: [
    [
      'blue backups.schedule: "@daily", together with 2 other releases',
      'green backups.schedule: "0 0 * * *", together with 2 other releases',
      'red backups.schedule: "@midnight", together with 2 other releases',
    ],
  ],
};
