import type { AnyObject } from '../healthy-cluster.js';

export const find = (objects: AnyObject[], kind: string, name: string | RegExp): AnyObject =>
  objects.find(
    (one) =>
      one.kind === kind && (typeof name === 'string' ? one.metadata.name === name : name.test(one.metadata.name)),
  );
export const without = (objects: AnyObject[], kind: string, name: string | RegExp): AnyObject[] =>
  objects.filter((one) => one !== find(objects, kind, name));
export const podSpecOf = (objects: AnyObject[]) =>
  find(objects, 'CronJob', 'rondb-backup').spec.jobTemplate.spec.template.spec;

/** A change of a namespace where all is well, and what the doctor then says: check, verdict, subject and fact. */
export type Change = (objects: AnyObject[], namespace: string) => AnyObject[] | undefined;
export type Case = [name: string, Change, ...expected: [id: string, verdict: string, seen: RegExp][]];

/** The same with these objects too, before the jobs. */
export const added =
  (...make: ((namespace: string) => AnyObject)[]): Change =>
  (objects, namespace) => [...objects.slice(0, 2), ...make.map((one) => one(namespace)), ...objects.slice(2)];
