import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart } from 'cdk8s';
import { expect, test, vi } from 'vitest';
import { App } from '../../src/index.js';
import { RonDBBackupCronJob, RonDBRestoreJob, RonDBVerifyCronJob } from '../../src/rondb/index.js';
import { describeWith } from '../programs/find.js';
import { type Cluster, startCluster } from '../vald/upstream-cluster.js';
import { environmentOf, type Manifest, repository } from './sets.js';

// Each test starts a cluster, which takes long on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

/** Writes a set as an app does, and applies it as the runbook says. */
async function install(cluster: Cluster): Promise<string> {
  const app = new App({ outdir: cluster.folder });
  const chart = new Chart(app, 'set');
  new RonDBBackupCronJob(chart, 'backup', { repository, schedule: '17 2 * * *' });
  new RonDBVerifyCronJob(chart, 'verify', { repository, schedule: '47 6 * * *' });
  new RonDBRestoreJob(chart, 'restore', { repository, backupId: 'latest' });
  app.synth();
  await cluster.succeed('kubectl create namespace rondb && kubectl apply -f set');
  return join(cluster.folder, 'set');
}

const get = async (cluster: Cluster, what: string): Promise<Manifest> =>
  JSON.parse(await cluster.succeed(`kubectl -n rondb get ${what} -o json`));

describeWith(
  ['etcd', 'kube-apiserver', 'kubectl', 'helm4', 'rclone', 'jq'],
  'in a cluster with a real API server',
  () => {
    test('the commands of the runbook start a plan and a restore with other variables, and what is applied starts nothing', async () => {
      const cluster = await startCluster('helm4');
      const folder = await install(cluster);
      const runbook = readFileSync(join(folder, 'RUNBOOK.md'), 'utf8');
      const name = readdirSync(folder)
        .find((file) => /^Job\./.test(file))!
        .replace(/^Job\.|\.k8s\.yaml$/g, '');
      expect((await get(cluster, `job ${name}`))['spec'].suspend).toBe(true);

      // The function of the runbook, and its two calls without waiting for logs: no pod runs here.
      const block = runbook.match(/```sh\n(# a Job from the manifest[\s\S]*?)```/)![1]!;
      await cluster.succeed(`cd set\n${block.replace(/ && kubectl .* logs .*/g, '')}`);
      const plan = await get(cluster, 'job restore-plan');
      const apply = await get(cluster, 'job restore-apply');
      expect([plan, apply].map((job) => [job['spec'].suspend, environmentOf(job)['MODE']])).toEqual([
        [false, 'plan'],
        [false, 'apply'],
      ]);
      const { BACKUP_ID, INCLUDE_DATABASES } = environmentOf(apply);
      expect([BACKUP_ID, INCLUDE_DATABASES]).toEqual(['latest', '']);

      const start = runbook.match(/To start the Job of the manifest as it is: `(.*)`/)![1]!;
      await cluster.succeed(start);
      expect((await get(cluster, `job ${name}`))['spec'].suspend).toBe(false);
    });

    test('a backup is started by hand as the runbook says, and belongs to the CronJob: its success counts', async () => {
      const cluster = await startCluster('helm4');
      const folder = await install(cluster);
      const runbook = readFileSync(join(folder, 'RUNBOOK.md'), 'utf8');
      const command = runbook.match(/## Back up now\n\n```sh\n(.*)\n```/)![1]!;
      await cluster.succeed(command);
      const job = await get(cluster, 'job rondb-backup-now');
      expect(job.metadata).toMatchObject({
        ownerReferences: [{ kind: 'CronJob', name: 'rondb-backup', controller: true }],
      });
      expect(job['spec'].podFailurePolicy.rules).toHaveLength(1);
    });

    test('applying again leaves the status that the scripts wrote', async () => {
      const cluster = await startCluster('helm4');
      await install(cluster);
      await cluster.succeed(
        `kubectl -n rondb patch configmap rondb-backup-status --type merge -p '{"data":{"backup":"{}"}}'`,
      );
      await cluster.succeed('kubectl apply -f set && kubectl apply --server-side --force-conflicts -f set');
      expect((await get(cluster, 'configmap rondb-backup-status'))['data']).toEqual({ backup: '{}' });
    });

    test('the ServiceAccounts may do what the scripts do and nothing more', async () => {
      const cluster = await startCluster('helm4');
      await install(cluster);
      const may = async (account: string, what: string) => {
        const as = `--as=system:serviceaccount:rondb:${account}`;
        const { output } = await cluster.run(`kubectl -n rondb auth can-i ${as} ${what} || true`);
        return output.trim().split('\n').at(-1) === 'yes';
      };
      const allowed = [
        'get pods/node-group-1-1',
        'create pods/node-group-0-0 --subresource=exec',
        'get pods/mysqlds-0 --subresource=exec',
        'create leases.coordination.k8s.io',
        'update leases.coordination.k8s.io/rondb-backup',
        'get configmaps/rondb-backup-status',
        'patch configmaps/rondb-backup-status',
      ];
      const forbidden = [
        'create pods/node-group-2-0 --subresource=exec',
        'create pods/mgmds-0 --subresource=exec',
        'list pods',
        'get secrets',
        'list configmaps',
        'patch configmaps/mysqld-configs',
        'delete leases.coordination.k8s.io/rondb-backup',
        'update leases.coordination.k8s.io/other',
        'create pods',
        'create jobs.batch',
      ];
      const answers = async (account: string, questions: readonly string[]) => {
        const said: string[] = [];
        for (const question of questions) if (await may(account, question)) said.push(question);
        return said;
      };
      expect(await answers('rondb-backup', [...allowed, ...forbidden])).toEqual(allowed);
      const configMaps = allowed.filter((question) => question.includes('configmaps/'));
      expect(await answers('rondb-verify', [...allowed, ...forbidden])).toEqual(configMaps);
    });
  },
);
