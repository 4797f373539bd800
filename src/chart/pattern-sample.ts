/** A text that a regular expression may match, or undefined where this small generator does not know a part of it. */
export function sampleOf(pattern: RegExp, random: () => number): string | undefined {
  const source = pattern.source;
  let at = 0;
  const pick = (count: number): number => Math.floor(random() * count);
  class Unknown extends Error {}
  type Make = () => string;

  const alternatives = (): Make => {
    const options: Make[] = [sequence()];
    while (source[at] === '|') {
      at++;
      options.push(sequence());
    }
    return () => options[pick(options.length)]!();
  };
  const sequence = (): Make => {
    const parts: Make[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') parts.push(repeated());
    return () => parts.map((part) => part()).join('');
  };
  const repeated = (): Make => {
    const part = atom();
    const quantifier = /^(?:[*+?]|\{(\d+)(,)?(\d*)\})\??/.exec(source.slice(at));
    if (!quantifier) return part;
    at += quantifier[0].length;
    const sign = quantifier[0][0];
    const least = sign === '{' ? Number(quantifier[1]) : sign === '+' ? 1 : 0;
    const most =
      sign === '?'
        ? 1
        : sign === '{' && !quantifier[2]
          ? least
          : sign === '{' && quantifier[3]
            ? Number(quantifier[3])
            : Number.POSITIVE_INFINITY;
    return () => {
      const long = random() < 0.1 ? 70 : 4;
      return Array.from({ length: least + pick(Math.min(most, least + long) - least + 1) }, part).join('');
    };
  };
  const atom = (): Make => {
    const char = source[at++]!;
    if (char === '^' || char === '$') return () => '';
    if (char === '.') return () => String.fromCharCode(33 + pick(94));
    if (char === '[') return characterClass();
    if (char === '\\') return escaped();
    if (char !== '(') return () => char;
    const kind = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(source.slice(at))?.[0] ?? '';
    at += kind.length;
    const inner = alternatives();
    at++;
    return /[=!]$/.test(kind) ? () => '' : inner;
  };
  const escaped = (): Make => {
    const char = source[at++]!;
    if (char === 'b' || char === 'B') return () => '';
    const set = classes[char];
    if (set) return () => set[pick(set.length)]!;
    if (char === 'n' || char === 't') return () => (char === 'n' ? '\n' : '\t');
    if (/[a-zA-Z0-9]/.test(char)) throw new Unknown();
    return () => char;
  };
  const characterClass = (): Make => {
    const end = /^\^?\]?(?:\\.|[^\]\\])*\]/.exec(source.slice(at));
    if (!end) throw new Unknown();
    at += end[0].length;
    const matches = new RegExp(`^[${end[0]}$`, pattern.flags.replace(/[gy]/g, ''));
    const candidates = everyCharacter.filter((char) => matches.test(char));
    if (candidates.length === 0) throw new Unknown();
    return () => candidates[pick(candidates.length)]!;
  };

  try {
    const make = alternatives();
    for (let tries = 0; tries < 40; tries++) {
      const text = make();
      if (pattern.test(text)) return text;
    }
  } catch (error) {
    if (!(error instanceof Unknown)) throw error;
  }
  return undefined;
}

const between = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String.fromCharCode(from + index));

const everyCharacter = [...between(32, 126), '\t', '\n', 'é', '\u0085', '漢', '\u2028'];
const classes: Readonly<Record<string, readonly string[]>> = {
  d: between(48, 57),
  w: [...between(48, 57), ...between(65, 90), '_', ...between(97, 122)],
  s: [' ', '\t'],
  S: between(33, 126),
  D: between(97, 122),
};
