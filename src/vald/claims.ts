import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { join, text } from '../units/index.js';
import { type VolumeClaimSettings, volumeClaim } from './backup-method.js';
import { objectNames } from './names.js';
import type { ValdAgentSettings } from './props-schema.js';

/** The claim template of the StatefulSet, named as upstream’s so that existing claims go on being used. */
export function claimTemplate(name: string, claim: VolumeClaimSettings): k8s.KubePersistentVolumeClaimProps {
  return { metadata: { name }, spec: claimSpec(claim) };
}

/**
 * A claim for each pod where volumes are bound by name: a template cannot name a different volume for each pod, but a
 * StatefulSet takes up a claim that is already there under the name it would have made.
 */
export function addBoundClaims(scope: Construct, settings: ValdAgentSettings, metadata: k8s.ObjectMeta): void {
  const claim = volumeClaim(settings.backup);
  if (claim?.bind?.type !== 'names') return;
  claim.bind.volumeNames.forEach((volumeName, ordinal) => {
    addBoundClaim(scope, `claim-${ordinal}`, { settings, metadata, claim, ordinal, volumeName });
  });
}

interface BoundClaim {
  readonly settings: ValdAgentSettings;
  readonly metadata: k8s.ObjectMeta;
  readonly claim: VolumeClaimSettings;
  /** The number of the pod. */
  readonly ordinal: number;
  readonly volumeName: string;
}

/** The claim of one pod on a PersistentVolume that is known by its name. */
export function addBoundClaim(scope: Construct, id: string, bound: BoundClaim): void {
  const { settings, metadata, claim, ordinal, volumeName } = bound;
  const names = objectNames(settings.name);
  new k8s.KubePersistentVolumeClaim(scope, id, {
    metadata: { ...metadata, name: join('-', names.claim, names.agent, text(ordinal)) },
    spec: { ...claimSpec(claim), volumeName },
  });
}

function claimSpec(claim: VolumeClaimSettings): k8s.PersistentVolumeClaimSpec {
  return {
    accessModes: [claim.accessMode],
    resources: { requests: { storage: k8s.Quantity.fromString(claim.size) } },
    ...(claim.storageClass !== undefined ? { storageClassName: claim.storageClass } : {}),
    ...(claim.bind?.type === 'selector' ? { selector: { matchLabels: claim.bind.matchLabels } } : {}),
    volumeMode: claim.volumeMode,
  };
}
