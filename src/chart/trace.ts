import { type Tracer, withTracer } from '../units/index.js';
import { arraysOf, collapseEntries, collapseItems, moveElement } from './collapse.js';
import { type Inspection, unwatched, watchInspections } from './inspect.js';
import { refusalIn } from './refusal.js';
import type { Around, Release, Rendered } from './render.js';
import type { Shape } from './shape.js';
import { StandIns, type StandInTable } from './stand-in.js';
import { type Choices, Chooser, tracedValues } from './traced-values.js';
import { constant, type Entry, each, every, map, type Option, reference, type Tree } from './tree.js';

/** What one run of the author's function gave, and which decisions it took. */
export interface Sample {
  readonly choices: Choices;
  /** The messages with which the function refused these choices, whatever the texts and numbers of the values. */
  readonly failures: readonly Tree[];
  /** Maps of a `condition` and a `message`. */
  readonly refusals: readonly Tree[];
  /** A map: objects by the path of their construct. */
  readonly documents: Tree;
}

/** The author's function, bound to everything but its values and its release. */
export type Run = (values: unknown, release: Required<Release>, around?: Around) => Rendered;

interface TraceOptions {
  readonly shape: Shape;
  readonly run: Run;
  /** The stand-ins, where several runs share them. */
  readonly table?: StandInTable;
  readonly told?: ((inspection: Inspection, standIns: StandIns) => void) | undefined;
}

/** Runs the author's function once on stand-ins, with the given answers to what the structure of the values is. */
export function trace({ shape, run, table, told }: TraceOptions, wanted: ReadonlyMap<string, Option>): Sample {
  const standIns = new StandIns(table);
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
      chart: standIns.leaf(reference(['release', 'chart'], 'text')) as string,
    };
    return withTracer(told ? unwatchedTracer(standIns) : standIns, () => run(values, release, around));
  };
  const refused = (messages: readonly string[]): Sample => ({
    choices: chooser.choices,
    failures: [...new Set(messages.map((message) => standIns.decode(message.trim())))],
    refusals: [],
    documents: map([]),
  });
  let rendered: Rendered;
  try {
    rendered = execute();
  } catch (error) {
    return refused([refusalIn(error)]);
  }
  if (rendered.invalid.length > 0) return refused(rendered.invalid);
  const refusals = standIns.refusals.map(({ condition, message }) =>
    map([
      { key: 'condition', value: condition },
      { key: 'message', value: message },
    ]),
  );
  return {
    choices: chooser.choices,
    failures: [],
    refusals: [...new Set(collapseItems(refusals))],
    documents: map(
      collapseDocuments(
        rendered.documents.map(({ path, object }) => ({ key: path, value: standIns.document(object) })),
      ),
    ),
  };
}

/** What the leaf operations do themselves looks into stand-ins all the time, and is nobody's mistake. */
const unwatchedTracer = (tracer: Tracer): Tracer => ({
  isTraced: (value) => unwatched(() => tracer.isTraced(value)),
  operation: (name, operands) => unwatched(() => tracer.operation(name, operands)),
  refuse: (condition, message) => unwatched(() => tracer.refuse(condition, message)),
});

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
