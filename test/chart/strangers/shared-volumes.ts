import { Size } from 'cdk8s';
import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** Two containers around one folder, with every kind of volume that a namespace has. */
const chart = (named: (name: string) => { name?: string }) =>
  defineChart(
    {
      name: 'shared-volumes',
      version: '1.0.0',
      values: z.object({
        image: z.string().min(1).default('registry.example.com/render:1'),
        scratch: z
          .discriminatedUnion('type', [
            z.object({ type: z.literal('memory'), mebibytes: z.int().min(1).max(65536).default(256) }),
            z.object({ type: z.literal('disk') }),
            z.object({ type: z.literal('claim'), name: z.string().min(1) }),
          ])
          .default({ type: 'disk' }),
        files: z.record(z.string().regex(/^[-._a-zA-Z0-9]+$/), z.string()).default({ 'motd.txt': 'hello\n' }),
        certificates: z.string().min(1).optional(),
      }),
      examples: {
        memory: { scratch: { type: 'memory' } },
        claim: { scratch: { type: 'claim', name: 'scratch' }, certificates: 'ca' },
      },
    },
    (scope, values) => {
      const { scratch } = values;
      const volume =
        scratch.type === 'claim'
          ? kplus.Volume.fromPersistentVolumeClaim(
              scope,
              'scratch',
              kplus.PersistentVolumeClaim.fromClaimName(scope, 'claim', scratch.name),
              named('scratch'),
            )
          : kplus.Volume.fromEmptyDir(
              scope,
              'scratch',
              'scratch',
              scratch.type === 'memory'
                ? { medium: kplus.EmptyDirMedium.MEMORY, sizeLimit: Size.mebibytes(scratch.mebibytes) }
                : {},
            );
      const files = new kplus.ConfigMap(scope, 'files', { data: values.files, immutable: true });
      const deployment = new kplus.Deployment(scope, 'render', { replicas: 1 });
      const writer = deployment.addContainer({ name: 'writer', image: values.image, args: ['write'] });
      const reader = deployment.addContainer({
        name: 'reader',
        image: values.image,
        args: ['serve'],
        portNumber: 8080,
      });
      writer.mount('/scratch', volume);
      reader.mount('/scratch', volume, { readOnly: true });
      reader.mount(
        '/files',
        kplus.Volume.fromConfigMap(scope, 'files-volume', files as kplus.IConfigMap, named('files')),
      );
      if (values.certificates) {
        const secret = kplus.Secret.fromSecretName(scope, 'certificates', values.certificates);
        reader.mount(
          '/certificates',
          kplus.Volume.fromSecret(scope, 'certificates-volume', secret, {
            defaultMode: 0o400,
            ...named('certificates'),
          }),
          {
            readOnly: true,
          },
        );
      }
    },
  );

/** The library makes the names of volumes from those of what is in them, and cuts them. */
export const sharedVolumes = chart(() => ({}));

/** The volumes have names. */
export const sharedVolumesMended = chart((name) => ({ name }));
