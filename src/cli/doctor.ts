import { styleText } from 'node:util';
import {
  allChecks,
  ClusterError,
  countVerdicts,
  type Diagnosis,
  DoctorContext,
  type DoctorFailOn,
  diagnose,
  doctorGithub,
  doctorJunit,
  doctorSarif,
  entryOf,
  failsRun,
  findAttachments,
  type KubeObject,
  objectsOf,
} from '../cluster/index.js';
import { exitCodes, nearest, printable } from '../problem/index.js';
import { BackupsSession } from './backups-session.js';
import type { ConnectionOptions } from './cluster-connection.js';
import { readManifests, readRelease, renderChart } from './doctor-objects.js';
import { Failure } from './failure.js';
import { type Screen, showsColours } from './screen.js';
import { programVersion } from './version.js';

/** Options of `chartwright doctor`; its help says what each is for. */
export interface DoctorOptions extends ConnectionOptions {
  readonly release?: string;
  readonly chart?: string;
  readonly values?: readonly string[];
  readonly probe?: boolean;
  readonly failOn: DoctorFailOn;
  readonly output: 'text' | 'json' | 'sarif' | 'junit' | 'github';
  readonly explain?: string;
}

/**
 * Compares what objects ask for with what a cluster has.
 *
 * @param paths manifests; none for what is in the cluster already
 * @returns 1 where a check finds something as severe as `--fail-on`, else 0
 */
export async function doctor(paths: readonly string[], options: DoctorOptions, screen: Screen): Promise<number> {
  if (options.explain !== undefined) return explainCheck(options.explain, screen);
  return BackupsSession.run({ ...options, via: 'auto', output: 'text' }, screen, async (session) => {
    const { cluster, namespace } = session;
    if (options.chart !== undefined && paths.length > 0)
      throw new ClusterError('usage', 'command line', '--chart and manifests exclude each other', 'Leave one out.');
    const given =
      options.chart !== undefined
        ? await renderChart(options.chart, {
            ...(options.values ? { values: options.values } : {}),
            release: options.release ?? 'release-name',
            namespace,
          })
        : readManifests(paths);
    const released =
      options.release !== undefined && given.length === 0 ? await readRelease(cluster, namespace, options.release) : [];
    const attached = await findAttachments(cluster, namespace);
    const applied = given.length === 0;
    const asked = [...given, ...released];
    const attachments = asked.length === 0 ? attached : attached.filter((one) => objectsOf(one).some(among(asked)));
    const objects = asked.length > 0 ? asked : attached.flatMap(objectsOf);
    if (objects.length === 0)
      throw new ClusterError(
        'not-found',
        `namespace ${namespace}`,
        'there is nothing here that backs up with chartwright',
        'Give manifests to look at before they are applied, or another namespace with -n.',
      );
    screen.startProgress('looking at the cluster');
    try {
      const context = new DoctorContext(cluster, namespace, objects, attachments, applied, new Date(), session.signal);
      const found = await diagnose(context, options.probe === true);
      screen.stopProgress();
      print(found, options, screen);
      return found.some(({ verdict }) => failsRun(verdict, options.failOn)) ? exitCodes.findings : exitCodes.ok;
    } finally {
      screen.stopProgress();
    }
  });
}

const among = (objects: readonly KubeObject[]) => (one: KubeObject) =>
  objects.some(({ kind, metadata }) => kind === one.kind && metadata.name === one.metadata.name);

function print(found: readonly Diagnosis[], { output, failOn }: DoctorOptions, screen: Screen): void {
  const printers: Readonly<Record<typeof output, () => string>> = {
    text: () => printText(found),
    json: () => `${JSON.stringify(found.map(entryOf), undefined, 2)}\n`,
    sarif: () => doctorSarif(found, programVersion()),
    junit: () => doctorJunit(found, failOn),
    github: () => doctorGithub(found),
  };
  screen.result(printers[output]());
}

const styles = { error: 'red', warning: 'yellow', ok: 'green', skipped: 'dim' } as const;

/** What is wrong in full and first; what is right in one line for each check. */
function printText(found: readonly Diagnosis[]): string {
  const coloured = showsColours(process.stdout);
  const paint = (text: string, style: keyof typeof styles) => (coloured ? styleText(styles[style], text) : text);
  const order = ['error', 'warning'] as const;
  const findings = order.flatMap((verdict) => found.filter((one) => one.verdict === verdict));
  const others = (['ok', 'skipped'] as const).flatMap((verdict) =>
    allChecks.flatMap((check) => {
      const own = found.filter((one) => one.check === check && one.verdict === verdict);
      if (own.length === 0) return [];
      const [first] = own;
      const seen = own.length === 1 ? `${first!.subject}: ${first!.seen}` : `${check.title} (${own.length})`;
      return [`${paint(verdict.padEnd(7), verdict)}  ${check.id}  ${printable(seen)}\n`];
    }),
  );
  return [
    ...findings.map(
      ({ check, verdict, subject, seen, todo }) =>
        `${paint(verdict.padEnd(7), verdict)}  ${check.id}  ${printable(`${subject}: ${seen}`)}\n                 do: ${printable(todo)}\n`,
    ),
    ...others,
    `${countVerdicts(found)}\n`,
  ].join('');
}

function explainCheck(id: string, screen: Screen): number {
  const check = allChecks.find((one) => one.id === id.toUpperCase());
  if (!check) {
    const meant = nearest(
      id,
      allChecks.map((one) => one.id),
    );
    throw new Failure(
      [
        {
          code: 'invalid-command-line',
          severity: 'error',
          where: { file: '--explain' },
          message: 'there is no check of this name',
          got: id,
          hint: meant ? `Did you mean ${meant}?` : 'The checks are listed in docs/doctor.md.',
        },
      ],
      exitCodes.usage,
    );
  }
  screen.result(`${check.id}: ${check.title}\n\nLooks at: ${check.looksAt}\nWhy: ${check.why}\nDo: ${check.todo}\n`);
  return exitCodes.ok;
}
