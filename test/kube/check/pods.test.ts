import { describe, expect, test } from 'vitest';
import type { Changeable } from './good-set.js';
import { problemsAfter } from './problems.js';

type Set = Record<string, Changeable>;

const agent = 'StatefulSet vald/vald-agent';
const pod = 'spec.template.spec';
const main = `${pod}.containers[0]`;
const podOf = (set: Set) => set['statefulSet'].spec.template.spec;
const mainOf = (set: Set) => podOf(set).containers[0];

const faults: [title: string, change: (set: Set) => void, problems: string[]][] = [
  [
    'a pod without containers',
    (set) => {
      podOf(set).containers = [];
      podOf(set).initContainers = [];
    },
    [
      'missing-reference Service vald/vald-agent: spec.ports[0].targetPort',
      `missing-field ${agent}: ${pod}.containers`,
    ],
  ],
  [
    'a workload without a spec',
    (set) => {
      delete set['job'].spec;
    },
    [
      'missing-field Job vald/vald-restore: spec.template.spec.containers',
      'invalid-field Job vald/vald-restore: spec.template.spec.restartPolicy',
    ],
  ],
  [
    'a container without image, or with the name of an init container',
    (set) => {
      delete mainOf(set).image;
      mainOf(set).name = 'sidecar';
    },
    [`duplicate-entry ${agent}: ${main}.name`, `missing-field ${agent}: ${main}.image`],
  ],
  [
    'a mount of a volume that the pod does not have',
    (set) => {
      podOf(set).volumes.shift();
    },
    [`missing-reference ${agent}: ${main}.volumeMounts[1].name`],
  ],
  [
    'mount paths that are none',
    (set) => {
      mainOf(set).volumeMounts[0].mountPath = '';
      mainOf(set).volumeMounts[1].mountPath = '/etc:ro';
    },
    [
      `invalid-field ${agent}: ${main}.volumeMounts[0].mountPath`,
      `invalid-field ${agent}: ${main}.volumeMounts[1].mountPath`,
    ],
  ],
  [
    'a volume with two sources',
    (set) => {
      podOf(set).volumes[2].configMap = { name: 'vald-agent-config' };
    },
    [`invalid-field ${agent}: ${pod}.volumes[2]`],
  ],
  [
    'two ports of one name in a container; only a warning in two containers',
    (set) => {
      mainOf(set).ports[1].name = 'grpc';
      mainOf(set).readinessProbe.httpGet.port = 'grpc';
      podOf(set).initContainers[0].ports = [{ name: 'grpc', containerPort: 1 }];
    },
    [`warning duplicate-entry ${agent}: ${main}.ports[0].name`, `duplicate-entry ${agent}: ${main}.ports[1].name`],
  ],
  [
    'port numbers out of range',
    (set) => {
      mainOf(set).ports[0].containerPort = 0;
      mainOf(set).ports[0].hostPort = 65536;
      mainOf(set).livenessProbe.tcpSocket.port = 65536;
    },
    [
      `invalid-field ${agent}: ${main}.ports[0].containerPort`,
      `invalid-field ${agent}: ${main}.ports[0].hostPort`,
      `invalid-field ${agent}: ${main}.livenessProbe.tcpSocket.port`,
    ],
  ],
  [
    'a probe of a port that the container does not have, though another container has it',
    (set) => {
      podOf(set).initContainers[0].startupProbe = { httpGet: { port: 'readiness' } };
    },
    [`missing-reference ${agent}: ${pod}.initContainers[0].startupProbe.httpGet.port`],
  ],
  [
    'probes and hooks without an action, with two, or with an empty command',
    (set) => {
      delete mainOf(set).livenessProbe.tcpSocket;
      mainOf(set).readinessProbe.exec = { command: ['true'] };
      mainOf(set).lifecycle.preStop.exec = {};
    },
    [
      `missing-field ${agent}: ${main}.livenessProbe`,
      `invalid-field ${agent}: ${main}.readinessProbe`,
      `missing-field ${agent}: ${main}.lifecycle.preStop.exec.command`,
    ],
  ],
  [
    'a probe and a hook of an init container that runs to its end',
    (set) => {
      const init = podOf(set).initContainers[0];
      init.livenessProbe = { exec: { command: ['true'] } };
      init.lifecycle = { preStop: { exec: { command: ['true'] } } };
      delete init.restartPolicy;
    },
    [
      `invalid-field ${agent}: ${pod}.initContainers[0].livenessProbe`,
      `invalid-field ${agent}: ${pod}.initContainers[0].lifecycle`,
    ],
  ],
  [
    'variables with two sources, with none, and a source without a name',
    (set) => {
      mainOf(set).env[0].value = 'x';
      mainOf(set).env[1].valueFrom = {};
      delete mainOf(set).env[2].valueFrom.configMapKeyRef.name;
      podOf(set).initContainers[0].envFrom.push({ prefix: 'A_' });
    },
    [
      `missing-field ${agent}: ${pod}.initContainers[0].envFrom[2]`,
      `invalid-field ${agent}: ${main}.env[0]`,
      `missing-field ${agent}: ${main}.env[1].valueFrom`,
      `missing-field ${agent}: ${main}.env[2].valueFrom.configMapKeyRef`,
    ],
  ],
  [
    'requests above the limits or below zero',
    (set) => {
      mainOf(set).resources = { requests: { cpu: '1500m', memory: '4Gi' }, limits: { cpu: 1.4, memory: '4096Mi' } };
      podOf(set).initContainers[0].resources = { limits: { cpu: '-1' } };
    },
    [
      `invalid-field ${agent}: ${pod}.initContainers[0].resources.limits.cpu`,
      `invalid-field ${agent}: ${main}.resources.requests.cpu`,
    ],
  ],
  [
    'restart policies that the controller does not take',
    (set) => {
      podOf(set).restartPolicy = 'Never';
      delete set['job'].spec.template.spec.restartPolicy;
    },
    [
      `invalid-field ${agent}: ${pod}.restartPolicy`,
      'invalid-field Job vald/vald-restore: spec.template.spec.restartPolicy',
    ],
  ],
  [
    'claims without access mode or size',
    (set) => {
      delete set['statefulSet'].spec.volumeClaimTemplates[0].spec.resources;
      set['claim'].spec = { accessModes: [], resources: { requests: { storage: 0 } } };
    },
    [
      `missing-field ${agent}: spec.volumeClaimTemplates[0].spec.resources.requests.storage`,
      'missing-field PersistentVolumeClaim vald/vald-cache: spec.accessModes',
      'invalid-field PersistentVolumeClaim vald/vald-cache: spec.resources.requests.storage',
    ],
  ],
];

