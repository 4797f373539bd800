/** What Helm prints after an installation of rondb-backup; a template. */
export const rondbBackupNotes = `{{- $name := .Values.fullnameOverride | default "rondb" -}}
{{- $kubectl := printf "kubectl -n %s" .Release.Namespace -}}
Backups of the RonDB cluster in namespace {{ .Release.Namespace }}. The first one now, and how the last ones ended:

  {{ $kubectl }} create job {{ $name }}-first --from=cronjob/{{ $name }}-backup
  {{ $kubectl }} logs -f job/{{ $name }}-first
  {{ $kubectl }} get configmap {{ $name }}-backup-status -o jsonpath='{.data.backup}'

The exit code of a run says what to do: its last lines stand in "{{ $kubectl }} describe pod".
`;

/** What the README of rondb-backup says beside its table of values. */
export const rondbBackupReadme = `Install it into the namespace of the cluster. One value has no default, because only you can know it: \`repository\`, with the
data nodes, the store and the identity. \`ci/\` has a values file for each store.

\`\`\`yaml
# values.yaml: a cluster of rondb-helm with one node group of two replicas, backed up to S3
repository:
  cluster:
    dataNodes: # replica r of node group g of rondb-helm is node 3g + r + 1
      - { nodeId: 1, pod: node-group-0-0 }
      - { nodeId: 2, pod: node-group-0-1 }
  store:
    type: s3
    bucket: rondb-backups
    region: eu-north-1
    credentials:
      type: secret
      secret:
        name: backup-store # keys access-key and secret-access-key
  clusterId: 3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2 # make your own: uuidgen
\`\`\`

- **Secrets** are existing ones, by name: no value of this chart is one.
- **Schedules.** \`longestInterval\` is how far apart two runs of \`schedule\` may be; the alerts reckon with it, so change both together.
- **Restore.** A Job cannot be changed, so each restore has an id of its own, which ends the Job's name:

  \`\`\`sh
  helm upgrade … --reuse-values --set restore.enabled=true,restore.run=true,restore.id=plan-1             # says what it would do
  helm upgrade … --reuse-values --set restore.enabled=true,restore.run=true,restore.id=real-1,restore.mode=apply
  helm upgrade … --reuse-values --set restore.enabled=false                                              # when all is well
  \`\`\`

  Other values under an id that is there already are refused by the cluster ("field is immutable"), and so is an upgrade of this
  chart as long as \`restore.enabled\` is true: better than a restore that runs a second time. Another id removes the Job before
  it, also while that runs.
- **Names.** A second release in one namespace needs another \`fullnameOverride\`; names and selectors follow it. Releases for
  one cluster share its lease (\`repository.cluster.leaseName\`), which keeps their runs apart.
- **No PodDisruptionBudget**: it would hold back the draining of a node for hours. A pod that is evicted is replaced by its Job, and
  the backup begins anew.
- Not here: rclone's other backends. \`RonDBBackupCronJob\` in TypeScript has them.`;
