import type { Condition, Tracer } from '../units/index.js';
import { collapseEntries, collapseItems } from './collapse.js';
import { listOperations, signatureOf, wholeOperations } from './operation.js';
import {
  call,
  constant,
  type Entry,
  list,
  map,
  type Path,
  pass,
  printPath,
  type Tree,
  text,
  typeOf,
  yaml,
} from './tree.js';

/**
 * Stand-ins for values that are known when the chart is installed. Text is three or more private-use characters, a
 * number is a large whole number, an object has one private-use key: each survives string building, cdk8s and YAML.
 */
const open = '\uE000';
const close = '\uE001';
const zero = 0xe010;
const token = /\uE000([\uE010-\uE019]+)\uE001|22517998\d{8}/g;

/** All number stand-ins are equal modulo 1024, so that arithmetic on one gives no other. */
const firstNumber = 2 ** 51 + 513;
const step = 1024;
/** No output holds a number this large that is not a stand-in. */
const suspicious = 2 ** 40;

/** An author's mistake that tracing noticed: where in the output, and what happened to a value. */
export class UntraceableError extends Error {
  override readonly name = 'UntraceableError';

  constructor(
    message: string,
    readonly code: 'untraceable-chart' | 'unsettled-chart' = 'untraceable-chart',
  ) {
    super(message);
  }
}

/** A condition that stops the installation, with the message that the user gets. */
export interface Refusal {
  readonly condition: Tree;
  readonly message: Tree;
}

/**
 * Which stand-in is which leaf, kept from run to run: so the same object is the same text in each of them, and is read
 * once.
 */
export class StandInTable {
  readonly texts = new Leaves();
  readonly numbers = new Leaves();
  /** What texts without stand-ins and whole objects were read as. */
  readonly read = new Map<string, Tree>();

  /** @param first number of the first stand-in; two runs with different ones must give the same */
  constructor(readonly first = 0) {}
}

class Leaves {
  readonly trees: Tree[] = [];
  readonly #indices = new Map<Tree, number>();

  indexOf(tree: Tree): number {
    const known = this.#indices.get(tree);
    if (known !== undefined) return known;
    const index = this.trees.push(tree) - 1;
    this.#indices.set(tree, index);
    return index;
  }
}

/** The stand-ins of one run, and what was done with them. */
export class StandIns implements Tracer {
  readonly refusals: Refusal[] = [];

  constructor(readonly table = new StandInTable()) {}

  /** A stand-in for a leaf. */
  leaf(tree: Tree): string | number {
    const type = typeOf(tree);
    return type === 'text'
      ? this.#text(tree)
      : firstNumber + (this.table.first + this.table.numbers.indexOf(tree)) * step;
  }

  /** A stand-in for a whole object. */
  object(path: Path): Record<string, unknown> {
    return { [this.#text(pass(path))]: true };
  }

  isTraced(value: unknown): boolean {
    if (typeof value === 'number') return this.#numbered(value) !== undefined;
    if (typeof value === 'string') return hasStandIn(value);
    if (typeof value !== 'object' || value === null) return false;
    if ('traced' in value) return true;
    return Object.entries(value).some(([key, inner]) => hasStandIn(key) || this.isTraced(inner));
  }

  operation(name: string, operands: readonly unknown[]): unknown {
    if (name === 'yamlText') return this.#text(yaml(this.decode(operands[0])));
    const all = operands.flat().map((operand) => this.#operand(operand));
    const trees = listOperations.has(name) ? collapseItems(all) : all;
    if (name === 'text') return this.#text(text([text(trees), constant('')]));
    for (const operand of trees)
      if (wholeOperations.has(name) && typeOf(operand) !== 'int')
        throw new UntraceableError(
          `${name}() of ${describe(operand)}, which is no whole number: Helm calculates with whole numbers only`,
        );
    const { type, range } = signatureOf(name, trees);
    const tree = call(name, trees, type, range);
    if (type === 'condition') return { traced: tree };
    if (type === 'int' && (range[0] < -Number.MAX_SAFE_INTEGER || range[1] > Number.MAX_SAFE_INTEGER)) {
      // Beyond this JavaScript rounds and Helm does not: the installation stops instead.
      const clamped = call(name, trees, type, [Math.max(range[0], -largest), Math.min(range[1], largest)]);
      this.#note({ condition: call('beyond', [clamped], 'condition'), message: constant(beyondMessage) });
      return this.leaf(clamped);
    }
    return this.leaf(tree);
  }

  refuse(condition: Condition, message: string): void {
    this.#note({ condition: this.#operand(condition), message: this.#string(message) });
  }

  #note(refusal: Refusal): void {
    if (!this.refusals.some((known) => known.condition === refusal.condition && known.message === refusal.message))
      this.refusals.push(refusal);
  }

  /**
   * A tree of what the function gave: plain data with stand-ins in it.
   *
   * @param place where it is, for errors
   */
  decode(value: unknown, place = ''): Tree {
    if (typeof value === 'string') return this.#string(value);
    if (typeof value === 'number') return this.#decodeNumber(value, place);
    if (typeof value === 'boolean' || value === null) return constant(value);
    if (value === undefined) return constant(null);
    if (Array.isArray(value))
      return list(collapseItems(value.map((item, index) => this.decode(item, `${place}/${index}`))));
    if (typeof value !== 'object') throw new UntraceableError(`a ${typeof value} in the output`);
    const entries: Entry[] = [];
    for (const [key, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      const tree = this.#string(key);
      entries.push({
        key: tree.kind === 'constant' ? key : tree,
        value: this.decode(inner, `${place}/${key}`),
      });
    }
    return map(collapseEntries(entries));
  }

  /** The tree of an object of the output: most are the same in many runs. */
  document(object: unknown): Tree {
    const text = JSON.stringify(object);
    const known = this.table.read.get(text);
    if (known) return known;
    const tree = this.decode(object, (object as { readonly kind?: string }).kind);
    this.table.read.set(text, tree);
    return tree;
  }

  #operand(value: unknown): Tree {
    if (typeof value === 'object' && value !== null && 'traced' in value) return value.traced as Tree;
    return this.decode(value);
  }

  #decodeNumber(value: number, place: string): Tree {
    const tree = this.#numbered(value);
    if (tree) return tree;
    if (Number.isNaN(value) || Math.abs(value) >= suspicious) {
      const what = this.#calculated(value) ?? 'a number is calculated from a value of the chart';
      throw new UntraceableError(`${place ? `${place}: ` : ''}${what}`);
    }
    return constant(value);
  }

