/** A set of runs by their number. Learning compares many large sets, so it is one of bits. */
export class RunSet {
  #words: Uint32Array;

  private constructor(words: Uint32Array) {
    this.#words = words;
  }

  static empty(): RunSet {
    return new RunSet(new Uint32Array(4));
  }

  add(run: number): void {
    const word = run >>> 5;
    if (word >= this.#words.length) this.#grow(word + 1);
    this.#words[word]! |= 1 << (run & 31);
  }

  /** The runs that are in either set. */
  or(other: RunSet): RunSet {
    const [longer, shorter] =
      this.#words.length < other.#words.length ? [other.#words, this.#words] : [this.#words, other.#words];
    const words = longer.slice();
    for (let at = 0; at < shorter.length; at++) words[at]! |= shorter[at]!;
    return new RunSet(words);
  }

  has(run: number): boolean {
    return ((this.#words[run >>> 5] ?? 0) & (1 << (run & 31))) !== 0;
  }

  get isEmpty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  /** The runs that are in both sets. */
  and(other: RunSet): RunSet {
    const length = Math.min(this.#words.length, other.#words.length);
    const words = new Uint32Array(length);
    for (let at = 0; at < length; at++) words[at] = this.#words[at]! & other.#words[at]!;
    return new RunSet(words);
  }

  /** The runs that are in this set and not in the other one. */
  without(other: RunSet): RunSet {
    return new RunSet(this.#words.map((word, at) => word & ~(other.#words[at] ?? 0)));
  }

  /** Whether there is a run that is in both sets. */
  meets(other: RunSet): boolean {
    const length = Math.min(this.#words.length, other.#words.length);
    for (let at = 0; at < length; at++) if ((this.#words[at]! & other.#words[at]!) !== 0) return true;
    return false;
  }

  /** Whether every run of the other set is in this one. */
  includes(other: RunSet): boolean {
    for (let at = 0; at < other.#words.length; at++)
      if ((other.#words[at]! & ~(this.#words[at] ?? 0)) !== 0) return false;
    return true;
  }

  /** The runs in order. */
  *[Symbol.iterator](): Generator<number> {
    for (let at = 0; at < this.#words.length; at++)
      for (let word = this.#words[at]!; word !== 0; word &= word - 1) yield at * 32 + 31 - Math.clz32(word & -word);
  }

  #grow(length: number): void {
    const words = new Uint32Array(Math.max(length, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}

/** The runs that are in any of some sets. */
export const union = (sets: Iterable<RunSet>): RunSet => [...sets].reduce((all, set) => all.or(set), RunSet.empty());
