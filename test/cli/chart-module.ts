import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from './project.js';

const root = join(import.meta.dirname, '../..');

/** Gives a project the packages of this one, so that its modules may import zod and cdk8s. */
export function linkPackages(project: Project): void {
  symlinkSync(join(root, 'node_modules'), join(project.folder, 'node_modules'));
}

/** The start of a module with charts. */
export const imports = `import { defineChart } from ${JSON.stringify(join(root, 'src/chart/define-chart.ts'))};
import { defineValues } from ${JSON.stringify(join(root, 'src/chart/define-values.ts'))};
import { ApiObject } from 'cdk8s';
import { z } from 'zod';
`;

/** An expression that makes a chart of one ConfigMap. */
export const configMapChart = (name: string, data = 'values.text'): string => `defineChart(
  {
    name: '${name}',
    version: '1.0.0',
    values: z.object({
      text: z.string().default('a').describe('What is in it.'),
      more: z.boolean().default(false).describe('Whether there is\\nmore in it.'),
      labels: z.record(z.string(), z.string()).default({}),
      list: z.array(z.object({ name: z.string(), weight: z.number().default(1) })).default([]).describe('A list.'),
    }),
  },
  (scope, values, release) => {
    const data = { text: ${data}, ...(values.more ? { more: 'yes' } : {}) };
    new ApiObject(scope, 'config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: release.name }, data });
  },
)`;
