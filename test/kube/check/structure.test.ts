import { describe, expect, test } from 'vitest';
import { checkObjects } from '../../../src/kube/check/index.js';
import { printProblems } from '../../../src/problem/index.js';
import { type Changeable, goodSet } from './good-set.js';
import { problemsAfter, problemsOf } from './problems.js';

type Change = (set: Record<string, Changeable>) => void;

const agent = 'StatefulSet vald/vald-agent';
const container = 'spec.template.spec.containers[0]';
const containerOf = (set: Record<string, Changeable>) => set['statefulSet'].spec.template.spec.containers[0];

test('a good set has no problem', () => {
  expect(problemsAfter(() => {})).toEqual([]);
});

const faults: [title: string, change: Change, problems: string[]][] = [
  [
    'a field that does not exist',
    (set) => {
      set['statefulSet'].spec.replica = 3;
    },
    [`unknown-field ${agent}: spec.replica`],
  ],
  [
    'fields that do not exist deep inside and at the top',
    (set) => {
      containerOf(set).livenessProbe.tcpSocket.ports = 1;
      set['configMap'].spec = {};
    },
    [
      'unknown-field ConfigMap vald/vald-agent-config: spec',
      `unknown-field ${agent}: ${container}.livenessProbe.tcpSocket.ports`,
    ],
  ],
  [
    'required fields that are absent or null',
    (set) => {
      delete set['statefulSet'].spec.template;
      set['roleBinding'].roleRef.name = null;
    },
    [
      'warning missing-reference Service vald/vald-agent: spec.selector',
      `missing-field ${agent}: spec.template`,
      'warning missing-reference PodDisruptionBudget vald/vald-agent: spec.selector',
      'missing-field RoleBinding vald/vald:agent: roleRef.name',
    ],
  ],
  [
    'a number where text belongs, and text where a number or truth value belongs',
    (set) => {
      containerOf(set).env[4].value = 1;
      set['statefulSet'].spec.replicas = '3';
      set['priorityClass'].globalDefault = 'false';
    },
    [
      'invalid-field PriorityClass vald-agent-priority: globalDefault',
      `invalid-field ${agent}: spec.replicas`,
      `invalid-field ${agent}: ${container}.env[4].value`,
    ],
  ],
  [
    'whole numbers that are none or do not fit',
    (set) => {
      set['statefulSet'].spec.replicas = 1.5;
      set['service'].spec.ports[1].nodePort = 2 ** 31;
      containerOf(set).livenessProbe.tcpSocket.port = 1.5;
    },
    [
      'invalid-field Service vald/vald-agent: spec.ports[1].nodePort',
      `invalid-field ${agent}: spec.replicas`,
      `invalid-field ${agent}: ${container}.livenessProbe.tcpSocket.port`,
    ],
  ],
  [
    'a list for a map, a map for a list, text for both',
    (set) => {
      set['role'].rules = {};
      set['networkPolicy'].spec = [];
      containerOf(set).args = 'start';
      set['statefulSet'].spec.updateStrategy = 'OnDelete';
    },
    [
      `invalid-field ${agent}: spec.updateStrategy`,
      `invalid-field ${agent}: ${container}.args`,
      'invalid-field Role vald/vald:agent: rules',
      'invalid-field NetworkPolicy vald/vald-agent-allow: spec',
    ],
  ],
  [
    'a value out of a list that is not in it',
    (set) => {
      set['statefulSet'].spec.podManagementPolicy = 'parallel';
    },
    [`invalid-field ${agent}: spec.podManagementPolicy`],
  ],
  [
    'quantities, times and base64 that cannot be read',
    (set) => {
      set['claim'].spec.resources.requests.storage = 'banana';
      set['lease'].spec.renewTime = 'yesterday';
      set['secret'].data['secret-access-key'] = 'not base64!';
    },
    [
      'invalid-field Secret vald/vald-backup: data.secret-access-key',
      'invalid-field PersistentVolumeClaim vald/vald-cache: spec.resources.requests.storage',
      'invalid-field Lease vald/vald-backup: spec.renewTime',
    ],
  ],
  [
    'a map value of the wrong type, its key in brackets',
    (set) => {
      set['configMap'].data['config.yaml'] = { version: 'v0.0.0' };
    },
    ['invalid-field ConfigMap vald/vald-agent-config: data[config.yaml]'],
  ],
  [
    'equal entries of a list that must differ',
    (set) => {
      const spec = set['statefulSet'].spec.template.spec;
      const main = containerOf(set);
      main.env.push({ name: 'TZ', value: 'CET' });
      main.ports.push({ name: 'again', containerPort: 8081 });
      main.volumeMounts.push({ name: 'tmp', mountPath: '/tmp' });
      spec.volumes.push({ name: 'tmp', emptyDir: {} });
      spec.containers.push({ name: 'vald-agent', image: 'other' });
      set['claim'].metadata.finalizers = ['a/b', 'a/b'];
    },
    [
      `duplicate-entry ${agent}: ${container}.env[5]`,
      `duplicate-entry ${agent}: ${container}.ports[2]`,
      `duplicate-entry ${agent}: ${container}.volumeMounts[5]`,
      `duplicate-entry ${agent}: spec.template.spec.containers[1]`,
      `duplicate-entry ${agent}: spec.template.spec.volumes[4]`,
      'duplicate-entry PersistentVolumeClaim vald/vald-cache: metadata.finalizers[1]',
    ],
  ],
];

