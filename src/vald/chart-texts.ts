/** What Helm prints after an installation of vald-agent; a template. */
export const valdAgentNotes = `{{- $name := .Values.fullnameOverride | default "vald-agent" -}}
The agents "{{ $name }}" of Vald are in namespace {{ .Release.Namespace }}:

  kubectl -n {{ .Release.Namespace }} rollout status statefulset/{{ $name }}
  kubectl -n {{ .Release.Namespace }} logs {{ $name }}-0 -c {{ $name }}-restore
{{- if ne .Values.backup.type "persistentVolume" }}

A pod that finds neither an index nor the owner file of cluster {{ .Values.backup.clusterId }} in the store does not start: a wrong
bucket looks the same. For the very first installation set backup.allowEmptyStart=true, and take it out when all pods run.
{{- end }}
`;

/** What the README of vald-agent says beside its table of values. */
export const valdAgentReadme = `Three values have no default, because only you can know them: \`backup\`, for a store also its \`clusterId\`, and \`ngt.dimension\`.
\`ci/\` has a values file for each method and store.

\`\`\`yaml
# values.yaml: on a volume, and uploaded to S3
ngt:
  dimension: 784
backup:
  type: both
  volume:
    size: 100Gi
  store:
    type: s3
    bucket: vald-backups
    region: eu-north-1
    credentials:
      type: secret
      secret:
        name: aws-secret # keys access-key and secret-access-key; see backup.store.credentials.secret.keys
  clusterId: 3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2 # make your own: uuidgen
  allowEmptyStart: true # the very first time only
\`\`\`

- **Secrets** are existing ones, by name: no value of this chart is one.
- **Names.** \`fullnameOverride\` is \`vald-agent\`, the name under which upstream's gateway, discoverer and index manager look for the
  agents. A second release in one namespace needs another one; names and selectors follow it.
- **Upstream's chart** goes beside this one with \`agent.enabled: false\`; the chart vald-with-backup is both. The label
  \`app.kubernetes.io/name\` (\`nameOverride\`) is upstream's, and the instance is the release.
- **Replicas** that are taken away take their vectors with them. The autoscaler scales up only; a PodDisruptionBudget
  (\`maxUnavailable\`) lets one go at a time.
- **Alerts.** Vald's own sidecar has no metrics (it crashes with them): watch the age of the objects in the store. With
  \`backup.uploader.type: repository\` and \`verify.enabled\` a CronJob proves that each pod's backup is whole and young enough, and
  \`prometheusRule\` alerts when it does not succeed. \`verify.longestInterval\` is how far apart two runs of \`verify.schedule\` may be.
- **Volumes by name** come with the numbers of their pods (\`backup.volume.bind.volumes\`); name one for each replica.
- Not here: restore drills (\`ValdRestoreDrillCronJob\` in TypeScript).`;

/** What the README of vald-with-backup says. */
export const valdWithBackupReadme = `Upstream's chart is not changed and not in here: \`helm dependency build charts/vald-with-backup\` fetches it. Values of the agents
stand below \`vald-agent\` (its README has them), all others below \`vald\`, as upstream documents them.

\`\`\`sh
helm repo add vald https://vald.vdaas.org/charts
helm dependency build charts/vald-with-backup
helm install vald charts/vald-with-backup -n vald --create-namespace -f values.yaml # see ci/pv-and-s3-values.yaml
\`\`\`

Leave \`vald.agent.enabled\` false, or two sets of agents have one name. Another name of the agents is two values:
\`vald.agent.name\` and \`vald-agent.fullnameOverride\`.`;
