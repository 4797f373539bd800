import { nearest } from '../problem/index.js';
import { backendAliases, backendOptions } from './backend-options.generated.js';

/** Whether an option may be written down, and how rclone wants it where it may not. */
export type OptionKind = 'plain' | 'identifier' | 'secret' | 'obscured';

/** Why backups do not go to a backend that rclone has. */
const unfit: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['alias', 'archive', 'cache', 'chunker', 'combine', 'compress', 'hasher', 'union'].map((name) => [
      name,
      'it is a layer over another remote: describe that remote itself',
    ]),
  ),
  crypt: 'encryption is a property of a store: set "encryption" on the store it goes to',
  local: 'its files are gone with the pod',
  memory: 'its files are gone with the program',
  doi: 'it can only be read',
  http: 'it can only be read',
  'google photos': 'it keeps pictures only',
};

/**
 * Options that rclone calls sensitive because they tell who somebody is. They open nothing, so they may stand in a
 * manifest or in a Secret, as one likes.
 */
const identifiers = new Set(
  [
    'account account_id api_url app_id apple_id application_credential_id application_credential_name base_folder_uuid',
    'client_id cloud_name compartment deleted_id device_id domain drive_id email host impersonate impersonate_admin',
    'msi_client_id msi_mi_res_id msi_object_id namenode namespace project_number public_key root_folder_id',
    'root_folder_slug root_id service_principal_name spn sse_kms_key_id team_drive tenant tenant_domain tenant_id url',
    'user user_id user_project username workspace_id',
  ].flatMap((names) => names.split(' ')),
);

/** Options that open something although rclone does not call them sensitive. */
const unmarkedSecrets = new Set(['headers', 'ibm_api_key', 'sse_customer_key', 'token', 'web_token']);

/** The name under which rclone lists a backend, or undefined where it has none of that name. */
export function backendName(name: string): string | undefined {
  if (Object.hasOwn(backendOptions, name)) return name;
  return Object.hasOwn(backendAliases, name) ? backendAliases[name] : undefined;
}

/** Why a backend cannot be used, in words, or undefined where it can. */
export function refuseBackend(name: string): string | undefined {
  const backend = backendName(name);
  if (backend && Object.hasOwn(unfit, backend))
    return `rclone’s backend ${backend} keeps no backups: ${unfit[backend]}`;
  if (backend) return undefined;
  const usable = [...Object.keys(backendOptions), ...Object.keys(backendAliases)].filter(
    (candidate) => !Object.hasOwn(unfit, candidate),
  );
  return `rclone has no backend of this name${didYouMean(name, usable)}`;
}

/** The options of a backend that rclone has. */
export function optionKinds(backend: string): ReadonlyMap<string, OptionKind> {
  return new Map(
    backendOptions[backendName(backend) ?? '']?.split(' ').map((option) => {
      const name = option.replace(/[*!]$/, '');
      return [name, kindOf(name, option.slice(name.length))];
    }) ?? [],
  );
}

function kindOf(name: string, mark: string): OptionKind {
  if (mark === '*') return 'obscured';
  if (unmarkedSecrets.has(name)) return 'secret';
  if (mark !== '!') return 'plain';
  return identifiers.has(name) ? 'identifier' : 'secret';
}

/** A suggestion in brackets, or nothing where no candidate is close. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const meant = nearest(word, candidates);
  return meant ? ` (did you mean "${meant}"?)` : '';
}
