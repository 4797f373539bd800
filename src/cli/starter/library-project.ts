import { workflow } from './chart-project.js';
import { json, pinned, projectFiles, type Starter, type StarterFiles } from './project.js';

/** A project whose product is a package of constructs; its chart shows and tests them. */
export function libraryProject(starter: Starter): StarterFiles {
  const { name, versions } = starter;
  return {
    ...projectFiles(starter),
    'src/index.ts': "export { WebService, type WebServiceProps } from './web-service.js';\n",
    'tsconfig.build.json': json({
      extends: './tsconfig.json',
      compilerOptions: { rootDir: 'src', outDir: 'dist', noEmit: false, declaration: true },
      include: ['src/index.ts'],
    }),
    'package.json': json({
      name,
      version: '0.1.0',
      type: 'module',
      engines: { node: '>=20' },
      exports: { '.': './dist/index.js' },
      types: './dist/index.d.ts',
      files: ['dist'],
      scripts: {
        build: 'tsc -p tsconfig.build.json',
        prepack: 'npm run build',
        test: 'vitest run',
        types: 'tsc',
        chart: 'chartwright chart src/chart.ts --out charts',
        check: 'tsc && chartwright chart src/chart.ts --out charts --check',
      },
      peerDependencies: { cdk8s: '^2.68.11', 'cdk8s-plus-28': '^2.5.0', constructs: '^10.3.0' },
      devDependencies: pinned(
        versions,
        '@types/node',
        'cdk8s',
        'cdk8s-plus-28',
        'chartwright',
        'constructs',
        'typescript',
        'vitest',
        'zod',
      ),
    }),
    '.github/workflows/ci.yaml': workflow(`      - run: npm run check
      - run: npm pack
`),
    'README.md': readme(name),
  };
}

const readme = (name: string): string => `# ${name}

Constructs for Kubernetes in TypeScript.

\`\`\`ts
import { App, Chart } from 'cdk8s';
import { WebService } from '${name}';

const app = new App();
new WebService(new Chart(app, 'web'), 'web', {
  name: 'web',
  selectorLabels: { app: 'web' },
  image: 'nginxinc/nginx-unprivileged:1.27',
  replicas: 2,
  port: 8080,
});
app.synth();
\`\`\`

\`\`\`sh
npm install
npm test          # the construct, and a chart made of it
npm run build     # writes dist
npm run chart     # writes charts/${name}, to look at and to install
npm run check     # in CI: types, and whether the chart is up to date
npm publish
\`\`\`

Commit \`package-lock.json\` and \`charts/\`: CI needs them.

| file | what it is |
|---|---|
| \`src/web-service.ts\` | a construct |
| \`src/index.ts\` | what the package exports |
| \`src/chart.ts\` | a chart that shows it |
| \`test/chart.test.ts\` | tests |
`;
