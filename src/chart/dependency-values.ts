import type { Problem } from '../problem/index.js';
import { type Dependencies, type Dependency, valueAt } from './dependency.js';
import { layer } from './layering.js';
import type { Rule } from './pattern.js';
import { valuesFileLines } from './values-file.js';

/** The values of a dependency in values.yaml. */
function ownValues(key: string, { condition, values }: Dependency): Record<string, unknown> {
  return { ...(condition === `${key}.enabled` ? { enabled: true } : {}), ...values };
}

/** The dependencies' blocks of values.yaml, and `tags` where there are some. */
export function valuesYamlBlocks(dependencies: Dependencies): string[] {
  const blocks = Object.entries(dependencies).map(([key, one]) => {
    const { name = key, version, repository, chart } = one;
    const lines = valuesFileLines(ownValues(key, one), chart?.shape).map((line) => `  ${line}`);
    return [
      `# Values of the dependency ${name} ${version} of ${repository}, over its own.`,
      `${key}:${lines.length > 0 ? '' : ' {}'}`,
      ...lines,
    ].join('\n');
  });
  const tags = tagsOf(dependencies);
  if (tags.length > 0)
    blocks.push(
      ['# Which dependencies are installed.', 'tags:', ...tags.map((tag) => `  ${JSON.stringify(tag)}: true`)].join(
        '\n',
      ),
    );
  return blocks;
}

const tagsOf = (dependencies: Dependencies): string[] => [
  ...new Set(Object.values(dependencies).flatMap(({ tags = [] }) => tags)),
];

/** A chart's schema with that of its dependencies: strict where theirs is known, and none for one that is left out. */
export function withDependencies(schema: Rule, dependencies: Dependencies): Rule {
  const properties: Record<string, Rule> = {};
  const rules: Rule[] = [];
  for (const [key, one] of Object.entries(dependencies)) {
    const open: Rule = { description: `Values of the chart ${one.name ?? key}.`, type: 'object' };
    if (one.chart === undefined) properties[key] = open;
    else {
      const { $schema: _, ...own } = one.chart.schema();
      const out = leftOut(one);
      if (out) rules.push({ if: out, else: { properties: { [key]: own } } });
      properties[key] = out ? open : own;
    }
  }
  const tags = tagsOf(dependencies);
  if (tags.length > 0) {
    const each = Object.fromEntries(tags.map((tag) => [tag, { type: ['boolean', 'null'] }]));
    properties['tags'] = { type: ['object', 'null'], additionalProperties: false, properties: each };
  }
  return {
    ...schema,
    properties: { ...(schema['properties'] as Record<string, Rule>), ...properties },
    ...(rules.length > 0 ? { allOf: rules } : {}),
  };
}

/** When Helm leaves a dependency out, as a rule for the values of the chart. A condition that is there wins over tags. */
function leftOut({ condition, tags = [] }: Dependency): Rule | undefined {
  const is = (path: readonly string[], rule: Rule): Rule =>
    path.reduceRight<Rule>(
      (inner, step) => ({ type: 'object', required: [step], properties: { [step]: inner } }),
      rule,
    );
  const byTags: Rule = {
    allOf: [
      { anyOf: tags.map((tag) => is(['tags', tag], { const: false })) },
      ...tags.map((tag) => ({ not: is(['tags', tag], { const: true }) })),
    ],
  };
  if (condition === undefined) return tags.length > 0 ? byTags : undefined;
  const path = condition.split('.');
  const no = is(path, { const: false });
  return tags.length === 0 ? no : { anyOf: [no, { allOf: [{ not: is(path, { type: 'boolean' }) }, byTags] }] };
}

/** What is wrong with the values of dependencies whose schema is known; those that are left out are not looked at. */
export function dependencyProblems(dependencies: Dependencies, given: unknown, own: unknown): Problem[] {
  const all = layer(own, {
    ...Object.fromEntries(Object.entries(dependencies).map(([key, one]) => [key, ownValues(key, one)])),
  });
  const values = layer(all, given);
  return Object.entries(dependencies).flatMap(([key, one]) => {
    if (!one.chart || isLeftOut(one, values)) return [];
    const problems = one.chart.problemsWith(valueAt(values, [key]) ?? {});
    return problems.map((problem) => ({
      ...problem,
      where:
        'property' in problem.where
          ? { ...problem.where, property: `${key}: ${problem.where.property}` }
          : problem.where,
    }));
  });
}

function isLeftOut({ condition, tags = [] }: Dependency, values: unknown): boolean {
  const wanted = condition === undefined ? undefined : valueAt(values, condition.split('.'));
  if (typeof wanted === 'boolean') return !wanted;
  const set = tags.map((tag) => valueAt(values, ['tags', tag]));
  return set.includes(false) && !set.includes(true);
}

/** The README's part about dependencies. */
export function readmeLines(dependencies: Dependencies): string[] {
  const entries = Object.entries(dependencies);
  if (entries.length === 0) return [];
  return [
    '## Dependencies',
    '',
    'Values of a dependency stand below its name; the chart of the dependency says which there are.',
    '',
    '| values below | chart | version | repository | installed |',
    '|---|---|---|---|---|',
    ...entries.map(([key, { name = key, version, repository, condition, tags = [] }]) => {
      const when = [...(condition ? [`\`${condition}\``] : []), ...tags.map((tag) => `\`tags.${tag}\``)];
      const range = version.replaceAll('|', '\\|');
      return `| \`${key}\` | ${name} | ${range} | ${repository} | ${when.join(', ') || 'always'} |`;
    }),
    '',
  ];
}
