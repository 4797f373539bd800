import type { EffectiveValues, Rule } from '../../values/index.js';
import { isNgt, ngt, savesIndex } from './agent-state.js';
import { agent, saved } from './examples.js';
import { printSeconds, secondsAt } from './go-duration.js';

const day = 24 * 3600;
const manager = 'manager.index';

/** Whether something besides the agent’s own loop has the index saved at least once a day. */
function isSavedFromOutside(values: EffectiveValues): boolean {
  const runs = (job: string) =>
    values.isTrue(`${manager}.${job}.enabled`) && !values.isTrue(`${manager}.${job}.suspend`);
  const every = secondsAt(values, `${manager}.indexer.auto_save_index_duration_limit`) ?? 0;
  return runs('saver') || (values.isTrue(`${manager}.enabled`) && every <= day);
}

/** Whether something besides the agent’s own loop builds the index. */
function isBuiltFromOutside(values: EffectiveValues): boolean {
  return (
    values.isTrue(`${manager}.enabled`) ||
    (values.isTrue(`${manager}.creator.enabled`) && !values.isTrue(`${manager}.creator.suspend`))
  );
}

/** What switches the agent’s own loop off, with the saves in it. */
function loopSwitch(values: EffectiveValues): string | undefined {
  if (values.number(`${ngt}.auto_index_length`) === 0) return 'auto_index_length';
  return secondsAt(values, `${ngt}.auto_index_check_duration`) === 0 ? 'auto_index_check_duration' : undefined;
}

const withoutManager = 'manager: { index: { enabled: false } }\n';

/** Rules about when the index is saved: only what is saved can be backed up. */
export const savingRules: readonly Rule[] = [
  {
    id: 'VALD040',
    severity: 'error',
    title: 'the index is never saved while the agent runs',
    why: 'A zero in either key switches off the agent’s whole loop, the saves with it. Without the index manager or its save job nobody else asks for one, and a crash loses everything.',
    fix: 'Set agent.ngt.auto_index_length and auto_index_check_duration above zero, or turn on manager.index or manager.index.saver.',
    fact: 'Read in the NGT agent v1.8.0.',
    check(values) {
      const key = loopSwitch(values);
      if (!isNgt(values) || !savesIndex(values) || key === undefined || isSavedFromOutside(values)) return [];
      return [{ path: `${ngt}.${key}`, message: '0 switches the agent’s saves off, and nothing else saves' }];
    },
    hits: [
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_length: 0 }')}${withoutManager}`,
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_check_duration: 0s }')}${withoutManager}`,
    ],
    passes: [
      agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_length: 0 }'),
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_length: 1 }')}${withoutManager}`,
    ],
  },
  {
    id: 'VALD041',
    severity: 'error',
    title: 'the index is saved less than once a day',
    why: 'The agent’s loop saves after auto_save_index_duration or auto_index_duration_limit, whichever is shorter. With both beyond a day and no index manager, in practice only the shutdown saves, and a lost node takes all of it.',
    fix: 'Set agent.ngt.auto_save_index_duration to the time you can afford to lose, such as 35m, or turn on manager.index or manager.index.saver.',
    fact: 'Read in the NGT agent v1.8.0; upstream’s samples have 365h.',
    check(values) {
      const save = secondsAt(values, `${ngt}.auto_save_index_duration`);
      const limit = secondsAt(values, `${ngt}.auto_index_duration_limit`);
      if (!isNgt(values) || !savesIndex(values) || loopSwitch(values) !== undefined || isSavedFromOutside(values))
        return [];
      if (save === undefined || limit === undefined || Math.min(save, limit) <= day) return [];
      return [
        {
          path: `${ngt}.auto_save_index_duration`,
          message: `saved once in ${printSeconds(Math.min(save, limit))}`,
        },
      ];
    },
    hits: [
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_save_index_duration: 365h, auto_index_duration_limit: 365h }')}${withoutManager}`,
    ],
    passes: [
      agent(
        'ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_save_index_duration: 365h, auto_index_duration_limit: 365h }',
      ),
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_save_index_duration: 24h, auto_index_duration_limit: 365h }')}${withoutManager}`,
    ],
  },
  {
    id: 'VALD042',
    severity: 'warning',
    title: 'vectors wait long before they are in any save',
    why: 'A save covers only what has been built into the index. What waits for the next check is in no backup, however often the agent saves.',
    fix: 'Set agent.ngt.auto_index_check_duration to no more than auto_save_index_duration, or leave the index manager on, which builds every minute.',
    fact: 'Read in the NGT agent v1.8.0.',
    check(values) {
      const check = secondsAt(values, `${ngt}.auto_index_check_duration`);
      const save = secondsAt(values, `${ngt}.auto_save_index_duration`);
      if (!isNgt(values) || !savesIndex(values) || loopSwitch(values) !== undefined || isBuiltFromOutside(values))
        return [];
      if (check === undefined || save === undefined || save <= 0 || check < 2 * save) return [];
      return [
        {
          path: `${ngt}.auto_index_check_duration`,
          message: `built every ${printSeconds(check)}, but saved every ${printSeconds(save)}`,
        },
      ];
    },
    hits: [
      `${agent('ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_check_duration: 2h, auto_save_index_duration: 35m }')}${withoutManager}`,
    ],
    passes: [
      `${agent(saved)}${withoutManager}`,
      agent(
        'ngt: { enable_in_memory_mode: false, index_path: /var/ngt/index, auto_index_check_duration: 2h, auto_save_index_duration: 35m }',
      ),
    ],
  },
];
