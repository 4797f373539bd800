import { documentPlace, yamlPlace } from './evaluate.js';
import { holds, type LabelTemplate } from './label-templates.js';
import { type Exceptions, goesInCircles, strongerThan } from './precedence.js';
import { alike, together } from './print-branches.js';
import {
  asReference,
  entriesOf,
  hoist,
  isChoice,
  itemsOf,
  type Parts,
  repeatedItems,
  repeatsOf,
  unwrapped,
} from './print-choice.js';
import { withoutAbsorbed } from './print-conditions.js';
import {
  conditionCode,
  expressionCode,
  goLiteral,
  goText,
  operand,
  type Printing,
  pathCode,
  type Scope,
  topScope,
  UnprintableError,
} from './print-expression.js';
import { collectionOf, hasKeyCode, presence, range, skippedKeys } from './print-parts.js';
import {
  absent,
  type Entry,
  every,
  type Kind,
  type Option,
  type Path,
  type Tree,
  typeOf,
  type Variable,
  variableId,
} from './tree.js';
import { blockLines, closed, indented, isBlockText, yamlKey, yamlScalar } from './yaml-scalar.js';

/** The second interpreter of a template tree: it writes it as a Helm template. */
export class Printer {
  constructor(
    readonly printing: Printing,
    readonly exceptions: Exceptions,
    readonly labels: readonly LabelTemplate[] = [],
  ) {}

  /** A document, or one for each element, as lines; conditions around it included. */
  document({ key, value }: Entry): string[] {
    const place = documentPlace(key);
    if (typeof key === 'string') return this.#whole(value, topScope, place);
    if (key.kind !== 'each') throw new UnprintableError('a construct with an id that is a value');
    return this.#eachDocument(key.path, value, topScope, place);
  }

