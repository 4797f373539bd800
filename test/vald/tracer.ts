import { type Condition, operations, type Tracer } from '../../src/units/index.js';

/** The operations that give a number or a condition; all others give text. */
const numbers = new Set(['add', 'mul', 'divideUp', 'max', 'seconds', 'bytes', 'port']);
const conditions = new Set(['less', 'same', 'contains', 'distinct']);

/** Number stand-ins: far above every real number of the props, and all equal modulo 1024. */
const base = 2 ** 51 + 513;
const step = 1024;
const marks = { open: '\uE000', close: '\uE001', zero: 0xe010 };
const textStandIn = /\uE000([\uE010-\uE019]+)\uE001/g;
const numberStandIn = /22517998\d{8}/g;

type Expression =
  | { readonly input: string }
  | { readonly operation: string; readonly operands: readonly unknown[]; readonly text: boolean };

/** Values of the inputs, by the names they were made under. */
export type Inputs = ReadonlyMap<string, string | number>;

/**
 * A tracer for tests. Text stand-ins are private-use characters and number stand-ins are large whole numbers, so both
 * survive string building and cdk8s; `evaluate` puts values in their places afterwards.
 */
export class StandIns implements Tracer {
  readonly #expressions: Expression[] = [];
  readonly #refusals: { condition: Condition; message: string }[] = [];

  /** A stand-in for text that is known later. */
  text(input: string): string {
    return this.#text({ input });
  }

  /** A stand-in for a number that is known later. */
  number(input: string): number {
    return this.#number({ input });
  }

  isTraced(value: unknown): boolean {
    if (typeof value === 'number') return this.#indexOf(value) !== undefined;
    if (typeof value === 'string') {
      const digits = value.match(numberStandIn) ?? [];
      return value.includes(marks.open) || digits.some((number) => this.isTraced(Number(number)));
    }
    if (typeof value !== 'object' || value === null) return false;
    return 'traced' in value || Object.values(value).some((inner) => this.isTraced(inner));
  }

  operation(name: string, operands: readonly unknown[]): unknown {
    const text = name === 'choose' ? typeof operands[1] === 'string' : !numbers.has(name);
    const expression = { operation: name, operands, text };
    if (conditions.has(name)) return { traced: this.#add(expression) };
    return text ? this.#text(expression) : this.#number(expression);
  }

  refuse(condition: Condition, message: string): void {
    this.#refusals.push({ condition, message });
  }

  /** A value with every stand-in in it replaced by what it stands for. */
  evaluate(value: unknown, inputs: Inputs): unknown {
    if (typeof value === 'number') {
      const index = this.#indexOf(value);
      return index === undefined ? value : this.#value(index, inputs);
    }
    if (typeof value === 'string')
      return value
        .replace(textStandIn, (_, digits: string) => String(this.#value(decode(digits), inputs)))
        .replace(numberStandIn, (digits) => String(this.evaluate(Number(digits), inputs)));
    if (Array.isArray(value)) return value.map((item) => this.evaluate(item, inputs));
    if (typeof value !== 'object' || value === null) return value;
    if ('traced' in value) return this.#value(value.traced as number, inputs);
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.evaluate(inner, inputs)]));
  }

  /** The messages with which an installation with these inputs would be refused. */
  refusals(inputs: Inputs): string[] {
    return this.#refusals
      .filter(({ condition }) => this.evaluate(condition, inputs) === true)
      .map(({ message }) => this.evaluate(message, inputs) as string);
  }

  #value(index: number, inputs: Inputs): unknown {
    const expression = this.#expressions[index]!;
    if ('input' in expression) {
      const value = inputs.get(expression.input);
      if (value === undefined) throw new Error(`no value for ${expression.input}`);
      return value;
    }
    const operands = expression.operands.map((operand) => this.evaluate(operand, inputs)) as never[];
    if (expression.operation === 'choose') return operands[0] ? operands[1] : operands[2];
    return operations.get(expression.operation)!(...operands);
  }

  #add(expression: Expression): number {
    return this.#expressions.push(expression) - 1;
  }

  #text(expression: Expression): string {
    const digits = [...String(this.#add(expression))].map((digit) => String.fromCharCode(marks.zero + Number(digit)));
    return `${marks.open}${digits.join('')}${marks.close}`;
  }

  #number(expression: Expression): number {
    return base + this.#add(expression) * step;
  }

  #indexOf(number: number): number | undefined {
    const index = (number - base) / step;
    return Number.isInteger(index) && index >= 0 && index < this.#expressions.length ? index : undefined;
  }
}

function decode(digits: string): number {
  return Number([...digits].map((digit) => digit.charCodeAt(0) - marks.zero).join(''));
}
