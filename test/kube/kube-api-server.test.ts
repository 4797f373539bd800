import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { startKubeApiServer } from '../programs/kube-api-server.js';

describeWith(['etcd', 'kube-apiserver', 'kubectl'], 'the test server', () => {
  test('answers requests and kubectl, passes warnings on, and is gone after stop', async () => {
    const server = await startKubeApiServer();
    expect(server.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const created = await server.request('POST', '/api/v1/namespaces/default/services?dryRun=All', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a' },
      spec: { clusterIP: 'None', publishNotReady: true },
    });
    expect(created).toMatchObject({ status: 201, warnings: ['unknown field "spec.publishNotReady"'] });
    expect((await server.request('GET', '/api/v1/namespaces/none/pods/none')).status).toBe(404);

    const object = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'by-kubectl' } });
    expect(await server.kubectl(['create', '-f', '-'], object)).toMatchObject({
      status: 0,
      stdout: 'namespace/by-kubectl created\n',
    });
    expect(await server.kubectl(['get', 'namespace', 'none'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('not found'),
    });

    await server.stop();
    await expect(server.request('GET', '/readyz')).rejects.toThrow();
  });

  test('ends with the process that started it, even when that is killed', async () => {
    const program = `
      import { startKubeApiServer } from ${JSON.stringify(join(import.meta.dirname, '../programs/kube-api-server.ts'))};
      const server = await startKubeApiServer();
      console.log(server.folder);
      setInterval(() => {}, 1000);
    `;
    const child = execFile(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program]);
    const folder = await new Promise<string>((resolve, reject) => {
      child.stdout?.on('data', (text: string) => resolve(text.trim()));
      child.on('exit', () => reject(new Error('it did not start')));
    });
    expect(existsSync(folder)).toBe(true);
    child.kill('SIGKILL');
    // The folder goes last, after both programs have ended.
    for (let tries = 0; existsSync(folder) && tries < 100; tries++) await sleep(50);
    expect(existsSync(folder)).toBe(false);
  });
});