  /** What does not depend on the element stands around the range: where it does not hold the list may not be there. */
  #eachDocument(path: Path, value: Tree, scope: Scope, place: string): string[] {
    if (value.kind === 'absent') return [];
    if (value.kind === 'choice' && !value.variable.path.includes(every))
      return this.#conditions(value.variable, [...value.branches], scope, (branch, at) =>
        this.#eachDocument(path, branch, at, place),
      );
    const { open, scope: inner } = range(path, scope, this.printing);
    return [open, '---', ...this.#whole(value, inner, place), '{{- end }}'];
  }

  /** The content of an object written as YAML text, for a template of its own. */
  yamlContent(tree: Kind<'yaml'>, scope: Scope, place: string): string[] {
    return this.#whole(tree.content, scope, place);
  }

  #whole(tree: Tree, scope: Scope, place: string): string[] {
    return this.branches(tree, scope, (inner, at) => {
      if (inner.kind === 'absent') return [];
      if (inner.kind === 'map')
        return this.#guarded(inner, at, (parts, within) =>
          parts ? closed(this.#entries(entriesOf(parts), 0, within, place)) : ['{}'],
        );
      if (inner.kind === 'list')
        return this.#guarded(inner, at, (parts, within) =>
          parts ? closed(this.#items(itemsOf(parts), 0, within, place)) : ['[]'],
        );
      throw new UnprintableError(`a ${inner.kind} where an object must be`);
    });
  }

  /** A leaf as template code. */
  code(tree: Tree, scope: Scope) {
    return expressionCode(tree, scope, this.printing);
  }

  /** A tree with its choices as `if`, `else if` and `else`. */
  branches(tree: Tree, scope: Scope, print: (tree: Tree, scope: Scope) => string[]): string[] {
    if (tree.kind !== 'choice') return print(tree, scope);
    return this.#conditions(tree.variable, [...tree.branches], scope, (branch, at) => this.branches(branch, at, print));
  }

  #conditions<Branch>(
    variable: Variable,
    branches: readonly (readonly [Option, Branch])[],
    scope: Scope,
    print: (branch: Branch, scope: Scope) => string[],
  ): string[] {
    const id = variableId(variable);
    const known = scope.taken.get(id);
    const withOption = (option: Option, branch: Branch): string[] =>
      print(branch, { ...scope, taken: new Map(scope.taken).set(id, option) });
    const decided = branches.find(([option]) => option === known);
    if (decided) return withOption(...decided);
    const groups: { options: Option[]; lines: string[] }[] = [];
    if (known === undefined)
      for (const { options, branch } of alike(branches)) {
        const printed = options.map((option) => ({ options: [option], lines: withOption(option, branch) }));
        for (const { options: some, lines } of together(options, printed, () => print(branch, scope))) {
          const same = groups.find((group) => group.lines.join('\n') === lines.join('\n'));
          if (same) same.options.push(...some);
          else groups.push({ options: some, lines });
        }
      }
    if (groups.length === 0) return [];
    // What prints nothing, or else what most options give, is the `else`.
    groups.sort(
      (a, b) => Number(a.lines.length === 0) - Number(b.lines.length === 0) || a.options.length - b.options.length,
    );
    if (groups.length === 1) return groups[0]!.lines;
    const result: string[] = [];
    groups.forEach(({ options, lines }, index) => {
      const isLast = index === groups.length - 1;
      if (isLast && lines.length === 0) return;
      const codes = options.map((option) => conditionCode(variable, option, scope, this.printing));
      const condition = codes.length === 1 ? codes[0]!.code : `or ${codes.map(operand).join(' ')}`;
      result.push(
        index === 0 ? `{{- if ${condition} }}` : isLast ? '{{- else }}' : `{{- else if ${condition} }}`,
        ...lines,
      );
    });
    return [...result, '{{- end }}'];
  }

  /** Entries of a map; neighbours that the same decision rules become one block. */
  #entries(all: readonly Entry[], indent: number, scope: Scope, place: string): string[] {
    if (goesInCircles(all, place, this.exceptions))
      throw new UnprintableError(`${place}: of three entries with one key each wins over the next`);
    const template = this.labels.find(
      (one) =>
        holds(all, one) &&
        all.every(
          (entry) =>
            !one.entries.some(({ key }) => key === entry.key) ||
            strongerThan(entry, all, place, this.exceptions).length === 0,
        ),
    );
    if (!template) return this.#someEntries(all, all, indent, scope, place);
    const include = `{{- include "${this.printing.prefix}.${template.name}" ${scope.elements.size > 0 ? '$' : '.'} | nindent ${indent} }}`;
    const rest = all.filter(({ key }) => !template.entries.some((entry) => entry.key === key));
    return [include, ...this.#someEntries(rest, all, indent, scope, place)];
  }

  /** The labels that many objects have, each group with the one inside of it by name. */
  labelTemplates(): { name: string; comment: string; body: string[] }[] {
    return this.labels.map((template) => {
      const inner = this.labels.find(
        (one) => one !== template && one.name === 'selectorLabels' && holds(template.entries, one),
      );
      const own = template.entries.filter((entry) => !inner?.entries.some(({ key }) => key === entry.key));
      const include = inner ? [`{{- include ${goText(`${this.printing.prefix}.${inner.name}`)} . }}`] : [];
      const name = `${this.printing.prefix}.${template.name}`;
      return { ...template, name, body: [...include, ...this.#someEntries(own, own, 0, topScope, name)] };
    });
  }

  /** @param siblings all entries of the map, of which `entries` are some */
  #someEntries(
    entries: readonly Entry[],
    siblings: readonly Entry[],
    indent: number,
    scope: Scope,
    place: string,
  ): string[] {
    const lines: string[] = [];
    for (let at = 0; at < entries.length; ) {
      const { key, value } = entries[at]!;
      const list = typeof key !== 'string' && key.kind === 'each' ? key.path : undefined;
      const whole = value.kind === 'choice' ? (asReference(value) ?? repeatsOf(value, list)) : value;
      if (value.kind !== 'choice' || whole) {
        lines.push(...this.#entry({ key, value: whole ?? value }, siblings, indent, scope, place));
        at++;
        continue;
      }
      const id = variableId(value.variable);
      let end = at + 1;
      while (end < entries.length && isChoice(entries[end]!.value, id) && !asReference(entries[end]!.value)) end++;
      const block = entries.slice(at, end);
      lines.push(
        ...this.#conditions(
          value.variable,
          value.variable.options.flatMap((option) => {
            const inner = block.flatMap(({ key, value: tree }) => {
              const branch = (tree as Kind<'choice'>).branches.get(option);
              return branch && branch !== absent ? [{ key, value: branch }] : [];
            });
            const isKnown = block.some(({ value: tree }) => (tree as Kind<'choice'>).branches.has(option));
            return isKnown ? [[option, inner] as const] : [];
          }),
          scope,
          (inner, at) => this.#nested(inner, siblings, indent, at, place),
        ),
      );
      at = end;
    }
    return lines;
  }

  /** Entries inside of a condition, which still stand beside all the others of their map. */
  #nested(inner: readonly Entry[], siblings: readonly Entry[], indent: number, scope: Scope, place: string): string[] {
    const dynamic = siblings.some(({ key }) => typeof key !== 'string');
    if (!dynamic) return this.#someEntries(inner, inner, indent, scope, place);
    return inner.flatMap((entry) =>
      entry.value.kind === 'choice'
        ? this.branches(entry.value, scope, (value) =>
            value.kind === 'absent' ? [] : this.#entry({ key: entry.key, value }, siblings, indent, scope, place),
          )
        : this.#entry(entry, siblings, indent, scope, place),
    );
  }

  #entry(entry: Entry, siblings: readonly Entry[], indent: number, scope: Scope, place: string): string[] {
    const { key, value } = entry;
    const space = ' '.repeat(indent);
    if (typeof key === 'string') {
      const lines = this.#value(`${space}${yamlKey(key)}:`, value, indent, scope, `${place}/${key}`);
      const taken = strongerThan(entry, siblings, place, this.exceptions).flatMap((other) => {
        const collection = collectionOf(other, scope);
        const there = collection ? presence(other.value, scope, this.printing) : false;
        return collection && there ? [`(${hasKeyCode({ collection, there }, goText(key))})`] : [];
      });
      if (taken.length === 0) return lines;
      const condition = taken.length === 1 ? taken[0]!.slice(1, -1) : `or ${taken.join(' ')}`;
      return [`{{- if not (${condition}) }}`, ...lines, '{{- end }}'];
    }
    const stronger = strongerThan(entry, siblings, place, this.exceptions);
    // Inside of a range the dot is the element, so conditions there are printed for that place.
    const { open, scope: inner } = key.kind === 'each' ? range(key.path, scope, this.printing) : { open: '', scope };
    const skipped = skippedKeys(stronger, inner, this.printing);
    if (key.kind === 'pass') {
      const object = pathCode(key.path, scope);
      if (skipped.collections.length > 0 || skipped.sometimes.length > 0)
        throw new UnprintableError(
          `${key.path.slice(1).join('.')} stands in one map with other entries that may have the same keys`,
        );
      if (skipped.always.length === 0) return [`{{- toYaml ${object} | nindent ${indent} }}`];
      return [
        `{{- with omit ${object} ${skipped.always.map(goText).join(' ')} }}`,
        `{{- toYaml . | nindent ${indent} }}`,
        '{{- end }}',
      ];
    }
    const keyTree = key.kind === 'each' ? key.body[0]! : key;
    const name = this.code(keyTree, inner);
    const conditions = [
      ...(skipped.always.length > 0 ? [`has ${operand(name)} ${goLiteral(skipped.always)}`] : []),
      ...skipped.sometimes.map(
        ({ key: other, condition }) => `and (eq ${operand(name)} ${goText(other)}) ${condition}`,
      ),
      ...skipped.collections.map((other) => hasKeyCode(other, operand(name))),
    ];
    const lines = this.branches(value, inner, (tree, at) =>
      tree.kind === 'absent' ? [] : this.#value(`${space}{{ ${name.code} | quote }}:`, tree, indent, at, `${place}/*`),
    );
    const guard = conditions.length === 1 ? conditions[0]! : `or ${conditions.map((one) => `(${one})`).join(' ')}`;
    const guarded = conditions.length > 0 ? [`{{- if not (${guard}) }}`, ...lines, '{{- end }}'] : lines;
    return key.kind === 'each' ? [open, ...guarded, '{{- end }}'] : guarded;
  }

  #items(items: readonly Tree[], indent: number, scope: Scope, place: string): string[] {
    const lines: string[] = [];
    for (let at = 0; at < items.length; ) {
      const item = items[at]!;
      const whole = item.kind === 'choice' ? (asReference(item) ?? repeatedItems(item)) : item;
      if (item.kind !== 'choice' || whole) {
        lines.push(...this.#item(whole ?? item, indent, scope, `${place}/${at}`));
        at++;
        continue;
      }
      const id = variableId(item.variable);
      let end = at + 1;
      while (end < items.length && isChoice(items[end]!, id)) end++;
      const block = items.slice(at, end) as Kind<'choice'>[];
      const start = at;
      lines.push(
        ...this.#conditions(
          item.variable,
          item.variable.options.flatMap((option) => {
            const inner = block.flatMap((tree, index) => {
              const branch = tree.branches.get(option);
              return branch && branch !== absent ? [{ tree: branch, index: start + index }] : [];
            });
            return block.some(({ branches }) => branches.has(option)) ? [[option, inner] as const] : [];
          }),
          scope,
          (inner, within) =>
            inner.flatMap(({ tree, index }) =>
              this.branches(tree, within, (branch, nested) => this.#item(branch, indent, nested, `${place}/${index}`)),
            ),
        ),
      );
      at = end;
    }
    return lines;
  }

  #item(item: Tree, indent: number, scope: Scope, place: string): string[] {
    const space = ' '.repeat(indent);
    if (item.kind === 'absent') return [];
    if (item.kind === 'each') {
      const { open, scope: inner } = range(item.path, scope, this.printing);
      return [
        open,
        ...item.body.flatMap((body, index) =>
          this.branches(body, inner, (branch, nested) => this.#item(branch, indent, nested, `${place}/${index}`)),
        ),
        '{{- end }}',
      ];
    }
    const lines = this.#value(`${space}-`, item, indent, scope, place);
    // `- name: x` on one line, where the first line below the dash is an entry.
    const [dash, first, ...rest] = lines;
    if (dash === `${space}-` && first?.startsWith(`${space}  `) && !first.trimStart().startsWith('{{-'))
      return [`${space}- ${first.trimStart()}`, ...rest];
    return lines;
  }

  /** A value behind its key or its dash. */
  #value(prefix: string, tree: Tree, indent: number, scope: Scope, place: string): string[] {
    switch (tree.kind) {
      case 'constant': {
        if (typeof tree.value !== 'string' || !isBlockText(tree.value)) return [`${prefix} ${yamlScalar(tree.value)}`];
        const { sign, lines } = blockLines(tree.value);
        const space = ' '.repeat(indent + 2);
        return [`${prefix} ${sign}`, ...lines.map((line) => (line === '' ? '' : `${space}${line}`))];
      }
      case 'map':
        return this.#guarded(tree, scope, (parts, at) =>
          parts ? [prefix, ...this.#entries(entriesOf(parts), indent + 2, at, place)] : [`${prefix} {}`],
        );
      case 'list':
        return this.#guarded(tree, scope, (parts, at) =>
          parts ? [prefix, ...this.#items(itemsOf(parts), indent + 2, at, place)] : [`${prefix} []`],
        );
      case 'choice': {
        const merged = asReference(tree);
        if (merged) return this.#value(prefix, merged, indent, scope, place);
        return this.branches(tree, scope, (branch, at) =>
          branch.kind === 'absent' ? [] : this.#value(prefix, branch, indent, at, place),
        );
      }
      case 'yaml':
        if (scope.elements.size === 0) {
          const name = this.printing.named.yaml(tree, scope);
          return [`${prefix} |`, `{{- include ${goText(name)} . | nindent ${indent + 2} }}`];
        }
        return [`${prefix} |`, ...indented(this.yamlContent(tree, scope, yamlPlace(tree)), indent + 2)];
      default: {
        const { code } = this.code(tree, scope);
        const type = typeOf(tree);
        if (type === 'text') return [`${prefix} {{ ${code} | quote }}`];
        if (type === 'condition') return [`${prefix} {{ ${code} }}`];
        if (type === 'int') return [`${prefix} {{ ${code.replace(/^int64 (\S+)$/, '$1 | int64')} }}`];
        return [`${prefix} {{ ${code} | toJson }}`];
      }
    }
  }

  /** A map or list that may come out empty: then `{}` or `[]`, because nothing at all would be null. */
  #guarded(
    tree: Kind<'map'> | Kind<'list'>,
    scope: Scope,
    print: (parts: Parts | undefined, scope: Scope) => string[],
  ): string[] {
    const parts = tree.kind === 'map' ? tree.entries.map(({ value }) => value) : tree.items;
    if (parts.length === 0) return print(undefined, scope);
    const hoisted = hoist(tree, scope);
    if (hoisted)
      return this.branches(hoisted, scope, (branch, at) =>
        this.#guarded(branch as Kind<'map'> | Kind<'list'>, at, print),
      );
    const presences = parts.map((part) => presence(part, scope, this.printing));
    if (presences.includes(true)) return print(tree, scope);
    const codes = withoutAbsorbed(presences.filter((presence) => typeof presence === 'string'));
    if (codes.length === 0) return print(undefined, scope);
    const condition = codes.length === 1 ? unwrapped(codes[0]!) : `or ${codes.join(' ')}`;
    return [`{{- if ${condition} }}`, ...print(tree, scope), '{{- else }}', ...print(undefined, scope), '{{- end }}'];
  }
}
