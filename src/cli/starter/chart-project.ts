import { json, pinned, projectFiles, type Starter, type StarterFiles } from './project.js';

/** A project whose product is a Helm chart. */
export function chartProject(starter: Starter): StarterFiles {
  const { name, versions } = starter;
  return {
    ...projectFiles(starter),
    'package.json': json({
      name,
      version: '0.1.0',
      private: true,
      type: 'module',
      engines: { node: '>=20' },
      scripts: {
        test: 'vitest run',
        types: 'tsc',
        chart: 'chartwright chart src/chart.ts --out charts',
        values: 'chartwright values src/chart.ts --all',
        package: `chartwright package charts/${name}`,
        check:
          'tsc && chartwright chart src/chart.ts --out charts --check && chartwright values src/chart.ts --all --check',
      },
      dependencies: pinned(versions, 'cdk8s', 'cdk8s-plus-28', 'chartwright', 'constructs', 'zod'),
      devDependencies: pinned(versions, '@types/node', 'typescript', 'vitest'),
    }),
    '.github/workflows/ci.yaml': workflow(`      - run: npm run check
      - run: helm lint --strict charts/${name}
      - run: npm run package
`),
    'README.md': readme(name),
  };
}

/** A workflow of GitHub Actions with steps behind the tests. */
export const workflow = (steps: string): string => `name: ci
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm
      - run: npm ci
      - run: npm test
${steps}`;

const readme = (name: string): string => `# ${name}

A Helm chart from TypeScript.

\`\`\`sh
npm install
npm test          # the construct, the chart, its values
npm run chart     # writes charts/${name}
npm run values    # writes values/${name}/staging.yaml and prod.yaml
npm run check     # in CI: types, and whether what is committed is up to date
npm run package   # writes dist/charts/${name}-0.1.0.tgz, the same bytes every time
\`\`\`

Commit \`package-lock.json\`, \`charts/\` and \`values/\`: CI needs them, and people install the chart from a checkout.

\`\`\`sh
helm install my-release charts/${name} -f values/${name}/prod.yaml
\`\`\`

| file | what it is |
|---|---|
| \`src/web-service.ts\` | a construct: what the objects are made from |
| \`src/chart.ts\` | the chart: its values, and the values of each environment |
| \`test/chart.test.ts\` | tests |
`;
