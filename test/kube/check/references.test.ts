import { describe, expect, test } from 'vitest';
import { checkObjects, parseExternal, printExternal } from '../../../src/kube/check/index.js';
import { type Changeable, goodSet } from './good-set.js';
import { problemsAfter } from './problems.js';

type Set = Record<string, Changeable>;

const agent = 'StatefulSet vald/vald-agent';
const pod = 'spec.template.spec';
const podOf = (set: Set) => set['statefulSet'].spec.template.spec;
const mainOf = (set: Set) => podOf(set).containers[0];
const external = 'chartwright.dev/external';

const faults: [title: string, change: (set: Set) => void, problems: string[]][] = [
  [
    'a ConfigMap that is not there, wherever it is used',
    (set) => {
      delete set['configMap'];
    },
    [
      `missing-reference ${agent}: ${pod}.volumes[0].configMap.items[0].key`,
      `missing-reference ${agent}: ${pod}.containers[0].env[2].valueFrom.configMapKeyRef`,
    ],
  ],
  [
    'a Secret that is not there, wherever it is used',
    (set) => {
      delete set['secret'];
    },
    [
      `missing-reference ${agent}: ${pod}.volumes[1].secret.items[0].key`,
      `missing-reference ${agent}: ${pod}.volumes[3].projected.sources[2].secret.items[0].key`,
      `missing-reference ${agent}: ${pod}.initContainers[0].envFrom[0].secretRef`,
      `missing-reference ${agent}: ${pod}.containers[0].env[1].valueFrom.secretKeyRef`,
    ],
  ],
  [
    'keys that a ConfigMap or Secret does not have',
    (set) => {
      mainOf(set).env[1].valueFrom.secretKeyRef.key = 'accesskey';
      podOf(set).volumes[0].configMap.items[0].key = 'config.yml';
    },
    [
      `missing-reference ${agent}: ${pod}.volumes[0].configMap.items[0].key`,
      `missing-reference ${agent}: ${pod}.containers[0].env[1].valueFrom.secretKeyRef`,
    ],
  ],
  [
    'things in another namespace',
    (set) => {
      set['configMap'].metadata.namespace = 'other';
      set['serviceAccount'].metadata.namespace = 'other';
    },
    [
      `missing-reference ${agent}: ${pod}.serviceAccountName`,
      `missing-reference ${agent}: ${pod}.volumes[0].configMap.items[0].key`,
      `missing-reference ${agent}: ${pod}.containers[0].env[2].valueFrom.configMapKeyRef`,
      'missing-reference RoleBinding vald/vald:agent: subjects[0]',
      'missing-reference Job vald/vald-restore: spec.template.spec.serviceAccountName',
      'missing-reference CronJob vald/vald-backup: spec.jobTemplate.spec.template.spec.serviceAccountName',
    ],
  ],
  [
    'a priority class, an image pull secret and a headless Service',
    (set) => {
      delete set['priorityClass'];
      delete set['service'];
      podOf(set).imagePullSecrets = [{ name: 'unknown' }];
    },
    [
      `missing-reference ${agent}: ${pod}.priorityClassName`,
      `missing-reference ${agent}: ${pod}.imagePullSecrets[0].name`,
      `missing-reference ${agent}: spec.serviceName`,
    ],
  ],
  [
    'claims: one that is not there, and one of a StatefulSet that does not make it',
    (set) => {
      const volumes = set['job'].spec.template.spec.volumes;
      volumes[0].persistentVolumeClaim.claimName = 'data-vald-agent-0';
      volumes[1].persistentVolumeClaim.claimName = 'vald-cache-0';
    },
    [
      'missing-reference Job vald/vald-restore: spec.template.spec.volumes[0].persistentVolumeClaim.claimName',
      'missing-reference Job vald/vald-restore: spec.template.spec.volumes[1].persistentVolumeClaim.claimName',
    ],
  ],
  [
    'the target of an autoscaler',
    (set) => {
      set['autoscaler'].spec.scaleTargetRef.kind = 'Deployment';
    },
    ['missing-reference HorizontalPodAutoscaler vald/vald-agent: spec.scaleTargetRef'],
  ],
  [
    'the role and the accounts of a binding',
    (set) => {
      set['roleBinding'].roleRef.name = 'vald:agents';
      set['roleBinding'].subjects[0].name = 'vald-agents';
    },
    [
      'missing-reference RoleBinding vald/vald:agent: roleRef',
      'missing-reference RoleBinding vald/vald:agent: subjects[0]',
    ],
  ],
  [
    'a role for the cluster, and accounts without a namespace',
    (set) => {
      const { roleBinding } = set;
      set['clusterRoleBinding'] = {
        ...structuredClone(roleBinding),
        kind: 'ClusterRoleBinding',
        metadata: { name: 'vald', namespace: 'dropped-by-the-server' },
        roleRef: { ...roleBinding.roleRef, kind: 'ClusterRole' },
      };
      delete set['clusterRoleBinding'].subjects[0].namespace;
    },
    [
      'missing-reference ClusterRoleBinding vald: roleRef',
      'missing-field ClusterRoleBinding vald: subjects[0].namespace',
    ],
  ],
  [
    'a port of the selected pods',
    (set) => {
      set['service'].spec.ports[0].targetPort = 'rest';
    },
    ['missing-reference Service vald/vald-agent: spec.ports[0].targetPort'],
  ],
  [
    'selectors that select nothing, as warnings',
    (set) => {
      set['service'].spec.selector.app = 'agent';
      set['budget'].spec.selector.matchLabels.app = 'agent';
    },
    [
      'warning missing-reference Service vald/vald-agent: spec.selector',
      'warning missing-reference PodDisruptionBudget vald/vald-agent: spec.selector',
    ],
  ],
  [
    'a workload that does not select its own pods, or all pods',
    (set) => {
      set['statefulSet'].spec.selector.matchLabels.version = '1';
      set['deployment'] = {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'all', namespace: 'vald' },
        spec: {
          selector: {},
          template: { metadata: { labels: {} }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      };
    },
    [`invalid-field ${agent}: spec.selector`, 'invalid-field Deployment vald/all: spec.selector'],
  ],
  [
    'ports of a Service: none, two of one name, one without a name',
    (set) => {
      set['service'].spec.ports[1].name = 'grpc';
      set['none'] = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'none', namespace: 'vald' },
        spec: { selector: { app: 'vald-agent' } },
      };
      set['two'] = structuredClone(set['service']);
      set['two'].metadata.name = 'two';
      delete set['two'].spec.ports[0].name;
      set['two'].spec.ports[1].port = 8081;
    },
    [
      'duplicate-entry Service vald/vald-agent: spec.ports[1].name',
      'missing-field Service vald/none: spec.ports',
      'duplicate-entry Service vald/two: spec.ports[1]',
      'missing-field Service vald/two: spec.ports[0].name',
    ],
  ],
];

