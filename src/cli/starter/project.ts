/** Versions that a new project begins with: those that this package itself is built and tested with. */
export type Versions = Readonly<Record<string, string>>;

/** What the files of a new project are made from. */
export interface Starter {
  /** Name of the project: a DNS label, so that it can be a chart's and a package's name. */
  readonly name: string;
  readonly versions: Versions;
}

/** Files of a new project: text by path. */
export type StarterFiles = Readonly<Record<string, string>>;

/** Files that are the same in every kind of project. */
export function projectFiles({ name }: Starter): StarterFiles {
  return {
    '.gitignore': 'node_modules/\ndist/\n',
    'tsconfig.json': json({
      compilerOptions: {
        target: 'ES2022',
        module: 'NodeNext',
        strict: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node'],
      },
      include: ['src', 'test'],
    }),
    'src/web-service.ts': webService,
    'src/chart.ts': chart(name),
    'test/chart.test.ts': chartTest(name),
  };
}

/** Two spaces and a line break at the end, as npm writes package.json. */
export const json = (content: object): string => `${JSON.stringify(content, undefined, 2)}\n`;

/** `name: version` of packages, for package.json. */
export function pinned(versions: Versions, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const version = versions[name];
      if (version === undefined) throw new Error(`no version is known of ${name}`);
      return [name, version];
    }),
  );
}

const webService = `import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';

/** What a web service needs to know. */
export interface WebServiceProps {
  /** Name of all its objects. */
  readonly name: string;
  /** What finds its pods. It stays the same from one version to the next: a Deployment's selector is for ever. */
  readonly selectorLabels: Readonly<Record<string, string>>;
  readonly image: string;
  /** @default - as Kubernetes does it: always for the tag latest, else if it is not there */
  readonly pullPolicy?: string | undefined;
  /** @default - none */
  readonly pullSecrets?: readonly { readonly name: string }[];
  readonly replicas: number;
  readonly port: number;
  /** Host name under which it is reached from outside. @default - from inside the cluster only */
  readonly host?: string | undefined;
}

/** A web service: pods that may do nothing but serve, a Service, and an Ingress where there is a host name. */
export class WebService extends Construct {
  constructor(scope: Construct, id: string, props: WebServiceProps) {
    super(scope, id);
    const { name, selectorLabels, image, pullPolicy, pullSecrets = [], replicas, port, host } = props;
    // The component tells these pods from others of the release, such as that of a test.
    const selector = { ...selectorLabels, 'app.kubernetes.io/component': 'web' };
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: selector },
        template: {
          metadata: { labels: selector },
          spec: {
            automountServiceAccountToken: false,
            imagePullSecrets: [...pullSecrets],
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'web',
                image,
                imagePullPolicy: pullPolicy,
                ports: [{ name: 'http', containerPort: port }],
                readinessProbe: { tcpSocket: { port: k8s.IntOrString.fromString('http') } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
              },
            ],
          },
        },
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name },
      spec: { selector, ports: [{ name: 'http', port: 80, targetPort: k8s.IntOrString.fromString('http') }] },
    });
    if (host) {
      const backend = { service: { name, port: { name: 'http' } } };
      new k8s.KubeIngress(this, 'ingress', {
        metadata: { name },
        spec: { rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
      });
    }
  }
}
`;

const chart = (name: string): string => `import {
  ChartTest,
  chartNames,
  defineChart,
  defineValues,
  imageReference,
  imageValues,
  nameValues,
} from 'chartwright/chart';
import { z } from 'zod';
import { WebService } from './web-service.js';

const chart = defineChart(
  {
    name: '${name}',
    version: '0.1.0',
    description: 'A web service.',
    kubeVersion: '>=1.29.0-0',
    values: z.object({
      ...nameValues(),
      image: imageValues({ repository: 'nginxinc/nginx-unprivileged', tag: '1.27' }).describe('What runs in the pods.'),
      replicas: z.int().min(1).max(50).default(2).describe('Number of pods.'),
      port: z.int().min(1).max(65535).default(8080).describe('Port that the program in the image listens on.'),
      ingress: z
        .object({ host: z.string().min(1).describe('Host name.') })
        .optional()
        .describe('How it is reached from outside of the cluster.'),
    }),
    examples: { ingress: { ingress: { host: 'web.example.com' } } },
  },
  (scope, values, release) => {
    const names = chartNames(values, release);
    new WebService(scope, 'web', {
      name: names.fullname,
      selectorLabels: names.selectorLabels,
      image: imageReference(values.image),
      pullPolicy: values.image.pullPolicy,
      pullSecrets: values.image.pullSecrets,
      replicas: values.replicas,
      port: values.port,
      ...(values.ingress ? { host: values.ingress.host } : {}),
    });
    // Run by \`helm test\`.
    new ChartTest(scope, 'test', { image: 'busybox:1.37', command: ['wget', '-qO-', \`http://\${names.fullname}\`] });
  },
);
export default chart;

/** Values of each environment, checked by the chart: \`npm run values\`. */
export const values = defineValues(chart, {
  staging: { replicas: 1 },
  prod: { replicas: 3, ingress: { host: 'web.example.com' } },
});
`;

const chartTest = (name: string): string => `import { describe, expect, test } from 'vitest';
import chart, { values } from '../src/chart.js';

interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

const release = { name: 'my-release', namespace: 'default' };
const objects = (given: object): KubeObject[] => chart.synth(given, release) as KubeObject[];
const kinds = (given: object): string[] => objects(given).map(({ kind }) => kind);

describe('chart ${name}', () => {
  test('makes an Ingress only where there is a host name', () => {
    expect(kinds({})).toEqual(['Deployment', 'Service', 'Pod']);
    expect(kinds({ ingress: { host: 'web.example.com' } })).toEqual(['Deployment', 'Service', 'Ingress', 'Pod']);
  });

  test('calls everything after the release and the chart', () => {
    const names = (given: object) => objects(given).map(({ metadata }) => metadata.name);
    expect(names({})).toEqual(['my-release-${name}', 'my-release-${name}', expect.stringContaining('test')]);
    expect(names({ fullnameOverride: 'site' }).slice(0, 2)).toEqual(['site', 'site']);
  });

  test('passes the number of pods on', () => {
    expect(objects({ replicas: 5 })[0]?.spec).toMatchObject({ replicas: 5 });
  });

  test.each([{ replicas: 0 }, { replica: 1 }, { image: { repository: '' } }])('refuses %j', (given) => {
    expect(() => chart.synth(given)).toThrow();
  });

  test('becomes templates that do the same as its source', () => {
    expect(chart.generate({ checks: 200 })).toMatchObject({ mode: 'exhaustive', checks: 200 });
  });

  test.each(values.environments)('takes the values of %s', (environment) => {
    expect(values.file(environment)).toContain('replicas:');
  });
});
`;
