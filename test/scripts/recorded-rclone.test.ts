import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeProgram } from '../programs/contract-path.js';
import { describeWith, programPath } from '../programs/find.js';
import { rcloneRemote, type S3Server, startS3Server } from '../programs/s3-server.js';
import { recordedRclone } from './recorded-rclone.js';

describeWith(['bash', 'rclone', 'versitygw'], 'the recorded rclone does what the real one does', () => {
  let server: S3Server;
  const folder = mkdtempSync(join(tmpdir(), 'chartwright-recorded-'));
  const recorded = join(folder, 'rclone');
  beforeAll(async () => {
    server = await startS3Server();
    writeProgram(recorded, recordedRclone(server));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const files = (root: string): Record<string, string> =>
    Object.fromEntries(
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
        .map((file) => [file.slice(root.length + 1), readFileSync(file, 'latin1')]),
    );
  const folders = (root: string): string[] =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== '.sgwtmp') // the server's own
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();

  const index = { grp: 'graph', 'metadata.json': '{}\n', 'ngt-meta.kvsdb': '' };
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const options = '--contimeout 10s --timeout 60s --retries 1 --retries-sleep 1s --low-level-retries 1'.split(' ');

  /** What a command says and leaves behind, in a bucket and a folder of its own. */
  function play(program: string, bucket: string, parameters: readonly string[], stdin: string): unknown {
    const [store, place] = [join(server.folder, bucket), join(folder, bucket)];
    const objects = {
      'c/owner.json': '{}\n',
      'c/700/manifest.json': '{"a": 1}',
      'c/700/started.json': 'started',
      'c/700/rondb/1/BACKUP-700-0.1.Data': 'rows\n\0\n',
      'c/700/rondb/2/BACKUP-700.2.ctl': '',
      'c/701/started.json': 'started',
      'odd/a "quoted" name': 'x',
      'other/c/owner.json': 'y',
    };
    for (const [path, text] of Object.entries(objects)) {
      mkdirSync(dirname(join(store, path)), { recursive: true });
      writeFileSync(join(store, path), text);
    }
    mkdirSync(place);
    writeFileSync(join(place, 'new'), 'new\n');
    writeFileSync(join(place, 'list'), '700/manifest.json\n701/started.json\n');
    writeFileSync(join(place, 'payload'), 'rondb/1/BACKUP-700-0.1.Data\nrondb/2/BACKUP-700.2.ctl\n');
    for (const root of [join(place, 'index'), join(store, 'c/vald-0/5/index')]) {
      mkdirSync(root, { recursive: true });
      for (const [name, text] of Object.entries(index)) writeFileSync(join(root, name), text);
    }
    writeFileSync(join(store, 'c/vald-0/5/started.json'), 'started');
    for (const path of Object.keys(files(store))) utimesSync(join(store, path), 1_700_000_000.5, 1_700_000_000.5);
    const sums = Object.entries(index).map(([name, text]) => `${sha256(text)}  ${name}\n`);
    const [first = ''] = sums;
    writeFileSync(join(place, 'sums'), sums.join(''));
    writeFileSync(join(place, 'other-sums'), sums.join('').replaceAll(sha256('graph'), sha256('other')));
    writeFileSync(join(place, 'first-sum'), first);
    writeFileSync(join(place, 'more-sums'), `${sums.join('')}${first.replace('grp', 'none')}`);
    const given = parameters.map((text) => text.replace('BUCKET', bucket).replace('PLACE', place));
    const { status, stdout } = spawnSync(program, ['--config', '', ...options, ...given], {
      input: stdin,
      encoding: 'latin1',
      env: { PATH: '/usr/bin:/bin', TZ: 'UTC', ...rcloneRemote(server) },
    });
    // The real one lists folders beside each other, so their order may differ.
    const lines = stdout.replace(/,$/gm, '').split('\n').sort();
    return { status, lines, store: files(store), folders: folders(store), place: files(place) };
  }

  let bucket = 0;
  const sums = (names: readonly string[], oneWay: readonly string[]) => [
    ...names.flatMap((name) => [
      [`checksum sha256 PLACE/${name} PLACE/index`],
      [`checksum sha256 --download --checkers 4 PLACE/${name} store:BUCKET/c/vald-0/5/index`],
    ]),
    ...oneWay.map((name) => [
      `checksum sha256 --download --one-way --checkers 4 PLACE/${name} store:BUCKET/c/vald-0/5/index`,
    ]),
  ];
  const everyday = [
    ['cat store:BUCKET/c/owner.json'],
    ['cat store:BUCKET/c/700/rondb/1/BACKUP-700-0.1.Data'],
    ['cat store:BUCKET/c/none'],
    ['copyto --ignore-times PLACE/new store:BUCKET/c/owner.json'],
    ['copyto --ignore-times PLACE/new store:BUCKET/c/702/started.json'],
    ['deletefile store:BUCKET/c/owner.json'],
    ['deletefile store:BUCKET/c/701/started.json'],
    ['delete --files-from-raw PLACE/payload store:BUCKET/c/700'],
    ['rmdirs store:BUCKET/c/702'],
    ['copy --files-from-raw PLACE/list store:BUCKET/c PLACE/records'],
    ['lsf --max-depth 1 store:BUCKET'],
    ['lsf -R --files-only --max-depth 2 --include /*/started.json --include /*/manifest.json store:BUCKET/c'],
    ['lsf -R --files-only --max-depth 2 --include /*/started.json --include /*/manifest.json store:BUCKET/none'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/c'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/none'],
    ['lsjson -R --files-only --no-modtime --no-mimetype store:BUCKET/c/700'],
    ['lsjson -R --files-only --no-mimetype --use-server-modtime store:BUCKET/c'],
    ['lsjson -R --files-only --no-mimetype --use-server-modtime store:BUCKET/none'],
    ['lsf --use-server-modtime --format stp --separator ; store:BUCKET/c'],
    ['lsf --use-server-modtime --format stp --separator ; store:BUCKET/c/vald-0/5'],
    ['lsf -R --files-only --fast-list --use-server-modtime --format tsp --separator ; store:BUCKET/c/vald-0'],
    ['lsf -R --files-only --fast-list --use-server-modtime --format tsp --separator ; store:BUCKET/c/vald-1'],
    ['copyto --ignore-existing PLACE/new store:BUCKET/c/owner.json'],
    ['copyto --ignore-existing PLACE/new store:BUCKET/d/owner.json'],
    ['copyto --retries 3 --low-level-retries 10 store:BUCKET/c/700/manifest.json PLACE/copied'],
    ['copy --transfers 4 PLACE/index store:BUCKET/c/vald-0/6/index'],
    ['copy --transfers 4 --ignore-times PLACE/index store:BUCKET/c/vald-0/5/index'],
    ['copy --include /*/manifest.json --include /*/started.json store:BUCKET/c PLACE/records'],
    ['delete --exclude /started.json store:BUCKET/c/vald-0/5'],
    ['hashsum sha256 PLACE/index'],
    ['lsf --use-server-modtime --format stp --separator ; store:BUCKET/none'],
    ['rcat --size 4 --ignore-checksum store:BUCKET/c/702/rondb/1/x.Data', 'rows'],
    ['rcat --size 0 --ignore-checksum store:BUCKET/c/702/rondb/1/x.log', ''],
    ['copy --ignore-checksum --retries 3 --low-level-retries 10 store:BUCKET/c/vald-0/5/index PLACE/origin'],
    ['version'],
    ...sums(['sums'], ['sums', 'first-sum']),
  ];
  const strange = [
    ['cat store:none/c/none'],
    ['copyto --ignore-times PLACE/none store:BUCKET/c/702/started.json'],
    ['copyto --ignore-times PLACE/new store:none/c/702/started.json'],
    ['deletefile store:BUCKET/c/none'],
    ['rmdirs store:BUCKET/c/700'],
    ['copy --files-from-raw PLACE/list store:BUCKET/other PLACE/records'],
    ['lsf --max-depth 1 store:none'],
    ['lsjson --no-modtime --no-mimetype store:none/c'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/odd'],
    ['lsf --use-server-modtime --format stp --separator ; store:none/c'],
    ['copyto --retries 3 --low-level-retries 10 store:BUCKET/c/700/none PLACE/copied'],
    ['copy --ignore-checksum --retries 3 --low-level-retries 10 store:BUCKET/c/vald-0/6/index PLACE/origin'],
    ['copy --transfers 4 PLACE/none store:BUCKET/c/vald-0/6/index'],
    ['copy --include /*/manifest.json --include /*/started.json store:BUCKET/c/vald-1 PLACE/records'],
    ['delete --exclude /started.json store:BUCKET/c/vald-0/6'],
    ['hashsum sha256 PLACE/none'],
    ['checksum sha256 --download --checkers 4 PLACE/sums store:BUCKET/c/vald-0/6/index'],
    ...sums(['other-sums', 'first-sum', 'more-sums', 'no-sums'], ['other-sums', 'more-sums', 'no-sums']),
  ];

  test.each([...everyday, ...strange])('%s', (command = '', stdin = '') => {
    const words = command.split(' ');
    const name = `bucket${++bucket}`;
    const [real, quick] = [`${name}a`, `${name}b`].map((each) =>
      JSON.stringify(play(each.endsWith('a') ? programPath('rclone') : recorded, each, words, stdin)),
    ) as [string, string];
    expect(JSON.parse(quick.replaceAll(`${name}b`, name))).toEqual(JSON.parse(real.replaceAll(`${name}a`, name)));
  });

  test('what is asked every day it answers itself', () => {
    const alone = join(folder, 'alone');
    writeProgram(alone, recordedRclone(server).replaceAll(programPath('rclone'), '/bin/false'));
    for (const [command = '', stdin = ''] of everyday)
      expect(play(alone, `bucket${++bucket}`, command.split(' '), stdin), command).toMatchObject({ status: 0 });
  });
});
