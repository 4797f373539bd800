import { z } from 'zod';
import { secretReference, textLeaf } from '../units/index.js';
import { everyStore, serviceUrl, workloadIdentity } from './fields.js';
import { optional, plain, type RemoteOption, secretOption } from './remote.js';

const azureCredentials = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('secret'),
      secret: secretReference({ accountKey: 'account-key' }).describe('An existing Secret with the account’s key.'),
    }),
    z.strictObject({
      type: z.literal('sasUrl'),
      secret: secretReference({ sasUrl: 'sas-url' }).describe(
        'An existing Secret with a SAS URL of the container, its query string included. It ends by itself: note its expiry.',
      ),
    }),
    workloadIdentity('azure.workload.identity/client-id'),
  ])
  .meta({ id: 'AzureCredentials' });

/** The fields of Azure Blob Storage, each checked by itself. */
export const azureFields = z.strictObject({
  type: z.literal('azure'),
  container: textLeaf({
    pattern: /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
    allowed: 'a container name: 3 to 63 lower-case letters, digits and single hyphens, such as rondb-backups',
  }).describe('Name of an existing container. Nothing here ever creates one.'),
  account: textLeaf({
    pattern: /^[a-z0-9]{3,24}$/,
    allowed: 'a storage account: 3 to 24 lower-case letters and digits, such as examplebackups',
  })
    .optional()
    .describe('Name of the storage account.')
    .meta({ defaultText: 'the one in the SAS URL; required with other credentials' }),
  endpoint: serviceUrl('https://examplebackups.blob.core.usgovcloudapi.net')
    .optional()
    .describe('URL of the account’s blob service, for sovereign clouds, private links and Azure Stack.')
    .meta({ defaultText: '`https://<account>.blob.core.windows.net`' }),
  ...everyStore,
  accessTier: z
    .enum(['hot', 'cool', 'cold'])
    .optional()
    .describe('Access tier of the blobs. `archive` is left out: such a blob cannot be read until it is ordered back.')
    .meta({ defaultText: 'the account’s' }),
  credentials: azureCredentials.describe('Where the rights come from. A literal key has no place here.'),
});

/** Schema of Azure Blob Storage. */
export const azureStore = azureFields
  .superRefine((store, context) => {
    const sasUrl = store.credentials.type === 'sasUrl';
    if (!sasUrl && store.account === undefined)
      context.addIssue({ code: 'custom', path: ['account'], message: 'is required with these credentials' });
    for (const field of ['account', 'endpoint'] as const)
      if (sasUrl && store[field] !== undefined)
        context.addIssue({ code: 'custom', path: [field], message: 'stands in the SAS URL already: leave it out' });
  })
  .meta({ id: 'AzureStore' });

/** Azure Blob Storage with all defaults filled in. */
export type AzureSettings = z.output<typeof azureStore>;

/** The rclone options of Azure. `no_check_container` keeps rclone from creating a container that is missing. */
export function azureOptions(store: AzureSettings): RemoteOption[] {
  return [
    plain('type', 'azureblob'),
    ...optional('account', store.account),
    ...optional('endpoint', store.endpoint),
    ...optional('access_tier', store.accessTier),
    plain('no_check_container', 'true'),
    ...signIn(store.credentials),
  ];
}

function signIn(credentials: AzureSettings['credentials']): RemoteOption[] {
  switch (credentials.type) {
    case 'secret':
      return [secretOption('key', credentials.secret.name, credentials.secret.keys.accountKey)];
    case 'sasUrl':
      return [secretOption('sas_url', credentials.secret.name, credentials.secret.keys.sasUrl)];
    case 'workloadIdentity':
      return [plain('env_auth', 'true')];
  }
}
