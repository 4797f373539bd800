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
   * Versions of Kubernetes it runs on, such as `>=1.29.0-0`. The `-0` lets versions of cloud providers pass.
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
}
