import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternate, type Figure, type Measurement, runProcess, type Subject } from './measure.js';

/** The two programs that write the same objects. */
export const variants = ['chartwright', 'cdk8s'] as const;

/** Measurements of one number of agents. */
export interface AgentsMeasurement {
  readonly agents: number;
  readonly measurements: readonly Measurement[];
}

/**
 * Measures the synthesis of many agents in one process, with our constructs and with nothing but cdk8s. What is
 * counted begins when everything is loaded and ends when the last file is written.
 */
export async function measureManyAgents(
  counts: readonly number[],
  rounds: number,
  folder: string,
  progress: (text: string) => void,
): Promise<AgentsMeasurement[]> {
  const child = join(import.meta.dirname, 'agents.mjs');
  const node = async (variant: string, count: number, output: string) => {
    rmSync(output, { recursive: true, force: true });
    const { stdout } = await runProcess({
      program: process.execPath,
      parameters: [child, variant, `${count}`, output],
    });
    return stdout;
  };
  writeFileSync(join(folder, 'objects.json'), await node('objects', 1, join(folder, 'out')));
  for (const variant of variants) await node(variant, 1, join(folder, variant));
  refuseDifferentObjects(join(folder, variants[0]), join(folder, variants[1]));

  const results: AgentsMeasurement[] = [];
  for (const agents of counts) {
    const subjects = variants.map(
      (variant): Subject => ({
        name: variant,
        run: async () => JSON.parse(await node(variant, agents, join(folder, variant))) as Figure,
      }),
    );
    const measurements = await alternate(subjects, rounds, (text) => progress(`${agents} agents: ${text}`));
    results.push({ agents, measurements });
  }
  return results;
}

/** A comparison of two programs that do not write the same would be worth nothing. */
function refuseDifferentObjects(one: string, other: string): void {
  const manifests = (folder: string) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.yaml'))
      .sort()
      .map((file) => `${file}\n${readFileSync(join(folder, file), 'utf8')}`);
  const [a, b] = [manifests(one), manifests(other)];
  if (a.length === 0 || a.join('\n') !== b.join('\n')) throw new Error(`${one} and ${other} differ`);
}
