import { z } from 'zod';
import { type Deviation, deviations } from '../src/rondb/deviations.js';
import { backupSchema, restoreSchema, verifySchema } from '../src/rondb/props-schema.js';
import { rondbBackup, rondbRestore, rondbVerify } from '../src/scripts/index.js';
import { generated, propsTables, scriptSection } from './markdown.js';

/** The pages about RonDB that are made from lists and schemas of the source. */
export function rondbDocs(): Map<string, string> {
  return new Map([
    ['docs/rondb-deviations.md', deviationsPage()],
    ['docs/rondb-images.md', imagesPage()],
    ['docs/rondb-props.md', propsPage()],
  ]);
}

function deviationsPage(): string {
  const sections = deviations.map(
    (deviation) => `## ${deviation.title}

\`${deviation.id}\`, hazard${deviation.hazards.length > 1 ? 's' : ''} ${deviation.hazards.join(', ')}

- Upstream: ${deviation.upstream}
- Ours: ${deviation.ours}
- Effect: ${deviation.effect}
- Seen in: ${shownText(deviation)}`,
  );
  return `${generated}

# Where our RonDB backups do other than upstream’s

Compared with backup and restore of rondb-helm 0.8.0. “Hazards” are the project’s numbered findings about it: each of the 49 is
answered by at least one entry, and a test looks for what each entry says in the objects and scripts that are made.

What is the same: the layout in the store (\`<backup-id>/users.sql\`, \`databases.sql\`, \`rondb/<node-id>/…\`), so that upstream’s restore
can read a set of ours that is not encrypted, and ours theirs with \`allowUnverified\`; the native backup itself; the pods, containers,
labels and the password’s Secret that a release has.

${sections.join('\n\n')}
`;
}

function shownText({ shown }: Deviation): string {
  if ('objects' in shown) return `the objects: ${shown.objects}`;
  const texts = [
    ...(shown.has === undefined ? [] : [`has \`${shown.has}\``]),
    ...(shown.hasNot === undefined ? [] : [`has no \`${shown.hasNot.trim()}\``]),
  ];
  return `the scripts of ${shown.job}: ${texts.join(', ')}`;
}

function imagesPage(): string {
  const { repository, tag } = rondbBackup.image.defaultImage;
  return `${generated}

# What the scripts of the RonDB jobs need and say

They run in \`${repository}:${tag}\`, the toolbox that RonDB’s own chart uses. Another image (prop \`image\`) does as well when it has, on its
PATH, what the tables below list; a script names what is missing and ends with 14. They run as any user, with a read-only root
file system, without privileges, with \`/tmp\` to write to.

Beside that they run programs of RonDB’s own pods through \`kubectl exec\`: bash, coreutils and ndb_mgm, for a restore ndb_restore, in
the data nodes’ container; bash, mysql and mysqldump in the SQL server’s; with \`way: sidecar\` bash, coreutils and rclone in the sidecar’s.

The last lines of a log say the same as the exit code, with the facts; \`kubectl describe pod\` shows them. A code means the same
in all three.

${scriptSection(rondbBackup, 'Takes a backup and commits it. One line of JSON on stdout says how it ended.')}
${scriptSection(rondbVerify, 'Reads the backups back. Its report is JSON on stdout.')}
${scriptSection(rondbRestore, 'Restores a backup. Its plan, or its report, is JSON on stdout.')}`;
}

function propsPage(): string {
  const schema = z.strictObject({ backup: backupSchema, verify: verifySchema, restore: restoreSchema });
  return `${generated}

# Props of the RonDB constructs

${propsTables(schema, ['RonDBBackupCronJobProps', 'RonDBVerifyCronJobProps', 'RonDBRestoreJobProps', 'RonDBRepository'])}
`;
}
