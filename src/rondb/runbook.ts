import { Chart, Names } from 'cdk8s';
import type { Construct } from 'constructs';
import { addOutputFile } from '../kube/index.js';
import type { ClusterScript } from '../scripts/index.js';
import { rclonePath, storeCommands } from '../store/index.js';
import { statusName } from './names.js';
import type { JobContext } from './pod.js';
import type { BackupSettings, RestoreSettings, VerifySettings } from './props-schema.js';
import { clusterFolder, type RonDBRepositorySettings } from './repository-schema.js';

type Context<Settings> = JobContext & { readonly settings: Settings };

/** Puts a part of the runbook into the file beside the chart’s manifests; each job adds its own. */
export function addRunbook(scope: Construct, content: () => string): void {
  addOutputFile(scope, { output: 'manifests', path: `${Names.toDnsLabel(Chart.of(scope))}/RUNBOOK.md`, content });
}

/** What to do before the first backup, what to watch, how to run one now. */
export function backupRunbook({ settings, name, timing, script }: Context<BackupSettings>): string {
  const { repository, schedule, timeZone } = settings;
  const { namespace } = repository.cluster;
  const kubectl = `kubectl -n ${namespace}`;
  return `# Runbook: backups of RonDB in ${namespace}

CronJob \`${name}\`, \`${schedule}\` (${timeZone}), to \`${storePath(repository)}/<backup-id>/\`. A set is a backup when its
\`manifest.json\` is there, and only then: the manifest is written last, after every byte was read back. What happens after the
checkpoint of the newest set is in no backup. A run may take ${timing.active} s; one that is killed without its grace period holds
the lease \`${repository.cluster.leaseName}\` for up to ${timing.lease} s, and nothing else starts before that.

## Install

\`\`\`sh
${prepare(repository).join('\n')}
kubectl apply -f .
${kubectl} create job ${name}-first --from=cronjob/${name}
${kubectl} logs -f job/${name}-first
\`\`\`

The credentials must be allowed to list, read, write and delete below that path.${wayNote(repository)} Suspend upstream’s own
CronJob first: both would start native backups (\`${kubectl} patch cronjob create-rondb-backup -p '{"spec":{"suspend":true}}'\`).

## Watch

\`BackupAlerts\` alerts on the age of the last commit. By hand:

\`\`\`sh
# how the last backup, verification and restore ended
${kubectl} get configmap ${statusName(repository)} -o jsonpath='{.data.backup}' | jq .
${kubectl} get cronjob,job -l app.kubernetes.io/managed-by=chartwright
# the log of the newest run; its last lines also stand in the pod's status
${kubectl} logs -l app.kubernetes.io/component=backup --tail=50
# who works on backups at the moment
${kubectl} get lease ${repository.cluster.leaseName} -o yaml
\`\`\`

## Back up now

\`\`\`sh
${kubectl} create job ${name}-now --from=cronjob/${name}
\`\`\`

It waits for nobody: while another run holds the lease it ends with 13 and has touched nothing.

## List the backups

With the rclone remote “store” configured as in the pod (\`${kubectl} get cronjob ${name} -o yaml\` shows its variables):

\`\`\`sh
rclone lsf --include '/*/manifest.json' -R ${storePath(repository)}
rclone cat ${storePath(repository)}/<backup-id>/manifest.json | jq '{finished, bytes, rondb}'
# keep one whatever retention says
echo kept | rclone rcat ${storePath(repository)}/<backup-id>/pinned
\`\`\`

${exitCodes(script)}`;
}

/** What the verification proves and what to do when it does not. */
export function verifyRunbook({ settings, name, script }: Context<VerifySettings>): string {
  const { repository, schedule, timeZone, shares } = settings;
  const kubectl = `kubectl -n ${repository.cluster.namespace}`;
  return `# Runbook: verification of the backups in ${repository.cluster.namespace}

CronJob \`${name}\`, \`${schedule}\` (${timeZone}): every set’s listing is compared with its manifest, and one of ${shares} shares of all
bytes is read back. After ${shares} good runs everything was read once. It never writes to the store. That the bytes are right is
not yet that they restore: restore the newest set into a scratch cluster now and then.

\`\`\`sh
${kubectl} get configmap ${statusName(repository)} -o jsonpath='{.data.verify}' | jq .
${kubectl} create job ${name}-now --from=cronjob/${name}
\`\`\`

${exitCodes(script)}`;
}

