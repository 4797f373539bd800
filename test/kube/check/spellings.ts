import { type Changeable, goodSet } from './good-set.js';
import type { Mutant } from './mutants.js';

type Set = Record<string, Changeable>;
type Put = readonly [what: string, key: string, put: (set: Set, value: Changeable) => void];

const x = (length: number) => 'x'.repeat(length);
const words = [
  ...['a', 'A', 'a.b', 'a_b', '1a', '-a', 'a-', 'a..b', 'a:b', 'a/b', '.', '..', 'a%b', 'a b', 'é', 'system-x'],
  ...[x(16), x(52), x(53), x(63), x(64), x(253), x(254)],
];
const keys = [
  ...words,
  ...['a/b/c', 'A/b', 'a.b/C_d', '/b', 'a/', '_a', 'a_', '..a', '.a', `${x(64)}/a`, `a/${x(64)}`, ''],
];
const quantities = [
  ...['1', '1.', '.5', '+1', '-1', '1e3', '1E3', '1E', '1e', '1k', '1K', '1Ki', '1KI', '1GB', '1GiB', '0.1m', ' 1'],
  ...['1 Gi', '', '0x1', '1n', '1u', '1Ei', '1e+3', '1e-3', 'Gi', '1.5.5', '1_000', 0, -1, 1.5, 1e21, '100Gi'],
];
const times = [
  ...['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.5Z', '2026-01-31T12:00:00.123456Z', '2026-01-31T12:00:00+01:00'],
  ...['2026-01-31 12:00:00Z', '2026-01-31', '', '2026-13-31T12:00:00Z', '2026-01-31T12:00:00', '2026-01-31t12:00:00z'],
  ...['2026-1-31T12:00:00Z', '2026-02-30T12:00:00Z', '2026-02-28T24:00:00Z'],
];
const base64 = ['', 'a', 'ab==', 'YQ==', 'YQ', 'YQ=', 'Y Q==', 'YQ==\n', 'Y\nQ==', '-_==', '====', 'YWI=', 'Y==='];
const ports = [0, -1, 1, 65535, 65536, 2 ** 31, 1.5];

const specOf = (set: Set) => set['statefulSet'].spec.template.spec;
const mainOf = (set: Set) => specOf(set).containers[0];
const renamed = (set: Set, key: string, start: string) => {
  delete set[key].metadata.name;
  set[key].metadata.generateName = start;
};

const putKeys: readonly Put[] = [
  ['label', 'configMap', (set, key) => (set['configMap'].metadata.labels = { [key]: 'v' })],
  ['value of a label', 'configMap', (set, value) => (set['configMap'].metadata.labels = { a: value })],
  ['annotation', 'configMap', (set, key) => (set['configMap'].metadata.annotations = { [key]: 'v' })],
  ['key of a ConfigMap', 'configMap', (set, key) => (set['configMap'].data = { [key]: 'v' })],
  ['key of a Secret', 'secret', (set, key) => (set['secret'].data = { [key]: 'aGk=' })],
  ['start of a name', 'configMap', (set, start) => renamed(set, 'configMap', start)],
  ['start of a StatefulSet’s name', 'statefulSet', (set, start) => renamed(set, 'statefulSet', start)],
  ['start of a CronJob’s name', 'cronJob', (set, start) => renamed(set, 'cronJob', start)],
  ['pod label', 'statefulSet', (set, key) => (set['statefulSet'].spec.template.metadata.labels[key] = 'v')],
  ['pod annotation', 'statefulSet', (set, key) => (set['statefulSet'].spec.template.metadata.annotations[key] = 'v')],
  ['node label', 'statefulSet', (set, key) => (specOf(set).nodeSelector = { [key]: 'v' })],
  ['value of a node label', 'statefulSet', (set, value) => (specOf(set).nodeSelector = { a: value })],
  ['container', 'statefulSet', (set, name) => (mainOf(set).name = name)],
  [
    'volume',
    'statefulSet',
    (set, name) => {
      specOf(set).volumes[0].name = name;
      mainOf(set).volumeMounts[1].name = name;
    },
  ],
  [
    'claim template',
    'statefulSet',
    (set, name) => {
      set['statefulSet'].spec.volumeClaimTemplates[0].metadata.name = name;
      mainOf(set).volumeMounts[0].name = name;
      specOf(set).initContainers[0].volumeMounts[0].name = name;
    },
  ],
  [
    'port',
    'statefulSet',
    (set, name) => {
      mainOf(set).ports[1].name = name;
      mainOf(set).readinessProbe.httpGet.port = name || 3001;
    },
  ],
  ['variable', 'statefulSet', (set, name) => (mainOf(set).env[4].name = name)],
  ['mount path', 'statefulSet', (set, path) => (mainOf(set).volumeMounts[3].mountPath = path)],
  [
    'selector',
    'statefulSet',
    (set, key) => {
      set['statefulSet'].spec.selector.matchLabels[key] = 'v';
      set['statefulSet'].spec.template.metadata.labels[key] = 'v';
    },
  ],
  ['port of a Service', 'service', (set, name) => (set['service'].spec.ports[0].name = name)],
  ['target port', 'service', (set, name) => (set['service'].spec.ports[0].targetPort = name)],
  ['selector of a Service', 'service', (set, key) => (set['service'].spec.selector = { [key]: 'v' })],
  ['value in a Service', 'service', (set, value) => (set['service'].spec.selector = { a: value })],
  ['selector of a budget', 'budget', (set, key) => (set['budget'].spec.selector.matchLabels = { [key]: 'v' })],
];

const putQuantities: readonly Put[] = [
  ['claim', 'claim', (set, size) => (set['claim'].spec.resources.requests.storage = size)],
  ['limit', 'statefulSet', (set, cpu) => (mainOf(set).resources = { limits: { cpu } })],
  [
    'request',
    'statefulSet',
    (set, memory) => (mainOf(set).resources = { requests: { memory }, limits: { memory: '4Gi' } }),
  ],
];

const putPorts: readonly Put[] = [
  ['container port', 'statefulSet', (set, port) => (mainOf(set).ports[0].containerPort = port)],
  ['host port', 'statefulSet', (set, port) => (mainOf(set).ports[0].hostPort = port)],
  ['probe', 'statefulSet', (set, port) => (mainOf(set).livenessProbe.tcpSocket.port = port)],
  ['port number of a Service', 'service', (set, port) => (set['service'].spec.ports[0].port = port)],
  ['target port number', 'service', (set, port) => (set['service'].spec.ports[0].targetPort = port)],
];

/** The good set with text and numbers at the edges of what is allowed, everywhere where the form of it counts. */
export function* spellings(): Generator<Mutant> {
  for (const key of Object.keys(goodSet()))
    yield* put([`${key} name`, key, (set, name) => (set[key].metadata.name = name)], words);
  for (const place of putKeys) yield* put(place, keys);
  for (const place of putQuantities) yield* put(place, quantities);
  for (const place of putPorts) yield* put(place, ports);
  yield* put(['renewal', 'lease', (set, time) => (set['lease'].spec.renewTime = time)], times);
  yield* put(['time', 'configMap', (set, time) => (set['configMap'].metadata.deletionTimestamp = time)], times);
  yield* put(['base64', 'secret', (set, bytes) => (set['secret'].data = { bytes })], base64);
}

function* put([what, key, change]: Put, values: readonly Changeable[]): Generator<Mutant> {
  for (const value of values) {
    const set = goodSet();
    change(set, value);
    yield { title: `${what} ${JSON.stringify(value)}`, key, set };
  }
}