describe('the schema finds', () => {
  test.each(faults)('%s', (_title, change, problems) => {
    expect(problemsAfter(change)).toEqual(problems);
  });
});

const harmless: [title: string, change: Change][] = [
  [
    'null in place of an optional field, a map value and a list',
    (set) => {
      set['statefulSet'].spec.replicas = null;
      set['statefulSet'].metadata.creationTimestamp = null;
      set['configMap'].data.empty = null;
      containerOf(set).args = null;
    },
  ],
  [
    'undefined fields, as cdk8s leaves them',
    (set) => {
      set['statefulSet'].spec.unheardOf = undefined;
    },
  ],
  [
    'empty text in place of a value out of a list',
    (set) => {
      set['statefulSet'].spec.podManagementPolicy = '';
    },
  ],
  [
    'a status that is not complete',
    (set) => {
      set['budget'].status = { conditions: [{ type: 'x' }] };
    },
  ],
  [
    'quantities as numbers, ports by name and by number',
    (set) => {
      set['claim'].spec.resources.requests.storage = 1e10;
      containerOf(set).livenessProbe.tcpSocket.port = 'grpc';
    },
  ],
];

describe('the schema passes', () => {
  test.each(harmless)('%s', (_title, change) => {
    expect(problemsAfter(change)).toEqual([]);
  });
});

test('a null item of a list counts as an empty one', () => {
  expect(problemsAfter((set) => set['statefulSet'].spec.template.spec.containers.push(null))).toEqual([
    `missing-field ${agent}: spec.template.spec.containers[1].name`,
    `missing-field ${agent}: spec.template.spec.containers[1].image`,
  ]);
});

test('each problem says what was got, what is allowed and what to do', () => {
  const set = goodSet();
  set['statefulSet'].spec.replica = 3;
  set['statefulSet'].spec.podManagementPolicy = 'paralel';
  set['statefulSet'].spec.replicas = '3';
  const objects = Object.values(set).map((object) => ({ object, source: 'app/vald/agent' }));
  expect(printProblems(checkObjects(objects))).toMatchInlineSnapshot(`
    "error: StatefulSet vald/vald-agent: spec.replicas: has the wrong type [invalid-field]
      got:     "3"
      allowed: a whole number
      do:      Make it a number: take the quotes off. Source: app/vald/agent.

    error: StatefulSet vald/vald-agent: spec.podManagementPolicy: is not one of the allowed values [invalid-field]
      got:     "paralel"
      allowed: OrderedReady, Parallel
      do:      Did you mean "Parallel"? Source: app/vald/agent.

    error: StatefulSet vald/vald-agent: spec.replica: there is no such field [unknown-field]
      allowed: minReadySeconds, ordinals, persistentVolumeClaimRetentionPolicy, podManagementPolicy, replicas, revisionHistoryLimit, selector, serviceName, template, updateStrategy, volumeClaimTemplates
      do:      Did you mean "replicas"? Source: app/vald/agent."
  `);
});

