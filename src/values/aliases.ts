import { type Alias, isAlias, isMap, isPair, isSeq, type Node } from 'yaml';

/** From how many values on the part that comes through aliases is looked at. */
const fewAliases = 100;
const fewValues = 1000;

/** The largest part of all values that may come through aliases: the limits of the YAML reader inside of Helm. */
function allowedPart(values: number): number {
  if (values <= 400_000) return 0.99;
  return values >= 4_000_000 ? 0.1 : 0.99 - 0.89 * ((values - 400_000) / 3_600_000);
}

/** The aliases of one document: what each stands for, and how much of what is read comes through them. */
export class Aliases {
  readonly #targets = new Map<Alias, Node>();
  readonly #entered = new Set<Alias>();
  #values = 0;
  #throughAliases = 0;

  /** @param unknown called for an alias whose anchor is not there; has to throw */
  constructor(contents: Node, unknown: (alias: Alias) => never) {
    // An alias means the last anchor of its name before it, so the order of the text counts.
    const anchors = new Map<string, Node>();
    const bind = (node: unknown): void => {
      if (isAlias(node)) this.#targets.set(node, anchors.get(node.source) ?? unknown(node));
      else if (isPair(node)) {
        bind(node.key);
        bind(node.value);
      } else {
        const { anchor } = (node ?? {}) as { anchor?: string };
        if (anchor) anchors.set(anchor, node as Node);
        if (isMap(node) || isSeq(node)) for (const item of node.items) bind(item);
      }
    };
    bind(contents);
  }

  /** Counts one value; true when Helm's reader would refuse the document for its aliases. */
  count(): boolean {
    this.#values++;
    if (this.inside) this.#throughAliases++;
    return (
      this.#throughAliases > fewAliases &&
      this.#values > fewValues &&
      this.#throughAliases / this.#values > allowedPart(this.#values)
    );
  }

  /** Whether what is read now comes through an alias. */
  get inside(): boolean {
    return this.#entered.size > 0;
  }

  /** What an alias stands for, without going into it. */
  targetOf(alias: Alias): Node | undefined {
    return this.#targets.get(alias);
  }

  /** What an alias stands for, to read it until {@link leave}; undefined where it is inside of itself. */
  enter(alias: Alias): Node | undefined {
    if (this.#entered.has(alias)) return undefined;
    this.#entered.add(alias);
    return this.#targets.get(alias);
  }

  leave(alias: Alias): void {
    this.#entered.delete(alias);
  }
}
