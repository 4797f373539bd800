import { k8s } from 'cdk8s-plus-28';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { documentsDiffer } from '../../src/chart/differences.js';
import {
  chartNames,
  defineChart,
  imageReference,
  imageValues,
  nameValues,
  probe,
  probeValues,
} from '../../src/chart/index.js';
import { describeWith } from '../programs/find.js';
import { ChartOnDisk, helms } from './helm.js';

const web = defineChart(
  {
    name: 'web',
    version: '1.0.0',
    values: z.object({
      ...nameValues(),
      image: imageValues({ registry: 'docker.io', repository: 'library/nginx', tag: '1.29' }),
      readinessProbe: probeValues({ periodSeconds: 5 }),
      podLabels: z.record(z.string(), z.string()).default({}),
    }),
  },
  (scope, values, release) => {
    const names = chartNames(values, release);
    const { image } = values;
    const readinessProbe = probe(values.readinessProbe, { httpGet: { port: k8s.IntOrString.fromNumber(80) } });
    new k8s.KubeDeployment(scope, 'deployment', {
      metadata: { name: names.fullname },
      spec: {
        selector: { matchLabels: names.selectorLabels },
        template: {
          metadata: { labels: { ...values.podLabels, ...names.selectorLabels } },
          spec: {
            imagePullSecrets: image.pullSecrets,
            containers: [
              {
                name: 'web',
                image: imageReference(image),
                ...(image.pullPolicy ? { imagePullPolicy: image.pullPolicy } : {}),
                env: [{ name: 'IMAGE', value: imageReference(image) }],
                ...(readinessProbe ? { readinessProbe } : {}),
              },
            ],
          },
        },
      },
    });
    new k8s.KubeService(scope, 'service', {
      metadata: { name: names.of('headless') },
      spec: { selector: names.selectorLabels, ports: [{ port: 80 }] },
    });
    new k8s.KubeCronJob(scope, 'sweep', {
      metadata: { name: names.of('a-very-long-suffix', 52) },
      spec: { schedule: '0 0 * * *', jobTemplate: {} },
    });
  },
);

const release = (name: string, chart?: string) => ({ name, namespace: 'default', ...(chart ? { chart } : {}) });
const namesOf = (objects: readonly unknown[]) =>
  objects.map((object) => (object as { metadata: { name: string } }).metadata.name);
const long = `${'n'.repeat(52)}x`;

describe('names', () => {
  test.each<[string, object, { name: string; chart?: string }, string[]]>([
    ['the release and the chart', {}, { name: 'r' }, ['r-web', 'r-web-headless', 'r-web-a-very-long-suffix']],
    [
      'only a release that has the chart in it',
      {},
      { name: 'my-web' },
      ['my-web', 'my-web-headless', 'my-web-a-very-long-suffix'],
    ],
    [
      'the alias of a dependency',
      {},
      { name: 'r', chart: 'shop' },
      ['r-shop', 'r-shop-headless', 'r-shop-a-very-long-suffix'],
    ],
    [
      'nameOverride',
      { nameOverride: 'site' },
      { name: 'r' },
      ['r-site', 'r-site-headless', 'r-site-a-very-long-suffix'],
    ],
    [
      'fullnameOverride',
      { fullnameOverride: 'site' },
      { name: 'r' },
      ['site', 'site-headless', 'site-a-very-long-suffix'],
    ],
    [
      '63 characters, and the suffix whole',
      {},
      { name: long },
      [`${long}-web`, `${'n'.repeat(52)}x-headless`.slice(0, 63), `${'n'.repeat(33)}-a-very-long-suffix`],
    ],
  ])('follow %s', (_, values, { name, chart }, expected) => {
    expect(namesOf(web.synth(values, release(name, chart)))).toEqual(expected);
  });

  test.each(['Web', 'a.b', '-a', 'a-', 'a'.repeat(64)])(
    'an override %j that no object can be called is refused',
    (nameOverride) => {
      expect(() => web.synth({ nameOverride })).toThrow('nameOverride');
    },
  );

  test('selectors hold what stays the same, and follow nameOverride', () => {
    const [deployment] = web.synth({ nameOverride: 'site' }, release('r')) as {
      spec: { selector: object };
      metadata: { labels: object };
    }[];
    const labels = { 'app.kubernetes.io/name': 'site', 'app.kubernetes.io/instance': 'r' };
    expect(deployment!.spec.selector).toEqual({ matchLabels: labels });
    expect(deployment!.metadata.labels).toMatchObject(labels);
  });
});

describe('an image', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  test.each<[object, string]>([
    [{}, 'docker.io/library/nginx:1.29'],
    [{ registry: '' }, 'library/nginx:1.29'],
    [{ registry: 'localhost:5000', tag: '' }, 'localhost:5000/library/nginx'],
    [{ digest }, `docker.io/library/nginx:1.29@${digest}`],
  ])('%j is %s', (image, expected) => {
    const [deployment] = web.synth({ image }) as {
      spec: { template: { spec: { containers: { image: string }[] } } };
    }[];
    expect(deployment!.spec.template.spec.containers[0]!.image).toBe(expected);
  });

  test.each([{ tag: 'a b' }, { repository: 'Nginx' }, { repository: '' }, { digest: 'sha256:1' }, { registry: 'a/b' }])(
    '%j is refused',
    (image) => {
      expect(() => web.synth({ image })).toThrow('image');
    },
  );
});

describe('the printed chart', () => {
  const { files, runs } = web.generate({ checks: 100 });

  test('names, labels and the image are written once', () => {
    const helpers = files.get('templates/_helpers.tpl')!;
    expect([...helpers.matchAll(/define "web\.(\w+)"/g)].map(([, name]) => name)).toEqual(
      expect.arrayContaining(['name', 'fullname', 'labels', 'selectorLabels', 'image']),
    );
    const deployment = files.get('templates/deployment.yaml')!;
    expect(deployment).toContain('name: {{ include "web.fullname" . | quote }}');
    expect(deployment).toContain('  labels:\n    {{- include "web.labels" . | nindent 4 }}\n');
    expect(deployment).toContain('matchLabels:\n      {{- include "web.selectorLabels" . | nindent 6 }}\n');
    expect(deployment).toContain('image: {{ include "web.image" . | quote }}');
  });

  test('names, labels and images cost no runs', () => {
    // The four outcomes of pullPolicy, and two each of pullSecrets, podLabels and the probe.
    expect(runs).toBe(32);
  });
});

describeWith(['helm3', 'helm4'], 'names, labels, images and probes', () => {
  const { files } = web.generate({ checks: 20 });
  test.each(helms)('mean in %s what they mean in TypeScript', (helm) => {
    const onDisk = new ChartOnDisk(files);
    for (const [name, values] of [
      ['r', {}],
      ['my-web', { podLabels: { 'app.kubernetes.io/name': 'mine', team: 'x' } }],
      ['r', { nameOverride: 'site', readinessProbe: { enabled: false } }],
      [
        long,
        {
          fullnameOverride: 'site',
          image: {
            registry: '',
            digest: `sha256:${'a'.repeat(64)}`,
            pullPolicy: 'Always',
            pullSecrets: [{ name: 's' }],
          },
        },
      ],
    ] as const) {
      const { documents, error } = onDisk.template(helm, { values, release: release(name) });
      expect(error).toBeUndefined();
      expect(documentsDiffer(web.synth(values, release(name)), documents)).toBeUndefined();
    }
    onDisk.lint(helm);
  });
});
