import { ApiObject, App, Chart } from 'cdk8s';
import { type IConstruct, Node } from 'constructs';
import { isTraced, trunc } from '../units/index.js';

/** What a chart knows of its release: text that is set when the chart is installed. */
export interface Release {
  /** Name of the release, as given to `helm install`. */
  readonly name: string;
  /** Namespace of the release. */
  readonly namespace: string;
  /** Name of the chart, or the alias that it has as a dependency of another one. @default - the chart's own name */
  readonly chart?: string;
}

/** What the author's function gave. */
export interface Rendered {
  /** Objects as plain data, by the path of their construct. */
  readonly documents: readonly { readonly path: string; readonly object: unknown }[];
  /** What constructs found wrong when they were checked, one text each. */
  readonly invalid: readonly string[];
}

/** The scope of a chart's author: a cdk8s chart whose objects are named after the release. */
class ReleaseChart extends Chart {
  constructor(
    app: App,
    chartName: string,
    readonly release: Required<Release>,
    labels: Record<string, string>,
  ) {
    super(app, chartName, { labels });
  }

  /** Two releases of a chart may be in one namespace, so every name that nobody gave has the release's in it. */
  override generateObjectName(apiObject: ApiObject): string {
    const own = Node.of(apiObject)
      .path.split('/')
      .slice(1)
      .filter((part) => !/^(resource|default)$/i.test(part))
      .map((part) =>
        part
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, '-')
          .replace(/^-+|-+$/g, ''),
      )
      .filter((part) => part !== '');
    // A CronJob's name leaves room for what Kubernetes puts behind it; a StatefulSet's pods carry a label of its own.
    const longest = apiObject.kind === 'CronJob' || apiObject.kind === 'StatefulSet' ? 52 : 63;
    return trunc([this.release.name, this.release.chart, ...own].join('-'), longest);
  }
}

/** Labels of every object. */
export type Labels = (release: Required<Release>) => Record<string, string>;

/** What is done around the author's own function, but not around the checks of what it made. */
export type Around = (call: () => void) => void;

/** Runs the author's function, with ordinary values or with stand-ins. */
export function render(
  chartName: string,
  release: Required<Release>,
  labels: Labels,
  author: (scope: Chart) => void,
  around: Around = (call) => call(),
): Rendered {
  const scope = new ReleaseChart(new App({ outdir: 'nowhere' }), chartName, release, labels(release));
  around(() => author(scope));
  const constructs: IConstruct[] = scope.node.findAll();
  // Some constructs add their check to the root.
  const invalid = scope.node.root.node
    .findAll()
    .flatMap((construct) => construct.node.validate())
    // A check that complains of a stand-in (it is no name, and out of every range) says nothing about the values: the
    // schema checks those, and the comparison with real values finds what it does not. Paragraphs are problems.
    .flatMap((text) => text.split('\n\n'))
    .filter((text) => text.trim() !== '' && !isTraced(text));
  const objects = constructs.filter((construct) => ApiObject.isApiObject(construct)) as ApiObject[];
  return {
    invalid,
    documents:
      invalid.length > 0
        ? []
        : objects.map((object) => ({
            path: object.node.path.split('/').slice(1).join('/'),
            object: plainObject(object, release),
          })),
  };
}

const address = 'cdk8s.io/metadata.addr';

function plainObject(object: ApiObject, release: Required<Release>): unknown {
  const text = JSON.stringify(object.toJson());
  const plain: unknown = JSON.parse(text);
  return text.includes(address) ? ownedByRelease(plain, release) : plain;
}

/**
 * cdk8s-plus finds its pods by a label made from the construct's path, which is the same in every release: the
 * names of the release and of the chart go in front of it, or two releases, or two aliases of a dependency in one
 * release, would select each other's pods.
 */
function ownedByRelease(value: unknown, release: Required<Release>): unknown {
  if (Array.isArray(value)) return value.map((item) => ownedByRelease(item, release));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === address && typeof inner === 'string'
        ? trunc(`${release.name}-${release.chart}-${inner}`, 63)
        : ownedByRelease(inner, release),
    ]),
  );
}
