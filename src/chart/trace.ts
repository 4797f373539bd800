import { withTracer } from '../units/index.js';
import { arraysOf, collapseEntries, collapseItems, moveElement } from './collapse.js';
import { type Inspection, watchInspections } from './inspect.js';
import type { Around, Release, Rendered } from './render.js';
import type { Shape } from './shape.js';
import { StandIns } from './stand-in.js';
import { type Choices, Chooser, tracedValues } from './traced-values.js';
import { constant, type Entry, each, every, list, map, type Option, reference, type Tree } from './tree.js';

/** What one run of the author's function gave, and which decisions it took. */
export interface Sample {
  readonly choices: Choices;
  /** The message with which the function refused these choices. */
  readonly failure: Tree | undefined;
  /** A list of maps: `condition` and `message`. */
  readonly refusals: Tree;
  /** A map: objects by the path of their construct. */
  readonly documents: Tree;
}

/** The author's function, bound to everything but its values and its release. */
export type Run = (values: unknown, release: Release, around?: Around) => Rendered;

interface TraceOptions {
  readonly shape: Shape;
  readonly run: Run;
  /** Number of the first stand-in. */
  readonly first?: number;
  readonly told?: ((inspection: Inspection, standIns: StandIns) => void) | undefined;
}

/** Runs the author's function once on stand-ins, with the given answers to what the structure of the values is. */
export function trace({ shape, run, first, told }: TraceOptions, wanted: ReadonlyMap<string, Option>): Sample {
  const standIns = new StandIns(first);
  const chooser = new Chooser(wanted);
  const around: Around | undefined =
    told &&
    ((call) =>
      watchInspections(
        call,
        (number) => standIns.isTraced(number),
        (inspection) => told(inspection, standIns),
      ));
  const execute = () => {
    const values = tracedValues(shape, ['values'], standIns, chooser);
    const release = {
      name: standIns.leaf(reference(['release', 'name'], 'text')) as string,
      namespace: standIns.leaf(reference(['release', 'namespace'], 'text')) as string,
    };
    return withTracer(standIns, () => run(values, release, around));
  };
  let rendered: Rendered;
  try {
    rendered = execute();
  } catch (error) {
    if (error instanceof Error && error.name === 'UntraceableError') throw error;
    const message = error instanceof Error ? error.message : String(error);
    return { choices: chooser.choices, failure: standIns.decode(message), refusals: list([]), documents: map([]) };
  }
  const refusals = standIns.refusals.map(({ condition, message }) =>
    map([
      { key: 'condition', value: condition },
      { key: 'message', value: message },
    ]),
  );
  return {
    choices: chooser.choices,
    failure: rendered.invalid.length > 0 ? standIns.decode(rendered.invalid.join('\n')) : undefined,
    refusals: list(collapseItems(refusals)),
    documents: map(
      collapseDocuments(rendered.documents.map(({ path, object }) => ({ key: path, value: standIns.decode(object) }))),
    ),
  };
}

/** Documents for each element of a list: two that are equal but for the element, whatever their constructs are called. */
function collapseDocuments(documents: readonly Entry[]): Entry[] {
  const rest = [...documents];
  for (let at = 0; at < rest.length; at++) {
    const { key, value } = rest[at]!;
    for (const array of arraysOf([value])) {
      const twin = rest.findIndex((entry, index) => index > at && entry.value === moveElement(value, array, 0, 1));
      if (twin < 0) continue;
      rest.splice(twin, 1);
      const path = [...array, every];
      rest[at] = { key: each(path, [constant(key as string)]), value: moveElement(value, array, 0, every) };
      break;
    }
  }
  return collapseEntries(rest);
}
