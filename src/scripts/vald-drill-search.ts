import { type ClusterScript, scriptFolder } from './contract.js';
import content from './vald-drill-search.generated.js';
import { valdSearchLibrary } from './vald-libraries.js';
import { valdRestore } from './vald-restore.js';

const name = 'vald-drill-search.sh';

/**
 * The second half of a restore drill: waits for the agent that was started on what {@link valdDrillRestore} has restored,
 * compares its count of vectors and what its searches find with the manifest, and searches the sample. It speaks gRPC through `nc` on the loopback
 * of its pod and runs where `mktemp` can write.
 */
export const valdDrillSearch = {
  name,
  content,
  libraries: [valdSearchLibrary],
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
    {
      name: 'INDEX_PATH',
      required: 'always',
      allowed: 'an absolute path of two levels or more',
      meaning: 'The index path of the first half: beside it is what that has noted.',
    },
    {
      name: 'AGENT_PORT',
      required: 'always',
      allowed: 'a whole number from 1',
      meaning: 'The port on which the agent speaks gRPC.',
    },
    {
      name: 'AGENT_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'How long the agent may take to load the index and to answer.',
    },
    {
      name: 'OWN_NEAREST',
      required: 'always',
      allowed: 'true, or false for inner products',
      meaning: 'Whether a vector is nearest to itself; where it is not, a search must only find something.',
    },
  ],
  image: {
    programs: [
      {
        name: 'busybox',
        oldest: '1.35.0',
        commands: ['sh', 'awk', 'mkfifo', 'mktemp', 'nc', 'od', 'rm', 'sleep', 'wc'],
      },
    ],
    defaultImage: valdRestore.image.defaultImage,
  },
  exitCodes: [
    { code: 0, meaning: 'The agent serves what the manifest says, and searches find it.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Look at the message; the next run tries again.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
    {
      code: 26,
      meaning: 'The agent did not come up, or did not answer everything in time.',
      action: 'Look at the log of the container `agent`: its memory, its settings, the generation.',
    },
    {
      code: 27,
      meaning: 'The agent has another number of vectors than the manifest says.',
      action: 'Look at the log of the container `agent`: settings that do not fit the index leave it empty.',
    },
    {
      code: 28,
      meaning: 'More than one search in ten does not find its own vector, or what it found when the backup was made.',
      action: 'The index was damaged when it was saved: restore an older generation, or index anew.',
    },
    { code: 143, meaning: 'The pod was stopped.', action: 'Nothing: the next run starts over.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-drill-search.sh` reads. */
export type ValdDrillSearchVariable = (typeof valdDrillSearch.environment)[number]['name'];
