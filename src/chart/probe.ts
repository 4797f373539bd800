import { z } from 'zod';

/** How often a container is asked, where a chart's user says nothing; in seconds and times. */
export interface ProbeDefaults {
  /** @default true */
  readonly enabled?: boolean;
  /** @default 0 */
  readonly initialDelaySeconds?: number;
  /** @default 10 */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly timeoutSeconds?: number;
  /** @default 3 */
  readonly failureThreshold?: number;
}

/**
 * The values of a probe: what asks is the chart's own matter, when and how often its user's.
 *
 * @example
 * ```ts
 * import { probeValues } from 'chartwright/chart';
 * import { z } from 'zod';
 *
 * const values = z.object({ readinessProbe: probeValues({ periodSeconds: 5 }) });
 * ```
 */
export const probeValues = (defaults: ProbeDefaults = {}) => {
  const seconds = (least: number, standard: number) => z.int().min(least).max(86_400).default(standard);
  return z.object({
    enabled: z.boolean().default(defaults.enabled ?? true),
    initialDelaySeconds: seconds(0, defaults.initialDelaySeconds ?? 0).describe('When it is asked first, in seconds.'),
    periodSeconds: seconds(1, defaults.periodSeconds ?? 10).describe('How often it is asked, in seconds.'),
    timeoutSeconds: seconds(1, defaults.timeoutSeconds ?? 1).describe('How long an answer may take, in seconds.'),
    failureThreshold: z
      .int()
      .min(1)
      .max(1_000)
      .default(defaults.failureThreshold ?? 3)
      .describe('After how many failures it counts.'),
  });
};

/** What {@link probeValues} gives a chart's function. */
export type ProbeSettings = z.output<ReturnType<typeof probeValues>>;

/**
 * A container's probe, or undefined where the user has switched it off.
 *
 * @param handler what asks, as Kubernetes has it: `httpGet`, `tcpSocket`, `exec` or `grpc`
 *
 * @example
 * ```ts
 * import { k8s } from 'cdk8s-plus-28';
 * import { probe, probeValues } from 'chartwright/chart';
 *
 * const settings = probeValues({ periodSeconds: 5 }).parse({});
 * const readinessProbe = probe(settings, { httpGet: { path: '/ready', port: k8s.IntOrString.fromString('http') } });
 * ```
 */
export function probe<Handler extends object>(
  { enabled, ...times }: ProbeSettings,
  handler: Handler,
): (Handler & Omit<ProbeSettings, 'enabled'>) | undefined {
  return enabled ? { ...handler, ...times } : undefined;
}
