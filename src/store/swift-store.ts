import { z } from 'zod';
import { secretReference, textLeaf } from '../units/index.js';
import { everyStore, region, serviceUrl } from './fields.js';
import { optional, plain, type RemoteOption, secretOption } from './remote.js';

const identityName = (example: string) =>
  textLeaf({
    pattern: /^[A-Za-z0-9]([A-Za-z0-9 @._-]*[A-Za-z0-9@._-])?$/,
    maxLength: 255,
    allowed: `letters, digits, spaces and @ . _ -, such as ${example}`,
  });

const applicationCredential = z.strictObject({
  type: z.literal('applicationCredential'),
  secret: secretReference({
    applicationCredentialId: 'application-credential-id',
    applicationCredentialSecret: 'application-credential-secret',
  }).describe('An existing Secret with the id and the secret of a Keystone application credential.'),
});

const password = z.strictObject({
  type: z.literal('password'),
  secret: secretReference({ user: 'user', password: 'password' }).describe(
    'An existing Secret with user name and password (`OS_USERNAME`, `OS_PASSWORD`).',
  ),
  domain: identityName('Default').default('Default').describe('Domain of the user, by name (`OS_USER_DOMAIN_NAME`).'),
  tenant: identityName('5823452345236')
    .optional()
    .describe('Project, by name (`OS_PROJECT_NAME`, `OS_TENANT_NAME`).')
    .meta({ defaultText: 'none; one of `tenant` and `tenantId` is required' }),
  tenantId: identityName('9f2b8c3f0c9c6e6a0e4a539e0f0d5cf6')
    .optional()
    .describe('Project, by id (`OS_PROJECT_ID`, `OS_TENANT_ID`).')
    .meta({ defaultText: 'none; one of `tenant` and `tenantId` is required' }),
  tenantDomain: identityName('Default')
    .default('Default')
    .describe('Domain of the project, by name (`OS_PROJECT_DOMAIN_NAME`).'),
});

const checkedPassword = password.superRefine((credentials, context) => {
  if (credentials.tenant === undefined && credentials.tenantId === undefined)
    context.addIssue({ code: 'custom', path: ['tenantId'], message: 'is required where there is no tenant' });
});

const fields = {
  type: z.literal('swift'),
  container: textLeaf({
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,254}$/,
    allowed: 'a container name: letters, digits, dots, underscores and hyphens, such as rondb-backups',
  }).describe(
    'Name of an existing container. rclone would create a missing one at the first write, so what writes must look first.',
  ),
  authUrl: serviceUrl('https://auth.cloud.ovh.net/v3').describe('URL of Keystone, version 3 (`OS_AUTH_URL`).'),
  region: region().describe('Region, as Keystone’s catalogue writes it (`OS_REGION_NAME`), such as GRA.'),
  endpointType: z
    .enum(['public', 'internal', 'admin'])
    .optional()
    .describe('Which of the catalogue’s endpoints is used.')
    .meta({ defaultText: '`public`' }),
  ...everyStore,
};
const credentialsText = 'Where the rights come from. A literal password has no place here.';

/** The fields of Swift, each checked by itself. */
export const swiftFields = z.strictObject({
  ...fields,
  credentials: z.discriminatedUnion('type', [applicationCredential, password]).describe(credentialsText),
});

/** Schema of OpenStack Swift, with Keystone in version 3. */
export const swiftStore = z
  .strictObject({
    ...fields,
    credentials: z
      .discriminatedUnion('type', [applicationCredential, checkedPassword])
      .meta({ id: 'SwiftCredentials' })
      .describe(credentialsText),
  })
  .meta({ id: 'SwiftStore' });

/** Swift with all defaults filled in. */
export type SwiftSettings = z.output<typeof swiftStore>;

/** The rclone options of Swift. */
export function swiftOptions(store: SwiftSettings): RemoteOption[] {
  return [
    plain('type', 'swift'),
    plain('auth', store.authUrl),
    plain('region', store.region),
    ...optional('endpoint_type', store.endpointType),
    ...signIn(store.credentials),
  ];
}

function signIn(credentials: SwiftSettings['credentials']): RemoteOption[] {
  const { name } = credentials.secret;
  if (credentials.type === 'applicationCredential') {
    const { applicationCredentialId, applicationCredentialSecret } = credentials.secret.keys;
    return [
      secretOption('application_credential_id', name, applicationCredentialId),
      secretOption('application_credential_secret', name, applicationCredentialSecret),
    ];
  }
  const { user, password } = credentials.secret.keys;
  return [
    secretOption('user', name, user),
    secretOption('key', name, password),
    plain('domain', credentials.domain),
    ...optional('tenant', credentials.tenant),
    ...optional('tenant_id', credentials.tenantId),
    plain('tenant_domain', credentials.tenantDomain),
  ];
}
