export { ValdAgentWithBackup } from './agent.js';
export { BackupMethod, type BackupMethodInput, type BackupMethodSettings } from './backup-method.js';
export type { ValdAgentWithBackupProps } from './props.generated.js';
export { type ValdAgentSettings, valdAgentSchema } from './props-schema.js';
export { valdChart } from './rules/index.js';
export type { Sizing } from './sizing.js';
export type { UpstreamChartVersions } from './upstream-chart.js';
export { ValdUpstreamValues, type ValdUpstreamValuesProps } from './upstream-values.js';