  /** What was calculated with one stand-in, in words, and what to write instead. */
  #calculated(value: number): string | undefined {
    for (const tree of this.table.numbers.trees) {
      const standIn = this.leaf(tree) as number;
      const name = describe(tree);
      const factor = Math.round(value / standIn);
      const divisor = Math.round(standIn / value);
      const more = value - standIn;
      if (Math.abs(more) < step / 2) return `${name} + ${more} is calculated: write add(${name}, ${more})`;
      if (Math.abs(factor) > 1 && standIn * factor === value)
        return `${name} × ${factor} is calculated: write mul(${name}, ${factor})`;
      if (Math.abs(divisor) > 1 && standIn / divisor === value)
        return `${name} / ${divisor} is calculated: write divideUp(${name}, ${divisor})`;
    }
    return undefined;
  }

  #string(value: string): Tree {
    const plain = this.table.read.get(value);
    if (plain) return plain;
    const parts: Tree[] = [];
    let from = 0;
    for (const match of value.matchAll(token)) {
      const tree =
        match[1] === undefined
          ? this.#numbered(Number(match[0]))
          : this.table.texts.trees[digitsOf(match[1]) - this.table.first];
      if (!tree) continue;
      parts.push(constant(value.slice(from, match.index)), tree);
      from = match.index + match[0].length;
    }
    const rest = value.slice(from);
    if (
      /[\uE000\uE001\uE010-\uE019]/.test(rest) ||
      parts.some((part) => part.kind === 'constant' && /[\uE000\uE001]/.test(String(part.value)))
    )
      throw new UntraceableError('a value of the chart was cut or changed on its way into a text');
    if (parts.length === 0) {
      // A script is in the output of every run; digits that look like a number's may be one in another run.
      const tree = constant(value);
      if (!hasStandIn(value)) this.table.read.set(value, tree);
      return tree;
    }
    const tree = text([...parts, constant(rest)]);
    return tree;
  }

  #numbered(value: number): Tree | undefined {
    const index = (value - firstNumber) / step - this.table.first;
    return Number.isInteger(index) ? this.table.numbers.trees[index] : undefined;
  }

  #text(tree: Tree): string {
    // As wide as any, so that cdk8s, which sorts keys, keeps the order in which they were made.
    const digits = [...String(this.table.first + this.table.texts.indexOf(tree)).padStart(7, '0')].map((digit) =>
      String.fromCharCode(zero + Number(digit)),
    );
    return `${open}${digits.join('')}${close}`;
  }
}

const largest = Number.MAX_SAFE_INTEGER;
export const beyondMessage = 'a number that the chart computes from its values is larger than 9007199254740991';

/** Whether a text holds a stand-in; the digits of a number count only where they can be one. */
export function hasStandIn(value: string): boolean {
  return value.includes(open) || value.includes('22517998');
}

const digitsOf = (marks: string): number => Number([...marks].map((mark) => mark.charCodeAt(0) - zero).join(''));

/** A leaf in words, for an error. */
export function describe(tree: Tree): string {
  if (tree.kind === 'reference') return printPath(tree.path);
  if (tree.kind === 'constant') return JSON.stringify(tree.value);
  if (tree.kind === 'call') return `${tree.operation}(${tree.operands.map(describe).join(', ')})`;
  return tree.kind === 'text' ? tree.parts.map(describe).join(' + ') : `a ${tree.kind}`;
}
