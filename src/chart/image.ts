import { z } from 'zod';
import { choose, join, named, same } from '../units/index.js';

const patterns = {
  registry: /^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?)?$/,
  repository: /^[a-z0-9]+([._/-]+[a-z0-9]+)*$/,
  tag: /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$/,
  digest: /^(sha256:[a-f0-9]{64})?$/,
};

/** An image that a chart runs where its user says nothing. */
export interface ImageDefaults {
  /** @default '' (the one that the cluster's nodes use) */
  readonly registry?: string;
  readonly repository: string;
  /** @default '' (the digest alone, or `latest`) */
  readonly tag?: string;
  /** @default '' (the tag alone) */
  readonly digest?: string;
}

/**
 * The values that Helm's users expect for an image: registry, repository, tag and digest apart, so that a mirror or a
 * fixed digest needs one value only; `pullPolicy`, and `pullSecrets` by name.
 *
 * @example
 * ```ts
 * import { imageValues } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * const values = z.object({
 *   image: imageValues({ registry: 'docker.io', repository: 'library/nginx', tag: '1.29' }),
 * });
 * ```
 */
export const imageValues = ({ registry = '', repository, tag = '', digest = '' }: ImageDefaults) =>
  z.object({
    registry: z.string().regex(patterns.registry).default(registry).describe("Registry; empty for the cluster's own."),
    repository: z.string().regex(patterns.repository).default(repository).describe('Image without registry and tag.'),
    tag: z.string().regex(patterns.tag).default(tag).describe('Tag.'),
    digest: z.string().regex(patterns.digest).default(digest).describe('Digest (sha256:...), which wins over the tag.'),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional().describe('When it is pulled.'),
    pullSecrets: z
      .array(z.object({ name: z.string().min(1) }))
      .default([])
      .describe('Secrets of the registry, as {name}.'),
  });

/** What {@link imageValues} gives a chart's function. */
export type ImageSettings = z.output<ReturnType<typeof imageValues>>;

/**
 * The reference of an image, `registry/repository:tag@digest`.
 *
 * @param name of the template that holds it. @default 'image'
 *
 * @example
 * ```ts
 * import { imageReference, imageValues } from 'chartwright/chart';
 *
 * const image = imageValues({ repository: 'nginx', tag: '1.29' }).parse({});
 * const container = { name: 'web', image: imageReference(image), imagePullPolicy: image.pullPolicy };
 * ```
 */
export function imageReference({ registry, repository, tag, digest }: ImageSettings, name = 'image'): string {
  const image = join('/', registry, repository);
  return named(name, `${image}${choose(same(tag, ''), '', `:${tag}`)}${choose(same(digest, ''), '', `@${digest}`)}`);
}
