import { absent, type Entry, every, type Kind, pathsOf, type Tree } from './tree.js';

/** Labels that many objects have: they are written once, in a template of their own. */
export interface LabelTemplate {
  readonly name: 'labels' | 'selectorLabels';
  readonly comment: string;
  readonly entries: readonly Entry[];
}

const selectors = [
  ['spec', 'selector', 'matchLabels'],
  ['spec', 'selector'],
] as const;

/** The labels that all objects have, and those that all selectors have, where there are two or more of them. */
export function labelTemplates(documents: Tree): LabelTemplate[] {
  const objects = documents.kind === 'map' ? documents.entries.flatMap(({ value }) => mapsIn(value)) : [];
  const labels = objects.flatMap((object) => mapsAt(object, ['metadata', 'labels']).slice(0, 1));
  const found: LabelTemplate[] = [];
  const selecting = objects.flatMap(
    (object) =>
      selectors
        .map((path) => mapsAt(object, path))
        .find(isLabels)
        ?.slice(0, 1) ?? [],
  );
  const add = (name: LabelTemplate['name'], comment: string, entries: readonly Entry[]) => {
    if (entries.length > 1) found.push({ name, comment, entries });
  };
  add('labels', 'Labels of all objects.', labels.length > 1 ? commonEntries(labels) : []);
  // A selector's labels stand on the pods too, so one selector is enough.
  add('selectorLabels', 'What selectors find the pods by.', commonEntries(selecting));
  return found;
}

const mapsIn = (tree: Tree): Kind<'map'>[] => {
  if (tree.kind === 'choice') return [...tree.branches.values()].filter((branch) => branch !== absent).flatMap(mapsIn);
  return tree.kind === 'map' ? [tree] : [];
};

const mapsAt = (tree: Tree, path: readonly string[]): Kind<'map'>[] =>
  path.reduce<Kind<'map'>[]>(
    (maps, step) =>
      maps.flatMap(({ entries }) => entries.filter(({ key }) => key === step).flatMap(({ value }) => mapsIn(value))),
    mapsIn(tree),
  );

/** Whether what was found is labels, and not a selector with `matchLabels` in it. */
const isLabels = (maps: readonly Kind<'map'>[]): boolean =>
  maps.length > 0 &&
  maps.every(({ entries }) => !entries.some(({ value }) => value.kind === 'map' || value.kind === 'list'));

function commonEntries(maps: readonly Kind<'map'>[]): Entry[] {
  const [first, ...others] = maps;
  return (first?.entries ?? []).filter(
    (entry) => isPlain(entry) && others.every((other) => hasEntry(other.entries, entry)),
  );
}

/** Whether an entry is the same wherever it stands. */
const isPlain = ({ key, value }: Entry): boolean =>
  typeof key === 'string' &&
  ['constant', 'reference', 'text', 'call'].includes(value.kind) &&
  !pathsOf(value).some((path) => path.includes(every));

const hasEntry = (entries: readonly Entry[], { key, value }: Entry): boolean =>
  entries.some((entry) => entry.key === key && entry.value === value);

/** Whether all entries of a template are among those of a map. */
export const holds = (entries: readonly Entry[], { entries: wanted }: LabelTemplate): boolean =>
  wanted.every((entry) => hasEntry(entries, entry));
