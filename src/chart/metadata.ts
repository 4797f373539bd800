import type { Problem } from '../problem/index.js';

/** What Chart.yaml says about a chart. */
export interface ChartMetadata {
  /** Name of the chart: lower-case letters, digits and hyphens, starting with a letter. */
  readonly name: string;
  /** Version of the chart, as SemVer 2. */
  readonly version: string;
  /** Version of what the chart installs. @default - none */
  readonly appVersion?: string;
  /** One line about the chart. @default - none */
  readonly description?: string;
  /**
   * Versions of Kubernetes it runs on, such as `>=1.29.0-0`. Without `-0`, versions of cloud providers would not pass:
   * that is refused.
   * @default - any
   */
  readonly kubeVersion?: string;
  /** @default - none */
  readonly home?: string;
  /** URL of a picture. @default - none */
  readonly icon?: string;
  /** @default - none */
  readonly sources?: readonly string[];
  /** @default - none */
  readonly keywords?: readonly string[];
  /** @default - none */
  readonly maintainers?: readonly { readonly name: string; readonly email?: string; readonly url?: string }[];
  /** Annotations of Chart.yaml, such as those of Artifact Hub. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Text that Helm prints after an installation, a template. @default - one line with the release’s name */
  readonly notes?: string;
  /**
   * Markdown for the README, between how the chart is installed and its values: what to set first, how to restore.
   * @default - none
   */
  readonly readme?: string;
  /**
   * Further files of the chart, text by path, such as `LICENSE` or `crds/web.yaml`. A function that needs the text of a
   * file imports it as any other text.
   * @default - none
   */
  readonly files?: Readonly<Record<string, string>>;
}

const version = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;

/** Adds what Helm would refuse of a chart's metadata, or read otherwise than it is meant. */
export function refuseMetadata(metadata: ChartMetadata, problems: Problem[]): void {
  const refuse = (property: keyof ChartMetadata, message: string, got: string, hint: string) =>
    problems.push({
      code: 'invalid-property',
      severity: 'error',
      where: { construct: `chart ${metadata.name}`, property },
      message,
      got,
      hint,
    });
  const { name, kubeVersion, files = {} } = metadata;
  if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name))
    refuse('name', 'no chart can be called so', name, 'Use lower-case letters, digits and hyphens, a letter first.');
  if (!version.test(metadata.version))
    refuse('version', 'no version as SemVer 2 has it', metadata.version, 'Write it as 1.2.3 or 1.2.3-rc.1.');
  const open = kubeVersion === undefined ? undefined : withPrereleases(kubeVersion);
  if (open !== undefined && open !== kubeVersion)
    refuse(
      'kubeVersion',
      'versions of cloud providers, such as v1.33.1-gke.100, do not pass',
      kubeVersion!,
      `Write "${open}".`,
    );
  for (const path of Object.keys(files))
    if (!/^[^/\\]+(\/[^/\\]+)*$/.test(path) || path.split('/').some((part) => part === '.' || part === '..'))
      refuse('files', 'no path inside of the chart', path, 'Give a path such as LICENSE or files/settings.json.');
}

/** A constraint in which each version has the `-0` that lets pre-releases pass; `1.29.x` becomes `~1.29.0-0`. */
const withPrereleases = (constraint: string): string =>
  constraint.replace(
    /([<>=!~^]\s*)?\bv?(\d+)(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(-[0-9A-Za-z.-]+)?/g,
    (text, operator: string | undefined, major: string, minor = 'x', patch = 'x', prerelease: string | undefined) => {
      if (prerelease) return text;
      const isOpen = !operator && !constraint.includes(' - ');
      const sign = operator ?? (isOpen && /\D/.test(minor) ? '^' : isOpen && /\D/.test(patch) ? '~' : '');
      return `${sign}${major}.${minor.replace(/\D/, '0')}.${patch.replace(/\D/, '0')}-0`;
    },
  );
