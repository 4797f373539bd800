import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { objectStoreSchema } from '../../src/store/index.js';
import {
  absolutePath,
  dataKey,
  dnsLabel,
  dnsName,
  duration,
  imageRepository,
  imageTag,
  plainText,
  secretReference,
  size,
  textLeaf,
  uuid,
  withTracer,
} from '../../src/units/index.js';
import { StandIns } from '../vald/tracer.js';

const uuidText = '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2';

/** A leaf of an object store, checked as part of a whole one. */
const inStore =
  (key: 'bucket' | 'region' | 'endpoint' | 'prefix') =>
  (value: unknown): boolean =>
    objectStoreSchema.safeParse({
      type: 's3',
      bucket: 'vald-backups',
      region: 'eu-north-1',
      credentials: { type: 'secret', secret: { name: 'aws-secret' } },
      [key]: value,
    }).success;

const leaf = (schema: ReturnType<typeof textLeaf>) => (value: unknown) => schema.safeParse(value).success;

const inSecret =
  (key: 'name' | 'key') =>
  (value: unknown): boolean => {
    const schema = secretReference({ accessKeyId: 'access-key' });
    return schema.safeParse(key === 'name' ? { name: value } : { name: 'aws-secret', keys: { accessKeyId: value } })
      .success;
  };

interface Case {
  readonly accepts: (value: unknown) => boolean;
  readonly good: readonly string[];
  readonly bad: readonly string[];
}

const cases: Record<string, Case> = {
  size: {
    accepts: leaf(size()),
    good: ['1', '100Gi', '1.5Ti', '0.5k', '007Mi', '500G', '9P', '107374182400'],
    bad: ['banana', '0', '0Gi', '0.0Gi', '-1Gi', '+1Gi', '1 Gi', '1gi', '1GB', '1Ei', '1e3', '.5Gi', '1.Gi', '１Gi'],
  },
  duration: {
    accepts: leaf(duration()),
    good: ['1ms', '10m', '1h30m', '24h', '90s', '1h1h', '0h1m', '999999h'],
    bad: ['banana', '0s', '0h0m', '10', 'm', '-1s', '1.5h', '1 h', '1d', '1H', '1us', '1000000h', '1m30'],
  },
  dnsLabel: {
    accepts: leaf(dnsLabel()),
    good: ['a', '0', 'vald-agent', 'a--b', 'a'.repeat(63)],
    bad: ['-a', 'a-', 'A', 'a.b', 'a_b', 'a'.repeat(64), 'é'],
  },
  dnsName: {
    accepts: leaf(dnsName()),
    good: ['a', 'a.b', 'vald-backup-credentials', 'a'.repeat(253)],
    bad: ['a..b', '.a', 'a.', 'a.-b', 'A', 'a_b', 'a'.repeat(254)],
  },
  absolutePath: {
    accepts: leaf(absolutePath()),
    good: ['/a', '/var/ngt/index', '/a/.hidden', '/a/..b', '/...', '/A_b-c.d'],
    bad: ['/', 'var/ngt', './a', '/a/', '//a', '/a//b', '/..', '/a/..', '/a/../b', '/.', '/a/./b', '~/a', '/é'],
  },
  uuid: {
    accepts: leaf(uuid()),
    good: [uuidText],
    bad: [uuidText.toUpperCase(), uuidText.slice(1), `${uuidText}0`, `{${uuidText}}`, uuidText.replaceAll('-', '')],
  },
  imageRepository: {
    accepts: leaf(imageRepository()),
    good: [
      'rclone',
      'rclone/rclone',
      'vdaas/vald-agent-ngt',
      'registry.example.com:5000/team/image',
      'localhost:5000/a',
      'a__b/c--d',
      '127.0.0.1:5000/a.b_c',
    ],
    bad: [
      'image:v1',
      'a/b:v1',
      'a//b',
      'a::b',
      '/a',
      'a/',
      'A/b',
      'https://a/b',
      'a@sha256:00',
      'a___b',
      'a'.repeat(256),
    ],
  },
  imageTag: {
    accepts: leaf(imageTag()),
    good: ['v1.8.0', 'latest', '_a', '1.75.1', 'a'.repeat(128), `v1@sha256:${'0a'.repeat(32)}`],
    bad: ['.a', '-a', ':v1', 'a:b', 'v1@sha256:00', `@sha256:${'0a'.repeat(32)}`, 'a'.repeat(129)],
  },
  dataKey: {
    accepts: leaf(dataKey()),
    good: ['ca.crt', 'TLS_CA', '.dot', 'a..b', 'a'.repeat(253)],
    bad: ['.', '..', '..a', 'a/b', 'a'.repeat(254)],
  },
  'secret name': { accepts: inSecret('name'), good: ['aws-secret', 'minio.creds'], bad: ['AKIAIOSFODNN7EXAMPLE'] },
  'secret key': {
    accepts: inSecret('key'),
    good: ['access-key', 'rootUser', 'AWS_ACCESS_KEY_ID', 'credentials.json', 'a-long-name-of-a-key-that-nobody-wants'],
    bad: [
      'AKIAIOSFODNN7EXAMPLE',
      'ASIAIOSFODNN7EXAMPLE',
      'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12',
      'x_3kQ-bJv9Wl2Zr8Tn5Ym1Pc7Df4Gh6Sa0Ue_LoKi',
      'd41d8cd98f00b204e9800998ecf8427e',
      uuidText,
      'a=b',
      '..',
      'key/with/slash',
    ],
  },
  bucket: {
    accepts: inStore('bucket'),
    good: ['vald-backups', 'abc', 'my.bucket', 'my_bucket', 'a'.repeat(63)],
    bad: ['ab', 'Vald', '-abc', 'abc-', 'a..b', 'a/b', 'a:b', 's3://vald', 'a'.repeat(64)],
  },
  region: {
    accepts: inStore('region'),
    good: ['eu-north-1', 'auto', 'default', 'US', 'garage.local'],
    bad: ['_AWS_SECRET_ACCESS_KEY_', 'eu/north', 'a'.repeat(64)],
  },
  endpoint: {
    accepts: inStore('endpoint'),
    good: [
      'https://s3.example.com',
      'http://minio.minio.svc:9000',
      'http://10.0.0.1:65535',
      'https://s3.eu.example.com:443',
    ],
    bad: [
      's3.example.com',
      'ftp://a',
      'https://',
      'https://a/',
      'https://a/path',
      'https://user:password@a',
      'https://a?b=c',
      'https://a#b',
      'http://a:0',
      'http://a:65536',
      'http://a:99999',
      'http://a:',
      'https://-a',
    ],
  },
  prefix: {
    accepts: inStore('prefix'),
    good: ['', 'production', 'production/eu', 'team=a/b_c', '.hidden', 'a/..b', 'a'.repeat(512)],
    bad: ['/', '/a', 'a/', 'a//b', '..', '.', 'a/../b', 'a/..', './a', 'a:b', 'a'.repeat(513)],
  },
};

