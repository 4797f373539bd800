import type { PlayedObject, PlayedPod, PodContainer, PodEnvironmentVariable } from './pod-spec.js';

/** The values of a ConfigMap or Secret by key. */
export function objectData(object: PlayedObject): Record<string, string> {
  const decode = object.kind === 'Secret' ? (text: string) => Buffer.from(text, 'base64').toString() : String;
  const data = Object.entries(object.data ?? {}).map(([key, value]) => [key, decode(value)] as const);
  return { ...Object.fromEntries(data), ...object.stringData };
}

/** A ConfigMap or Secret by name, or undefined. */
export function findObject(objects: readonly PlayedObject[], kind: string, name: string | undefined) {
  return objects.find((object) => object.kind === kind && object.metadata.name === name);
}

/** `$(NAME)` of names that are known; `$$(NAME)` is the way to write it literally. */
export function expandReferences(text: string, known: Record<string, string>): string {
  return text.replace(/\$(\$|\(([^)]+)\))/g, (whole, after: string, name: string | undefined) =>
    after === '$' ? '$' : (known[name ?? ''] ?? whole),
  );
}

function fieldValue(path: string, pod: PlayedPod): string {
  const [, map, key] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? [];
  if (map) return pod[map as 'labels' | 'annotations'][key ?? ''] ?? '';
  const values: Record<string, string> = {
    'metadata.name': pod.name,
    'metadata.namespace': pod.namespace,
    'metadata.uid': '00000000-0000-4000-8000-000000000000',
    'spec.nodeName': 'node-0',
    'status.podIP': '127.0.0.1',
  };
  const value = values[path];
  if (value === undefined) throw new Error(`the pod player does not play the field ${path}`);
  return value;
}

function variableValue(variable: PodEnvironmentVariable, pod: PlayedPod, objects: readonly PlayedObject[]) {
  const { fieldRef, secretKeyRef, configMapKeyRef } = variable.valueFrom ?? {};
  if (fieldRef) return fieldValue(fieldRef.fieldPath, pod);
  const reference = secretKeyRef ?? configMapKeyRef;
  if (!reference) throw new Error(`the pod player does not play the source of ${variable.name}`);
  const kind = secretKeyRef ? 'Secret' : 'ConfigMap';
  const object = findObject(objects, kind, reference.name);
  const value = object && objectData(object)[reference.key];
  // The kubelet does not start such a container: CreateContainerConfigError.
  if (value === undefined && !reference.optional)
    throw new Error(`${variable.name}: ${kind} ${reference.name} has no key ${reference.key}`);
  return value;
}

/** The environment of a container: the variables in order, each may refer to those before it. */
export function containerEnvironment(container: PodContainer, pod: PlayedPod, objects: readonly PlayedObject[]) {
  const environment: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? variableValue(variable, pod, objects)
      : expandReferences(variable.value ?? '', environment);
    if (value !== undefined) environment[variable.name] = value;
  }
  return environment;
}
