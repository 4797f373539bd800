import { type EffectiveValues, type Release, type Rule, sharedPlaces } from '../../values/index.js';
import { blobStorage, hasSidecar, kind, sidecarConfig, storageType, usesStore, variables } from './agent-state.js';
import { agent, saved, sidecarWith } from './examples.js';

const filenamePath = `${sidecarConfig}.filename`;
const environment = 'agent.sidecar.env';

/** Variables that every container has, without being listed. */
const given = ['HOSTNAME', 'VALD_AGENT_SIDECAR_MODE'];

/** A piece of a name: plain text, or what a variable stands for. */
type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'missing' | 'pod' | 'namespace' | 'other'; readonly variable: string };

/**
 * The pieces of a text as the sidecar expands it: `_NAME_` only where it is the whole text, `$NAME` and `${NAME}`
 * anywhere.
 */
function pieces(values: EffectiveValues, path: string): Piece[] {
  const text = values.text(path) ?? '';
  const whole = /^_(.+)_$/.exec(text)?.[1];
  if (whole !== undefined) return [piece(values, whole)];
  return text
    .split(/(\$\{[^}]*\}|\$[A-Za-z0-9_]+)/)
    .filter((part) => part !== '')
    .map((part) => (/^\$./.test(part) ? piece(values, part.replace(/[${}]/g, '')) : { type: 'text', text: part }));
}

function piece(values: EffectiveValues, variable: string): Piece {
  const found = variables(values, environment).get(variable);
  if (!found)
    return { type: variable === 'HOSTNAME' ? 'pod' : given.includes(variable) ? 'other' : 'missing', variable };
  const at = ['agent', 'sidecar', 'env', found.at];
  const literal = values.text([...at, 'value']);
  if (literal !== undefined) return { type: 'text', text: literal };
  const field = values.text([...at, 'valueFrom', 'fieldRef', 'fieldPath']);
  if (field === 'metadata.namespace') return { type: 'namespace', variable };
  return { type: field === 'metadata.name' ? 'pod' : 'other', variable };
}

function objectName(values: EffectiveValues): Piece[] {
  return [...pieces(values, filenamePath), ...pieces(values, `${sidecarConfig}.filename_suffix`)];
}

/** Where a release puts its objects; what only the cluster knows is told apart by the release. */
function placeOfObjects({ values, release }: Release): string {
  const store = storageType(values) === 's3' ? ['s3.endpoint', 'bucket'] : ['cloud_storage.url'];
  const name = objectName(values).map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'pod') return `<${values.text('agent.name')}>`;
    if (part.type === 'namespace' && release?.namespace !== undefined) return release.namespace;
    return `<${part.variable} of ${release?.name}>`;
  });
  return [storageType(values), ...store.map((key) => values.text(`${blobStorage}.${key}`) ?? ''), name.join('')].join(
    '\n',
  );
}

