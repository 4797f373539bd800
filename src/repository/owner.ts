import { parseObject } from './json.js';

/** Whose a cluster's folder is: the content of `owner.json`. */
export interface Owner {
  /** UUID of the cluster. Another cluster may read here and never write, unless it takes the folder over. */
  readonly clusterId: string;
  /** Name of the cluster, for people. */
  readonly cluster: string;
}

/** The text of `owner.json`, as the scripts write it too. */
export function printOwner(owner: Owner): string {
  return `{"cluster":"${owner.cluster}","clusterId":"${owner.clusterId}"}\n`;
}

/** The owner that a text says, or undefined where it says none: then nothing may be written there either. */
export function readOwner(text: string): Owner | undefined {
  const content = parseObject(text);
  const { clusterId, cluster } = content ?? {};
  if (typeof clusterId !== 'string' || clusterId === '') return undefined;
  return { clusterId, cluster: typeof cluster === 'string' ? cluster : '' };
}
