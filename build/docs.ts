import {
  valdDrillRestore,
  valdDrillSearch,
  valdRestore,
  valdStartGate,
  valdUpload,
  valdVerify,
} from '../src/scripts/index.js';
import { deviations } from '../src/vald/deviations.js';
import { drillSchema } from '../src/vald/drill-schema.js';
import { valdAgentSchema } from '../src/vald/props-schema.js';
import { generated, propsTables, scriptSection } from './markdown.js';
import { rondbDocs } from './rondb-docs.js';

/** Writes the pages that are made from lists and schemas of the source. */
export function generateDocs(): Map<string, string> {
  return new Map([
    ['docs/vald-deviations.md', deviationsPage()],
    ['docs/vald-props.md', propsPage()],
    ['docs/vald-images.md', imagesPage()],
    ...rondbDocs(),
  ]);
}

function deviationsPage(): string {
  const sections = deviations.map(
    ({ id, title, places, fact, effect }) => `## ${title}

\`${id}\`

- Why: ${fact}
- Effect: ${effect}
- Where: ${places.map((place) => `\`${place}\``).join(', ')}`,
  );
  return `${generated}

# Where our Vald objects differ from upstream’s

Compared with what upstream’s chart v1.8.0 renders for the same settings; with S3 after its two broken include paths were
corrected, as it renders nothing otherwise. Everything else is equal, and a test holds both: a difference that is not listed
here fails, and so does an entry that no longer differs. Nulls and empty lists that upstream renders are left out. “Facts” and
“rules” are the project’s measured findings about Vald.

${sections.join('\n\n')}
`;
}

function imagesPage(): string {
  const { repository, tag } = valdRestore.image.defaultImage;
  return `${generated}

# What the scripts of the agent’s pods need and say

They run in \`${repository}:${tag}\`. Another image (prop \`restoreImage\`) does as well when it has, on its PATH, what the tables
below list. They run as any user that can write to the volume, with a read-only root file system and without privileges.

${scriptSection(
  valdRestore,
  'Runs before the agent and puts its index in place. The last lines of its log say the same as its exit code; `kubectl describe pod` shows them.',
)}

${scriptSection(
  valdStartGate,
  'Runs beside an agent without copy-on-write and has `vald-restore.sh` look at the index before each start of its container; it needs that script’s variables too. Its log is `kubectl logs <pod> -c <name>-start-gate`.',
)}

${scriptSection(
  valdUpload,
  'With `Uploader.repository()`: runs beside the agent and uploads each save as a generation. Its log is `kubectl logs <pod> -c <name>-sidecar`; [vald-repository.md](vald-repository.md) says what is in the store.',
)}

${scriptSection(
  valdVerify,
  'With `ValdVerifyCronJob`: looks at every generation, reads a share of them back, and at how current each pod is.',
)}

${scriptSection(
  valdDrillRestore,
  'With `ValdRestoreDrillCronJob`, the init container: brings the newest generation of a pod onto a scratch volume.',
)}

${scriptSection(
  valdDrillSearch,
  'With `ValdRestoreDrillCronJob`, after that: asks the agent that was started on it. The last line of its log says what was restored in which time.',
)}`;
}

function propsPage(): string {
  return `${generated}

# Props of ValdAgentWithBackup

${propsTables(valdAgentSchema)}

# Props of ValdRestoreDrillCronJob

Beside the agent, a ValdAgentWithBackup:

${propsTables(drillSchema)}
`;
}