/** Rules about the names of the objects in the store: each pod needs one of its own, and the same one again. */
export const objectNameRules: readonly Rule[] = [
  {
    id: 'VALD017',
    severity: 'error',
    title: 'objects are named after pods whose names are random',
    why: 'A pod of a Deployment or DaemonSet has a new name each time. It never finds the object of the pod before, starts empty, and leaves one more object behind.',
    fix: 'Set agent.kind to StatefulSet, whose pods keep their names.',
    fact: 'How Kubernetes names pods; the default filename is _MY_POD_NAME_.',
    check: (values) =>
      usesStore(values) &&
      ['Deployment', 'DaemonSet'].includes(kind(values)) &&
      pieces(values, filenamePath).some(({ type }) => type === 'pod')
        ? [{ path: filenamePath, message: `the name of the pod, which is random for a ${kind(values)}` }]
        : [],
    hits: [agent('kind: Deployment', saved, sidecarWith(''))],
    passes: [
      agent('kind: StatefulSet', saved, sidecarWith('')),
      agent('kind: Deployment', saved, sidecarWith('filename: index')),
    ],
  },
  {
    id: 'VALD025',
    severity: 'error',
    title: 'the object’s name uses a variable that the sidecar does not have',
    why: 'A variable that is not set becomes empty. All pods then share one object, named after the suffix alone, and overwrite each other.',
    fix: 'Add the variable to agent.sidecar.env: a list in a values file replaces the chart’s whole list, so MY_POD_NAME must be in it too.',
    fact: 'Run with sidecar v1.8.0: an unset variable gave the object ".tar.gz".',
    check(values) {
      if (!usesStore(values)) return [];
      return objectName(values).flatMap((part) =>
        part.type === 'missing'
          ? [{ path: environment, message: `no ${part.variable}, which the object’s name is made of` }]
          : [],
      );
    },
    hits: [
      agent(saved, sidecarWith('', ', env: [{ name: AWS_REGION, value: eu-north-1 }]')),
      agent(saved, sidecarWith("filename: 'prod/$POD'")),
    ],
    passes: [
      agent(saved, sidecarWith("filename: 'prod/$MY_POD_NAME'")),
      agent(
        saved,
        sidecarWith('', ', env: [{ name: MY_POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }]'),
      ),
      agent(saved, 'sidecar: { env: [] }'),
    ],
  },
  {
    id: 'VALD026',
    severity: 'error',
    title: 'all pods upload to one object',
    why: 'Each pod holds a part of the vectors. With one name for all of them the last upload wins, and the other parts are in no backup.',
    fix: 'Name the pod: filename: _MY_POD_NAME_, or $MY_POD_NAME inside a longer text, where _MY_POD_NAME_ is not expanded.',
    fact: 'Run with sidecar v1.8.0: only a text that begins and ends with "_" is expanded as a whole; a dollar sign and the name work anywhere.',
    check(values) {
      const name = objectName(values);
      const pods = Math.max(values.number('agent.minReplicas') ?? 0, values.isTrue('agent.hpa.enabled') ? 2 : 0);
      if (!usesStore(values) || (pods < 2 && kind(values) !== 'DaemonSet')) return [];
      if (!name.every(({ type }) => type === 'text' || type === 'namespace')) return [];
      return [{ path: filenamePath, message: `"${values.text(filenamePath) ?? ''}" is the same name for every pod` }];
    },
    hits: [
      agent('minReplicas: 3', saved, sidecarWith('filename: vald-agent')),
      agent('minReplicas: 3', saved, sidecarWith('filename: prod/_MY_POD_NAME_')),
    ],
    passes: [
      agent('minReplicas: 1', saved, sidecarWith('filename: vald-agent')),
      agent('minReplicas: 3', saved, sidecarWith("filename: 'prod/$MY_POD_NAME'")),
    ],
  },
  {
    id: 'VALD027',
    severity: 'error',
    title: 'two releases upload to the same objects',
    why: 'The object’s name has no cluster, namespace or release in it. Two releases with one bucket and one agent.name overwrite each other’s index, and each restores what the other uploaded last.',
    fix: 'Put the release into agent.sidecar.config.filename, for example "production/$MY_POD_NAME", or give each release its own bucket.',
    fact: 'Read in the sidecar v1.8.0: the key is filename and suffix. Run: filename "rel/ns/$MY_POD_NAME" gave "rel/ns/vald-agent-0.tar.gz".',
    checkFleet: (releases) =>
      sharedPlaces(
        releases.filter(({ values }) => values.isTrue('agent.enabled') && hasSidecar(values)),
        placeOfObjects,
        filenamePath,
        'the same objects as',
      ),
    fleetHits: [{ blue: agent(saved, sidecarWith('')), green: agent(saved, sidecarWith('')) }],
    fleetPasses: [
      {
        blue: agent(saved, sidecarWith("filename: 'blue/$MY_POD_NAME'")),
        green: agent(saved, sidecarWith("filename: 'green/$MY_POD_NAME'")),
      },
      { blue: agent('name: blue', saved, sidecarWith('')), green: agent('name: green', saved, sidecarWith('')) },
      { blue: agent(saved, sidecarWith('')), green: agent(saved, 'sidecar: { enabled: false }') },
    ],
  },
];
