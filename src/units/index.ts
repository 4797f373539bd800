export { checksum } from './checksum.js';
export { duration, seconds } from './duration.js';
export {
  add,
  type Condition,
  choose,
  dirname,
  divideUp,
  isTraced,
  join,
  less,
  max,
  mul,
  operations,
  refuse,
  same,
  type Tracer,
  text,
  trimPrefix,
  trunc,
  withTracer,
} from './leaf.js';
export { port } from './port.js';
export { bytes, mebibytes, size } from './quantity.js';
export { secretReference } from './secret-reference.js';
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
