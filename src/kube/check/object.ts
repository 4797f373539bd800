import type { Problem, ProblemCode, Severity } from '../../problem/index.js';
import { type Fields, mapOf, textOf } from './fields.js';
import { findKind, groupOf, type KindSchema } from './schema.js';

/** What a rule found in one field of an object. */
export interface Finding {
  readonly code: ProblemCode;
  /** Path of the field, such as `spec.template.spec.containers[0].image`. */
  readonly field: string;
  readonly message: string;
  readonly got?: string;
  readonly allowed?: string;
  readonly hint: string;
  /** @default 'error' */
  readonly severity?: Severity;
}

/** One object under check, with the parts that every rule needs. */
export interface CheckedObject {
  readonly fields: Fields;
  readonly apiVersion: string;
  readonly group: string;
  readonly kind: string;
  /** Empty where the object has none. */
  readonly name: string;
  /** Empty for a cluster's object, and where the namespace is left to the installation. */
  readonly namespace: string;
  /** Undefined for a kind that is not part of Kubernetes. */
  readonly schema: KindSchema | undefined;
  /** The file or the construct that the object is from. */
  readonly source: string;
  /** How the object is named in a problem: `StatefulSet vald/vald-agent`. */
  readonly label: string;
  /** What was found so far, in the order of the rules. */
  readonly problems: Problem[];
  report(finding: Finding): void;
}

/** Prepares an object for the rules. */
export function checkedObject(fields: Fields, source: string): CheckedObject {
  const apiVersion = textOf(fields['apiVersion']) ?? '';
  const kind = textOf(fields['kind']) ?? '';
  const metadata = mapOf(fields['metadata']);
  const schema = findKind(apiVersion, kind);
  const name = textOf(metadata['name']) ?? '';
  // cdk8s gives a chart's namespace to a cluster's objects too, and the API server drops it there.
  const namespace = schema?.namespaced === false ? '' : (textOf(metadata['namespace']) ?? '');
  const shownName = name || (textOf(metadata['generateName']) ?? '(without a name)');
  const label = `${kind || 'object'} ${namespace ? `${namespace}/` : ''}${shownName}`;
  const problems: Problem[] = [];
  return {
    fields,
    apiVersion,
    group: groupOf(apiVersion),
    kind,
    name,
    namespace,
    schema,
    source,
    label,
    problems,
    report: ({ field, hint, severity = 'error', ...rest }) => {
      problems.push({ severity, where: { object: label, field }, hint: `${hint} Source: ${source}.`, ...rest });
    },
  };
}

/** Reports a field that is not there. */
export function reportMissing(object: CheckedObject, field: string, message = 'is required'): void {
  const name = field.slice(field.lastIndexOf('.') + 1);
  object.report({ code: 'missing-field', field, message, hint: `Add ${name}.` });
}
