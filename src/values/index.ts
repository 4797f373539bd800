export { LayeredValues, partsOf } from './effective.js';
export type { EffectiveValues, HelmValue, ValueOrigin, ValuePath } from './effective-values.js';
export { type Finding, type PathParts, printPath } from './finding.js';
export {
  describedKeys,
  SchemaCheck,
  type SchemaDefect,
  SchemaDocument,
  type SchemaViolation,
} from './json-schema/index.js';
export { mergeMaps, mergeTables } from './layers.js';
export { readPlainYaml } from './plain-yaml.js';
export { mostCharacters, readDocuments, readValues, startOf } from './read.js';
export type {
  ClusterRule,
  FleetExample,
  FleetHit,
  FleetRule,
  KnownChart,
  Release,
  Rule,
  RuleContext,
  RuleExample,
  RuleFacts,
  RuleHit,
  RuleId,
  ValuesRule,
} from './rule.js';
export { looksSecret } from './secret.js';
export { applySetOption, type SetOption, SetOptionError, setOptions } from './set-option.js';
export { sharedPlaces } from './shared-place.js';
export { lineAt, type Position, positionAt, type Span, type ValuesSource } from './source.js';
export { Spans } from './spans.js';
export { coalesceChart, type ValuesChart, type ValuesSubchart } from './subcharts.js';
export { textRules } from './text-rules.js';
export { emptyMap, type HelmVersion, isMapNode, toValues, type ValuesMap, type ValuesNode } from './values-map.js';
