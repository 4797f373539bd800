import * as kplus from 'cdk8s-plus-28';
import { z } from 'zod';
import { defineChart } from '../../../src/chart/index.js';

/** A worker that gets its secrets as variables: from a secret that is there, or from one that the chart makes. */
export const secretConsumer = defineChart(
  {
    name: 'secret-consumer',
    version: '1.0.0',
    values: z.object({
      image: z.string().min(1).default('registry.example.com/worker:1'),
      database: z
        .object({
          existingSecret: z.string().min(1).optional(),
          username: z.string().min(1).default('worker'),
          password: z.string().default('change me'),
        })
        .prefault({}),
      registry: z.string().min(1).optional(),
      env: z.record(z.string().regex(/^[A-Z][A-Z0-9_]*$/), z.string()).default({ LOG_LEVEL: 'info' }),
    }),
    examples: { existing: { database: { existingSecret: 'database' }, registry: 'pull' } },
  },
  (scope, values) => {
    const { existingSecret, username, password } = values.database;
    const secret = existingSecret
      ? kplus.Secret.fromSecretName(scope, 'existing', existingSecret)
      : new kplus.BasicAuthSecret(scope, 'database', { username, password });
    const deployment = new kplus.Deployment(scope, 'worker', {
      ...(values.registry
        ? { dockerRegistryAuth: kplus.Secret.fromSecretName(scope, 'registry', values.registry) }
        : {}),
    });
    const container = deployment.addContainer({
      image: values.image,
      envVariables: {
        DB_USER: secret.envValue('username'),
        DB_PASSWORD: secret.envValue('password'),
        POD: kplus.EnvValue.fromFieldRef(kplus.EnvFieldPaths.POD_NAME),
      },
    });
    for (const [name, value] of Object.entries(values.env))
      container.env.addVariable(name, kplus.EnvValue.fromValue(value));
  },
);
