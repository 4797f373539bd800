import { type HelperName, helperFor } from './operation-helpers.js';
import { every, type Kind, type Option, type Path, rangeOf, type Tree, typeOf, type Variable } from './tree.js';

/** Something that a chart's author can write and Helm's templates cannot say. */
export class UnprintableError extends Error {
  override readonly name = 'UnprintableError';
}

/** The variables of the `range`s around a place, by the path of their elements. */
export interface Scope {
  readonly elements: ReadonlyMap<string, { readonly value: string; readonly key: string }>;
  /** Decisions that are taken by the `if`s around the place, by their identity. */
  readonly taken: ReadonlyMap<string, Option>;
}

/** The scope of a whole template. */
export const topScope: Scope = { elements: new Map(), taken: new Map() };

/** What printing needs of the chart, and what it finds out that the chart needs. */
export interface Printing {
  /** Start of the names of all templates that the chart defines. */
  readonly prefix: string;
  /** Whether a value that is there is true for a template's `if`. */
  readonly isTruthy: (path: Path) => boolean;
  /** Whether a path is a map of the user's own keys, not a list. */
  readonly isRecord: (path: Path) => boolean;
  /** Templates for operations that are used. */
  readonly helpers: Set<HelperName>;
  /** Names of the templates that the chart defines for itself. */
  readonly named: {
    yaml(tree: Kind<'yaml'>, scope: Scope): string;
    text(name: string, content: Tree): string | undefined;
    overList(tree: Kind<'call'>): string;
  };
}

/** Code of a pipeline, and whether it can stand as an operand without parentheses. */
export interface Code {
  readonly code: string;
  readonly atom: boolean;
}

const atom = (code: string): Code => ({ code, atom: true });
const compound = (code: string): Code => ({ code, atom: false });

/** Code as an operand. */
export const operand = ({ code, atom: isAtom }: Code): string => (isAtom ? code : `(${code})`);

const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What Helm calls what a function knows of its release. */
const builtIns: Readonly<Record<string, string>> = {
  name: '.Release.Name',
  namespace: '.Release.Namespace',
  chart: '.Chart.Name',
};

/** The whole context of a chart: inside of a `range` the dot may be something else. */
const rootCode = (scope: Scope): string => (scope.elements.size > 0 ? '$' : '.');

/** A value of the chart in a template. */
export function pathCode(path: Path, scope: Scope): string {
  let start = path[0] === 'values' ? 1 : 0;
  let code = scope.elements.size > 0 ? '$.Values' : '.Values';
  if (path[0] === 'release') return `${scope.elements.size > 0 ? '$' : ''}${builtIns[String(path[1])]}`;
  for (let length = path.length; length > 0; length--)
    if (path[length - 1] === every) {
      const variables = scope.elements.get(JSON.stringify(path.slice(0, length)));
      if (!variables) throw new UnprintableError(`${path.slice(1).join('.')} is used outside of its list`);
      code = variables.value;
      start = length;
      break;
    }
  for (const step of path.slice(start)) {
    if (typeof step === 'number')
      throw new UnprintableError(
        `one element of ${path.slice(1, path.indexOf(step)).join('.')} is taken by its position: use all of them with .map()`,
      );
    code = identifier.test(step) ? `${code}.${step}` : `(index ${code} ${goText(step)})`;
  }
  return code;
}

/** A leaf as template code: text for a text, int64 or float64 for a number. */
export function expressionCode(tree: Tree, scope: Scope, printing: Printing): Code {
  const code = (inner: Tree) => expressionCode(inner, scope, printing);
  switch (tree.kind) {
    case 'constant':
      return atom(goLiteral(tree.value));
    case 'reference': {
      if (tree.of === 'key') return atom(scope.elements.get(JSON.stringify(tree.path))?.key ?? missingKey(tree.path));
      const value = pathCode(tree.path, scope);
      return tree.type === 'int' ? compound(`int64 ${value}`) : atom(value);
    }
    case 'text':
      return textCode(tree, code);
    case 'yaml':
      return compound(`include ${goText(printing.named.yaml(tree, scope))} $`);
    case 'call':
      return callCode(tree, code, printing, scope);
    default:
      throw new UnprintableError(`a ${tree.kind} where a text or a number must be`);
  }
}

