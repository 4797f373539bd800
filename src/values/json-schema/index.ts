export { SchemaCheck, type SchemaViolation } from './check.js';
export { type Schema, type SchemaDefect, SchemaDocument } from './document.js';
export { type DescribedKeys, describedKeys } from './keys.js';
