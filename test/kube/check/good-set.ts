/** A Kubernetes object that a test changes at will. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into every field, and put wrong types there on purpose
export type Changeable = any;

/**
 * A set without a fault, in which every kind of reference occurs: an API server accepts each object in a namespace that
 * enforces PodSecurity `restricted`, and the checks find nothing. Each call gives new objects.
 */
export function goodSet(): Record<string, Changeable> {
  const namespace = 'vald';
  const labels = { 'app.kubernetes.io/name': 'vald', app: 'vald-agent' };
  const metadata = (name: string, more: object = {}) => ({ name, namespace, labels: { ...labels }, ...more });
  const securityContext = {
    runAsNonRoot: true,
    runAsUser: 65532,
    fsGroup: 65532,
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true };
  const job = {
    template: {
      metadata: { labels: { app: 'vald-restore' } },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'vald-agent',
        securityContext: { ...securityContext },
        containers: [
          {
            name: 'restore',
            image: 'rclone/rclone:1.75.1',
            command: ['sh', '-c', 'true'],
            securityContext: structuredClone(restricted),
            volumeMounts: [
              { name: 'index', mountPath: '/var/ngt' },
              { name: 'cache', mountPath: '/cache' },
            ],
          },
        ],
        volumes: [
          { name: 'index', persistentVolumeClaim: { claimName: 'index-vald-agent-0' } },
          { name: 'cache', persistentVolumeClaim: { claimName: 'vald-cache' } },
        ],
      },
    },
  };
  return {
    configMap: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('vald-agent-config'),
      data: { 'config.yaml': 'version: v0.0.0\n' },
      binaryData: { start: 'AAEC' },
    },
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: metadata('vald-backup'),
      type: 'Opaque',
      stringData: { 'access-key': 'a' },
      data: { 'secret-access-key': 'c2VjcmV0' },
    },
    serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('vald-agent') },
    priorityClass: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'vald-agent-priority', labels: { ...labels } },
      value: 1000000000,
      globalDefault: false,
      preemptionPolicy: 'Never',
    },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadata('vald-agent'),
      spec: {
        clusterIP: 'None',
        selector: { app: 'vald-agent' },
        ports: [
          { name: 'grpc', port: 8081, targetPort: 'grpc', protocol: 'TCP' },
          { name: 'readiness', port: 3001, targetPort: 3001 },
        ],
      },
    },
    statefulSet: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata('vald-agent', {
        annotations: { 'chartwright.dev/external': 'Secret/registry; ConfigMap/shared#ca.crt' },
      }),
      spec: {
        serviceName: 'vald-agent',
        replicas: 3,
        podManagementPolicy: 'OrderedReady',
        revisionHistoryLimit: 2,
        selector: { matchLabels: { app: 'vald-agent' } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: {
          metadata: { labels: { ...labels }, annotations: { checksum: 'abc' } },
          spec: {
            serviceAccountName: 'vald-agent',
            priorityClassName: 'vald-agent-priority',
            terminationGracePeriodSeconds: 120,
            imagePullSecrets: [{ name: 'registry' }],
            nodeSelector: { 'kubernetes.io/os': 'linux' },
            securityContext: { ...securityContext },
            tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'vald', effect: 'NoSchedule' }],
            affinity: {
              podAntiAffinity: {
                preferredDuringSchedulingIgnoredDuringExecution: [
                  {
                    weight: 100,
                    podAffinityTerm: {
                      topologyKey: 'kubernetes.io/hostname',
                      labelSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['vald-agent'] }] },
                    },
                  },
                ],
              },
            },
            initContainers: [
              {
                name: 'sidecar',
                image: 'vdaas/vald-agent-sidecar:v1.8.0',
                restartPolicy: 'Always',
                securityContext: structuredClone(restricted),
                envFrom: [
                  { secretRef: { name: 'vald-backup' }, prefix: 'S3_' },
                  { configMapRef: { name: 'later', optional: true } },
                ],
                volumeMounts: [{ name: 'index', mountPath: '/var/ngt' }],
              },
            ],
            containers: [
              {
                name: 'vald-agent',
                image: 'vdaas/vald-agent-ngt:v1.8.0',
                imagePullPolicy: 'Always',
                securityContext: structuredClone(restricted),
                env: [
                  { name: 'MY_POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
                  { name: 'AWS_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'vald-backup', key: 'access-key' } } },
                  { name: 'CONFIG', valueFrom: { configMapKeyRef: { name: 'vald-agent-config', key: 'config.yaml' } } },
                  { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'requests.cpu', divisor: '1m' } } },
                  { name: 'TZ', value: 'UTC' },
                ],
                ports: [
                  { name: 'grpc', containerPort: 8081, protocol: 'TCP' },
                  { name: 'readiness', containerPort: 3001 },
                ],
                readinessProbe: {
                  httpGet: { path: '/readiness', port: 'readiness', scheme: 'HTTP' },
                  periodSeconds: 3,
                },
                livenessProbe: { tcpSocket: { port: 8081 } },
                lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } },
                resources: { requests: { cpu: '300m', memory: '4Gi' }, limits: { memory: '4Gi' } },
                volumeMounts: [
                  { name: 'index', mountPath: '/var/ngt' },
                  { name: 'config', mountPath: '/etc/server', readOnly: true },
                  { name: 'credentials', mountPath: '/etc/credentials' },
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'all', mountPath: '/all' },
                ],
              },
            ],
            volumes: [
              {
                name: 'config',
                configMap: {
                  name: 'vald-agent-config',
                  defaultMode: 420,
                  items: [{ key: 'config.yaml', path: 'config.yaml', mode: 420 }],
                },
              },
              {
                name: 'credentials',
                secret: { secretName: 'vald-backup', items: [{ key: 'access-key', path: 'key' }] },
              },
              { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
              {
                name: 'all',
                projected: {
                  sources: [
                    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
                    { configMap: { name: 'shared', items: [{ key: 'ca.crt', path: 'shared.crt' }] } },
                    { secret: { name: 'vald-backup', items: [{ key: 'secret-access-key', path: 'secret' }] } },
                    { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
                  ],
                },
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'index' },
            spec: {
              accessModes: ['ReadWriteOncePod'],
              storageClassName: 'gp3',
              volumeMode: 'Filesystem',
              resources: { requests: { storage: '100Gi' } },
            },
          },
        ],
      },
    },
    budget: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata('vald-agent'),
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: 'IfHealthyBudget',
        selector: { matchLabels: { app: 'vald-agent' } },
      },
    },
    autoscaler: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: metadata('vald-agent'),
      spec: {
        minReplicas: 3,
        maxReplicas: 9,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'vald-agent' },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
        ],
      },
    },
    role: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: metadata('vald:agent'),
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] }],
    },
    roleBinding: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: metadata('vald:agent'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'vald:agent' },
      subjects: [
        { kind: 'ServiceAccount', name: 'vald-agent', namespace },
        { kind: 'ServiceAccount', name: 'default', namespace: 'kube-system' },
        { kind: 'Group', name: 'operators', apiGroup: 'rbac.authorization.k8s.io' },
      ],
    },
    networkPolicy: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: metadata('vald-agent-allow'),
      spec: {
        podSelector: { matchLabels: { app: 'vald-agent' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8081, protocol: 'TCP' }] }],
        egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
      },
    },
    claim: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: metadata('vald-cache'),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    job: { apiVersion: 'batch/v1', kind: 'Job', metadata: metadata('vald-restore'), spec: { backoffLimit: 3, ...job } },
    cronJob: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: metadata('vald-backup'),
      spec: {
        schedule: '0 3 * * *',
        concurrencyPolicy: 'Forbid',
        jobTemplate: { spec: { activeDeadlineSeconds: 3600, ...structuredClone(job) } },
      },
    },
    lease: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: metadata('vald-backup'),
      spec: { holderIdentity: 'me', leaseDurationSeconds: 60, renewTime: '2026-01-31T12:00:00.000000Z' },
    },
  };
}
