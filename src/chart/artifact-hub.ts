/** What Artifact Hub shows of a version of a chart beside its Chart.yaml. */
export interface ArtifactHub {
  /** Licence of the chart as SPDX names it, such as `Apache-2.0`. @default - none */
  readonly license?: string;
  /** What is new in this version. @default - none */
  readonly changes?: readonly ArtifactHubChange[];
  /** Images that the chart runs, which Artifact Hub scans. @default - those that it finds by itself */
  readonly images?: readonly { readonly name: string; readonly image: string }[];
  /** @default - none */
  readonly links?: readonly { readonly name: string; readonly url: string }[];
  /** Whether this version is a trial. @default - known by a version such as `1.0.0-rc.1` */
  readonly prerelease?: boolean;
  /** Whether this version mends a hole. @default false */
  readonly containsSecurityUpdates?: boolean;
  /** Key that the chart’s provenance file is signed with. @default - none */
  readonly signKey?: { readonly fingerprint: string; readonly url: string };
}

/** One line of a chart’s change log; Artifact Hub knows these kinds and no others. */
export interface ArtifactHubChange {
  readonly kind: 'added' | 'changed' | 'deprecated' | 'removed' | 'fixed' | 'security';
  readonly description: string;
  /** @default - none */
  readonly links?: readonly { readonly name: string; readonly url: string }[];
}

/**
 * Annotations for Artifact Hub, for a chart's `annotations`. Each is a text with YAML in it, here JSON, which is YAML
 * that nothing can read otherwise.
 *
 * @example
 * ```ts
 * annotations: artifactHub({ license: 'Apache-2.0', changes: [{ kind: 'added', description: 'An Ingress.' }] })
 * ```
 */
export function artifactHub(facts: ArtifactHub): Record<string, string> {
  return Object.fromEntries(
    Object.entries(facts).flatMap(([key, value]) =>
      value === undefined
        ? []
        : [[`artifacthub.io/${key}`, typeof value === 'string' ? value : JSON.stringify(value)] as const],
    ),
  );
}
