import { type ApiObjectMetadataDefinition, Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

interface WebAppProps {
  readonly image: string;
  readonly port: number;
  readonly replicas: number;
  readonly host?: string | undefined;
  readonly path: string;
  readonly tlsSecret?: string | undefined;
}

/** A deployment, its service, and the ingress that leads to it. */
class WebApp extends Construct {
  readonly metadata: ApiObjectMetadataDefinition;

  constructor(scope: Construct, id: string, props: WebAppProps) {
    super(scope, id);
    const deployment = new kplus.Deployment(this, 'deployment', {
      replicas: props.replicas,
      containers: [
        {
          image: props.image,
          portNumber: props.port,
          resources: {
            cpu: { request: kplus.Cpu.millis(100), limit: kplus.Cpu.units(1) },
            memory: { limit: Size.mebibytes(256) },
          },
          securityContext: { user: 1000 },
        },
      ],
    });
    this.metadata = deployment.metadata;
    const service = deployment.exposeViaService({ ports: [{ port: 80, targetPort: props.port }] });
    if (props.host) {
      const ingress = new kplus.Ingress(this, 'ingress');
      ingress.addHostRule(
        props.host,
        props.path,
        kplus.IngressBackend.fromService(service),
        kplus.HttpIngressPathType.PREFIX,
      );
      if (props.tlsSecret)
        ingress.addTls([
          { hosts: [props.host], secret: kplus.Secret.fromSecretName(this, 'certificate', props.tlsSecret) },
        ]);
    }
  }
}

const chart = (pathRule: z.ZodDefault<z.ZodString>, pathOf: (path: string) => string) =>
  defineChart(
    {
      name: 'web-app',
      version: '1.0.0',
      appVersion: '2.4',
      values: z.object({
        image: z.string().min(1).default('nginx:1.29'),
        port: z.int().min(1).max(65535).default(8080),
        replicas: z.int().min(0).max(50).default(2),
        // The library keeps hosts as the keys of an object, so a host named as one of Object's members breaks it.
        host: z
          .string()
          .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/)
          .optional(),
        path: pathRule,
        tlsSecret: z.string().min(1).optional(),
      }),
      examples: { ingress: { host: 'shop.example.com', tlsSecret: 'shop-tls' } },
    },
    (scope, values) => {
      new WebApp(scope, 'app', { ...values, path: pathOf(values.path) });
    },
  );

/** The library looks at the first letter of the path, which the installer gives. */
export const webApp = chart(z.string().regex(/^\//).default('/'), (path) => path);

/** The first letter is in the program. */
export const webAppMended = chart(z.string().default(''), (path) => `/${path}`);
