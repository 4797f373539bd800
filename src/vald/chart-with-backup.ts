import { z } from 'zod';
import { artifactHub, defineChart, dependency } from '../chart/index.js';
import { packageVersion } from '../scripts/index.js';
import { valdAgentChart } from './chart.js';
import { valdAgentExamples } from './chart-examples.js';
import { valdWithBackupReadme } from './chart-texts.js';

/** What this chart sets of upstream's values; its users may set all the others too. */
interface UpstreamValues {
  readonly agent: { readonly enabled: boolean; readonly name: string };
}

/**
 * A whole Vald whose backup restores: upstream's own, unmodified chart without its agents, and our chart vald-agent in
 * their place. Gateway, discoverer and index manager find the agents under the name that upstream gives them.
 *
 * @example
 * ```ts
 * const { files } = valdWithBackupChart().generate();
 * ```
 */
export function valdWithBackupChart() {
  const agent = valdAgentChart();
  return defineChart({
    name: 'vald-with-backup',
    version: packageVersion,
    appVersion: 'v1.8.0',
    description: 'Vald (vector search), whole: upstream’s chart, with agents whose backup provably restores',
    kubeVersion: '>=1.28.0-0',
    keywords: ['vald', 'vector-search', 'backup', 'restore', 's3'],
    readme: valdWithBackupReadme,
    annotations: artifactHub({
      license: 'Apache-2.0',
      changes: [{ kind: 'added', description: 'Upstream’s chart v1.8.0 with the agents of vald-agent.' }],
      links: [{ name: 'Vald', url: 'https://vald.vdaas.org' }],
    }),
    values: z.object({}),
    dependencies: {
      vald: dependency<UpstreamValues>({
        repository: 'https://vald.vdaas.org/charts',
        version: 'v1.8.0',
        values: { agent: { enabled: false, name: 'vald-agent' } },
      }),
      'vald-agent': dependency({ chart: agent }),
    },
    examples: {
      default: { 'vald-agent': valdAgentExamples.default },
      'pv-and-s3': { 'vald-agent': valdAgentExamples['pv-and-s3'] },
    },
  });
}
