export { backupId, largestBackupId } from './backup-id.js';
export { checksum } from './checksum.js';
export { type CronIntervals, cronFault, cronIntervals, cronMacros, cronSchedule, timeZone } from './cron.js';
export { duration, seconds } from './duration.js';
export {
  add,
  type Condition,
  choose,
  clean,
  contains,
  dirname,
  distinct,
  divideUp,
  isTraced,
  join,
  less,
  max,
  mul,
  named,
  operations,
  refuse,
  same,
  type Tracer,
  text,
  trimPrefix,
  trunc,
  withTracer,
} from './leaf.js';
export { wholeNumber } from './number.js';
export { port } from './port.js';
export { bytes, mebibytes, size } from './quantity.js';
export { secretKey, secretReference } from './secret-reference.js';
export {
  absolutePath,
  dataKey,
  dnsLabel,
  dnsName,
  imageRepository,
  imageTag,
  plainText,
  textLeaf,
  uuid,
} from './text.js';
export { yamlText } from './yaml.js';
