import { statusMessage } from '../cluster-error.js';
import type { KubeObject, PodSpec } from '../objects.js';
import { pathOf, type Resource, resources } from '../resources.js';
import { error, ok, type Sighting, skipped, warning } from './check.js';
import { type DoctorContext, nameOf, type PodMaker } from './context.js';

/** Asks the server what it would say to an object, without storing it. */
export async function dryRun(
  { cluster }: DoctorContext,
  resource: Resource,
  namespace: string | undefined,
  object: KubeObject,
): Promise<Sighting> {
  const { name } = object.metadata;
  const subject = nameOf(object.kind, namespace, name);
  const answer = await cluster.send(
    {
      method: 'PATCH',
      path: pathOf(resource, namespace, name),
      query: { dryRun: 'All', fieldManager: 'chartwright', force: 'true', fieldValidation: 'Strict' },
      // JSON is YAML.
      contentType: 'application/apply-patch+yaml',
      body: object,
    },
    `try the ${subject}`,
    // 500: what the server says to a field that it does not have
    [400, 403, 404, 409, 422, 500],
  );
  return sightingOf(subject, answer);
}

/** Asks the server what it would say to a pod, as its controller would make it. */
export async function dryRunPod(context: DoctorContext, { object, namespace, template }: PodMaker): Promise<Sighting> {
  const subject = nameOf(object.kind, namespace, object.metadata.name);
  // The server writes the second name beside the first.
  const {
    serviceAccountName,
    serviceAccount: _,
    volumes = [],
    ...spec
  } = template.spec as PodSpec & {
    serviceAccount?: string;
  };
  const account =
    serviceAccountName !== undefined &&
    (await context.find(resources.serviceAccounts, namespace, serviceAccountName)) !== undefined
      ? { serviceAccountName }
      : {};
  const claims =
    (object as { spec?: { volumeClaimTemplates?: readonly KubeObject[] } }).spec?.volumeClaimTemplates ?? [];
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'chartwright-dry-run-',
      labels: template.metadata?.labels ?? {},
      annotations: template.metadata?.annotations ?? {},
    },
    // The controller puts a claim in; admission does not look into it.
    spec: {
      ...spec,
      ...account,
      volumes: [...volumes, ...claims.map(({ metadata: { name } }) => ({ name, emptyDir: {} }))],
    },
  };
  const answer = await context.cluster.send(
    { method: 'POST', path: pathOf(resources.pods, namespace), query: { dryRun: 'All' }, body },
    `try a pod of ${subject}`,
    [400, 403, 404, 409, 422],
  );
  return sightingOf(subject, answer);
}

function sightingOf(
  subject: string,
  { status, text, warnings }: { status: number; text: string; warnings: readonly string[] },
): Sighting {
  const said = statusMessage(text);
  if (status < 300 || status === 409)
    return warnings.length > 0 ? warning(subject, `accepted, with: ${warnings.join('; ')}`) : ok(subject, 'accepted');
  // Admission answers with 403 too; only this one is about who asks.
  if (status === 403 && / cannot (patch|create) /.test(said)) return skipped(subject, 'you may not try it');
  return error(subject, said);
}
