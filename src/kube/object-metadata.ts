import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';

/** What objects have beside what their constructs give them. */
export interface ObjectMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Puts labels and annotations on every object of a tree that does not have its own of that name. Pods are left alone. */
export function addMetadata(scope: IConstruct, { labels, annotations }: ObjectMetadata): void {
  for (const object of scope.node.findAll()) {
    if (!ApiObject.isApiObject(object)) continue;
    const known = (object.metadata.toJson() ?? {}) as Partial<ObjectMetadata>;
    for (const [name, value] of Object.entries(labels))
      if (known.labels?.[name] === undefined) object.metadata.addLabel(name, value);
    for (const [name, value] of Object.entries(annotations))
      if (known.annotations?.[name] === undefined) object.metadata.addAnnotation(name, value);
  }
}
