import type { ScriptLibrary } from './contract.js';
import fetch from './vald-fetch.generated.js';
import generations from './vald-generations.generated.js';
import retention from './vald-retention.generated.js';
import search from './vald-search.generated.js';
import stage from './vald-stage.generated.js';

/** What a folder of an index holds, and a pod's generations in the store. */
export const valdGenerationsLibrary = {
  name: 'vald-generations.sh',
  content: generations,
  environment: [],
} as const satisfies ScriptLibrary;

/** What the store has of a pod, and what of it becomes the index. */
export const valdFetchLibrary = {
  name: 'vald-fetch.sh',
  content: fetch,
  environment: [],
} as const satisfies ScriptLibrary;

/** What the agent in the same pod finds: ids of an index, questions by gRPC, and their answers. */
export const valdSearchLibrary = {
  name: 'vald-search.sh',
  content: search,
  environment: [],
} as const satisfies ScriptLibrary;

/** The copy of the index on the volume, from which it is uploaded. */
export const valdStageLibrary = {
  name: 'vald-stage.sh',
  content: stage,
  environment: [],
} as const satisfies ScriptLibrary;

/** Which generations of a pod stay and which go. */
export const valdRetentionLibrary = {
  name: 'vald-retention.sh',
  content: retention,
  environment: [],
} as const satisfies ScriptLibrary;
