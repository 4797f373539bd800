import { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { imageRepository, imageTag } from '../units/index.js';

/** Schema of a value of the Kubernetes API that is passed on as it is; the object check looks into it. */
export const kubernetesObject = <Type>(tsType: string) =>
  z
    .custom<Type>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
      error: 'not an object',
      params: { allowed: `an object as the Kubernetes API has it: ${tsType}` },
    })
    .meta({ tsType });

/** Schema of an image with its tag. @param tag default, or undefined where the settings have a version of their own */
export const containerImage = (repository: string, tag: string | undefined, id: string, pullPolicy = 'Always') =>
  z
    .strictObject({
      repository: imageRepository().default(repository).describe('Image without its tag.'),
      tag: tag
        ? imageTag().default(tag).describe('Tag of the image.')
        : imageTag().optional().describe('Tag of the image.').meta({ defaultText: '`version`' }),
      pullPolicy: z
        .enum(['Always', 'IfNotPresent', 'Never'])
        .default(pullPolicy as 'Always')
        .describe('When the image is pulled.'),
    })
    .meta({ id })
    .prefault({})
    .meta({ defaultText: `\`${repository}\` at ${tag ? `\`${tag}\`` : '`version`'}` });

/** What every container may do: nothing beyond its files (PodSecurity `restricted`). */
export function containerSecurity({ runAsId }: { readonly runAsId: number }): k8s.SecurityContext {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: false,
    runAsGroup: runAsId,
    runAsNonRoot: true,
    runAsUser: runAsId,
  };
}

/** Resource requests from numbers as Kubernetes writes them. */
export function requests(values: Readonly<Record<string, string>>): k8s.ResourceRequirements {
  return { requests: quantities(values) };
}

/** Quantities from numbers as Kubernetes writes them. */
export function quantities(values: Readonly<Record<string, string>>): Record<string, k8s.Quantity> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, k8s.Quantity.fromString(value)]));
}

/** An image with its tag. */
export function imageName(image: { repository: string; tag?: string | undefined }, version: string): string {
  return `${image.repository}:${image.tag ?? version}`;
}