test('a value that may be a secret is never shown', () => {
  const set = goodSet();
  set['secret'].data.password = 'hunter2!';
  set['secret'].stringData.pin = 4711;
  containerOf(set).env[4].value = 4711;
  containerOf(set).env = containerOf(set).env.concat('PASSWORD=hunter2!');
  const text = printProblems(checkObjects(Object.values(set).map((object) => ({ object, source: 'app' }))));
  expect(text).toContain('stringData.pin');
  expect(text).not.toMatch(/hunter2|4711/);
});

describe('kinds', () => {
  const named = (apiVersion: string, kind: string) => ({ apiVersion, kind, metadata: { name: 'a' } });

  test('a kind that is not part of Kubernetes is told once, as information', () => {
    const monitor = named('monitoring.coreos.com/v1', 'ServiceMonitor');
    expect(problemsOf([monitor, { ...monitor, metadata: { name: 'b' } }])).toEqual([
      'info unknown-kind ServiceMonitor a: kind',
    ]);
  });

  test.each([
    ['apps/v1', 'Statefulset', 'Did you mean "apps/v1 StatefulSet"?'],
    ['policy/v1beta1', 'PodDisruptionBudget', 'Did you mean "policy/v1 PodDisruptionBudget"?'],
    ['extensions/v1beta1', 'Deployment', 'Did you mean "apps/v1 Deployment"?'],
    ['v2', 'Pod', 'Did you mean "v1 Pod"?'],
    ['apps/v1', 'Wolf', 'Correct apiVersion and kind.'],
  ])('%s %s is an error, because the group is Kubernetes’ own', (apiVersion, kind, hint) => {
    const [problem] = checkObjects([{ object: named(apiVersion, kind), source: 'x' }]);
    expect(problem).toMatchObject({ code: 'unknown-kind', severity: 'error' });
    expect(problem?.hint).toContain(hint);
  });

  test.each([
    ['nothing', null],
    ['text', 'apiVersion: v1'],
    ['a map without kind', { apiVersion: 'v1' }],
    ['a list', [{ apiVersion: 'v1', kind: 'Pod' }]],
  ])('%s is no object', (_title, object) => {
    expect(problemsOf([object])).toEqual(['missing-field app/vald: ']);
  });

  test('the items of a List are checked as objects', () => {
    const set = goodSet();
    set['priorityClass'].value = 'high';
    expect(problemsOf([{ apiVersion: 'v1', kind: 'List', items: Object.values(set) }])).toEqual([
      'invalid-field PriorityClass vald-agent-priority: value',
    ]);
  });

  test('with 1.28 as the oldest version, fields and kinds that it lacks are reported', () => {
    const policy = {
      ...named('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicyBinding'),
      spec: { policyName: 'a', validationActions: ['Deny'] },
    };
    const change: Change = (set) => {
      containerOf(set).lifecycle.stopSignal = 'SIGTERM';
      set['policy'] = policy;
    };
    expect(problemsAfter(change)).toEqual([]);
    expect(problemsAfter(change, { kubernetesVersion: '1.28' })).toEqual([
      `unsupported-version ${agent}: ${container}.lifecycle.stopSignal`,
      'unsupported-version ValidatingAdmissionPolicyBinding a: kind',
    ]);
  });
});
