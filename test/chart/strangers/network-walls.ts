import * as kplus from 'cdk8s-plus-28';
import { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** A front and a back that talk to each other and to nobody else, and networks that may reach the front. */
const chart = (admit: (front: kplus.Deployment, networks: readonly string[], port: number) => void) =>
  defineChart(
    {
      name: 'network-walls',
      version: '1.0.0',
      values: z.object({
        front: z
          .object({
            image: z.string().min(1).default('registry.example.com/front:1'),
            port: z.int().min(1).max(65535).default(8080),
          })
          .prefault({}),
        back: z
          .object({
            image: z.string().min(1).default('registry.example.com/back:1'),
            port: z.int().min(1).max(65535).default(9090),
          })
          .prefault({}),
        networks: z.array(z.string().min(1)).default([]),
        isolate: z.boolean().default(true),
      }),
      examples: { office: { networks: ['10.1.0.0/16', '10.2.0.0/16'] } },
    },
    (scope, values) => {
      const front = new kplus.Deployment(scope, 'front', {
        containers: [{ image: values.front.image, portNumber: values.front.port }],
        isolate: values.isolate,
      });
      const back = new kplus.Deployment(scope, 'back', {
        containers: [{ image: values.back.image, portNumber: values.back.port }],
        isolate: values.isolate,
      });
      if (!values.isolate) return;
      front.connections.allowTo(back, { ports: [kplus.NetworkPolicyPort.tcp(values.back.port)] });
      admit(front, values.networks, values.front.port);
    },
  );

/** The library checks each network, and names a policy after it. */
export const networkWalls = chart((front, networks, port) => {
  networks.forEach((cidr, index) => {
    front.connections.allowFrom(kplus.NetworkPolicyIpBlock.ipv4(front, `network-${index}`, cidr), {
      ports: [kplus.NetworkPolicyPort.tcp(port)],
    });
  });
});

/** One policy for all networks. */
export const networkWallsMended = chart((front, networks, port) => {
  new k8s.KubeNetworkPolicy(front, 'networks', {
    spec: {
      podSelector: { matchLabels: front.matchLabels },
      policyTypes: ['Ingress'],
      ingress: networks.map((cidr) => ({
        from: [{ ipBlock: { cidr } }],
        ports: [{ port: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }],
      })),
    },
  });
});