describe('the set is looked through for', () => {
  test.each(faults)('%s', (_title, change, problems) => {
    expect(problemsAfter(change)).toEqual(problems);
  });
});

const harmless: [title: string, change: (set: Set) => void][] = [
  [
    'references that are optional',
    (set) => {
      mainOf(set).env[1].valueFrom.secretKeyRef = { name: 'later', key: 'x', optional: true };
      podOf(set).volumes[1].secret = { secretName: 'later', optional: true };
    },
  ],
  [
    'what every cluster has',
    (set) => {
      podOf(set).serviceAccountName = 'default';
      podOf(set).priorityClassName = 'system-cluster-critical';
      set['roleBinding'].roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
    },
  ],
  [
    'a service account’s token, which the cluster fills in',
    (set) => {
      set['secret'].type = 'kubernetes.io/service-account-token';
      mainOf(set).env[1].valueFrom.secretKeyRef.key = 'token';
    },
  ],
  [
    'a binding that leaves the namespace of its accounts to its own',
    (set) => {
      delete set['roleBinding'].subjects[0].namespace;
    },
  ],
  [
    'a selector with expressions',
    (set) => {
      const selector = {
        matchExpressions: [
          { key: 'app', operator: 'In', values: ['vald-agent', 'other'] },
          { key: 'app', operator: 'NotIn', values: ['other'] },
          { key: 'app.kubernetes.io/name', operator: 'Exists' },
          { key: 'canary', operator: 'DoesNotExist' },
        ],
      };
      set['budget'].spec.selector = selector;
      set['statefulSet'].spec.selector = selector;
    },
  ],
  [
    'a set without any namespace',
    (set) => {
      for (const object of Object.values(set)) delete object.metadata.namespace;
      delete set['roleBinding'].subjects[0].namespace;
    },
  ],
];

