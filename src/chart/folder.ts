import { defaultsTemplate, plainTemplate } from './defaults-template.js';
import { chartYamlEntries, type Dependencies } from './dependency.js';
import type { Template } from './evaluate.js';
import { documentPlace } from './evaluate.js';
import { labelTemplates } from './label-templates.js';
import type { ChartMetadata } from './metadata.js';
import { NamedTemplates } from './named-templates.js';
import { type HelperName, helperFor } from './operation-helpers.js';
import type { Rule } from './pattern.js';
import { Printer } from './print.js';
import { UnprintableError } from './print-expression.js';
import { refusals } from './print-texts.js';
import { readmeText } from './readme.js';
import { type Shape, shapesAt } from './shape.js';
import { absent, type Entry, type Path, type Tree } from './tree.js';
import { type UpgradeRecord, upgradeFile } from './upgrade.js';
import { valuesYaml } from './values-yaml.js';

/** Files of a chart: text by path, with forward slashes. */
export type ChartFiles = ReadonlyMap<string, string>;

/** What a chart's folder is made of. */
export interface FolderParts {
  readonly metadata: ChartMetadata;
  readonly dependencies: Dependencies;
  readonly shape: Shape;
  readonly schema: Rule;
  readonly template: Template;
  /** Values files for chart-testing, by name. */
  readonly examples: Readonly<Record<string, unknown>>;
  readonly upgrade: UpgradeRecord;
}

