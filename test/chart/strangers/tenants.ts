import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

interface TenantProps {
  readonly name: string;
  readonly cpu: string;
  readonly owners: readonly string[];
}

/** What one tenant gets: a namespace, its quota, and who may do what in it. */
class Tenant extends Construct {
  constructor(scope: Construct, id: string, { name, cpu, owners }: TenantProps) {
    super(scope, id);
    new k8s.KubeNamespace(this, 'namespace', { metadata: { name } });
    new k8s.KubeResourceQuota(this, 'quota', {
      metadata: { name: 'quota', namespace: name },
      spec: { hard: { 'requests.cpu': k8s.Quantity.fromString(cpu) } },
    });
    new k8s.KubeRoleBinding(this, 'owners', {
      metadata: { name: 'owners', namespace: name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: owners.map((owner) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: owner })),
    });
  }
}

/** Namespaces for tenants, and plain objects of kinds that no library knows. */
export const tenants = defineChart(
  {
    name: 'tenants',
    version: '1.0.0',
    values: z.object({
      tenants: z
        .array(
          z.object({
            name: z.string().regex(/^[a-z]([-a-z0-9]{0,50}[a-z0-9])?$/),
            cpu: z.string().min(1).default('2'),
            owners: z.array(z.string().min(1)).default([]),
          }),
        )
        .default([{ name: 'demo', cpu: '1', owners: [] }]),
      certificate: z.object({ host: z.string().min(1), issuer: z.string().min(1).default('letsencrypt') }).optional(),
    }),
    examples: {
      two: { tenants: [{ name: 'a', owners: ['jane'] }, { name: 'b' }], certificate: { host: 'x.example.com' } },
    },
  },
  (scope, values, release) => {
    values.tenants.forEach((tenant, index) => {
      new Tenant(scope, `tenant-${index}`, tenant);
    });
    if (values.certificate) {
      const { host, issuer } = values.certificate;
      const certificate = new ApiObject(scope, 'certificate', {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        spec: { dnsNames: [host, `*.${host}`], secretName: `${release.name}-tls`, issuerRef: { name: issuer } },
      });
      certificate.addJsonPatch(JsonPatch.add('/spec/privateKey', { rotationPolicy: 'Always' }));
    }
  },
);
