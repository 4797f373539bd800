import { type ClusterScript, scriptFolder } from './contract.js';
import { valdRestore } from './vald-restore.js';
import content from './vald-start-gate.generated.js';

const name = 'vald-start-gate.sh';
const [busybox, rclone] = valdRestore.image.programs;

/**
 * The script that runs beside a Vald agent without copy-on-write and has `vald-restore.sh` settle the index before every
 * start of the agent’s container, also in place, where no init container runs. Without it an agent that was killed
 * inside a save sets the half-written index aside and serves an empty one (fact 0.9).
 *
 * It needs what `vald-restore.sh` needs, beside it in the same folder and with the same environment, and `START_GATE` on
 * a volume that is the agent’s too. The agent’s `ngt.min_load_index_timeout` and `ngt.max_load_index_timeout` must be
 * `file://` and that path. While nobody starts, it waits for the pipe and does nothing.
 */
export const valdStartGate = {
  name,
  content,
  command: ['sh', `${scriptFolder}/${name}`],
  environment: [
    {
      name: 'BACKUP_METHOD',
      required: 'always',
      allowed: 'persistentVolume, objectStorage or both',
      meaning: 'Where the backup is; with object storage a sidecar uploads when the pod is stopped.',
    },
    {
      name: 'START_GATE',
      required: 'always',
      allowed: 'an absolute path on a volume that the agent mounts at the same place',
      meaning: 'The named pipe that the agent reads at its start.',
    },
    {
      name: 'LOAD_TIMEOUT_SECONDS',
      required: 'always',
      allowed: 'seconds, a whole number from 1',
      meaning: 'What the agent reads there: how long loading its index may take.',
    },
  ],
  image: {
    programs: [{ ...busybox, commands: [...busybox.commands, 'sleep'] }, rclone],
    defaultImage: valdRestore.image.defaultImage,
  },
  exitCodes: [
    { code: 0, meaning: 'The pod was stopped.', action: 'Nothing.' },
    {
      code: 1,
      meaning: 'A command failed, and its own message says why.',
      action: 'Nothing: it is started again, and until then no agent starts.',
    },
    { code: 2, meaning: 'A variable is missing or has a value it cannot have.', action: 'Correct the variable.' },
  ],
} as const satisfies ClusterScript;

/** A variable that `vald-start-gate.sh` reads beside those of `vald-restore.sh`. */
export type ValdStartGateVariable = (typeof valdStartGate.environment)[number]['name'];
