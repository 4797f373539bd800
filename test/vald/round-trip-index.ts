import type { Agent, Vectors } from './round-trip-agent.js';

export const dimension = 16;

/** What an index holds after one save, told apart from every other generation by ids and not by number alone. */
export interface Generation {
  readonly name: string;
  readonly vectors: Vectors;
}

/** A vector that follows from its id: pseudo-random, and exact as a 32-bit float. */
function vectorOf(id: number): number[] {
  let state = Math.imul(id + 1, 0x9e3779b1) >>> 0;
  return Array.from({ length: dimension }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) >>> 0;
    return Math.fround(((state ^ (state >>> 12)) >>> 0) / 2 ** 32);
  });
}

/**
 * The n-th generation, from 1: 400 vectors and 100 more each time. Each removes the first 50 of the one before, whose
 * numbers inside NGT are then used again: files of two generations together give wrong vectors.
 */
export function generation(n: number): Generation {
  const first = (n - 1) * 50;
  const ids = Array.from({ length: 300 + n * 100 }, (_, index) => first + index);
  return { name: `generation ${n}`, vectors: new Map(ids.map((id) => [`id-${id}`, vectorOf(id)])) };
}

/** Takes the agent from one generation to another, indexed but not saved. */
export async function changeTo(agent: Agent, to: Generation, from?: Generation): Promise<void> {
  const before = from?.vectors ?? new Map<string, readonly number[]>();
  const gone = [...before.keys()].filter((id) => !to.vectors.has(id));
  if (gone.length > 0) await agent.remove(gone);
  await agent.insert(new Map([...to.vectors].filter(([id]) => !before.has(id))));
}

function difference(held: Vectors, { vectors }: Generation): { missing: number; strange: number; wrong: number } {
  const strange = [...held.keys()].filter((id) => !vectors.has(id)).length;
  let [missing, wrong] = [0, 0];
  for (const [id, vector] of vectors) {
    const other = held.get(id);
    if (!other) missing++;
    else if (other.length !== vector.length || other.some((element, index) => element !== vector[index])) wrong++;
  }
  return { missing, strange, wrong };
}

/** The ids nearest to a vector, by looking at all of them. */
function nearest(vectors: Vectors, vector: readonly number[], count: number): string[] {
  const distance = (other: readonly number[]): number =>
    other.reduce((sum, element, index) => sum + (element - vector[index]!) ** 2, 0);
  return [...vectors]
    .map(([id, other]) => [id, distance(other)] as const)
    .sort(([, one], [, other]) => one - other)
    .slice(0, count)
    .map(([id]) => id);
}

/** Whether searches find each vector itself first, and at least nine in ten of those that are really nearest. */
async function searchesRight(agent: Agent, { vectors }: Generation): Promise<boolean> {
  const asked = [...vectors].filter((_, index) => index % 37 === 0);
  let found = 0;
  for (const [id, vector] of asked) {
    const answer = await agent.search(vector, 10);
    if (answer[0] !== id) return false;
    const right = new Set(nearest(vectors, vector, 10));
    found += answer.filter((one) => right.has(one)).length;
  }
  return found >= asked.length * 9;
}

/**
 * What the agent serves: the name of the generation whose ids, vectors and search results it gives, `nothing`, or what
 * is wrong.
 */
export async function served(agent: Agent, generations: readonly Generation[]): Promise<string> {
  const held = await agent.list();
  if (held.size === 0) return 'nothing';
  const whole = generations.find((one) => Object.values(difference(held, one)).every((count) => count === 0));
  if (!whole) return generations.map((one) => `${one.name} with ${JSON.stringify(difference(held, one))}`).join(' or ');
  return (await searchesRight(agent, whole)) ? whole.name : `${whole.name} with wrong search results`;
}