describe('nothing is said about', () => {
  test.each(harmless)('%s', (_title, change) => {
    expect(problemsAfter(change)).toEqual([]);
  });
});

test('two objects of one kind and name in one namespace are told with both sources', () => {
  const object = goodSet()['claim'];
  const other = structuredClone(object);
  other.metadata.namespace = 'other';
  const problems = checkObjects([
    { object, source: 'app/one' },
    { object: other, source: 'app/two' },
    { object: structuredClone(object), source: 'app/three' },
  ]);
  expect(problems).toMatchObject([
    { code: 'duplicate-object', message: 'there are two of it; the other one is from app/one' },
  ]);
  expect(problems[0]?.hint).toContain('app/three');
});

describe('external things', () => {
  const withoutSecret =
    (declaration: string, key = 'access-key') =>
    (set: Set) => {
      delete set['secret'];
      podOf(set).volumes.splice(1, 3);
      mainOf(set).volumeMounts = [];
      podOf(set).initContainers[0].envFrom = [];
      podOf(set).imagePullSecrets = [];
      mainOf(set).env[1].valueFrom.secretKeyRef.key = key;
      set['statefulSet'].metadata.annotations = { [external]: declaration };
    };
  const missing = `missing-reference ${agent}: ${pod}.containers[0].env[1].valueFrom.secretKeyRef`;

  test.each([
    ['Secret/vald-backup', []],
    ['Secret/vald-backup#access-key', []],
    ['PriorityClass/high; Secret/vald-backup#a , access-key;', []],
    ['Secret/*', []],
    ['Secret/vald-backup#secret-access-key', [missing]],
    ['Secret/other', [missing]],
    ['ConfigMap/vald-backup', [missing]],
    ['', [missing]],
  ])('are declared by "%s"', (declaration, problems) => {
    expect(problemsAfter(withoutSecret(declaration))).toEqual(problems);
  });

  test.each(['vald-backup', 'secret/vald-backup', 'Secret/a b', 'Secret/a#', 'Secret/a#b c'])(
    'are not declared by "%s", which is told',
    (declaration) => {
      expect(problemsAfter(withoutSecret(declaration))).toEqual([
        `invalid-field ${agent}: metadata.annotations[${external}]`,
        missing,
      ]);
    },
  );

  test('are declared for all objects by an option', () => {
    const options = { external: [{ kind: 'Secret', name: 'vald-backup', keys: ['access-key'] }] };
    expect(problemsAfter(withoutSecret(''), options)).toEqual([]);
    expect(problemsAfter(withoutSecret('', 'token'), options)).toEqual([missing]);
  });

  test('pods made elsewhere silence a selector', () => {
    const change = (set: Set) => {
      set['budget'].spec.selector.matchLabels.app = 'gateway';
      set['budget'].metadata.annotations = { [external]: 'Pod/*' };
    };
    expect(problemsAfter(change)).toEqual([]);
  });

  test('keys beside those of a Secret in the set may be declared', () => {
    const change = (set: Set) => {
      mainOf(set).env[1].valueFrom.secretKeyRef.key = 'token';
      set['statefulSet'].metadata.annotations[external] += '; Secret/vald-backup#token';
    };
    expect(problemsAfter(change)).toEqual([]);
  });

  test('are printed as they are read', () => {
    const declarations = [
      { kind: 'Secret', name: 'aws-secret', keys: ['access-key', 'secret-access-key'] },
      { kind: 'PriorityClass', name: 'high' },
      { kind: 'ServiceAccount', name: '*' },
    ];
    expect(parseExternal(printExternal(declarations))).toEqual({ declarations, malformed: [] });
    expect(printExternal(declarations)).toBe(
      'Secret/aws-secret#access-key,secret-access-key; PriorityClass/high; ServiceAccount/*',
    );
  });
});
