import { z } from 'zod';
import { objectStoreSchema } from '../store/index.js';
import { cronSchedule, dnsLabel, textLeaf, uuid, wholeNumber } from '../units/index.js';

/** Schema of what {@link RonDBUpstreamValues} takes. */
export const upstreamSchema = z.strictObject({
  purpose: z.enum(['stream', 'sidecar', 'upstream']),
  namespace: dnsLabel(),
  release: dnsLabel().default('rondb'),
  numNodeGroups: wholeNumber(1, 21).default(1),
  activeDataReplicas: wholeNumber(1, 3).default(2),
  store: objectStoreSchema,
  clusterId: uuid(),
  clusterName: dnsLabel().optional(),
  schedule: cronSchedule().optional(),
  path: textLeaf({
    pattern: /^(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._-]+)*$/,
    allowed: 'a relative path, such as production/rondb',
  }).optional(),
});

/** The settings of a values file with all defaults filled in. */
export type UpstreamSettings = z.output<typeof upstreamSchema>;
