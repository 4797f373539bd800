import type { RuleFacts } from '../values/index.js';

const helmKeeps = 'Helm 3.22.0 and 4.3.1 accept keys that no template reads (tried; upstream Vald’s chart too).';

/** What can be wrong with values for a chart, whichever chart it is. */
export const valuesRules = {
  schema: {
    id: 'SCHEMA001',
    severity: 'error',
    title: 'a value that the chart’s schema does not take',
    why: 'Helm refuses to install or upgrade with it, and names neither file nor line.',
    fix: 'Write what the schema allows.',
    fact: 'Helm 3 and 4 check the layered values, defaults included, against values.schema.json before they render.',
  },
  misspelt: {
    id: 'SCHEMA002',
    severity: 'error',
    title: 'a key that is probably misspelt',
    why: 'Helm accepts unknown keys silently: the setting that was meant keeps its default.',
    fix: 'Correct the spelling.',
    fact: helmKeeps,
  },
  unknown: {
    id: 'SCHEMA003',
    severity: 'warning',
    title: 'a key that the chart does not know',
    why: 'Helm accepts unknown keys silently. If no template reads it, it does nothing.',
    fix: 'Look in the chart’s values.yaml where the setting is, or remove it.',
    fact: helmKeeps,
  },
  remote: {
    id: 'SCHEMA004',
    severity: 'error',
    title: 'the chart’s schema refers to something outside of it',
    why: 'Helm fetches it at every install, so without network access nothing can be installed. Here nothing is fetched, and what it describes was not checked.',
    fix: 'Ask the chart’s authors to bring the definitions into the file ("$defs").',
    fact: 'Helm 3.22.0 and 4.3.1 load http, https and file references while they compile the schema.',
  },
  brokenSchema: {
    id: 'SCHEMA005',
    severity: 'error',
    title: 'the chart’s schema cannot be used',
    why: 'Helm refuses to install a chart whose schema it cannot compile.',
    fix: 'Ask the chart’s authors, or use a version of the chart that works.',
    fact: 'Helm 3.22.0 and 4.3.1 stop with "unable to validate schema".',
  },
  secret: {
    id: 'VALUES003',
    severity: 'warning',
    title: 'a secret is written into the values',
    why: 'Everybody who can read the repository, or the release’s Secret in the cluster, can read it.',
    fix: 'Put it into a Secret and give the chart the Secret’s name.',
    fact: 'Helm keeps all values in the Secret sh.helm.release.v1.<release>.v<n>; "helm get values" prints them.',
  },
  kind: {
    id: 'VALUES004',
    severity: 'warning',
    title: 'a value of another kind than the chart’s default',
    why: 'A map over a single value or the other way round is not merged; templates that expect the default’s kind fail or print nonsense.',
    fix: 'Write a value of the default’s kind.',
    fact: 'Helm prints "cannot overwrite table with non table" or nothing, and goes on (Helm 3.22.0 and 4.3.1).',
  },
  setOption: {
    id: 'VALUES005',
    severity: 'error',
    title: 'an option that Helm cannot read',
    why: 'Helm stops and nothing is installed or upgraded.',
    fix: 'Correct the option; quote it for the shell.',
    fact: 'Tried with Helm 3.22.0 and 4.3.1.',
  },
  subchart: {
    id: 'VALUES006',
    severity: 'error',
    title: 'the values of a subchart are no map',
    why: 'Helm stops and nothing is installed or upgraded.',
    fix: 'Write its values below the key; to turn it off, use what its condition in Chart.yaml names.',
    fact: 'Tried with Helm 3.22.0 and 4.3.1: "type mismatch on".',
  },
} as const satisfies Record<string, RuleFacts>;
