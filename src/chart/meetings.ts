import { documentPlace, yamlPlace } from './evaluate.js';
import { meetingPlace } from './precedence.js';
import { chosenIn } from './resolve.js';
import { seededRandom } from './sample-values.js';
import type { Choices } from './traced-values.js';
import { children, every, type Kind, type Path, type Tree } from './tree.js';

/** What must be set, and to which text, so that an entry of the user's has a certain key. */
export interface Setting {
  readonly path: Path;
  /** `entry`: one more entry of an object; `key`: the key of an entry; `value`: a text that is used as a key. */
  readonly of: 'entry' | 'key' | 'value';
  readonly text: string;
}

/**
 * Two entries of a map that may have the same key: the author's and the user's, or two of the user's. Which of the two
 * wins cannot be seen in a run on stand-ins: it must be tried with values in which they meet.
 */
export interface Meeting {
  readonly place: string;
  readonly key: string;
  /** What gives the user's entries that key, in other ways for other keys; none where nobody can say. */
  readonly ways: readonly (readonly Setting[])[];
  /** Structures in which both are there. */
  readonly structures: Choices[];
  /** How many such structures there are. */
  count: number;
}

interface Found {
  readonly meetings: Map<string, Meeting>;
  readonly random: () => number;
}

/** How many structures are kept for each. */
const mostStructures = 12;

/**
 * All such entries, of the structures that were seen. What the author's entry holds tells one from another too: which of
 * the two wins may depend on a decision.
 */
export function meetingsIn(documents: Tree, structures: readonly Choices[]): Meeting[] {
  const found: Found = { meetings: new Map(), random: seededRandom(1) };
  if (documents.kind !== 'map') return [];
  for (const choices of structures)
    for (const { key, value } of documents.entries) visit(value, documentPlace(key), choices, found);
  return [...found.meetings.values()];
}

function visit(tree: Tree, place: string, choices: Choices, found: Found): void {
  if (!mayMeet(tree)) return;
  const chosen = chosenIn(tree, choices);
  switch (chosen?.kind) {
    case 'map':
      visitMap(chosen, place, choices, found);
      break;
    case 'list':
      chosen.items.forEach((item, index) => {
        visitItem(item, `${place}/${index}`, choices, found);
      });
      break;
    case 'yaml':
      visit(chosen.content, yamlPlace(chosen), choices, found);
      break;
    case 'text':
    case 'call':
      for (const inner of children(chosen)) visitItem(inner, place, choices, found);
      break;
    default:
  }
}

function visitItem(item: Tree, place: string, choices: Choices, found: Found): void {
  const chosen = chosenIn(item, choices);
  if (chosen?.kind !== 'each') visit(item, place, choices, found);
  else
    chosen.body.forEach((inner, index) => {
      visitItem(inner, `${place}/${index}`, choices, found);
    });
}

function visitMap({ entries }: Kind<'map'>, place: string, choices: Choices, found: Found): void {
  const there = entries.filter(({ value }) => {
    const chosen = chosenIn(value, choices);
    return chosen !== undefined && chosen.kind !== 'absent';
  });
  const meet = (place: string, key: string, ways: Meeting['ways'], sort: string) => {
    const known = found.meetings.get(`${place} ${sort}`);
    const meeting = known ?? { place, key, ways, structures: [], count: 0 };
    if (!known) found.meetings.set(`${place} ${sort}`, meeting);
    // Any of them with the same chance, so that those that are kept differ.
    const at = meeting.count < mostStructures ? meeting.count : Math.floor(found.random() * (meeting.count + 1));
    if (at < mostStructures) meeting.structures[at] = choices;
    meeting.count++;
  };
  there.forEach(({ key: other }, at) => {
    if (typeof other === 'string') return;
    const leaf = leafOf(other);
    for (const { key, value } of there) {
      if (typeof key !== 'string' || !canBe(leaf, key)) continue;
      const setting = settingFor(leaf, key);
      // Which of the two wins may depend on what the author's entry holds.
      meet(meetingPlace(place, key, other, key), key, setting ? [[setting]] : [], `${chosenIn(value, choices)!.id}`);
    }
    for (const { key: later } of there.slice(at + 1)) {
      if (typeof later === 'string') continue;
      const ways = sharedKeys.flatMap((key) => {
        const both = [settingFor(leaf, key), settingFor(leafOf(later), key)];
        return both.every((setting) => setting !== undefined) ? [both] : [];
      });
      if (ways.length > 0) meet(meetingPlace(place, '', other, later), sharedKeys[0]!, ways, '');
    }
  });
  for (const { key, value } of there)
    visit(value, typeof key === 'string' ? `${place}/${key}` : `${place}/*`, choices, found);
}

