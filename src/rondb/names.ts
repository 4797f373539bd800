import { clusterFolder, type RonDBRepositorySettings } from './repository-schema.js';

/** What a job does: the part of its objects’ names behind the repository’s, and their label. */
export type JobKind = 'backup' | 'verify' | 'restore';

/** Name of a job, its ServiceAccount and its Role. A CronJob’s may have 52 characters: a Job’s has 11 more. */
export function jobName({ name }: RonDBRepositorySettings, kind: JobKind): string {
  return `${name}-${kind}`;
}

/** Name of the ConfigMap that holds a job’s scripts. */
export function scriptsName(job: string): string {
  return `${job}-scripts`;
}

/** Name of the ConfigMap in which the outcome of every attempt stands. */
export function statusName({ name }: RonDBRepositorySettings): string {
  return `${name}-backup-status`;
}

/** Labels of every object. */
export function objectLabels(repository: RonDBRepositorySettings, kind?: JobKind): Record<string, string> {
  return {
    'app.kubernetes.io/name': repository.appName,
    'app.kubernetes.io/instance': clusterFolder(repository),
    'app.kubernetes.io/part-of': repository.name,
    ...(kind ? { 'app.kubernetes.io/component': kind } : {}),
    'app.kubernetes.io/managed-by': 'chartwright',
  };
}
