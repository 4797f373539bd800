import { k8s } from 'cdk8s-plus-28';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { type ChartMetadata, ChartTest, defineChart } from '../../src/chart/index.js';

const chart = (metadata: Partial<ChartMetadata>) =>
  defineChart({ name: 'web', version: '1.0.0', values: z.object({}), ...metadata }, (scope) => {
    new k8s.KubeConfigMap(scope, 'config', {});
    new ChartTest(scope, 'test', { image: 'busybox:1.37', command: ['true'] });
  });

const filesOf = (metadata: Partial<ChartMetadata>) => chart(metadata).generate({ checks: 2 }).files;

test.each<[Partial<ChartMetadata>, string]>([
  [{ name: 'Web' }, 'no chart can be called so'],
  [{ version: '1.0' }, 'no version as SemVer 2 has it'],
  [{ kubeVersion: '>=1.29' }, 'Write ">=1.29.0-0".'],
  [{ kubeVersion: '>= 1.29.0-0 < 1.40.0' }, 'Write ">= 1.29.0-0 < 1.40.0-0".'],
  [{ kubeVersion: '1.29.x' }, 'Write "~1.29.0-0".'],
  [{ kubeVersion: '1.29 - 1.31.2 || v1.40.1' }, 'Write "1.29.0-0 - 1.31.2-0 || 1.40.1-0".'],
  [{ files: { '../LICENSE': '' } }, 'no path inside of the chart'],
  [{ files: { '/etc/passwd': '' } }, 'no path inside of the chart'],
  [{ files: { 'values.yaml': '' } }, 'which the chart has already'],
])('%j is refused', (metadata, message) => {
  expect(() => filesOf(metadata)).toThrow(message);
});

test('what is given stands in Chart.yaml, with files of one’s own', () => {
  const files = filesOf({
    kubeVersion: '>=1.29.0-0',
    keywords: ['yes'],
    files: { LICENSE: 'MIT\n', 'crds/a.yaml': '{}\n' },
  });
  expect(parse(files.get('Chart.yaml')!)).toEqual({
    apiVersion: 'v2',
    name: 'web',
    version: '1.0.0',
    type: 'application',
    kubeVersion: '>=1.29.0-0',
    keywords: ['yes'],
  });
  expect(files.get('LICENSE')).toBe('MIT\n');
  expect(files.get('crds/a.yaml')).toBe('{}\n');
});

test('objects of "helm test" are in templates/tests', () => {
  const templates = [...filesOf({}).keys()].filter((path) => path.startsWith('templates/'));
  expect(templates.sort()).toEqual([
    'templates/NOTES.txt',
    'templates/_helpers.tpl',
    'templates/configmap.yaml',
    'templates/tests/pod.yaml',
  ]);
});