const leafOf = (key: Tree): Tree => (key.kind === 'each' ? key.body[0]! : key);

/** Keys for two of the user's entries, of which most patterns of keys take one. */
const sharedKeys = ['example.com/shared', 'shared', 'SHARED', '1'];

/** A text that begins or ends otherwise never is the key. */
function canBe(leaf: Tree, key: string): boolean {
  if (leaf.kind !== 'text') return true;
  const [first, last] = [leaf.parts[0], leaf.parts.at(-1)];
  if (first?.kind === 'constant' && !key.startsWith(String(first.value))) return false;
  return last?.kind !== 'constant' || key.endsWith(String(last.value));
}

function settingFor(leaf: Tree, key: string): Setting | undefined {
  if (leaf.kind === 'pass') return { path: leaf.path, of: 'entry', text: key };
  if (leaf.kind === 'reference') return leaf.type === 'text' ? { path: leaf.path, of: leaf.of, text: key } : undefined;
  if (leaf.kind !== 'text') return undefined;
  const changing = leaf.parts.filter(({ kind }) => kind !== 'constant');
  if (changing.length !== 1) return undefined;
  const at = leaf.parts.indexOf(changing[0]!);
  const [before, after] = [leaf.parts.slice(0, at), leaf.parts.slice(at + 1)].map(
    (parts) => parts.map((part) => (part.kind === 'constant' ? String(part.value) : '')).join('').length,
  ) as [number, number];
  return before + after > key.length ? undefined : settingFor(changing[0]!, key.slice(before, key.length - after));
}

/** Values, or a release, in which a text is set, or undefined where they have no such place. */
export function withSetting(root: unknown, { path, of, text }: Setting): unknown {
  const change = (value: unknown, steps: Path): unknown => {
    const [step, ...rest] = steps;
    if (of === 'key' && step === every && rest.length === 0) {
      const [first, ...others] = Object.entries((value ?? {}) as object);
      return Object.fromEntries([[text, first ? first[1] : 'x'], ...others.filter(([key]) => key !== text)]);
    }
    if (step === undefined) return of === 'entry' ? { ...(value as object), [text]: 'x' } : text;
    if (value === undefined && typeof step === 'string') return { [step]: change(undefined, rest) };
    if (typeof value !== 'object' || value === null) return undefined;
    const key = typeof step === 'string' ? step : Object.keys(value)[0];
    const inner = key === undefined ? undefined : change((value as Record<string, unknown>)[key], rest);
    if (inner === undefined) return undefined;
    if (Array.isArray(value)) return value.map((item: unknown, index) => (String(index) === key ? inner : item));
    return { ...value, [key!]: inner };
  };
  return change(root, path.slice(1));
}

const known = new WeakMap<Tree, boolean>();

/** Whether there is a map in a tree in which two entries may have the same key. */
function mayMeet(tree: Tree): boolean {
  const before = known.get(tree);
  if (before !== undefined) return before;
  const here =
    tree.kind === 'map' && tree.entries.length > 1 && tree.entries.some(({ key }) => typeof key !== 'string');
  const result = here || children(tree).some(mayMeet);
  known.set(tree, result);
  return result;
}
