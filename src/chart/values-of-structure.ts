import type { Answers } from './runs.js';
import type { ValueSampler } from './sample-values.js';
import type { Shape, ShapeOf } from './shape.js';
import { every, type Option, type Path, type Variable, variableId } from './tree.js';

/** How often a map is drawn until it has an entry, where it must have one. */
const draws = 8;

/**
 * Random values that have a structure: decisions come out as answered, everything else is drawn. So what only a few
 * structures get to is compared too.
 */
export function valuesOfStructure(sampler: ValueSampler, shape: Shape, answers: Answers): unknown {
  const answer = (path: Path, kind: Variable['kind'], options: readonly Option[] = []): Option | undefined =>
    answers.get(variableId({ path, kind, options }));

  const filled = (inner: Shape, path: Path): unknown => {
    const wanted = answer(path, 'filled');
    if (wanted === false) return {};
    let drawn: unknown;
    for (let count = 0; count < draws; count++) {
      drawn = sampler.value(inner);
      if (drawn !== undefined && (wanted === undefined || Object.keys(drawn as object).length > 0)) break;
    }
    return drawn;
  };

  const fields = (all: ReadonlyMap<string, Shape>, path: Path): Record<string, unknown> =>
    Object.fromEntries(
      [...all].flatMap(([key, field]) => {
        const value = visit(field, [...path, key]);
        return value === undefined ? [] : [[key, value]];
      }),
    );

  const visit = (inner: Shape, path: Path): unknown => {
    const present = answer(path, 'present');
    if (present === false) return undefined;
    switch (inner.kind) {
      case 'object':
        return inner.optional && present === undefined ? sampler.value(inner) : fields(inner.fields, path);
      case 'boolean':
        return answer(path, 'true') ?? sampler.value(inner);
      case 'option':
        return answer(path, 'option', inner.options) ?? sampler.value(inner);
      case 'union': {
        const name = answer([...path, inner.discriminator], 'member', [...inner.members.keys()]);
        if (name === undefined) return sampler.value(inner);
        const member = inner.members.get(name as string) as ShapeOf<'object'>;
        return { ...fields(member.fields, path), [inner.discriminator]: name };
      }
      case 'list': {
        if (answer(path, 'filled') === false) return [];
        const count = Math.max(inner.least, 1 + Math.floor(sampler.random() * 2));
        return Array.from({ length: count }, () => visit(inner.element, [...path, every]));
      }
      case 'record':
      case 'any':
        return filled(inner, path);
      default:
        // Where all leaves are drawn, most values contradict each other and are refused.
        if ('default' in inner && sampler.random() < 0.8) return undefined;
        return present === true ? sampler.leaf(inner) : sampler.value(inner);
    }
  };
  return visit(shape, ['values']);
}
