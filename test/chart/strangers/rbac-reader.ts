import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** A controller that reads pods and may write some more, in its namespace or in all of them. */
const chart = <Writes extends z.ZodType<string>>(writes: Writes) =>
  defineChart(
    {
      name: 'rbac-reader',
      version: '1.0.0',
      values: z.object({
        image: z.string().min(1).default('registry.example.com/controller:3'),
        serviceAccount: z.string().min(1).optional(),
        clusterWide: z.boolean().default(false),
        writes: z.array(writes).default([]),
        admins: z.array(z.string().min(1)).default([]),
      }),
      examples: { cluster: { clusterWide: true, admins: ['jane@example.com'] } },
    },
    (scope, values, release) => {
      const account = values.serviceAccount
        ? kplus.ServiceAccount.fromServiceAccountName(scope, 'existing', values.serviceAccount, {
            namespaceName: release.namespace,
          })
        : new kplus.ServiceAccount(scope, 'account', {
            metadata: { namespace: release.namespace },
            automountToken: false,
          });
      const role = values.clusterWide ? new kplus.ClusterRole(scope, 'role') : new kplus.Role(scope, 'role');
      role.allowRead(
        kplus.ApiResource.PODS,
        kplus.ApiResource.custom({ apiGroup: 'apps', resourceType: 'deployments' }),
      );
      for (const resourceType of values.writes)
        role.allowReadWrite(kplus.ApiResource.custom({ apiGroup: '', resourceType }));
      const users = values.admins.map((name, index) => kplus.User.fromName(scope, `admin-${index}`, name));
      role.bind(account, ...users);
      new kplus.Deployment(scope, 'controller', {
        replicas: 1,
        serviceAccount: account as kplus.IServiceAccount,
        automountServiceAccountToken: true,
        containers: [{ image: values.image }],
      });
    },
  );

/** Nothing but one of a few words decides what comes out for an element. */
export const rbacReader = chart(z.enum(['configmaps', 'secrets', 'events']));

/** Any text, checked by a pattern. */
export const rbacReaderMended = chart(z.string().regex(/^(configmaps|secrets|events)$/));
