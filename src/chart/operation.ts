import { type LeafType, rangeOf, type Tree, typeOf } from './tree.js';

/** Every operation that has a form in a template. */
export const declaredOperations: ReadonlySet<string> = new Set(
  [
    'add mul divideUp max join dirname clean trunc trimPrefix text named',
    'less same contains distinct checksum seconds bytes mebibytes port yamlText',
  ].flatMap((names) => names.split(' ')),
);

/** Operations on any number of leaves, which may come from lists of the values. */
export const listOperations: ReadonlySet<string> = new Set(['join', 'distinct']);

/** Operations on whole numbers only. */
export const wholeOperations: ReadonlySet<string> = new Set(['add', 'mul', 'divideUp', 'max', 'mebibytes']);

type Range = readonly [number, number];
const anything: Range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
const natural: Range = [0, Number.MAX_SAFE_INTEGER];

/** What an operation on leaves gives: its type and, for numbers, between which limits. */
export function signatureOf(name: string, operands: readonly Tree[]): { type: LeafType; range: Range } {
  const ranges = operands.map(rangeOf);
  const [a, b] = [ranges[0] ?? anything, ranges[1] ?? anything];
  switch (name) {
    case 'add':
      return {
        type: 'int',
        range: [ranges.reduce((sum, [low]) => sum + low, 0), ranges.reduce((sum, [, high]) => sum + high, 0)],
      };
    case 'mul': {
      const corners = [a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]];
      return { type: 'int', range: [Math.min(...corners), Math.max(...corners)] };
    }
    case 'divideUp':
      return { type: 'int', range: [Math.ceil(a[0] / b[1]), Math.ceil(a[1] / Math.max(1, b[0]))] };
    case 'max':
      return {
        type: 'int',
        range: [Math.max(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))],
      };
    case 'bytes':
    case 'seconds':
      return { type: 'int', range: natural };
    case 'port':
      return { type: 'int', range: [0, 99999] };
    case 'less':
    case 'same':
    case 'contains':
    case 'distinct':
      return { type: 'condition', range: anything };
    case 'choose': {
      const [type, other] = [typeOf(operands[1]!), typeOf(operands[2]!)];
      const range: Range = [
        Math.min(rangeOf(operands[1]!)[0], rangeOf(operands[2]!)[0]),
        Math.max(rangeOf(operands[1]!)[1], rangeOf(operands[2]!)[1]),
      ];
      return { type: type === other ? type : 'float', range };
    }
    default:
      return { type: 'text', range: anything };
  }
}
