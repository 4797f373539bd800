import { yamlPlace } from './evaluate.js';
import type { Printer } from './print.js';
import { type Scope, topScope, UnprintableError } from './print-expression.js';
import { overList, textContent } from './print-texts.js';
import { children, every, type Kind, type Tree } from './tree.js';

/** What is known of the names that every chart's readers know; others say what they are themselves. */
const comments: Readonly<Record<string, string>> = {
  name: "The chart's name, or nameOverride.",
  fullname: 'Name of the objects: fullnameOverride, or the release and the chart.',
};

/** Templates that a chart defines for itself: texts that have a name or need several lines, and objects as YAML text. */
export class NamedTemplates {
  readonly #templates = new Map<string, Template>();

  constructor(readonly prefix: string) {}

  /** The template of an object that is written as YAML text. */
  yaml(tree: Kind<'yaml'>, scope: Scope): string {
    if (scope.elements.size > 0)
      throw new UnprintableError(
        'a text made by yamlText() for each element of a list, used elsewhere than as a whole',
      );
    return this.#nameOf('yaml', {
      content: tree,
      print: (printer) => printer.yamlContent(tree, topScope, yamlPlace(tree)),
    });
  }

  /** The template of a text that has a name; undefined where the text depends on the element of a list. */
  text(name: string, content: Tree): string | undefined {
    if (dependsOnElement(content)) return undefined;
    const comment = comments[name] ?? `The text "${name}" of this chart.`;
    return this.#nameOf(name, { content, comment, print: (printer) => textContent(printer, content) });
  }

  /** The template of something that is computed from the elements of a list, as text. */
  overList(tree: Kind<'call'>): string {
    if (dependsOnElement(tree)) throw new UnprintableError(`${tree.operation}() over a list inside of another list`);
    const comment = `What ${tree.operation}() makes of the elements of a list.`;
    return this.#nameOf(tree.operation, { content: tree, comment, print: (printer) => overList(printer, tree) });
  }

  /** Two things of one name are two templates. */
  #nameOf(name: string, template: Template): string {
    for (let count = 1; ; count++) {
      const full = `${this.prefix}.${name}${count === 1 ? '' : count}`;
      const known = this.#templates.get(full);
      if (known && known.content !== template.content) continue;
      if (!known) this.#templates.set(full, template);
      return full;
    }
  }

  /** All that were asked for, with what they need themselves. */
  print(
    printer: Printer,
  ): readonly { readonly name: string; readonly comment: string | undefined; readonly body: string[] }[] {
    const printed: { name: string; comment: string | undefined; body: string[] }[] = [];
    // Printing one may name further ones: the map grows while it is gone through.
    for (const [name, { comment, print }] of this.#templates) printed.push({ name, comment, body: print(printer) });
    return printed;
  }
}

interface Template {
  readonly content: Tree;
  /** @default - none, and the end of the text is kept as it is */
  readonly comment?: string;
  readonly print: (printer: Printer) => string[];
}

/** Whether a tree reads an element of a list that it does not go through itself. */
function dependsOnElement(tree: Tree, own: readonly string[] = []): boolean {
  if (tree.kind === 'each') {
    const inner = [...own, JSON.stringify(tree.path)];
    return tree.body.some((body) => dependsOnElement(body, inner));
  }
  const path =
    tree.kind === 'choice' ? tree.variable.path : tree.kind === 'reference' || tree.kind === 'pass' ? tree.path : [];
  const last = path.lastIndexOf(every);
  if (last >= 0 && !own.includes(JSON.stringify(path.slice(0, last + 1)))) return true;
  return children(tree).some((child) => dependsOnElement(child, own));
}
