import type { AnyObject } from '../healthy-cluster.js';
import { added, type Case } from './case.js';

/** The agents of Vald, with a claim of a storage class. */
export const claims = (name: string) => (namespace: string) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'vald-agent', namespace },
  spec: {
    replicas: 1,
    serviceName: 'vald-agent',
    selector: { matchLabels: { app: 'vald-agent' } },
    template: {
      metadata: { labels: { app: 'vald-agent' } },
      spec: {
        containers: [
          {
            name: 'agent',
            image: 'vdaas/vald-agent-ngt:v1.8.0',
            env: [
              { name: 'STORE_PATH', value: 'store:vald/vald' },
              { name: 'CLUSTER_ID', value: 'one' },
            ],
          },
        ],
      },
    },
    volumeClaimTemplates: [
      {
        metadata: { name: 'pvc' },
        spec: { accessModes: ['ReadWriteOnce'], storageClassName: name, resources: { requests: { storage: '10Gi' } } },
      },
    ],
  },
  status: { replicas: 1, readyReplicas: 1 },
});
const claim =
  (storage: string, storageClassName = 'kept') =>
  (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'pvc-vald-agent-0', namespace },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources: { requests: { storage } } },
    status: { phase: 'Bound', capacity: { storage }, accessModes: ['ReadWriteOnce'] },
  });

/** Volumes. */
export const storageCases: readonly Case[] = [
  ['a storage class that is not there', added(claims('none')), ['DOC030', 'error', /^StorageClass none is not there/]],
  [
    'a storage class that deletes and does not grow',
    added(claims('loose')),
    ['DOC031', 'warning', /^StorageClass loose deletes volumes with their claims, cannot expand volumes$/],
  ],
  [
    'a claim that is too small',
    added(claims('kept'), claim('8Gi')),
    ['DOC032', 'error', /has 8Gi, and 10Gi is asked for/],
  ],
  ['a claim that is large enough', added(claims('kept'), claim('12Gi'))],
  [
    'a storage class without room',
    added(claims('kept-full')),
    ['DOC033', 'error', /^StorageClass kept-full has nowhere room for a volume of 10Gi$/],
  ],
  [
    'a claim that is too small and cannot grow',
    added(claims('loose'), claim('8Gi', 'loose')),
    ['DOC031', 'warning', /./],
    ['DOC032', 'error', /has 8Gi, and 10Gi is asked for/],
  ],
  [
    'a claim with another access mode',
    added(claims('kept'), (namespace) => {
      const object = claim('12Gi')(namespace);
      return { ...object, spec: { ...object.spec, accessModes: ['ReadOnlyMany'] } };
    }),
    ['DOC032', 'error', /has not the access mode ReadWriteOnce$/],
  ],
  [
    'a claim that is not bound',
    added(claims('kept'), (namespace) => ({ ...claim('12Gi')(namespace), status: { phase: 'Pending' } })),
    ['DOC032', 'warning', /is Pending and not Bound$/],
  ],
  [
    'a claim of the default storage class, and none is',
    added((namespace) => {
      const object: AnyObject = claims('kept')(namespace);
      delete object.spec.volumeClaimTemplates[0].spec.storageClassName;
      return object;
    }),
    ['DOC030', 'error', /^default StorageClass is not there, and vald-agent asks for it$/],
  ],
];
