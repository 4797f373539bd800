import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';
import { join } from '../../../src/units/index.js';

/** A store with a configuration file, a disk, and a service that names its pods. */
const chart = (linesOf: (lines: readonly string[]) => string, named: (name: string) => { name?: string }) =>
  defineChart(
    {
      name: 'stateful-cache',
      version: '1.0.0',
      values: z.object({
        image: z.string().min(1).default('valkey/valkey:9.0'),
        replicas: z.int().min(1).max(9).default(1),
        maxMemory: z.string().min(1).default('512mb'),
        appendOnly: z.boolean().default(true),
        diskGiB: z.int().min(1).max(10_000).default(10),
        storageClass: z.string().min(1).optional(),
        settings: z.record(z.string(), z.string()).default({ timeout: '0' }),
      }),
      examples: { fast: { storageClass: 'fast', diskGiB: 100, settings: { 'tcp-keepalive': '60' } } },
    },
    (scope, values) => {
      const config = new kplus.ConfigMap(scope, 'config', {
        data: {
          'cache.conf': linesOf([
            `maxmemory ${values.maxMemory}`,
            `appendonly ${values.appendOnly ? 'yes' : 'no'}`,
            ...Object.entries(values.settings).map(([key, value]) => `${key} ${value}`),
          ]),
        },
      });
      const claim = new kplus.PersistentVolumeClaim(scope, 'data', {
        storage: Size.gibibytes(values.diskGiB),
        accessModes: [kplus.PersistentVolumeAccessMode.READ_WRITE_ONCE],
        ...(values.storageClass ? { storageClassName: values.storageClass } : {}),
      });
      const set = new kplus.StatefulSet(scope, 'cache', {
        replicas: values.replicas,
        service: new kplus.Service(scope, 'pods', { clusterIP: 'None', ports: [{ port: 6379 }] }),
      });
      const container = set.addContainer({
        image: values.image,
        command: ['valkey-server', '/etc/cache/cache.conf'],
        portNumber: 6379,
      });
      container.mount(
        '/etc/cache',
        kplus.Volume.fromConfigMap(scope, 'config-volume', config as kplus.IConfigMap, named('config')),
      );
      container.mount(
        '/data',
        kplus.Volume.fromPersistentVolumeClaim(
          scope,
          'data-volume',
          claim as kplus.IPersistentVolumeClaim,
          named('data'),
        ),
      );
    },
  );

/** A list of the values is joined, and the library cuts the names of volumes. */
export const statefulCache = chart(
  (lines) => lines.join('\n'),
  () => ({}),
);

/** The chart joins too, and the volumes have names. */
export const statefulCacheMended = chart(
  (lines) => join('\n', ...lines),
  (name) => ({ name }),
);