/** What breaks out of YAML, sh, a path or a line where a value is put in unquoted. */
const hostile = [
  'a\nb',
  'a\n',
  '\na',
  'a\r\nb',
  'a\tb',
  'a\0b',
  'a\u2028b',
  'a\u0085b',
  'a\u202Eb',
  'a b',
  ' a',
  'a ',
  '$(id)',
  '$(AWS_SECRET_ACCESS_KEY)',
  '$' + '{HOME}',
  '$HOME',
  '`id`',
  "a'b",
  'a"b',
  'a\\b',
  'a;b',
  'a|b',
  'a&b',
  'a>b',
  'a<b',
  'a*b',
  'a?b',
  'a#b',
  'a!b',
  'a%b',
  'a,b',
  '{{ .Values.a }}',
  '{a}',
  '[a]',
  'ä',
  '日本',
  'a\u200Bb',
  '😀',
];

describe.each(Object.entries(cases))('%s', (_, { accepts, good, bad }) => {
  test('accepts good values', () => {
    expect(good.filter((value) => !accepts(value))).toEqual([]);
  });

  test('refuses bad values', () => {
    expect(bad.filter((value) => accepts(value))).toEqual([]);
  });

  test('refuses what is not text', () => {
    for (const value of [3, true, null, [], {}, ['a']]) expect(accepts(value), String(value)).toBe(false);
  });

  test('refuses hostile values, alone, before and after a good one', () => {
    const values = hostile.flatMap((value) => [
      value,
      ...good.filter((text) => text !== '').flatMap((text) => [`${text}${value}`, `${value}${text}`]),
    ]);
    expect(values.filter((value) => accepts(value))).toEqual([]);
  });

  test('refuses text of a hundred thousand characters, at once', () => {
    const started = performance.now();
    for (const unit of ['a', '0', 'a-', '/a', 'a.', '1h', '-']) expect(accepts(unit.repeat(50_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('accepts only characters that mean nothing to YAML, sh or rclone', () => {
    const near = fc.tuple(fc.constantFrom(...good), fc.string({ maxLength: 3, unit: 'binary' }), fc.nat(20));
    fc.assert(
      fc.property(near, ([text, extra, at]) => {
        const value = text.slice(0, at) + extra + text.slice(at);
        if (accepts(value)) expect(value).toMatch(/^[A-Za-z0-9._:/@=-]*$/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('plain text', () => {
  const accepts = leaf(plainText('a name'));

  test('is one line of anything', () => {
    expect(['a', 'a b', '$(x)', 'é'].filter((value) => !accepts(value))).toEqual([]);
    expect(['', 'a\nb', 'a\n', 'a\tb', 'a\u0085b', 'a\0'].filter(accepts)).toEqual([]);
  });
});

describe('a text leaf', () => {
  const schema = textLeaf({ pattern: /^[a-z]+$/, maxLength: 3, allowed: 'letters' });

  test('lets a stand-in pass while a tracer is active, and only then', () => {
    const tracer = new StandIns();
    const name = tracer.text('name');
    expect(withTracer(tracer, () => schema.safeParse(name).success)).toBe(true);
    expect(withTracer(tracer, () => schema.safeParse('TOO LONG').success)).toBe(false);
    expect(schema.safeParse(name).success).toBe(false);
  });

  test('says what is allowed', () => {
    expect(schema.safeParse('ABCD').error?.issues).toMatchObject([
      { code: 'custom', message: 'not well formed', params: { allowed: 'letters' } },
    ]);
  });
});

describe('a secret reference', () => {
  test('has a default for every key and no place for a value', () => {
    const schema = secretReference({ accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' });
    expect(schema.parse({ name: 'aws-secret' })).toEqual({
      name: 'aws-secret',
      keys: { accessKeyId: 'access-key', secretAccessKey: 'secret-access-key' },
    });
    expect(schema.safeParse({ name: 'aws-secret', value: 'hunter2' }).success).toBe(false);
    expect(schema.safeParse({ name: 'aws-secret', keys: { password: 'hunter2' } }).success).toBe(false);
    expect(schema.safeParse('hunter2').success).toBe(false);
  });
});
