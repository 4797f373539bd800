import { Duration } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** A server whose health is asked for in the three ways that there are. */
export const probedServer = defineChart(
  {
    name: 'probed-server',
    version: '1.0.0',
    values: z.object({
      image: z.string().min(1).default('registry.example.com/server:1'),
      port: z.int().min(1).max(65535).default(8080),
      probe: z.enum(['http', 'tcp', 'command']).default('http'),
      path: z.string().min(1).default('/healthz'),
      startSeconds: z.int().min(1).max(600).default(30),
      periodSeconds: z.int().min(1).max(600).default(10),
      graceSeconds: z.int().min(0).max(3600).default(30),
    }),
    examples: { tcp: { probe: 'tcp', port: 5432 }, command: { probe: 'command' } },
  },
  (scope, values) => {
    const timing = { periodSeconds: Duration.seconds(values.periodSeconds), failureThreshold: 3 };
    const probe =
      values.probe === 'http'
        ? kplus.Probe.fromHttpGet(values.path, { port: values.port, ...timing })
        : values.probe === 'tcp'
          ? kplus.Probe.fromTcpSocket({ port: values.port, ...timing })
          : kplus.Probe.fromCommand(['/bin/healthy'], timing);
    new kplus.Deployment(scope, 'server', {
      terminationGracePeriod: Duration.seconds(values.graceSeconds),
      containers: [
        {
          image: values.image,
          ports: [{ number: values.port, name: 'main' }],
          readiness: probe,
          liveness: probe,
          startup: kplus.Probe.fromTcpSocket({
            port: values.port,
            initialDelaySeconds: Duration.seconds(values.startSeconds),
          }),
          lifecycle: { preStop: kplus.Handler.fromCommand(['sleep', '5']) },
        },
      ],
    });
  },
);