/** How to restore: plan, apply, parts, other sizes, again after a failure. */
export function restoreRunbook({ settings, name, script }: Context<RestoreSettings>): string {
  const { repository, mode, run, backupId } = settings;
  const { namespace } = repository.cluster;
  const kubectl = `kubectl -n ${namespace}`;
  const manifest = `Job.${name}.k8s.yaml`;
  return `# Runbook: restore of RonDB in ${namespace}

Job \`${name}\` (backup \`${backupId}\`, mode \`${mode}\`)${run ? ' starts when it is applied' : ' is suspended: applying it starts nothing'}. Another set,
selection or mode is another Job: change the props and run synth, or in a hurry:

\`\`\`sh
# a Job from the manifest with some variables changed: what it would do first, then for real
run() {
  kubectl create -f ${manifest} --dry-run=client -o json | jq --arg name "$1" --argjson set "$2" '
    .metadata.name = $name | .spec.suspend = false
    | .spec.template.spec.containers[0].env |= map(if $set[.name] then .value = $set[.name] else . end)' |
    ${kubectl} create -f -
}
run restore-plan  '{"MODE":"plan", "BACKUP_ID":"latest"}'  && ${kubectl} logs -f job/restore-plan
run restore-apply '{"MODE":"apply","BACKUP_ID":"latest"}'  && ${kubectl} logs -f job/restore-apply
\`\`\`

To start the Job of the manifest as it is: \`${kubectl} patch job ${name} -p '{"spec":{"suspend":false}}'\`

- **Whole**: into an empty cluster, \`MODE\` \`apply\`. A cluster with tables is refused (21).
- **A part**: \`INCLUDE_DATABASES\`, \`INCLUDE_TABLES\`, \`EXCLUDE_DATABASES\`, \`EXCLUDE_TABLES\`, one name in a line (\`"shop\\nstock"\`), for rows
  and definitions alike. Beside other tables with \`INTO_NON_EMPTY\` \`"true"\`; those of the selection must not be there: drop them
  first.
- **Into another number of data nodes**: the same. Every backed-up node’s files go in, whatever nodes there are now; fewer nodes
  need the memory for it.
- **Another cluster’s backup, or one of upstream’s**: \`SOURCE_PATH\`, which is only read; for upstream’s also \`ALLOW_UNVERIFIED\`
  \`"true"\`, because nothing proves that such a set is whole.
- **After a failure**: run the same again. It drops the tables that it had made and begins anew.

Stop what writes before, and suspend the backups until the restore is checked:
\`${kubectl} patch cronjob ${repository.name}-backup -p '{"spec":{"suspend":true}}'\`

The Job is not removed by itself: applying its manifest again must not restore again. When all is well:
\`${kubectl} delete job ${name}\`, and take it out of the manifests.

${exitCodes(script)}`;
}

function storePath(repository: RonDBRepositorySettings): string {
  return rclonePath(repository.store, clusterFolder(repository));
}

function prepare({ store, cluster }: RonDBRepositorySettings): string[] {
  const { name, keys } = cluster.sqlPassword;
  return [
    ...storeCommands(store, cluster.namespace),
    `# the password of ${cluster.sqlUser} must be there: rondb-helm makes it`,
    `kubectl -n ${cluster.namespace} get secret ${name} -o jsonpath='{.data.${keys.password}}' | wc -c`,
  ];
}

function wayNote({ way, cluster }: RonDBRepositorySettings): string {
  return way === 'sidecar'
    ? ` Container \`${cluster.sidecarContainer}\` of the data nodes uploads: upstream has it with \`backups.enabled\` only.`
    : '';
}

function exitCodes(script: ClusterScript): string {
  const rows = script.exitCodes.map(({ code, meaning, action }) => `| ${code} | ${cell(meaning)} | ${cell(action)} |`);
  return `## Exit codes of ${script.name}

The last lines of the log say the same with the facts; \`kubectl describe pod\` shows them.

| code | what happened | what to do |
|---|---|---|
${rows.join('\n')}
`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
