import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** Pods that keep away from each other and close to their cache. */
export const spreadService = defineChart(
  {
    name: 'spread-service',
    version: '1.0.0',
    values: z.object({
      image: z.string().min(1).default('registry.example.com/service:1'),
      replicas: z.int().min(1).default(3),
      spread: z.enum(['host', 'zone', 'none']).default('host'),
      service: z
        .object({
          type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']).default('ClusterIP'),
          port: z.int().min(1).max(65535).default(80),
          nodePort: z.int().min(30000).max(32767).optional(),
        })
        .prefault({}),
    }),
    examples: { public: { spread: 'zone', service: { type: 'LoadBalancer', port: 443 } } },
  },
  (scope, values) => {
    const cache = new kplus.Deployment(scope, 'cache', {
      replicas: 1,
      containers: [{ image: 'memcached:1.6', portNumber: 11211 }],
    });
    const app = new kplus.Deployment(scope, 'app', {
      replicas: values.replicas,
      containers: [
        {
          image: values.image,
          portNumber: 8080,
          envVariables: { CACHE: kplus.EnvValue.fromValue(`${cache.name}:11211`) },
        },
      ],
    });
    const topology = { host: kplus.Topology.HOSTNAME, zone: kplus.Topology.ZONE };
    if (values.spread !== 'none') app.scheduling.spread({ topology: topology[values.spread] });
    app.scheduling.colocate(cache, { weight: 50 });
    app.exposeViaService({
      serviceType: values.service.type as kplus.ServiceType,
      ports: [
        {
          port: values.service.port,
          targetPort: 8080,
          ...(values.service.nodePort ? { nodePort: values.service.nodePort } : {}),
        },
      ],
    });
  },
);
