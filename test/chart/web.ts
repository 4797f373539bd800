import { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart, passThrough, setField } from '../../src/chart/index.js';

/** A web app as strangers write it, with something of every kind of value. */
export const web = defineChart(
  {
    name: 'web',
    version: '1.0.0',
    appVersion: '2.1',
    description: 'A web app.',
    values: z.object({
      image: z.object({
        repository: z.string().min(1).default('nginx').describe('Image without its tag.'),
        tag: z.string().optional().describe('Tag of the image.'),
      }),
      replicas: z.int().min(1).max(100).default(2).describe('Number of pods.'),
      podLabels: z.record(z.string(), z.string()).default({ team: 'web' }).describe('More labels of the pods.'),
      env: z
        .array(z.object({ name: z.string(), value: z.string(), secret: z.boolean().default(false) }))
        .default([])
        .describe('Environment variables.'),
      ingress: z
        .object({ host: z.string(), tls: z.boolean().default(true) })
        .optional()
        .describe('Where it is reached from outside.'),
      storage: z
        .discriminatedUnion('type', [
          z.object({ type: z.literal('none') }),
          z.object({ type: z.literal('claim'), size: z.string().default('1Gi'), keep: z.boolean().default(true) }),
        ])
        .default({ type: 'none' })
        .describe('Where files live.'),
      level: z.enum(['info', 'debug', 'off']).default('info').describe('Log level.'),
      weight: z.number().default(0.5).describe('Weight.'),
      hostNetwork: z.boolean().default(false).describe('Whether the pods are in the network of the node.'),
      resources: passThrough()
        .default({ limits: { memory: '1Gi' } })
        .describe('Resources of the container.'),
    }),
    examples: { ingress: { ingress: { host: 'web.example.com' } } },
  },
  (scope, values, release) => {
    const labels = { app: release.name };
    const deployment = new k8s.KubeDeployment(scope, 'deployment', {
      spec: {
        replicas: values.replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels: { ...values.podLabels, ...labels } },
          spec: {
            hostNetwork: values.hostNetwork,
            containers: [
              {
                name: 'web',
                image: `${values.image.repository}:${values.image.tag ?? 'latest'}`,
                args: [`--level=${values.level}`, `--weight=${values.weight}`, `--replicas=${values.replicas}`],
                env: values.env.map(({ name, value, secret }) =>
                  secret ? { name, valueFrom: { secretKeyRef: { name: value, key: 'value' } } } : { name, value },
                ),
                ...(values.storage.type === 'claim' ? { volumeMounts: [{ name: 'data', mountPath: '/data' }] } : {}),
              },
            ],
          },
        },
      },
    });
    setField(deployment, '/spec/template/spec/containers/0/resources', values.resources);
    if (values.storage.type === 'claim')
      new k8s.KubePersistentVolumeClaim(scope, 'data', {
        metadata: values.storage.keep ? { annotations: { 'helm.sh/resource-policy': 'keep' } } : {},
        spec: { resources: { requests: { storage: k8s.Quantity.fromString(values.storage.size) } } },
      });
    if (values.ingress) {
      const { host, tls } = values.ingress;
      new k8s.KubeIngress(scope, 'ingress', {
        spec: { rules: [{ host }], ...(tls ? { tls: [{ hosts: [host], secretName: `${release.name}-tls` }] } : {}) },
      });
    }
  },
);
