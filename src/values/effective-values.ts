/**
 * Where a value is in the values of a chart: keys joined with dots (`agent.ngt.index_path`), or a list of keys and list
 * positions where a key has a dot in it or a position is meant (`['agent', 'volumes', 0, 'name']`).
 */
export type ValuePath = string | readonly (string | number)[];

/** A value as Helm's templates see it: what JSON can hold. Numbers are 64-bit floats, as Helm reads them from a file. */
export type HelmValue = null | boolean | number | string | readonly HelmValue[] | { readonly [key: string]: HelmValue };

/**
 * The values that the templates of a chart get: the user's files and `--set` options layered over the chart's defaults
 * as Helm does it, null included. Each way to read is safe for values of any shape: what is not there, is null, or is
 * below something that is no map comes out as "nothing".
 */
export interface EffectiveValues {
  /** The value, whatever it is; undefined where there is none or null. */
  get(path: ValuePath): Exclude<HelmValue, null> | undefined;
  /** A text; a number or boolean as a template prints it; undefined where there is none, and for maps and lists. */
  text(path: ValuePath): string | undefined;
  /** A number; also one that is written as text (`"3"`), as `int` and `float64` in templates read it. */
  number(path: ValuePath): number | undefined;
  /** What `{{ if }}` decides: false for nothing, `false`, 0, empty text, empty lists and empty maps. */
  isTrue(path: ValuePath): boolean;
  /** The items of a list; none where it is no list. */
  list(path: ValuePath): readonly HelmValue[];
  /** The entries of a map; none where it is no map. */
  map(path: ValuePath): Readonly<Record<string, HelmValue>>;
  /** Whether the user has written it, or something inside it: not only the chart's default. Also true for a null. */
  isSet(path: ValuePath): boolean;
  /** Where the value comes from: the deepest part of the path that the user has written, or the chart's default. */
  origin(path: ValuePath): ValueOrigin;
}

/** Where an effective value comes from. */
export type ValueOrigin =
  | { readonly from: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly from: 'option'; readonly option: string }
  | { readonly from: 'chart default' };
