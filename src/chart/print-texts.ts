import { always, type Template } from './evaluate.js';
import type { Printer } from './print.js';
import { distinctCode, operand, type Scope, topScope } from './print-expression.js';
import { range } from './print-parts.js';
import type { Kind, Tree } from './tree.js';

/** Refusals, each as a condition with its message. */
export function refusals(printer: Printer, template: Template): string[] {
  const failure = printer.branches(template.failure, topScope, (tree, scope) =>
    tree.kind === 'absent' ? [] : [`{{- fail ${operand(printer.code(tree, scope))} }}`],
  );
  const stop = (tree: Tree, scope: Scope): string[] => {
    if (tree.kind === 'list') return tree.items.flatMap((item) => printer.branches(item, scope, stop));
    if (tree.kind === 'each') {
      const repeat = range(tree.path, scope, printer.printing);
      return [repeat.open, ...tree.body.flatMap((item) => printer.branches(item, repeat.scope, stop)), '{{- end }}'];
    }
    if (tree.kind !== 'map') return [];
    const [condition, message] = tree.entries.map(({ value }) => value) as [Tree, Tree];
    const fail = `{{- fail ${operand(printer.code(message, scope))} }}`;
    return condition === always ? [fail] : [`{{- if ${printer.code(condition, scope).code} }}`, fail, '{{- end }}'];
  };
  return [...failure, ...printer.branches(template.refusals, topScope, stop)];
}

/** The content of a text that has a name, for a template of its own: what it chooses becomes `if` and `else`. */
export function textContent(printer: Printer, tree: Tree): string[] {
  if (tree.kind !== 'call' || tree.operation !== 'choose') return [`{{- ${printer.code(tree, topScope).code} }}`];
  const [condition, whenTrue, whenFalse] = tree.operands as [Tree, Tree, Tree];
  return [
    `{{- if ${printer.code(condition, topScope).code} }}`,
    ...textContent(printer, whenTrue),
    '{{- else }}',
    ...textContent(printer, whenFalse),
    '{{- end }}',
  ];
}

/** What an operation makes of a list: its parts are gathered first. */
export function overList(printer: Printer, { operation, operands }: Kind<'call'>): string[] {
  const [separator, parts] = operation === 'join' ? [operands[0], operands.slice(1)] : [undefined, operands];
  const gather = (tree: Tree, scope: Scope): string[] => {
    if (tree.kind === 'absent') return [];
    if (tree.kind === 'choice') return printer.branches(tree, scope, gather);
    if (tree.kind === 'list') return tree.items.flatMap((item) => gather(item, scope));
    if (tree.kind !== 'each') {
      const code = printer.code(tree, scope);
      return [`{{- $parts = append $parts ${operation === 'distinct' ? distinctCode(tree, code) : operand(code)} }}`];
    }
    const { open, scope: inner } = range(tree.path, scope, printer.printing);
    return [open, ...tree.body.flatMap((body) => gather(body, inner)), '{{- end }}'];
  };
  const result = separator
    ? `join ${operand(printer.code(separator, topScope))} (compact $parts)`
    : 'eq (len $parts) (len (uniq $parts))';
  return ['{{- $parts := list }}', ...parts.flatMap((part) => gather(part, topScope)), `{{- ${result} }}`];
}