describe('a pod is refused for', () => {
  test.each(faults)('%s', (_title, change, problems) => {
    expect(problemsAfter(change)).toEqual(problems);
  });
});

describe('names', () => {
  const long = (length: number) => 'a'.repeat(length);

  test.each([
    ['configMap', 'vald_agent', 'ConfigMap'],
    ['configMap', 'Vald', 'ConfigMap'],
    ['configMap', long(254), 'ConfigMap'],
    ['statefulSet', 'vald.agent', 'StatefulSet'],
    ['statefulSet', long(53), 'StatefulSet'],
    ['service', '1vald', 'Service'],
    ['cronJob', long(53), 'CronJob'],
    ['job', long(64), 'Job'],
    ['priorityClass', 'system-vald', 'PriorityClass'],
    ['role', 'vald/agent', 'Role'],
  ])('%s %s is refused', (key, name, kind) => {
    const problems = problemsAfter((set) => {
      set[key].metadata.name = name;
    });
    expect(problems).toContain(`invalid-name ${kind} ${kind === 'PriorityClass' ? '' : 'vald/'}${name}: metadata.name`);
  });

  test.each([
    ['lease', 'vald.agent'],
    ['networkPolicy', long(253)],
    ['cronJob', long(52)],
    ['budget', 'Vald'],
  ])('%s %s passes', (key, name) => {
    expect(
      problemsAfter((set) => {
        set[key].metadata.name = name;
      }),
    ).toEqual([]);
  });

  test('an object needs a name, or the start of one', () => {
    const change = (start?: string) => (set: Set) => {
      set['lease'].metadata = { namespace: 'vald', ...(start ? { generateName: start } : {}) };
    };
    expect(problemsAfter(change())).toEqual(['missing-field Lease vald/(without a name): metadata.name']);
    expect(problemsAfter(change('vald-'))).toEqual([]);
    expect(problemsAfter(change('Vald-'))).toEqual(['invalid-name Lease vald/Vald-: metadata.generateName']);
  });

  test('everything else that has a name is looked at too', () => {
    const problems = problemsAfter((set) => {
      set['configMap'].metadata.namespace = 'Vald';
      set['configMap'].metadata.labels = { 'a/b/c': 'x', app: 'not ok' };
      set['configMap'].metadata.annotations = { 'not ok': 'x', 'Example.com/Fine': 'any text at all' };
      set['secret'].data['a/b'] = 'AAEC';
      set['statefulSet'].spec.template.metadata.labels['-x'] = '';
      set['statefulSet'].spec.template.metadata.annotations['-x'] = '';
      set['statefulSet'].spec.volumeClaimTemplates[0].metadata.labels = { app: '-' };
      podOf(set).nodeSelector = { 'kubernetes.io/os': 'a b' };
      podOf(set).initContainers[0].name = 'side_car';
      podOf(set).volumes[2].name = 'tmp.d';
      mainOf(set).volumeMounts[3].name = 'tmp.d';
      mainOf(set).env[4].name = 'TIME ZONE';
      mainOf(set).ports[1].name = 'readiness-and-more';
      mainOf(set).readinessProbe.httpGet.port = 'readiness-and-more';
      set['service'].spec.ports[0].name = 'gRPC';
      set['service'].spec.selector = { app: 'vald-agent', 'a b': 'c' };
    }).filter((problem) => problem.startsWith('invalid-name'));
    expect(problems).toEqual([
      'invalid-name ConfigMap Vald/vald-agent-config: metadata.namespace',
      'invalid-name ConfigMap Vald/vald-agent-config: metadata.labels[a/b/c]',
      'invalid-name ConfigMap Vald/vald-agent-config: metadata.labels.app',
      'invalid-name ConfigMap Vald/vald-agent-config: metadata.annotations[not ok]',
      'invalid-name Secret vald/vald-backup: data[a/b]',
      'invalid-name Service vald/vald-agent: spec.ports[0].name',
      'invalid-name Service vald/vald-agent: spec.selector[a b]',
      `invalid-name ${agent}: spec.template.metadata.labels.-x`,
      `invalid-name ${agent}: spec.template.metadata.annotations.-x`,
      `invalid-name ${agent}: ${pod}.nodeSelector[kubernetes.io/os]`,
      `invalid-name ${agent}: spec.volumeClaimTemplates[0].metadata.labels.app`,
      `invalid-name ${agent}: ${pod}.initContainers[0].name`,
      `invalid-name ${agent}: ${main}.ports[1].name`,
      `invalid-name ${agent}: ${main}.env[4].name`,
      `invalid-name ${agent}: ${pod}.volumes[2].name`,
    ]);
  });

  test('annotations may hold 256 KiB together', () => {
    const change = (bytes: number) => (set: Set) => {
      set['claim'].metadata.annotations = { key: 'x'.repeat(bytes - 3) };
    };
    expect(problemsAfter(change(256 * 1024))).toEqual([]);
    expect(problemsAfter(change(256 * 1024 + 1))).toEqual([
      'invalid-field PersistentVolumeClaim vald/vald-cache: metadata.annotations',
    ]);
  });
});
