import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take a minute or more, in the order in which they begin: the longest first, and those that wait for an NDB
 * cluster between those that compute. A fresh clone knows no durations, and the size of a file says little about them.
 */
const longest = [
  'package/package',
  'ndb/round-trip',
  'ndb/faults',
  'scripts/rondb-restore',
  'ndb/resize',
  'ndb/parts',
  'scripts/rondb-backup',
  'chart/programs',
  'programs/ndb-cluster',
  'scripts/vald-upload.faults',
  'scripts/rondb-backup.store',
  'scripts/vald-upload',
  'scripts/vald-restore.generations',
  'scripts/vald-restore.faults',
  'cli/backups-jobs',
  'cli/chart',
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = longest.findIndex((name) => moduleId.endsWith(name));
      return index < 0 ? longest.length : index;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Many files wait for programs that they have started, so one more at a time than there are processors.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    // Go's collector costs helm, kubectl and rclone a tenth to a fifth of their short lives.
    env: { GOGC: '200' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
