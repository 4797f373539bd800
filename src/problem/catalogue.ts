/**
 * Every problem code of the package with the one line that explains it. A code is never renamed or reused:
 * pipelines depend on it.
 */
export const catalogue = {
  'unknown-property': 'a property that the construct does not have',
  'invalid-property': 'a property with a value that cannot be used',
  'conflicting-properties': 'properties that are each allowed but not together',
  'unsupported-store': 'an object store that this database cannot write to',
  'unsupported-version': 'a Kubernetes or database version that lacks what is asked for',
  'too-little-space': 'a volume smaller than what a backup needs on it',
  'too-little-time': 'a time limit shorter than the work it has to cover',
  'unknown-field': 'a field that the Kubernetes API does not have',
  'invalid-field': 'a field with a value that the Kubernetes API refuses',
  'missing-field': 'a field that the Kubernetes API requires',
  'unknown-kind': 'a kind for which the package has no schema, so that its fields were not checked',
  'invalid-name': 'a name that the Kubernetes API refuses',
  'duplicate-object': 'two objects of one kind with one name in one namespace',
  'duplicate-file': 'two objects of one chart that would be written to one file',
  'duplicate-entry': 'two entries of one list that must differ, such as two containers of one name',
  'missing-reference': 'a reference to an object, key, volume or port that is not there',
  'inspected-value': 'a chart’s function that looks into a value which is set when the chart is installed',
  'untraceable-chart': 'a chart’s function that does something with a value which no template can follow',
  'unsettled-chart': 'a chart’s function in which too many decisions rule one place together',
  'failing-function': 'a chart’s function with a mistake in it: it fails on values that its schema takes',
  'policy-violated': 'something in a chart that a policy of the user’s own refuses',
  'breaking-upgrade': 'a change of a chart that no release can be upgraded over',
  'app-failed': 'the app ended with an error',
  'app-wrote-nothing': 'the app ended well but wrote no manifest',
  'output-differs': 'a committed file that a new synth would change',
  'invalid-configuration': 'a cdk8s.yaml that cannot be used',
  'invalid-command-line': 'an option or argument that a command does not have or that cannot be used',
  'unreadable-file': 'a file that cannot be read',
  'unwritable-output': 'an output folder that cannot be written or must not be replaced',
  'unreachable-cluster': 'a cluster that cannot be used: out of reach, not trusted, wrong credentials, no permission',
  'refused-by-cluster': 'work that the cluster, or what goes on in it, does not allow now',
  'unreadable-store': 'an object store whose content cannot be read',
  'failed-job': 'work in a cluster that ended without success',
} as const satisfies Record<string, string>;

/** A stable name of a kind of problem. */
export type ProblemCode = keyof typeof catalogue;
