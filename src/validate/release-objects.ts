import {
  emptyMap,
  type Finding,
  type HelmVersion,
  isMapNode,
  type RuleContext,
  readValues,
  type Span,
  Spans,
  startOf,
  type ValuesMap,
  type ValuesNode,
  type ValuesSource,
} from '../values/index.js';

/** The values that an object for a deployment tool holds. */
export interface ReleaseValues {
  readonly source: ValuesSource;
  readonly values: ValuesMap;
  /** Where a finding stands about what is not written there. */
  readonly root: Span;
  readonly release: NonNullable<RuleContext['release']>;
  /** Name of the chart, where the object gives it. */
  readonly chart?: string;
}

/** Whether a text holds Kubernetes objects and no values: `apiVersion` and `kind` at the start of its documents. */
export const holdsObjects = (text: string): boolean => /^apiVersion:\s*\S/m.test(text) && /^kind:\s*[A-Z]/m.test(text);

/**
 * The releases among Kubernetes objects: Argo CD’s Application, with values as a map or as text, and Flux’s
 * HelmRelease. Other objects hold none; values that an object takes from elsewhere are not seen.
 */
export class ReleaseReader {
  constructor(
    readonly source: ValuesSource,
    readonly spans: Spans,
    readonly helm: HelmVersion,
    readonly report: (finding: Finding) => void,
  ) {}

  read(objects: readonly ValuesMap[]): ReleaseValues[] {
    return objects.flatMap((object) => {
      const kind = `${textAt(object, ['apiVersion'])?.split('/', 1)[0]} ${textAt(object, ['kind'])}`;
      if (kind === 'helm.toolkit.fluxcd.io HelmRelease') return this.#helmRelease(object);
      return kind === 'argoproj.io Application' ? this.#application(object) : [];
    });
  }

  #helmRelease(object: ValuesMap): ReleaseValues[] {
    const namespace = textAt(object, ['spec', 'targetNamespace']) ?? textAt(object, ['metadata', 'namespace']);
    const prefix = textAt(object, ['spec', 'targetNamespace']);
    const own = textAt(object, ['metadata', 'name']) ?? '';
    const name = textAt(object, ['spec', 'releaseName']) ?? (prefix ? `${prefix}-${own}` : own);
    const chart = textAt(object, ['spec', 'chart', 'spec', 'chart']);
    return [this.#release(object, ['spec', 'values'], name, namespace, chart)];
  }

  #application(object: ValuesMap): ReleaseValues[] {
    const namespace = textAt(object, ['spec', 'destination', 'namespace']);
    const sources = at(object, ['spec', 'sources']);
    const paths = Array.isArray(sources) ? sources.map((_, index) => ['spec', 'sources', index]) : [['spec', 'source']];
    return paths.flatMap((path) => {
      const name = textAt(object, [...path, 'helm', 'releaseName']) ?? textAt(object, ['metadata', 'name']) ?? '';
      const chart = textAt(object, [...path, 'chart']);
      // Argo CD takes the map where both are there.
      if (isMapNode(at(object, [...path, 'helm', 'valuesObject'])))
        return [this.#release(object, [...path, 'helm', 'valuesObject'], name, namespace, chart)];
      const text = textAt(object, [...path, 'helm', 'values']);
      if (text === undefined)
        return chart === undefined ? [] : [this.#release(object, path, name, namespace, chart, {})];
      return this.#inText(object, [...path, 'helm', 'values'], text, { name, namespace, chart });
    });
  }

  #release(
    object: ValuesMap,
    path: readonly (string | number)[],
    name: string,
    namespace: string | undefined,
    chart: string | undefined,
    values: ValuesNode | undefined = at(object, path),
  ): ReleaseValues {
    return {
      source: this.source,
      values: isMapNode(values) ? values : emptyMap(),
      root: this.spans.find(object, path, 'key') ?? startOf(this.source),
      release: { name, ...(namespace ? { namespace } : {}) },
      ...(chart ? { chart } : {}),
    };
  }

  /** Values that are a text inside of the object: read in their place where the text stands there as it is. */
  #inText(
    object: ValuesMap,
    path: readonly (string | number)[],
    text: string,
    { name, namespace, chart }: { name: string; namespace: string | undefined; chart: string | undefined },
  ): ReleaseValues[] {
    const span = this.spans.find(object, path, 'value') ?? startOf(this.source);
    const block = /^\|[^\n]*\n/.exec(this.source.text.slice(span.start, span.end))?.[0];
    const key = this.spans.find(object, path, 'key') ?? span;
    // With blanks in place of all around it, every character of the text keeps its line and column.
    const start = span.start + (block?.length ?? 0);
    const around = this.source.text.slice(0, start).replaceAll(/[^\n]/g, ' ');
    const source: ValuesSource = block
      ? { ...this.source, text: around + this.source.text.slice(start, span.end) }
      : { ...this.source, text };
    const values = block
      ? readValues(source, this.helm, this.spans, this.report)
      : readValues(source, this.helm, new Spans(), (finding) => this.report({ ...finding, span: key }));
    if (!values) return [];
    const release = { name, ...(namespace ? { namespace } : {}) };
    return [{ source: block ? source : this.source, values, root: key, release, ...(chart ? { chart } : {}) }];
  }
}

function at(from: ValuesNode, path: readonly (string | number)[]): ValuesNode | undefined {
  let value: ValuesNode | undefined = from;
  for (const part of path) {
    if (Array.isArray(value)) value = value[Number(part)];
    else value = isMapNode(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  }
  return value;
}

function textAt(from: ValuesNode, path: readonly (string | number)[]): string | undefined {
  const value = at(from, path);
  return typeof value === 'string' ? value : undefined;
}
