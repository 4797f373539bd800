import type { AnyObject } from '../healthy-cluster.js';
import { type Case, find, podSpecOf, without } from './case.js';

/** What pods refer to and somebody else makes. */
export const referenceCases: readonly Case[] = [
  ['nothing wrong', () => undefined],
  [
    'a Secret that is not there',
    (objects) => without(objects, 'Secret', 'backup-store'),
    ['DOC020', 'error', /^Secret \S+\/backup-store is not there$/],
  ],
  [
    'a Secret without a key',
    (objects) => {
      delete find(objects, 'Secret', 'backup-store').stringData['secret-access-key'];
      return undefined;
    },
    ['DOC020', 'error', /^Secret \S+\/backup-store has no key secret-access-key$/],
  ],
  [
    'a Secret with an empty key',
    (objects) => {
      find(objects, 'Secret', 'mysql-passwords').stringData.root = '';
      return undefined;
    },
    ['DOC020', 'error', /mysql-passwords its key root is empty/],
  ],
  [
    'a ServiceAccount that is not there',
    (objects) => without(objects, 'ServiceAccount', 'rondb-backup'),
    ['DOC021', 'error', /^ServiceAccount \S+\/rondb-backup is not there/],
  ],
  [
    'no Secret and no identity',
    (objects) => {
      const { env } = podSpecOf(objects).containers[0];
      env.find(({ name }: AnyObject) => name === 'RCLONE_CONFIG_STORE_ENV_AUTH').value = 'true';
      return undefined;
    },
    ['DOC021', 'warning', /rondb-backup has no identity in a cloud/],
  ],
  [
    'a PriorityClass that is not there',
    (objects) => {
      podSpecOf(objects).priorityClassName = 'high';
      return undefined;
    },
    ['DOC022', 'error', /^PriorityClass high is not there$/],
    ['DOC042', 'error', /no PriorityClass with name high was found/],
  ],
  [
    'a Role without exec',
    (objects) => {
      const role = find(objects, 'Role', 'rondb-backup');
      role.rules = role.rules.filter(({ resources }: AnyObject) => !resources.includes('pods/exec'));
      return undefined;
    },
    ['DOC012', 'error', /may not create pods\/exec mysqlds-0, which rondb-backup needs/],
  ],
];
