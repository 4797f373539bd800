import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkObjects } from '../../../src/kube/check/index.js';
import type { Problem } from '../../../src/problem/index.js';
import { describeWith } from '../../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../../programs/kube-api-server.js';
import { expectAccepted } from '../accepted.js';
import { type Changeable, goodSet } from './good-set.js';
import { mutants } from './mutants.js';
import { spellings } from './spellings.js';

/** What one object of the good set became, and who refuses it. */
interface Verdict {
  readonly title: string;
  /** HTTP status of the server's answer: 400 where it cannot be decoded, 422 where it is not valid. */
  readonly status: number;
  /** Errors of ours in the object. */
  readonly errors: readonly Problem[];
  readonly text: string;
}

describeWith(['etcd', 'kube-apiserver'], 'the checks and a real API server', () => {
  let server: KubeApiServer;
  beforeAll(async () => {
    server = await startKubeApiServer();
    // Made for real, so that the dry runs find their namespace.
    await expectAccepted(server, Object.values(goodSet()), 'vald');
  });
  afterAll(() => server?.stop());

  test('agree on every field that is deleted, null, of a wrong type or unknown', async () => {
    const verdicts = await judge(server, mutants());
    expect(verdicts.length).toBeGreaterThan(2500);

    // Nothing that the server takes is refused. (It reads base64 from a list of numbers too: nobody writes that.)
    const tooStrict = verdicts.filter(isTooStrict);
    expect(tooStrict.map(({ title }) => title)).toEqual([
      'configMap.binaryData.start = []',
      'secret.data.secret-access-key = []',
    ]);
    // Unknown fields and wrong types are all found.
    expect(verdicts.filter(({ status, errors }) => status === 400 && errors.length === 0)).toEqual([]);
    // What remains to the server are rules of single kinds.
    const left = verdicts.filter(({ status, errors }) => status === 422 && errors.length === 0);
    expect(left.filter(({ title }) => !leftToTheServer.test(title))).toEqual([]);
    expect(left.length).toBeLessThan(30);
  });

  test('agree on how names, keys, quantities, times and ports are spelt', async () => {
    const verdicts = await judge(server, spellings());
    expect(verdicts.length).toBeGreaterThan(1000);
    const tooStrict = verdicts.filter(isTooStrict);
    expect(tooStrict.filter(({ title }) => !stricterOnPurpose.test(title))).toEqual([]);
    const tooLax = verdicts.filter(({ status, errors }) => status >= 300 && errors.length === 0);
    expect(tooLax.map(({ title }) => title)).toEqual([]);
  });
});

const leftToTheServer = new RegExp(
  [
    'tolerations\\.0',
    'matchExpressions\\.0\\.values',
    'resourceFieldRef\\.divisor',
    'limits\\.memory = null',
    'maxUnavailable = "7"',
    'autoscaler\\.spec\\.metrics',
    'role\\.rules\\.0\\.(apiGroups|resources)',
    'networkPolicy\\.spec\\.(in|e)gress',
  ].join('|'),
);

/** A server takes an object before what it refers to: so our errors of missing references are left out. */
function isTooStrict({ status, errors }: Verdict): boolean {
  return status < 300 && errors.some(({ code }) => code !== 'missing-reference');
}

/** Where the checks refuse what Kubernetes 1.28 refuses or what cannot work, though 1.36 takes it. */
const stricterOnPurpose = new RegExp(
  [
    '^service name "1a"',
    '^statefulSet name "x{53,63}"',
    '^start of a StatefulSet’s name "x{52,63}"',
    '^variable ',
    '^mount path "a:b"',
    '^(claim|limit|request) (" 1"|"Gi")',
  ].join('|'),
);

async function judge(
  server: KubeApiServer,
  changed: Iterable<{ title: string; key: string; set: Record<string, Changeable> }>,
): Promise<Verdict[]> {
  const paths = new Map<string, string>();
  for (const [key, object] of Object.entries(goodSet())) paths.set(key, await listPath(server, object));
  const all = [...changed];
  const verdicts: Verdict[] = [];
  const work = async () => {
    for (let next = all.pop(); next; next = all.pop()) {
      const { title, key, set } = next;
      const { status, body } = await server.request('POST', paths.get(key)!, set[key]);
      // A service account or a priority class is there already: that it got so far means that it was valid.
      const taken = body.reason === 'AlreadyExists';
      verdicts.push({ title, status: taken ? 201 : status, errors: errorsIn(set, key), text: body.message ?? '' });
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return verdicts.sort((a, b) => (a.title < b.title ? -1 : 1));
}

function errorsIn(set: Record<string, Changeable>, key: string): Problem[] {
  // The source tells the object apart: its name may be what was changed.
  const objects = Object.entries(set).map(([source, object]) => ({ object, source }));
  return checkObjects(objects).filter(({ severity, hint }) => severity === 'error' && hint.endsWith(`Source: ${key}.`));
}

async function listPath(server: KubeApiServer, { apiVersion, kind }: Changeable): Promise<string> {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { body } = await server.request('GET', root);
  const found = body.resources.find((resource: Changeable) => resource.kind === kind && !resource.name.includes('/'));
  return `${root}${found.namespaced ? '/namespaces/vald' : ''}/${found.name}?dryRun=All&fieldValidation=Strict`;
}
