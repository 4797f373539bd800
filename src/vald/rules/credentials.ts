import type { EffectiveValues, Rule } from '../../values/index.js';
import { blobStorage, rawSidecars, storageType, usesStore, variables } from './agent-state.js';
import { agent, saved, sidecarWith } from './examples.js';

const s3 = `${blobStorage}.s3`;
/** The pods’ ServiceAccount: from v1.8.0 on, and from v1.7.12 to v1.7.17. */
const accounts = ['agent.serviceAccountName', 'agent.serviceAccount.name'];

const exportIndexInfo = 'agent.ngt.enable_export_index_info_to_k8s';

/** Whether a text is a secret itself, not the name of a variable or a file that has it. */
function isLiteral(text: string | undefined): boolean {
  return (
    text !== undefined && text !== '' && !/^_.+_$/.test(text) && !text.includes('$') && !text.startsWith('file://')
  );
}

function logLevel(values: EffectiveValues): string {
  return values.text('agent.sidecar.logging.level') || values.text('defaults.logging.level') || 'debug';
}

/** Rules about how the sidecar gets its credentials, and who else gets to see them. */
export const credentialRules: readonly Rule[] = [
  {
    id: 'VALD024',
    severity: 'error',
    needsCluster: true,
    title: 'the Secret with the credentials is missing',
    why: 'The chart’s default environment takes the keys access-key and secret-access-key of the Secret aws-secret. Without it the containers are never created, and the pod waits with CreateContainerConfigError.',
    fix: 'Create the Secret aws-secret with both keys, or set agent.sidecar.env to what you have.',
    fact: 'Read in the chart’s values.',
  },
  {
    id: 'VALD028',
    severity: 'warning',
    title: 'one half of the credentials is missing',
    why: 'With only one of the two keys the client leaves both aside without a word and looks for other credentials: an instance’s role, or none.',
    fix: 'Set both access_key and secret_access_key, or neither.',
    fact: 'Read in the sidecar v1.8.0: static credentials only where both are there.',
    check(values) {
      if (!usesStore(values) || storageType(values) !== 's3') return [];
      const empty = ['access_key', 'secret_access_key'].filter((key) => !values.isTrue(`${s3}.${key}`));
      return empty.length === 1 ? [{ path: `${s3}.${empty[0]}`, message: 'empty, while the other half is there' }] : [];
    },
    hits: [
      agent(saved, sidecarWith('blob_storage: { bucket: backups, s3: { region: eu-north-1, secret_access_key: "" } }')),
    ],
    passes: [
      agent(
        saved,
        sidecarWith(
          'blob_storage: { bucket: backups, s3: { region: eu-north-1, access_key: "", secret_access_key: "" } }',
        ),
      ),
      agent(saved, sidecarWith('')),
    ],
  },
  {
    id: 'VALD029',
    severity: 'error',
    title: 'a secret is written into the values',
    why: 'It goes into a ConfigMap, which anybody who may read the namespace can see, into the release’s history and into git.',
    fix: 'Put it into a Secret, name it in agent.sidecar.env, and write _NAME_ of that variable here.',
    fact: 'Rendered: the sidecar’s configuration is a ConfigMap. Texts such as _AWS_ACCESS_KEY_ are replaced by the variable when it starts.',
    says: ['VALUES003'],
    check(values) {
      const paths = [
        `${s3}.access_key`,
        `${s3}.secret_access_key`,
        `${s3}.token`,
        `${blobStorage}.cloud_storage.client.credentials_json`,
      ];
      return paths
        .filter((path) => isLiteral(values.text(path)))
        .map((path) => ({ path, message: 'a secret as plain text, which goes into a ConfigMap' }));
    },
    hits: [
      agent('sidecar: { config: { blob_storage: { s3: { secret_access_key: example } } } }'),
      agent('sidecar: { config: { blob_storage: { cloud_storage: { client: { credentials_json: "{}" } } } } }'),
    ],
    passes: [
      agent('sidecar: { config: { blob_storage: { s3: { secret_access_key: _OTHER_VARIABLE_ } } } }'),
      agent(
        'sidecar: { config: { blob_storage: { cloud_storage: { client: { credentials_json: "file:///key.json" } } } } }',
      ),
    ],
  },
  {
    id: 'VALD030',
    severity: 'error',
    title: 'the ServiceAccount is not given to the pods',
    why: 'The chart sets the pods’ ServiceAccount only where index information is exported to Kubernetes. A role that is bound to it, for access to the store, never reaches the pods.',
    fix: 'Set agent.ngt.enable_export_index_info_to_k8s to true, which gives the pods the account (and a role to change pods).',
    fact: 'Read in the chart’s StatefulSet: v1.8.0, and v1.7.12 to v1.7.17 where the key is agent.serviceAccount.name. Older charts have none.',
    check: (values) =>
      accounts
        .filter((path) => values.isSet(path) && !values.isTrue(exportIndexInfo))
        .filter((path) => values.isTrue(path) && values.text(path) !== 'agent-ngt')
        .map((path) => ({ path, message: `"${values.text(path) ?? ''}" is not used by the pods` })),
    hits: [
      agent('serviceAccountName: vald-backup'),
      { values: agent('serviceAccount: { name: vald-backup }'), chartVersion: 'v1.7.17' },
    ],
    passes: [
      agent('serviceAccountName: vald-backup', 'ngt: { enable_export_index_info_to_k8s: true }'),
      agent('serviceAccountName: agent-ngt'),
    ],
  },
  {
    id: 'VALD058',
    severity: 'error',
    title: 'AWS_CA_BUNDLE stops the sidecar',
    why: 'The S3 client cannot add a certificate authority to the sidecar’s own transport, and the program ends at once.',
    fix: 'Remove the variable and set agent.sidecar.config.client.net.tls.ca to the mounted certificate.',
    fact: 'Run with sidecar v1.8.0: "LoadCustomCABundleError", exit status 1.',
    check(values) {
      const lists = [
        ...(usesStore(values) ? [['agent', 'sidecar', 'env']] : []),
        ...rawSidecars(values).map((at) => ['agent', 'initContainers', at, 'env']),
      ];
      return lists.flatMap((list) => {
        const found = variables(values, list).get('AWS_CA_BUNDLE');
        return found
          ? [{ path: [...list, found.at], message: 'AWS_CA_BUNDLE, with which the sidecar does not start' }]
          : [];
      });
    },
    hits: [
      agent(saved, sidecarWith('', ', env: [{ name: AWS_CA_BUNDLE, value: /ca/ca.crt }]')),
      agent(
        saved,
        'initContainers: [{ name: sidecar, image: "vdaas/vald-agent-sidecar:v1.8.0", env: [{ name: AWS_CA_BUNDLE, value: /ca/ca.crt }] }]',
      ),
    ],
    passes: [
      agent(saved, sidecarWith('client: { net: { tls: { enabled: true, ca: /ca/ca.crt } } }')),
      agent(saved, 'sidecar: { env: [{ name: AWS_CA_BUNDLE, value: /ca/ca.crt }] }'),
    ],
  },
  {
    id: 'VALD064',
    severity: 'error',
    title: 'the sidecar prints its keys to the log',
    why: 'At the level debug, the chart’s default, the whole configuration is printed at the start, with the access key and the secret key in it. Whoever reads the logs has them.',
    fix: 'Set agent.sidecar.logging.level to info.',
    fact: 'Run with sidecar v1.8.0 at level debug: both keys are in the first lines, also where they come from a Secret.',
    check(values) {
      if (!usesStore(values) || storageType(values) !== 's3' || logLevel(values) !== 'debug') return [];
      return [
        { path: 'agent.sidecar.logging.level', message: 'debug, at which access key and secret key are printed' },
      ];
    },
    hits: [agent(saved, sidecarWith(''))],
    passes: [
      agent(saved, sidecarWith('', ', logging: { level: info }')),
      `${agent(saved, sidecarWith(''))}defaults: { logging: { level: warn } }\n`,
    ],
  },
];
