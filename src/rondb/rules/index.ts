import type { KnownChart } from '../../values/index.js';
import { clusterSizeRules } from './cluster-size.js';
import { credentialRules } from './credentials.js';
import { rondbDefaults, rondbVersions } from './defaults.js';
import { locationRules } from './location.js';
import { restoreRules } from './restore.js';
import { restoredDataRules } from './restored-data.js';
import { retentionRules } from './retention.js';
import { scheduleRules } from './schedule.js';
import { spellingRules } from './spelling.js';
import { storeRules } from './store.js';

/**
 * RonDB’s own chart, rondb-helm: the defaults that rules read, and the rules about its backups and restores. Numbers up
 * to RONDB040 are those of the list of facts that the rules were made from.
 */
export const rondbChart: KnownChart = {
  name: 'rondb',
  versions: rondbVersions,
  defaults: rondbDefaults,
  rules: [
    ...scheduleRules,
    ...retentionRules,
    ...locationRules,
    ...storeRules,
    ...credentialRules,
    ...restoreRules,
    ...restoredDataRules,
    ...clusterSizeRules,
    ...spellingRules,
  ].sort((one, other) => one.id.localeCompare(other.id)),
};
