import type { Pod } from './objects.js';

/** Whether a pod serves. */
export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;

const isOrdinary = (reason: string | undefined): boolean =>
  reason === 'ContainerCreating' || reason === 'PodInitializing';

/** Why a pod does not run yet, or undefined. */
export function waitingReason({ status }: Pod): string | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const waiting = all.find(({ state }) => state?.waiting && !isOrdinary(state.waiting.reason))?.state?.waiting;
  if (waiting) return [waiting.reason, waiting.message].filter(Boolean).join(': ');
  const unscheduled = status?.conditions?.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  return unscheduled ? [unscheduled.reason, unscheduled.message].filter(Boolean).join(': ') : undefined;
}
