/**
 * One measurement of many agents, in a process of its own: `node bench/agents.mjs <variant> <count> <folder>`.
 *
 * - `chartwright` makes the agents with the construct and writes them with our App: props checked, objects checked
 * - `cdk8s` writes the same objects with nothing but cdk8s. They come from JSON text, which is the cheapest way to get
 *   as many objects that are not the same one
 * - `objects` prints the objects of one agent as that JSON text
 *
 * Plain JavaScript on the compiled package, as users run it: no compiler is in the figures.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, App as BareApp, Chart, YamlOutputType } from 'cdk8s';

const [variant, count, folder] = process.argv.slice(2);
const name = (index) => `agent-${String(index).padStart(4, '0')}`;

async function loadConstruct() {
  const { App, Credentials, ObjectStore } = await import('chartwright');
  const { BackupMethod, ValdAgentWithBackup } = await import('chartwright/vald');
  const addAgent = (app, index) => {
    const chart = new Chart(app, name(index));
    new ValdAgentWithBackup(chart, 'agent', {
      namespace: name(index),
      name: name(index),
      backup: BackupMethod.both({
        volume: { size: '100Gi' },
        store: ObjectStore.s3({
          bucket: 'vald-backups',
          region: 'eu-north-1',
          credentials: Credentials.secret({ name: 'aws-secret' }),
        }),
        clusterId: '3f0c9c6e-6a0e-4a53-9e0f-0d5cf6a0f1b2',
      }),
      ngt: { dimension: 784 },
    });
    return chart;
  };
  return { App, addAgent };
}

function addObjects(app, index, text) {
  const chart = new Chart(app, name(index));
  for (const manifest of JSON.parse(text.replaceAll(name(0), name(index))))
    new ApiObject(chart, `${manifest.kind}-${manifest.metadata.name}`, manifest);
}

/** Runs what is measured; everything is loaded before. */
function measure(run) {
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  run();
  const milliseconds = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ milliseconds, cpu: (user + system) / 1000, memory: maxRSS * 1024 }));
}

if (variant === 'objects') {
  const { App, addAgent } = await loadConstruct();
  console.log(JSON.stringify(addAgent(new App({ outdir: folder }), 0).toJson()));
} else if (variant === 'chartwright') {
  const { App, addAgent } = await loadConstruct();
  measure(() => {
    const app = new App({ outdir: folder });
    for (let index = 0; index < Number(count); index++) addAgent(app, index);
    app.synth();
  });
} else {
  const text = readFileSync(join(folder, '../objects.json'), 'utf8');
  measure(() => {
    const app = new BareApp({ outdir: folder, yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE });
    for (let index = 0; index < Number(count); index++) addObjects(app, index, text);
    app.synth();
  });
}
