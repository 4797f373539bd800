import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    const given = parameters.map((text) => text.replace('BUCKET', bucket).replace('PLACE', place));
    const { status, stdout } = spawnSync(program, ['--config', '', ...options, ...given], {
      input: stdin,
      encoding: 'latin1',
      env: { PATH: '/usr/bin:/bin', TZ: 'UTC', ...rcloneRemote(server) },
    });
    // The real one lists folders beside each other, so their order may differ.
    const lines = stdout
      .replace(/T..:..:..\.000000000Z/g, 'TIME')
      .replace(/,$/gm, '')
      .split('\n')
      .sort();
    return { status, lines, store: files(store), folders: folders(store), place: files(place) };
  }

  let bucket = 0;
  test.each([
    ['cat store:BUCKET/c/owner.json'],
    ['cat store:BUCKET/c/700/rondb/1/BACKUP-700-0.1.Data'],
    ['cat store:BUCKET/c/none'],
    ['cat store:none/c/none'],
    ['copyto --ignore-times PLACE/new store:BUCKET/c/owner.json'],
    ['copyto --ignore-times PLACE/new store:BUCKET/c/702/started.json'],
    ['copyto --ignore-times PLACE/none store:BUCKET/c/702/started.json'],
    ['copyto --ignore-times PLACE/new store:none/c/702/started.json'],
    ['rcat --size 4 --ignore-checksum store:BUCKET/c/702/rondb/1/x.Data', 'rows'],
    ['rcat --size 0 --ignore-checksum store:BUCKET/c/702/rondb/1/x.log', ''],
    ['deletefile store:BUCKET/c/owner.json'],
    ['deletefile store:BUCKET/c/701/started.json'],
    ['deletefile store:BUCKET/c/none'],
    ['delete --files-from-raw PLACE/payload store:BUCKET/c/700'],
    ['rmdirs store:BUCKET/c/702'],
    ['rmdirs store:BUCKET/c/700'],
    ['copy --files-from-raw PLACE/list store:BUCKET/c PLACE/records'],
    ['copy --files-from-raw PLACE/list store:BUCKET/other PLACE/records'],
    ['lsf --max-depth 1 store:BUCKET'],
    ['lsf --max-depth 1 store:none'],
    ['lsf -R --files-only --max-depth 2 --include /*/started.json --include /*/manifest.json store:BUCKET/c'],
    ['lsf -R --files-only --max-depth 2 --include /*/started.json --include /*/manifest.json store:BUCKET/none'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/c'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/none'],
    ['lsjson --no-modtime --no-mimetype store:none/c'],
    ['lsjson --no-modtime --no-mimetype store:BUCKET/odd'],
    ['lsjson -R --files-only --no-modtime --no-mimetype store:BUCKET/c/700'],
    ['lsjson -R --files-only --no-mimetype --use-server-modtime store:BUCKET/c'],
    ['lsjson -R --files-only --no-mimetype --use-server-modtime store:BUCKET/none'],
    ['version'],
  ])('%s', (command, stdin = '') => {
    const words = command.split(' ');
    const name = `bucket${++bucket}`;
    const [real, quick] = [`${name}a`, `${name}b`].map((each) =>
      JSON.stringify(play(each.endsWith('a') ? programPath('rclone') : recorded, each, words, stdin)),
    ) as [string, string];
    expect(JSON.parse(quick.replaceAll(`${name}b`, name))).toEqual(JSON.parse(real.replaceAll(`${name}a`, name)));
  });
});
