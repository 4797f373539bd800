import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type KubeApiServer, startKubeApiServer } from '../programs/kube-api-server.js';
import { NdbCluster } from '../programs/ndb-cluster.js';
import { wholeNdbNeeds } from '../programs/ndb-programs.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { RestoreWorld } from './rondb-restore-world.js';
import { checksums, empty, fill } from './rondb-sample.js';

const needs = ['kube-apiserver', 'etcd', 'kubectl', 'rclone', 'jq', 'versitygw'];

/** A table on disk in a tablespace of its own, and one that every node group has whole. */
const special = `
CREATE LOGFILE GROUP lg_1 ADD UNDOFILE 'undo_1.log' INITIAL_SIZE 4M UNDO_BUFFER_SIZE 2M ENGINE NDB;
CREATE TABLESPACE ts_1 ADD DATAFILE 'data_1.dat' USE LOGFILE GROUP lg_1 INITIAL_SIZE 4M ENGINE NDB;
CREATE DATABASE special; USE special;
CREATE TABLE on_disk (id INT PRIMARY KEY, v VARCHAR(100)) TABLESPACE ts_1 STORAGE DISK ENGINE=NDB;
INSERT INTO on_disk VALUES (1, 'on disk'), (2, 'more');
CREATE TABLE everywhere (id INT PRIMARY KEY, v TEXT) ENGINE=NDB COMMENT='NDB_TABLE=FULLY_REPLICATED=1';
INSERT INTO everywhere VALUES (1, REPEAT('x', 5000)), (2, 'y'), (3, 'z');`;

describeWith(
  needs,
  'rondb-restore.sh between clusters of different sizes',
  () => {
    let kube: KubeApiServer;
    let server: S3Server;
    beforeAll(async () => {
      [kube, server] = await Promise.all([startKubeApiServer(), startS3Server()]);
      server.createBucket('backups');
    });
    afterAll(async () => {
      await Promise.all([kube?.stop(), server?.stop()]);
    });

    test.each([
      [4, 2],
      [2, 4],
    ] as const)('%i data nodes into %i', { timeout: 900_000 }, async (from, to) => {
      const [source, target] = [await NdbCluster.start({ dataNodes: from }), await NdbCluster.start({ dataNodes: to })];
      const world = await RestoreWorld.open(target, kube, server);
      try {
        await fill(source, { rows: 300 });
        await source.sql(special);
        await world.takeSet(800, source);
        const before = await checksums(source);
        const run = await world.restore();
        expect(run.code, run.log).toBe(0);
        expect(run.report).toMatchObject({
          restoresTablespaces: true,
          rows: { tables: { 'special.on_disk': 2, 'special.everywhere': 3 } },
        });
        expect(run.report.nodes).toHaveLength(from);
        expect(await checksums(target)).toBe(before);
        // The tablespace is there now, and is used.
        await empty(target);
        const again = await world.restore();
        expect(again.code, again.log).toBe(0);
        expect(again.report.restoresTablespaces).toBe(false);
        expect(await checksums(target)).toBe(before);
      } finally {
        world.close();
        await Promise.all([source.destroy(), target.destroy()]);
      }
    });
  },
  wholeNdbNeeds(),
);
