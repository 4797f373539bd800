/**
 * Alternatives without those that another one holds whenever they do: of `x` and `(and x y)` only `x` is left.
 *
 * @param codes conditions as operands: a word, a text in quotes, or an expression in parentheses
 */
export function withoutAbsorbed(codes: readonly string[]): string[] {
  const unique = [...new Set(codes)];
  const parts = unique.map((code) => new Set(conjuncts(code)));
  return unique.filter((_, at) =>
    parts.every(
      (other, index) =>
        index === at ||
        ![...other].every((part) => parts[at]!.has(part)) ||
        // Of two that say the same the first one is left.
        (other.size === parts[at]!.size && index > at),
    ),
  );
}

/** What must all hold for a condition. */
function conjuncts(code: string): string[] {
  if (!code.startsWith('(and ')) return [code];
  return operandsOf(code.slice('(and '.length, -1)).flatMap(conjuncts);
}

/** The operands of a call, one behind the other. */
function operandsOf(text: string): string[] {
  const operands: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '(') depth++;
    else if (!quoted && character === ')') depth--;
    else if (!quoted && depth === 0 && (character === ' ' || character === undefined)) {
      if (at > from) operands.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return operands;
}