function missingKey(path: Path): never {
  throw new UnprintableError(`a key of ${path.slice(1, -1).join('.')} is used outside of its map`);
}

/** Parts of a text: `printf` writes them as JavaScript does. */
function textCode(tree: Kind<'text'>, code: (inner: Tree) => Code): Code {
  let format = '';
  const values: string[] = [];
  for (const part of tree.parts) {
    if (part.kind === 'constant') {
      format += String(part.value).replaceAll('%', '%%');
      continue;
    }
    const type = typeOf(part);
    format += type === 'int' ? '%d' : '%s';
    values.push(type === 'float' ? `(toJson ${operand(code(part))})` : operand(code(part)));
  }
  return compound(`printf ${[goText(format), ...values].join(' ')}`);
}

/** Whether an operation has as many operands as a list of the values has elements: no expression can say that. */
const isOverList = (tree: Kind<'call'>): boolean =>
  (tree.operation === 'join' || tree.operation === 'distinct') &&
  tree.operands.some(({ kind }) => kind === 'each' || kind === 'choice');

function callCode(tree: Kind<'call'>, code: (inner: Tree) => Code, printing: Printing, scope: Scope): Code {
  if (tree.operation === 'named') {
    const [name, content] = tree.operands as [Kind<'constant'>, Tree];
    const template = printing.named.text(String(name.value), content);
    return template ? compound(`include ${goText(template)} ${rootCode(scope)}`) : code(content);
  }
  if (isOverList(tree)) {
    const text = compound(`include ${goText(printing.named.overList(tree))} ${rootCode(scope)}`);
    return tree.type === 'condition' ? compound(`eq ${operand(text)} "true"`) : text;
  }
  const all = tree.operands.map((inner) => operand(code(inner)));
  const [a, b, c] = all as [string, string, string];
  const helper = (name: HelperName, value: string): Code => {
    printing.helpers.add(name);
    for (const needed of helperFor(name).needs) printing.helpers.add(needed);
    return compound(`include ${goText(`${printing.prefix}.${name}`)} ${value}`);
  };
  switch (tree.operation) {
    case 'add':
    case 'max':
      return compound(`${tree.operation} ${all.join(' ')}`);
    case 'mul':
      return compound(`mul ${a} ${b}`);
    case 'divideUp': {
      const [dividend, divisor] = tree.operands.map(rangeOf) as [readonly [number, number], readonly [number, number]];
      if (dividend[0] < 0 || divisor[0] < 1)
        throw new UnprintableError('divideUp() of what may be negative, or by what may be 0: give the values a .min()');
      return compound(`div (add ${a} (sub ${b} 1)) ${b}`);
    }
    case 'mebibytes':
      if (rangeOf(tree.operands[0]!)[0] < 0) throw new UnprintableError('mebibytes() of what may be negative');
      return compound(`printf "%dMi" (div (add ${a} 1048575) 1048576)`);
    case 'join':
      return compound(`join ${a} (compact (list ${all.slice(1).join(' ')}))`);
    case 'clean':
      return compound(`clean ${a}`);
    case 'dirname':
      return helper('dirname', a);
    case 'trunc': {
      const length = tree.operands[1]!;
      if (length.kind !== 'constant' || typeof length.value !== 'number' || length.value > 1000 || length.value < 0)
        throw new UnprintableError('trunc() to a length that is no fixed number up to 1000');
      return compound(`regexReplaceAll "-+$" (regexFind "(?s)^.{0,${length.value}}" ${a}) ""`);
    }
    case 'trimPrefix':
      return compound(`trimPrefix ${b} ${a}`);
    case 'checksum':
      return compound(`sha256sum ${a}`);
    case 'seconds':
    case 'bytes':
    case 'port': {
      const { code: text } = helper(tree.operation, a);
      return compound(`int64 (${text})`);
    }
    case 'less':
      return compound(`lt ${numbers(tree, all)}`);
    case 'same':
      return sameCode(tree, all);
    case 'contains':
      return compound(`contains ${b} ${a}`);
    case 'distinct': {
      const parts = tree.operands.map((inner) => distinctCode(inner, code(inner)));
      return compound(`eq (len (uniq (list ${parts.join(' ')}))) ${parts.length}`);
    }
    case 'choose':
      return compound(`ternary ${b} ${c} ${a}`);
    case 'beyond':
      return compound(beyondCode(tree.operands[0]!, code));
    default:
      throw new UnprintableError(`the operation ${tree.operation}() has no form in a template`);
  }
}

