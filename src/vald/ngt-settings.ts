import { z } from 'zod';
import { duration } from '../units/index.js';

const distanceTypes = [
  'l1',
  'l2',
  'angle',
  'hamming',
  'cosine',
  'poincare',
  'lorentz',
  'jaccard',
  'sparsejaccard',
  'normalizedl2',
  'normalizedangle',
  'normalizedcosine',
  'dotproduct',
  'innerproduct',
] as const;

const whole = (least: number) => z.int().min(least);

/**
 * Schema of the NGT settings: upstream's `agent.ngt`, in camel case. What is decided by the backup (in-memory mode,
 * index path, copy-on-write, load time limits) is not here, so that it cannot contradict.
 */
export const ngtSettingsSchema = z
  .strictObject({
    dimension: whole(1).describe(
      'Length of a vector. It must be what the stored index has: another one loads as an empty index (rule 43 of the facts).',
    ),
    distanceType: z.enum(distanceTypes).default('l2').describe('Distance between vectors; must fit the stored index.'),
    objectType: z
      .enum(['float', 'float16', 'uint8'])
      .default('float')
      .describe('Type of a vector’s elements; must fit the stored index.'),
    autoIndexCheckDuration: duration()
      .default('30m')
      .describe('How often to look whether enough vectors wait for indexing.'),
    autoIndexLength: whole(1)
      .default(100)
      .describe(
        'How many waiting vectors start indexing. 0 would turn off saving as well (rule 40), so it starts at 1.',
      ),
    autoIndexDurationLimit: duration()
      .default('24h')
      .describe('After how long indexing and saving happen in any case.'),
    autoSaveIndexDuration: duration()
      .default('35m')
      .describe('How often a changed index is saved to the disk. What is not saved is in no backup.'),
    autoCreateIndexPoolSize: whole(1).default(16).describe('Upstream’s key, which the agent of v1.8.0 does not read.'),
    initialDelayMaxDuration: duration()
      .default('3m')
      .describe('Longest random delay before automatic indexing starts.'),
    defaultPoolSize: whole(1).default(16).describe('Number of threads that build the index.'),
    bulkInsertChunkSize: whole(1).default(10).describe('Vectors inserted at once.'),
    creationEdgeSize: whole(1).default(50).describe('Edges for each node when the graph is built.'),
    searchEdgeSize: whole(1).default(50).describe('Edges looked at for each node in a search.'),
    defaultRadius: z.number().default(-1).describe('Search radius where a request gives none; negative: none.'),
    defaultEpsilon: z.number().default(0.05).describe('Search epsilon where a request gives none.'),
    epsilonForCreation: z.number().default(0.05).describe('Epsilon when the graph is built.'),
    enableProactiveGc: z.boolean().default(false).describe('Whether to collect garbage after heavy work.'),
    enableStatistics: z.boolean().default(false).describe('Whether index statistics are exported as metrics.'),
    errorBufferLimit: whole(1).default(10).describe('Errors of the index library kept in memory.'),
    kvsdbConcurrency: whole(1).default(6).describe('Concurrent reads of the key store.'),
    vqueueInsertBufferPoolSize: whole(1).default(10000).describe('Size of the queue of vectors to insert.'),
    vqueueDeleteBufferPoolSize: whole(1).default(5000).describe('Size of the queue of vectors to delete.'),
  })
  .meta({ id: 'NgtSettings' });

/** The NGT settings with all defaults filled in. */
export type NgtSettings = z.output<typeof ngtSettingsSchema>;