/** Everything that is in the folder of a chart. A pure function: whoever wants files writes them. */
export function chartFolder({
  metadata,
  dependencies,
  shape,
  schema,
  template,
  examples,
  upgrade,
}: FolderParts): ChartFiles {
  const files = new Map<string, string>();
  const { name } = metadata;
  const helpers = new Set<HelperName>();
  const named = new NamedTemplates(name);
  const printer = new Printer(
    {
      prefix: name,
      isTruthy: (path) => isTruthy(shape, path),
      isRecord: (path) => shapesAt(shape, path).some(({ kind }) => kind === 'record'),
      helpers,
      named,
    },
    template.exceptions,
    labelTemplates(template.documents),
  );
  const defaults = defaultsTemplate(shape).map((line) => line.replaceAll('PREFIX', name));
  const start = defaults.length > 0 ? [`{{- include "${name}.defaults" . }}`] : [];

  const documents = documentFiles(template.documents);
  const printed = documents.map(({ file, entry }) => [file, printer.document(entry)] as const);
  const stops = refusals(printer, template);
  const labels = printer.labelTemplates();
  const defined = [...named.print(printer), ...labels];

  files.set('Chart.yaml', chartYaml(metadata, dependencies));
  files.set('values.yaml', valuesYaml(shape, dependencies));
  files.set('values.schema.json', `${JSON.stringify(schema, undefined, 2)}\n`);
  const templates = [
    ...(defaults.length > 0
      ? [
          define(
            `${name}.defaults`,
            'Fills in the defaults that values.yaml cannot hold or that a null took away.',
            defaults,
          ),
        ]
      : []),
    ...(defaults.some((line) => line.includes('.plain'))
      ? [
          define(
            `${name}.plain`,
            'Takes the entries that are null out of an object, and refuses what toYaml cannot write.',
            [plainTemplate.replaceAll('PREFIX', name)],
          ),
        ]
      : []),
    ...[...helpers]
      .sort()
      .map((helper) =>
        define(`${name}.${helper}`, `The same as ${helper}() in the source of this chart.`, [helperFor(helper).body]),
      ),
    ...defined.map(({ name: template, comment, body }) =>
      comment === undefined
        ? `{{- define "${template}" -}}\n${indentActions(body).join('\n')}\n{{ end }}\n`
        : define(template, comment, indentActions(body)),
    ),
  ];
  if (templates.length > 0) files.set('templates/_helpers.tpl', templates.join('\n'));
  if (stops.length > 0) files.set('templates/checks.yaml', lines(indentActions([...start, ...stops])));
  for (const [file, content] of printed) files.set(`templates/${file}`, lines(indentActions([...start, ...content])));
  files.set('templates/NOTES.txt', notes(metadata));
  files.set('README.md', readmeText(metadata, shape, dependencies));
  files.set('.helmignore', 'ci/\n');
  for (const [example, values] of Object.entries(examples))
    files.set(`ci/${example}-values.yaml`, `${JSON.stringify(values, undefined, 2)}\n`);
  if (Object.values(upgrade.cases).some(({ objects }) => Object.keys(objects).length > 0))
    files.set(upgradeFile, `${JSON.stringify(upgrade, undefined, 2)}\n`);
  for (const [path, text] of Object.entries(metadata.files ?? {})) {
    if (files.has(path)) throw new UnprintableError(`the file ${path}, which the chart has already`);
    files.set(path, text);
  }
  return files;
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;

/**
 * Lines in which the actions stand where what they rule stands. They begin with `{{-`, which takes away the white space
 * in front of them, so it means nothing.
 */
function indentActions(all: readonly string[]): string[] {
  const open: number[] = [];
  return all.map((line, index) => {
    if (!line.startsWith('{{-')) return line;
    const next = all.slice(index + 1).find((one) => one !== '' && !one.startsWith('{{-'));
    let indent = next === undefined ? 0 : next.length - next.trimStart().length;
    if (/^\{\{- (else|end)/.test(line)) indent = open.at(-1) ?? 0;
    else if (/^\{\{- (toYaml|include)/.test(line)) indent = Number(/nindent (\d+) \}\}$/.exec(line)?.[1] ?? 0);
    if (line.startsWith('{{- end')) open.pop();
    if (/^\{\{- (if|range|with)/.test(line)) open.push(indent);
    return `${' '.repeat(indent)}${line}`;
  });
}

const define = (name: string, comment: string, body: readonly string[]): string =>
  `{{/* ${comment} */}}\n{{- define "${name}" -}}\n${body.join('\n')}\n{{- end }}\n`;

function chartYaml(metadata: ChartMetadata, dependencies: Dependencies): string {
  const entries = chartYamlEntries(dependencies);
  const { appVersion, description, kubeVersion, home, icon, sources, keywords, maintainers, annotations } = metadata;
  const fields = {
    apiVersion: 'v2',
    name: metadata.name,
    version: metadata.version,
    appVersion,
    description,
    type: 'application',
    kubeVersion,
    home,
    icon,
    sources,
    keywords,
    maintainers,
    annotations,
    dependencies: entries.length > 0 ? entries : undefined,
  };
  // JSON is YAML in which nothing can be read otherwise.
  return lines(
    Object.entries(fields).flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`])),
  );
}

function notes({ name, notes: text }: ChartMetadata): string {
  const given = text ?? `${name} is installed as release {{ .Release.Name }} in namespace {{ .Release.Namespace }}.`;
  return `${given.trimEnd()}\n`;
}

/** A file for each object, called after its kind, and after its construct where there are several of the kind. */
function documentFiles(documents: Tree): { file: string; entry: Entry }[] {
  if (documents.kind !== 'map') throw new UnprintableError('documents in two orders');
  const named = documents.entries.map((entry) => ({
    entry,
    kind: kindOf(entry.value).toLowerCase(),
    place: slug(documentPlace(entry.key)),
  }));
  const used = new Set<string>();
  return named.map(({ entry, kind, place }) => {
    const alone = named.filter((other) => other.kind === kind).length === 1;
    const base = alone || place === '' ? kind : `${kind}-${place}`;
    const folder = isTest(entry.value) ? 'tests/' : '';
    let file = `${folder}${base}.yaml`;
    for (let count = 2; used.has(file); count++) file = `${folder}${base}-${count}.yaml`;
    used.add(file);
    return { file, entry };
  });
}

const slug = (path: string): string =>
  path
    .split('/')
    .filter((part) => !/^(resource|default)$/i.test(part))
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

function kindOf(tree: Tree): string {
  const kind = fieldOf(tree, ['kind']);
  return kind?.kind === 'constant' ? String(kind.value) : 'object';
}

/** Whether an object is there for `helm test` only. */
function isTest(tree: Tree): boolean {
  const hook = fieldOf(tree, ['metadata', 'annotations', 'helm.sh/hook']);
  return (
    hook?.kind === 'constant' &&
    String(hook.value)
      .split(',')
      .every((name) => /^\s*test(-success)?\s*$/.test(name))
  );
}

/** A field of an object, or of the first that a decision may give. */
function fieldOf(tree: Tree, path: readonly string[]): Tree | undefined {
  if (tree.kind === 'choice') {
    const branch = [...tree.branches.values()].find((one) => one !== absent);
    return branch && fieldOf(branch, path);
  }
  const [step, ...rest] = path;
  if (step === undefined) return tree;
  const inner = tree.kind === 'map' ? tree.entries.find(({ key }) => key === step)?.value : undefined;
  return inner && fieldOf(inner, rest);
}

/** Whether a value of the user is true for a template's `if` whenever it is there. */
function isTruthy(shape: Shape, path: Path): boolean {
  const shapes = shapesAt(shape, path);
  return shapes.length > 0 && shapes.every(isTruthyShape);
}

function isTruthyShape(inner: Shape): boolean {
  if (inner.kind === 'text') return !inner.schema.safeParse('').success;
  if (inner.kind === 'number') return !inner.schema.safeParse(0).success;
  if (inner.kind === 'option') return !inner.options.includes('') && !inner.options.includes(0);
  if (inner.kind === 'union') return true;
  return inner.kind === 'object' && [...inner.fields.values()].some((field) => !field.optional);
}
