import { resources } from '../resources.js';
import { type Check, error, ok, type Sighting, skipped } from './check.js';
import { nameOf } from './context.js';
import { dryRun } from './dry-run.js';

/** Checks of the API server itself. */
export const serverChecks: readonly Check[] = [
  {
    id: 'DOC001',
    title: 'the server’s version is supported, and has native sidecars where pods have some',
    looksAt: 'The version of the API server, and init containers with `restartPolicy: Always`.',
    why: 'Before Kubernetes 1.29 such an init container is an ordinary one: the pod waits for its end for ever.',
    todo: 'Use a newer cluster, or the props for an older one.',
    async run(context) {
      const { major, minor, text } = await context.version();
      if (major === 1 && minor < 28) return [error('cluster', `Kubernetes ${text}; supported from 1.28 on`)];
      const makers = context
        .podMakers()
        .filter(({ template }) =>
          template.spec.initContainers?.some(({ restartPolicy }) => restartPolicy === 'Always'),
        );
      const old = major === 1 && minor < 29;
      return old && makers.length > 0
        ? makers.map(({ object, namespace }) =>
            error(
              nameOf(object.kind, namespace, object.metadata.name),
              `needs native sidecars; Kubernetes ${text} has none`,
            ),
          )
        : [ok('cluster', `Kubernetes ${text}`)];
    },
  },
  {
    id: 'DOC002',
    title: 'the server has every kind',
    looksAt: 'The API groups, and the kinds in them, of all objects.',
    why: 'An object of a kind that the server does not have is refused, and what is applied after it may be missing too.',
    todo: 'Install what brings the kind, such as an operator with its custom resource definitions, or leave the object out.',
    async run(context) {
      if (context.applied) return [];
      const kinds = new Map(context.objects.map((object) => [`${object.apiVersion} ${object.kind}`, object]));
      const asked = [...kinds].map(
        async ([kind, object]): Promise<Sighting> =>
          (await context.resource(object)) ? ok(kind, 'is served') : error(kind, 'the server does not have this kind'),
      );
      return Promise.all(asked);
    },
  },
  {
    id: 'DOC003',
    title: 'each object is accepted by the server',
    looksAt: 'A server-side dry run of every object: schema, admission, webhooks. Nothing is stored.',
    why: 'What the server refuses now it refuses when it is applied, half way through.',
    todo: 'Correct what the server names.',
    async run(context) {
      if (context.applied) return [];
      const sightings: Sighting[] = [];
      for (const object of context.objects) {
        const { kind, metadata } = object;
        const resource = await context.resource(object);
        if (!resource) continue; // DOC002 tells
        const namespace = resource.namespaced ? context.namespaceOf(object) : undefined;
        const subject = nameOf(kind, namespace, metadata.name);
        if (
          namespace !== undefined &&
          context.comesAlong('Namespace', undefined, namespace) &&
          !(await context.find(resources.namespaces, undefined, namespace))
        ) {
          sightings.push(skipped(subject, `its namespace ${namespace} comes with the objects`));
          continue;
        }
        sightings.push(await dryRun(context, resource, namespace, object));
      }
      return sightings;
    },
  },
];
