import { z } from 'zod';
import { retentionSchema } from '../repository/index.js';
import { duration, wholeNumber } from '../units/index.js';

/** Schema of what uploads an index: Vald’s own sidecar, or generations in the backup repository. */
export const uploaderSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('vald-sidecar').describe('Vald’s own sidecar: one object for each pod, overwritten.'),
      })
      .meta({ id: 'ValdSidecarUploader' }),
    z
      .strictObject({
        type: z.literal('repository'),
        retention: retentionSchema
          .prefault({ keepLast: 6, keepDaily: 7 })
          .describe(
            'Which generations of each pod stay. The newest always does. Together they must reach back a day or more: an index that went bad is not always noticed at once.',
          ),
        transfers: wholeNumber(1, 64).default(4).describe('How many files of an index are copied at once.'),
        uploadTimeout: duration()
          .optional()
          .describe('How long one upload may take: copy, hashes, upload and reading back.')
          .meta({ defaultText: '10m, or longer where `expectedIndexSize` three times at 10 MiB/s needs longer' }),
      })
      .meta({ id: 'RepositoryUploader' }),
  ])
  .meta({ id: 'UploaderInput' });

/** An uploader as its user writes it; made by {@link Uploader}. */
export type UploaderInput = z.input<typeof uploaderSchema>;

/** The settings of the repository’s uploader, with all defaults filled in. */
export type RepositoryUploaderSettings = Extract<z.output<typeof uploaderSchema>, { type: 'repository' }>;

/**
 * What uploads an index.
 *
 * @example
 * ```ts
 * Uploader.repository({ retention: { keepLast: 12, keepDaily: 7, keepWeekly: 4 } });
 * ```
 */
export const Uploader = {
  /** Vald’s own sidecar: one object for each pod, overwritten in place. Needs the bucket’s versioning to go back. */
  valdSidecar: (): UploaderInput => ({ type: 'vald-sidecar' }),
  /**
   * Generations with hashes, read back before they count, and kept by rules: `<cluster>/<pod>/<backup-id>/…`. Needs
   * Kubernetes 1.29 and room for one more copy of the index.
   */
  repository: (fields: Omit<Extract<UploaderInput, { type: 'repository' }>, 'type'> = {}): UploaderInput => ({
    type: 'repository',
    ...fields,
  }),
} as const;
