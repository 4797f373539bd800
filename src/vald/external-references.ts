import type { External } from '../kube/index.js';
import { storeReferences } from '../store/index.js';
import { storeBackup } from './backup-method.js';
import type { ValdAgentSettings } from './props-schema.js';

/** The objects that the pods refer to and that somebody else makes: the runbook says how, the object check lets them be. */
export function externalReferences(settings: ValdAgentSettings): External[] {
  const store = storeBackup(settings.backup)?.store;
  const references: External[] = settings.imagePullSecrets.map((name) => ({ kind: 'Secret', name }));
  if (store) references.push(...storeReferences(store));
  if (settings.serviceAccount) references.push({ kind: 'ServiceAccount', name: settings.serviceAccount.name });
  if (settings.priority.type === 'existing') references.push({ kind: 'PriorityClass', name: settings.priority.name });
  return [
    ...references,
    ...settings.external.map(({ kind, name, keys }) => ({ kind, name, ...(keys ? { keys } : {}) })),
  ];
}
