import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';
import { less, refuse } from '../../../src/units/index.js';

/** An API whose number of pods follows its load, or stands still. */
const chart = (guard: (autoscaling: { min: number; max: number }) => void) =>
  defineChart(
    {
      name: 'autoscaled-api',
      version: '2.0.0',
      values: z.object({
        image: z.string().min(1).default('registry.example.com/api:1'),
        replicas: z.int().min(1).default(2),
        autoscaling: z
          .object({
            min: z.int().min(1).max(100).default(2),
            max: z.int().min(1).max(100).default(10),
            cpuPercent: z.int().min(1).max(100).default(70),
            memoryPercent: z.int().min(1).max(100).optional(),
          })
          .optional(),
      }),
      examples: { scaled: { autoscaling: { max: 20, memoryPercent: 80 } } },
    },
    (scope, values) => {
      const deployment = new kplus.Deployment(scope, 'api', {
        ...(values.autoscaling ? {} : { replicas: values.replicas }),
        containers: [{ image: values.image, portNumber: 8080, resources: { cpu: { request: kplus.Cpu.millis(250) } } }],
      });
      if (values.autoscaling) {
        guard(values.autoscaling);
        new kplus.HorizontalPodAutoscaler(scope, 'scaler', {
          target: deployment,
          minReplicas: values.autoscaling.min,
          maxReplicas: values.autoscaling.max,
          metrics: [
            kplus.Metric.resourceCpu(kplus.MetricTarget.averageUtilization(values.autoscaling.cpuPercent)),
            ...(values.autoscaling.memoryPercent
              ? [kplus.Metric.resourceMemory(kplus.MetricTarget.averageUtilization(values.autoscaling.memoryPercent))]
              : []),
          ],
          scaleDown: { stabilizationWindow: Duration.minutes(5) },
        });
      }
    },
  );

/** The library refuses some values, which no schema of these two says. */
export const autoscaledApi = chart(() => undefined);

/** The chart refuses them too. */
export const autoscaledApiMended = chart(({ min, max }) =>
  refuse(less(max, min), `autoscaling.max ${max} is less than autoscaling.min ${min}`, (message) => {
    throw new Error(message);
  }),
);
