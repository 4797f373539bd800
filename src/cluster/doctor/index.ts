export type { Check, Sighting, Verdict } from './check.js';
export { DoctorContext } from './context.js';
export { allChecks, type Diagnosis, diagnose } from './diagnose.js';
export {
  checksPage,
  countVerdicts,
  type DoctorFailOn,
  doctorGithub,
  doctorJunit,
  doctorSarif,
  entryOf,
  failsRun,
} from './reports.js';