const numbers = (tree: Kind<'call'>, all: readonly string[]): string => {
  const whole = tree.operands.every((inner) => typeOf(inner) === 'int');
  return all.map((value) => (whole ? value : `(float64 ${value})`)).join(' ');
};

/** A leaf that is compared with others: whether a number came as a whole one depends on how it was given. */
export const distinctCode = (tree: Tree, code: Code): string =>
  typeOf(tree) === 'text' ? operand(code) : `(float64 ${operand(code)})`;

function sameCode(tree: Kind<'call'>, all: readonly string[]): Code {
  const isText = tree.operands.map((inner) => typeOf(inner) === 'text');
  if (isText[0] !== isText[1]) return atom('false');
  return compound(`eq ${isText[0] ? all.join(' ') : numbers(tree, all)}`);
}

/** Whether a sum or product leaves what both sides count exactly; calculated in decimals, which do not overflow. */
function beyondCode(tree: Tree, code: (inner: Tree) => Code): string {
  if (tree.kind !== 'call') throw new UnprintableError('a limit of what is not calculated');
  const all = tree.operands.map((inner) => operand(code(inner))).join(' ');
  const value = tree.operation === 'mul' ? `(mulf ${all})` : tree.operation === 'add' ? `(addf ${all})` : undefined;
  if (!value)
    throw new UnprintableError(`${tree.operation}() of numbers without limits: give the values .min() and .max()`);
  return `or (gt ${value} 9007199254740991.0) (lt ${value} -9007199254740991.0)`;
}

/** A decision's outcome as a condition. */
export function conditionCode(variable: Variable, option: Option, scope: Scope, printing: Printing): Code {
  const value = pathCode(variable.path, scope);
  switch (variable.kind) {
    case 'true':
    case 'filled':
      return option ? atom(value) : compound(`not ${value}`);
    case 'present':
      if (printing.isTruthy(variable.path)) return option ? atom(value) : compound(`not ${value}`);
      return compound(option ? `not (kindIs "invalid" ${value})` : `kindIs "invalid" ${value}`);
    default:
      return compound(
        typeof option === 'number' ? `eq (float64 ${value}) ${goFloat(option)}` : `eq ${value} ${goLiteral(option)}`,
      );
  }
}

const goFloat = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

/** A literal of Go's templates. */
export function goLiteral(value: unknown): string {
  if (typeof value === 'string') return goText(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `(list${value.map((item) => ` ${goLiteral(item)}`).join('')})`;
  if (typeof value === 'object' && value !== null)
    return `(dict${Object.entries(value)
      .map(([key, inner]) => ` ${goText(key)} ${goLiteral(inner)}`)
      .join('')})`;
  return 'nil';
}

/** A text literal of Go, in ASCII: a raw line separator inside of one breaks Helm's parser. */
export function goText(value: string): string {
  const escaped = [...value].map((char) => {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === '\\') return `\\${char}`;
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    if (code >= 32 && code < 127) return char;
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
