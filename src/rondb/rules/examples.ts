/** Lines of examples: where backups are, with credentials. */
export const credentials =
  'keyCredentialsSecret: { name: aws, key: id }, secretCredentialsSecret: { name: aws, key: secret }';
export const s3 = `s3: { provider: AWS, region: eu-north-1, bucketName: backups, ${credentials} }`;

/** An example of backups that are on, with this beside where they go. */
export function backups(...settings: readonly string[]): string {
  const own = settings.some((setting) => setting.startsWith('s3:')) ? settings : [...settings, s3];
  return `backups:\n${['enabled: true', ...own].map((line) => `  ${line}\n`).join('')}`;
}

/** An example of a restore of this backup, with this beside where it comes from. */
export function restore(backupId: string, ...settings: readonly string[]): string {
  const own = settings.some((setting) => setting.startsWith('s3:')) ? settings : [...settings, s3];
  return `restoreFromBackup:\n${[`backupId: ${backupId}`, ...own].map((line) => `  ${line}\n`).join('')}`;
}
