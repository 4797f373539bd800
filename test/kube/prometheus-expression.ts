/** Values of metrics by name, of the one series that the expressions select. */
export type Samples = Readonly<Record<string, number>>;

/**
 * What an expression of Prometheus gives for one series, undefined for no result: as much of the language as the alerts
 * use. Operators bind as in Prometheus: `or` least, then `and` and `unless`, then comparisons, which keep the left value
 * or drop it, then the difference.
 *
 * @throws Error where the expression has something else in it
 */
export function evaluate(expression: string, samples: Samples, now: number): number | undefined {
  const tokens = expression.match(/\w+(?:\{[^}]*\})?|==|[()>,-]/g) ?? [];
  if (tokens.join('') !== expression.replace(/\s/g, '')) throw new Error(`not understood: ${expression}`);
  let place = 0;
  const peek = () => tokens[place];
  const take = (expected?: string): string => {
    const token = tokens[place++];
    if (token === undefined || (expected !== undefined && token !== expected))
      throw new Error(`${token ?? 'the end'} in place of ${expected ?? 'a value'}: ${expression}`);
    return token;
  };

  type Value = number | undefined;
  const binary = (
    operators: readonly string[],
    operand: () => Value,
    combine: (l: Value, op: string, r: Value) => Value,
  ) =>
    function parse(): Value {
      let left = operand();
      while (operators.includes(peek() ?? '')) {
        const operator = take();
        left = combine(left, operator, operand());
      }
      return left;
    };
  const difference = binary(['-'], primary, (left, _, right) =>
    left === undefined || right === undefined ? undefined : left - right,
  );
  const comparison = binary(['>', '=='], difference, (left, operator, right) => {
    if (left === undefined || right === undefined) return undefined;
    return (operator === '>' ? left > right : left === right) ? left : undefined;
  });
  const both = binary(['and', 'unless'], comparison, (left, operator, right) =>
    (right !== undefined) === (operator === 'and') ? left : undefined,
  );
  const either = binary(['or'], both, (left, _, right) => left ?? right);

  function primary(): Value {
    const token = take();
    if (token === '(') {
      const value = either();
      take(')');
      return value;
    }
    if (/^\d+$/.test(token)) return Number(token);
    if (token === 'time') {
      take('(');
      take(')');
      return now;
    }
    if (token === 'max') {
      for (const word of ['by', '(', 'namespace', ',']) take(word);
      take(peek() === 'job' ? 'job' : 'cronjob');
      take(')');
    }
    if (token === 'max' || token === 'absent') {
      take('(');
      const value = either();
      take(')');
      if (token === 'max') return value;
      return value === undefined ? 1 : undefined;
    }
    if (!token.includes('{')) throw new Error(`not understood: ${token}`);
    return samples[token.replace(/\{.*/, '')];
  }

  const value = either();
  if (place !== tokens.length) throw new Error(`more behind the end: ${expression}`);
  return value;
}
