import { type BackupView, findAttachments, type RepositoryView, readStatus, viewRepository } from '../cluster/index.js';
import { exitCodes, printable } from '../problem/index.js';
import { printDocument } from './backups-document.js';
import { podTroubles, printPods } from './backups-pods.js';
import { type BackupsOptions, BackupsSession } from './backups-session.js';
import { type Column, printAge, printBytes, printColumns } from './columns.js';
import type { Screen } from './screen.js';

/** Options of `chartwright backups list`. */
export interface ListOptions extends BackupsOptions {
  readonly allNamespaces?: boolean;
}

const columns: readonly Column<BackupView>[] = [
  { heading: 'POD', text: ({ pod }) => pod ?? '' },
  { heading: 'ID', text: ({ id }) => id },
  { heading: 'TIME', text: ({ time }) => time ?? '' },
  { heading: 'AGE', right: true, text: ({ age }) => (age === undefined ? '' : printAge(age)) },
  { heading: 'SIZE', right: true, text: ({ bytes }) => printBytes(bytes) },
  { heading: 'NODES', right: true, text: ({ nodes }) => (nodes === undefined ? '' : String(nodes)) },
  { heading: 'VECTORS', right: true, text: ({ vectors }) => (vectors === undefined ? '' : String(vectors)) },
  { heading: 'STATE', text: ({ state, pinned }) => (pinned ? `${state}, pinned` : state) },
  { heading: 'VERIFIED', text: ({ state, verified }) => verified ?? (state === 'committed' ? 'not yet' : '') },
  { heading: 'NOTE', text: ({ note }) => note ?? '' },
];

/**
 * Lists what is in the repositories of a namespace.
 *
 * @returns 1 where a repository is another cluster’s, has no backup, one that is corrupt, or a pod without; else 0
 */
export function listBackups(options: ListOptions, screen: Screen): Promise<number> {
  return BackupsSession.run(options, screen, async (session) => {
    const attachments =
      options.allNamespaces || options.database === undefined
        ? await findAttachments(session.cluster, options.allNamespaces ? undefined : session.namespace)
        : [];
    // Also where there is none: the error is the same for all commands.
    if (attachments.length === 0) attachments.push(await session.attachment());
    const views: RepositoryView[] = [];
    for (const attachment of attachments) {
      const [snapshot, status] = [await session.readStore(attachment), await readStatus(session.cluster, attachment)];
      views.push(viewRepository(attachment, snapshot, status, new Date()));
    }
    if (options.output === 'text') screen.result(views.map(printRepository).join('\n'));
    else printDocument({ repositories: views }, options.output, screen);
    return views.some((view) => troubles(view).length > 0) ? exitCodes.findings : exitCodes.ok;
  });
}

function printRepository(view: RepositoryView): string {
  const { name, namespace, database, path, backups, pods } = view;
  const heading = `${database} ${namespace}/${name} in ${printable(path)}\n`;
  return [
    heading,
    backups.length > 0 ? printColumns(columns, backups) : '',
    pods ? printPods(pods) : '',
    ...troubles(view),
  ].join('');
}

/** What somebody on call has to know, one line each. */
function troubles({ owner, clusterId, backups, pods }: RepositoryView): string[] {
  const corrupt = backups.filter(({ state }) => state === 'corrupt').length;
  return [
    ...(owner === undefined ? ['There is no owner.json: nothing was backed up here yet, or the path is wrong.\n'] : []),
    ...(owner !== undefined && owner !== clusterId
      ? [`It belongs to cluster ${printable(owner)} and not to ${clusterId}: backups and pruning refuse it.\n`]
      : []),
    ...(backups.some(({ state }) => state === 'committed') ? [] : ['There is no backup that could be restored.\n']),
    ...(corrupt > 0
      ? [`${corrupt} ${corrupt === 1 ? 'backup is' : 'backups are'} corrupt and cannot be restored.\n`]
      : []),
    ...podTroubles(pods),
  ];
}
