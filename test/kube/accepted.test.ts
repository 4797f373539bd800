import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { expectAccepted } from './accepted.js';
import { type Changeable, goodSet } from './check/good-set.js';

describeWith(['etcd', 'kube-apiserver', 'kubectl'], 'expectAccepted', () => {
  let server: KubeApiServer;
  beforeAll(async () => {
    server = await startKubeApiServer();
  });
  afterAll(() => server?.stop());

  const refusal = async (change: (set: Record<string, Changeable>) => void): Promise<string> => {
    const set = goodSet();
    change(set);
    return expectAccepted(server, Object.values(set), 'vald').then(
      () => 'accepted',
      (error: Error) => error.message,
    );
  };

  test('passes a good set, twice', async () => {
    expect(await refusal(() => {})).toBe('accepted');
    expect(await refusal(() => {})).toBe('accepted');
  });

  test('passes objects without a namespace', async () => {
    const { claim } = goodSet();
    delete claim.metadata.namespace;
    await expectAccepted(server, [claim], 'elsewhere');
  });

  test('fails for a field that does not exist', async () => {
    const message = await refusal((set) => {
      set['statefulSet'].spec.replica = 1;
    });
    expect(message).toContain('- StatefulSet vald/vald-agent, created: 400');
    expect(message).toContain('unknown field "spec.replica"');
  });

  test('fails for a pod that is not restricted, though its workload is accepted', async () => {
    const message = await refusal((set) => {
      const { securityContext } = set['statefulSet'].spec.template.spec.containers[0];
      securityContext.privileged = true;
      delete securityContext.allowPrivilegeEscalation;
    });
    expect(message).toMatch(/StatefulSet vald\/vald-agent, created: warning: would violate PodSecurity "restricted/);
    expect(message).toMatch(/Pod of StatefulSet vald\/vald-agent, created: 403 .*privileged/);
  });

  test('fails for the pod of a CronJob too, and for one whose service account or priority class is missing', async () => {
    const message = await refusal((set) => {
      delete set['cronJob'].spec.jobTemplate.spec.template.spec.securityContext.seccompProfile;
      set['cronJob'].spec.jobTemplate.spec.template.spec.serviceAccountName = 'nobody';
      set['job'].spec.template.spec.priorityClassName = 'unheard-of';
    });
    expect(message).toMatch(/Pod of CronJob vald\/vald-backup, created: 403 .*serviceaccount "nobody" not found/);
    expect(message).toMatch(/Pod of Job vald\/vald-restore, created: 403 .*unheard-of/);
  });

  test('fails for a warning', async () => {
    const message = await refusal((set) => {
      set['statefulSet'].spec.template.spec.containers[0].env.push({ name: 'TZ', value: 'CET' });
    });
    expect(message).toContain('warning: spec.template.spec.containers[0].env[5]: hides previous definition of "TZ"');
  });

  test('fails for a kind that the server does not have', async () => {
    const object = { apiVersion: 'example.com/v1', kind: 'Wolf', metadata: { name: 'w' } };
    await expect(expectAccepted(server, [object], 'vald')).rejects.toThrow('the server has no example.com/v1 Wolf');
  });

  test('leaves nothing behind but namespaces, service accounts and priority classes', async () => {
    const { stdout, status } = await server.kubectl([
      'get',
      'all,cm,secret,pvc,pdb,role,lease',
      '-n',
      'vald',
      '-o',
      'name',
    ]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
