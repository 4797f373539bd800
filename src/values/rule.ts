import type { Severity } from '../problem/index.js';
import type { EffectiveValues, HelmValue, ValuePath } from './effective-values.js';

/** The name of a rule: the chart or the part of the check that it belongs to, and a number that is never reused. */
export type RuleId = `${'VALD' | 'RONDB' | 'YAML' | 'VALUES' | 'SCHEMA' | 'IGNORE'}${number}`;

/** What every rule declares. The texts are shown with a finding, by `--explain`, in SARIF and on the rule's page. */
export interface RuleFacts {
  /** For example `VALD011`: three digits. */
  readonly id: RuleId;
  /** `error`: data is lost, nothing is backed up, or it cannot start. `warning`: a risk. */
  readonly severity: Severity;
  /** What is wrong, in one line without a full stop: `the sidecar watches a folder that nothing writes to`. */
  readonly title: string;
  /** What happens because of it, in one or two sentences. */
  readonly why: string;
  /** What to write instead, as a sentence with the key. A finding may give a more exact one. */
  readonly fix: string;
  /** The observation that the rule stands on: what was run or read, and of which version. */
  readonly fact: string;
  /** Rules for any chart that say less of the same mistake: with a finding of this rule theirs are left out. @default - none */
  readonly says?: readonly RuleId[];
  /** First chart version it holds for. @default - all */
  readonly since?: string;
  /** First chart version it no longer holds for. @default - none */
  readonly until?: string;
}

/** A rule that values alone decide. */
export interface ValuesRule extends RuleFacts {
  /** Every place that breaks the rule; none where all is well. Pure, and safe for values of any shape. */
  check(values: EffectiveValues, context: RuleContext): readonly RuleHit[];
  /** Values that break it, each a values file over the chart's defaults. The first is shown on the rule's page. */
  readonly hits: readonly RuleExample[];
  /** Near misses that do not. The first is shown on the rule's page. */
  readonly passes: readonly RuleExample[];
}

/** A rule that needs a look at the running cluster: it has a page and an explanation here, `doctor` looks. */
export interface ClusterRule extends RuleFacts {
  readonly needsCluster: true;
}

/** A rule about several releases of one chart at once. */
export interface FleetRule extends RuleFacts {
  /** Every release that breaks the rule together with others. */
  checkFleet(releases: readonly Release[]): readonly FleetHit[];
  /** Sets of releases that break it: one values file for each release. */
  readonly fleetHits: readonly FleetExample[];
  readonly fleetPasses: readonly FleetExample[];
}

/** Any rule. Told apart by `check`, `needsCluster` or `checkFleet`. */
export type Rule = ValuesRule | ClusterRule | FleetRule;

/** What a rule knows besides the values. */
export interface RuleContext {
  /** For example `v1.8.0` for Vald and `0.8.0` for RonDB: as in Chart.yaml. */
  readonly chartVersion: string;
  /** @default - unknown: a values file does not say it */
  readonly release?: { readonly name: string; readonly namespace?: string };
}

/** A release of a fleet with its values. */
export interface Release extends RuleContext {
  readonly values: EffectiveValues;
}

/** One place that breaks a rule. */
export interface RuleHit {
  /** The value to change. Where the user has not written it, the finding stands at the nearest map that they have. */
  readonly path: ValuePath;
  /** The fact with the values at hand, in lower case, without a full stop; never a secret's value. */
  readonly message: string;
  /** What to write here. @default - the rule's `fix` */
  readonly fix?: string;
}

/** One place in one release that breaks a rule together with other releases. */
export interface FleetHit extends RuleHit {
  readonly release: Release;
}

/** A values file as text, or with the chart version or release that matters to the rule. */
export type RuleExample =
  | string
  | { readonly values: string; readonly chartVersion?: string; readonly release?: RuleContext['release'] };

/** The values file of each release by its name. */
export type FleetExample = Readonly<Record<string, string>>;

/** A chart that is known by name: its defaults as facts of our own, and its rules. */
export interface KnownChart {
  /** As in Chart.yaml: `vald`, `rondb`. */
  readonly name: string;
  /** The versions whose defaults are known, oldest first. The last is taken where none is named. */
  readonly versions: readonly string[];
  /** The defaults of a version that rules read; only keys that matter to a rule. */
  defaults(version: string): { readonly [key: string]: HelmValue };
  readonly rules: readonly Rule[];
}
