import { describe, expect, test } from 'vitest';
import { valdChart } from '../../../src/vald/index.js';
import { places } from './places.js';
import { run, runFleet } from './rule-run.js';
import { describeRules } from './rules-contract.js';

describeRules(valdChart, { prefix: 'VALD', count: 64, places });

describe('a release without agents', () => {
  test('has nothing to lose, whatever else its values say', () => {
    const off = 'agent: { enabled: false, ngt: { enable_in_memory_mode: false }, sidecar: { enabled: true } }';
    expect(run(valdChart, off)).toEqual([]);
    expect(run(valdChart, off.replace('false', 'true')).map(({ id }) => id)).toContain('VALD007');
  });
});

describe('versions of the chart', () => {
  const sidecar = 'agent: { sidecar: { enabled: true } }';
  test.each(['v1.7.11', 'v1.8.0', '1.8.0'])('with %s the sidecar does not render', (chartVersion) => {
    expect(run(valdChart, { values: sidecar, chartVersion }).map(({ id }) => id)).toContain('VALD001');
  });
  test.each(['v1.7.7', 'v1.7.10'])('with %s it does', (chartVersion) => {
    expect(run(valdChart, { values: sidecar, chartVersion }).map(({ id }) => id)).not.toContain('VALD001');
  });
  test('agents of the older line have another name', () => {
    expect(valdChart.defaults('v1.7.10')['agent']).toMatchObject({ name: 'vald-agent-ngt' });
    expect(valdChart.defaults('v1.7.11')['agent']).toMatchObject({ name: 'vald-agent', algorithm: 'ngt' });
  });
});

describe('several releases', () => {
  const sidecar = 'agent: { sidecar: { enabled: true, config: { blob_storage: { bucket: backups } } } }';
  const named = (filename: string) => sidecar.replace('config: {', `config: { filename: "${filename}",`);
  const byNamespace = named(`\${MY_POD_NAMESPACE}/\${MY_POD_NAME}`);
  const byHost = named('$HOSTNAME');
  const at = (endpoint: string) => sidecar.replace('bucket:', `s3: { endpoint: "${endpoint}" }, bucket:`);
  const google = (url: string) =>
    sidecar.replace('bucket:', `storage_type: cloud_storage, cloud_storage: { url: "${url}" }, bucket:`);
  const sameObjects = [
    'blue agent.sidecar.config.filename: the same objects as release green',
    'green agent.sidecar.config.filename: the same objects as release blue',
  ];
  test.each<[string, Record<string, string>, Record<string, string>, string[]]>([
    [
      'in one namespace',
      { blue: 'agent: {}', green: 'agent: {}' },
      { blue: 'vald', green: 'vald' },
      [
        'blue nameOverride: in one namespace with release green, whose agents the Service selects too',
        'green nameOverride: in one namespace with release blue, whose agents the Service selects too',
      ],
    ],
    ['in two namespaces', { blue: 'agent: {}', green: 'agent: {}' }, { blue: 'one', green: 'two' }, []],
    [
      'in one namespace with two names',
      { blue: 'agent: {}', green: 'nameOverride: other' },
      { blue: 'vald', green: 'vald' },
      [],
    ],
    [
      'one of them without agents',
      { blue: 'agent: {}', green: 'agent: { enabled: false }' },
      { blue: 'vald', green: 'vald' },
      [],
    ],
    ['with one bucket', { blue: sidecar, green: sidecar }, { blue: 'one', green: 'two' }, sameObjects],
    ['with one bucket of two stores', { blue: at('http://one'), green: at('http://two') }, {}, []],
    ['with one bucket of one store', { blue: at('http://one'), green: at('http://one') }, {}, sameObjects],
    ['with two of Google’s buckets', { blue: google('gs://one'), green: google('gs://two') }, {}, []],
    ['with one of Google’s buckets', { blue: google('gs://one'), green: google('gs://one') }, {}, sameObjects],
    ['with the namespace in the name', { blue: byNamespace, green: byNamespace }, { blue: 'one', green: 'two' }, []],
    ['with unknown namespaces in the name', { blue: byNamespace, green: byNamespace }, {}, []],
    [
      'with host names, which are the pods’',
      { blue: sidecar, green: byHost },
      { blue: 'one', green: 'two' },
      sameObjects,
    ],
  ])('%s', (_, releases, namespaces, expected) => {
    expect(runFleet(valdChart, releases, namespaces)).toEqual(expected);
  });
});

test('no message shows a secret', () => {
  const found = run(
    valdChart,
    `agent:
  sidecar:
    enabled: true
    env: [{ name: AWS_CA_BUNDLE, value: marker }]
    config:
      filename: x
      blob_storage:
        s3: { access_key: marker, secret_access_key: marker, token: marker }
        cloud_storage: { client: { credentials_json: marker } }
`,
  );
  expect(found.filter(({ id }) => id === 'VALD029')).toHaveLength(4);
  expect(found.filter(({ message }) => message.includes('marker'))).toEqual([]);
});
