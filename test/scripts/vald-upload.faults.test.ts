import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../programs/find.js';
import { type S3Server, startS3Server } from '../programs/s3-server.js';
import { faultsOfVariant, rcloneOfDay } from './faults-of-day.js';
import { savedIndex } from './index-folder.js';
import { RestorePod } from './restore-pod.js';
import { Uploader } from './upload-pod.js';

describeWith(['busybox', 'rclone', 'versitygw'], 'vald-upload.sh, disturbed', () => {
  let server: S3Server;
  const figures: Record<string, unknown>[] = [];
  beforeAll(async () => {
    server = await startS3Server();
    server.createBucket('index');
  });
  afterAll(async () => {
    await server?.stop();
    if (figures.length > 0) console.table(figures);
  });

  const old = savedIndex('old', 10);
  const current = savedIndex('current', 20);

  /** A pod with one generation. */
  const uploadOld = async (COPY_ON_WRITE: string) => {
    const uploader = new Uploader(new RestorePod({ server, environment: { COPY_ON_WRITE } }).own());
    uploader.save(old);
    uploader.start();
    await uploader.said('is committed');
    expect(await uploader.stop()).toBe(0);
    return uploader.pod;
  };
  /** Another with the same that has saved another index, which is not uploaded yet. */
  const prepare = (uploaded: RestorePod) => {
    const uploader = new Uploader(uploaded.copy({ rclone: rcloneOfDay }), { KEEP_LAST: '1' });
    uploader.save(current);
    return uploader;
  };
  const sorted = (files: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(files).sort());
  const contents = (folder: string) =>
    sorted(Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')])));

  /** Every generation that counts is whole, and there is always one. */
  const expectWhole = (uploader: Uploader, place: string) => {
    const generations = uploader.generations();
    expect(generations.length, place).toBeGreaterThan(0);
    for (const { backupId, vald } of generations)
      expect(contents(join(uploader.folder(backupId), 'index')), place).toEqual(
        sorted(vald.vectors === 10 ? old : current),
      );
  };

  test.for(['killAt', 'failAt'] as const)(
    '%s each of its steps, it loses nothing and comes to its end',
    { timeout: 400_000 },
    async (accident) => {
      for (const [variant, copyOnWrite] of ['false', 'true'].entries()) {
        const uploaded = await uploadOld(copyOnWrite);
        const whole = prepare(uploaded);
        whole.start({ killAt: 0 });
        await whole.said('is deleted');
        expect(await whole.stop()).toBe(0);
        const steps = whole.changes();
        whole.pod.remove();
        expect(steps).toBeGreaterThan(8);
        const counted = { 'copy-on-write': copyOnWrite, accident, steps, repeated: 0, lost: 0, 'longest (s)': 0 };
        figures.push(counted);
        const every = Array.from({ length: steps }, (_, index) => index + 1);
        const numbers = faultsOfVariant(every, variant, 2);
        const worker = async () => {
          for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
            const place = `${accident} ${number}, copy-on-write ${copyOnWrite}`;
            const uploader = prepare(uploaded);
            const began = performance.now();
            try {
              uploader.start({ [accident]: number });
              if (accident === 'killAt') {
                expect(await uploader.exit(), place).toBeNull();
                expectWhole(uploader, place);
                uploader.start();
                counted.repeated++;
              }
              await uploader.said('watching');
              const ended = () => uploader.generations().at(-1)?.vald.vectors === 20;
              for (const end = Date.now() + 30_000; !ended() && Date.now() < end && !uploader.ended; )
                await new Promise((done) => setTimeout(done, 20));
              expect(await uploader.stop(), `${place}\n${uploader.log}`).toBe(0);
              expectWhole(uploader, place);
              if (!ended()) counted.lost++;
              expect(ended(), `${place}\n${uploader.log}`).toBe(true);
              expect(existsSync(join(uploader.pod.volume, '.upload')), place).toBe(false);
              const seconds = Math.round((performance.now() - began) / 100) / 10;
              counted['longest (s)'] = Math.max(counted['longest (s)'], seconds);
            } finally {
              await uploader.kill();
              uploader.pod.remove();
            }
          }
        };
        // They mostly wait.
        await Promise.all(Array.from({ length: 8 }, worker));
        uploaded.remove();
      }
    },
  );
});
