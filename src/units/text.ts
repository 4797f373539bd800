import { z } from 'zod';
import { isTraced } from './leaf.js';

/** What a text leaf must look like. */
interface TextRule {
  readonly pattern: RegExp;
  /** What is allowed, in words with an example; shown in the error. */
  readonly allowed: string;
  /** Longest length in characters. @default - no limit */
  readonly maxLength?: number;
}

/**
 * A zod schema for a text leaf. The pattern is in the JSON schema too; a traced stand-in passes, because the chart's
 * own schema checks what a user sets.
 */
export function textLeaf(rule: TextRule): z.ZodType<string, string> {
  const limit = rule.maxLength ?? Number.POSITIVE_INFINITY;
  return z
    .string()
    .refine((value) => isTraced(value) || (rule.pattern.test(value) && value.length <= limit), {
      error: 'not well formed',
      params: { allowed: rule.allowed },
    })
    .meta({ pattern: rule.pattern.source, ...(rule.maxLength ? { maxLength: rule.maxLength } : {}) });
}

/** A DNS-1123 label: the name of a Service, a StatefulSet, a namespace. */
export const dnsLabel = (maxLength = 63) =>
  textLeaf({
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    maxLength,
    allowed: `a DNS label: lower-case letters, digits and hyphens, at most ${maxLength}, such as vald-agent`,
  });

/** A DNS-1123 subdomain: the name of a Secret, a ConfigMap, a StorageClass. */
export const dnsName = () =>
  textLeaf({
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    maxLength: 253,
    allowed: 'a DNS name: lower-case letters, digits, hyphens and dots, at most 253, such as vald-backup-credentials',
  });

/** An absolute path below the root, without `..`, doubled or trailing slashes. */
export const absolutePath = () =>
  textLeaf({
    pattern: /^(\/(\.*[A-Za-z0-9_-][A-Za-z0-9._-]*|\.{3,}))+$/,
    maxLength: 1024,
    allowed: 'an absolute path without "..", such as /var/ngt/index',
  });

/** A UUID, in lower case. */
export const uuid = () =>
  textLeaf({
    pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    allowed: 'a UUID in lower case, such as 3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2 (make one with uuidgen)',
  });

/** A container image without its tag: registry with or without a port, path and name. */
export const imageRepository = () =>
  textLeaf({
    pattern:
      /^([a-z0-9]+([.-][a-z0-9]+)*(:[0-9]{1,5})?\/)?[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/,
    maxLength: 255,
    allowed: 'an image without a tag, such as vdaas/vald-agent-ngt or registry.example.com:5000/team/image',
  });

/** An image tag, with a digest behind it or not. */
export const imageTag = () =>
  textLeaf({
    pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}(@sha256:[0-9a-f]{64})?$/,
    allowed: 'an image tag, such as v1.8.0 or v1.8.0@sha256:<64 hexadecimal digits>',
  });

/** A key of a ConfigMap or Secret. */
export const dataKey = () =>
  textLeaf({
    pattern: /^(?!\.\.)(?!\.$)[-._a-zA-Z0-9]+$/,
    maxLength: 253,
    allowed: 'a key: letters, digits, dots, underscores and hyphens, at most 253, such as ca.crt',
  });

/** Text without control characters, at least one character. */
export const plainText = (example: string) =>
  textLeaf({ pattern: /^[^\p{Cc}]+$/u, allowed: `text in one line, such as ${example}` });
