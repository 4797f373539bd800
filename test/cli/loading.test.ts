import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuiltCommandLine, configMap, Project } from './project.js';

// The Kubernetes client takes half a second to load: only commands that talk to a cluster may pay for it.
const hooks = `export async function resolve(specifier, context, next) {
  if (specifier.includes('client-node')) throw new Error('the Kubernetes client is loaded');
  return next(specifier, context);
}
`;

let commandLine: BuiltCommandLine;
let project: Project;
let preload: string;
beforeAll(() => {
  commandLine = new BuiltCommandLine();
  project = new Project(commandLine);
  const source = `data:text/javascript,${encodeURIComponent(hooks)}`;
  preload = `data:text/javascript,${encodeURIComponent(`import { register } from 'node:module'; register(${JSON.stringify(source)});`)}`;
});
afterAll(() => {
  project?.remove();
  commandLine?.remove();
});

test.each([[['--help']], [['backups', '--help']], [['doctor', '--explain', 'DOC001']], [['synth']]])(
  '%j loads no Kubernetes client',
  (words) => {
    project.writeApp({ 'manifests/a.yaml': configMap('a') });
    expect(project.run(words, { preload })).toMatchObject({ exitCode: 0, stderr: '' });
  },
);

test('a command that talks to a cluster does', () => {
  project.write({ kubeconfig: 'apiVersion: v1\nkind: Config\n' });
  const { exitCode, stderr } = project.run(['backups', 'list', '--kubeconfig', 'kubeconfig'], { preload });
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('the Kubernetes client is loaded')]);
});
