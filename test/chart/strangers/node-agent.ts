import { ApiObject } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart, passThrough, setField } from '../../../src/chart/index.js';

/** A collector on each node, also on those that nothing else may run on. */
export const nodeAgent = defineChart(
  {
    name: 'node-agent',
    version: '1.0.0',
    values: z.object({
      image: z.string().min(1).default('registry.example.com/collector:5'),
      logFolder: z.string().min(1).default('/var/log'),
      everywhere: z.boolean().default(true),
      pool: z.string().min(1).optional(),
      resources: passThrough().default({ limits: { memory: '64Mi' } }),
      podAnnotations: z.record(z.string(), z.string()).default({}),
    }),
    examples: { pool: { pool: 'edge', everywhere: false, podAnnotations: { 'prometheus.io/scrape': 'true' } } },
  },
  (scope, values) => {
    const agent = new kplus.DaemonSet(scope, 'agent', {
      minReadySeconds: 5,
      podMetadata: { annotations: values.podAnnotations },
    });
    const container = agent.addContainer({
      image: values.image,
      securityContext: { ensureNonRoot: false, readOnlyRootFilesystem: true },
    });
    container.mount('/logs', kplus.Volume.fromHostPath(scope, 'logs', 'logs', { path: values.logFolder }), {
      readOnly: true,
    });
    if (values.everywhere)
      agent.scheduling.tolerate(
        kplus.Node.tainted(kplus.NodeTaintQuery.exists('node-role.kubernetes.io/control-plane')),
      );
    if (values.pool) agent.scheduling.attract(kplus.Node.labeled(kplus.NodeLabelQuery.is('pool', values.pool)));
    setField(ApiObject.of(agent), '/spec/template/spec/containers/0/resources', values.resources);
  },
);
