import { rondbChart } from '../rondb/index.js';
import { valdChart } from '../vald/index.js';
import type { KnownChart } from '../values/index.js';

/** The charts that are known by name. */
export const knownCharts: readonly KnownChart[] = [valdChart, rondbChart];
