import { type ApiObject, JsonPatch } from 'cdk8s';

/**
 * Sets a field of an object to a value as it is. The typed classes of cdk8s-plus (`k8s.KubeDeployment` …) keep only the
 * keys they know, with values of their own classes, so they lose an object that a chart's user gives as a whole, such as
 * `resources` or `affinity`.
 *
 * @param path the field as a JSON pointer, such as `/spec/template/spec/affinity`; what is above it must be there
 */
export function setField(object: ApiObject, path: string, value: unknown): void {
  if (value === undefined) return;
  const before = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(before(), JsonPatch.add(path, value));
}
