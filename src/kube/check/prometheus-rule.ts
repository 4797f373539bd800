/** Group, version and kind of the rules that Prometheus’s operator takes. */
export const prometheusRule = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' } as const;

/**
 * The definitions of a PrometheusRule in the form of `schema.generated.ts`: the object, its spec, a group, a rule. It is no
 * part of Kubernetes, but a construct of this package makes one, and a misspelt field there is an alert that never comes.
 *
 * @param first number that the first of them gets
 * @param metadata the definition of every object’s metadata
 */
export function prometheusRuleDefinitions<Metadata>(first: number, metadata: Metadata) {
  return [
    { 'apiVersion!': 's', 'kind!': 's', metadata, 'spec!': first + 1 },
    { groups: ['k', first + 2, 'name'] },
    {
      'name!': 's',
      interval: 's',
      labels: ['m', 's'],
      limit: 'l',
      partial_response_strategy: 's',
      query_offset: 's',
      rules: ['l', first + 3],
    },
    {
      alert: 's',
      annotations: ['m', 's'],
      'expr!': 'x',
      for: 's',
      keep_firing_for: 's',
      labels: ['m', 's'],
      record: 's',
    },
  ] as const;
}
