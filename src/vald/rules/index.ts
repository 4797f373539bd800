import type { KnownChart, Rule } from '../../values/index.js';
import { credentialRules } from './credentials.js';
import { valdDefaults, valdVersions } from './defaults.js';
import { faissRules } from './faiss.js';
import { objectNameRules } from './object-names.js';
import { objectStoreRules } from './object-store.js';
import { restoreRules } from './restore.js';
import { savingRules } from './saving.js';
import { scalingRules } from './scaling.js';
import { shutdownRules } from './shutdown.js';
import { sidecarProcessRules } from './sidecar-process.js';
import { spaceRules } from './space.js';
import { spellingRules } from './spelling.js';
import { uploadRules } from './upload.js';
import { volumeRules } from './volume.js';

/** Values of a release without agents have nothing to lose: no rule looks at them. */
function onlyWithAgents(rule: Rule): Rule {
  return 'check' in rule
    ? { ...rule, check: (values, context) => (values.isTrue('agent.enabled') ? rule.check(values, context) : []) }
    : rule;
}

/**
 * Vald’s own chart: the defaults that rules read, and the rules about its agents and their backup. Numbers up to VALD062
 * are those of the list of facts that the rules were made from.
 */
export const valdChart: KnownChart = {
  name: 'vald',
  versions: valdVersions,
  defaults: valdDefaults,
  rules: [
    ...uploadRules,
    ...volumeRules,
    ...restoreRules,
    ...shutdownRules,
    ...objectNameRules,
    ...faissRules,
    ...objectStoreRules,
    ...credentialRules,
    ...sidecarProcessRules,
    ...savingRules,
    ...scalingRules,
    ...spaceRules,
    ...spellingRules,
  ]
    .map(onlyWithAgents)
    .sort((one, other) => one.id.localeCompare(other.id)),
};
