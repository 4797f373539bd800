import { type Problem, ProblemsError } from '../problem/index.js';

/** An object as a store lists it. */
export interface ListedObject {
  /** Path in the folder that was listed. */
  readonly path: string;
  /** Bytes, or -1 where the store does not say. */
  readonly size: number;
  /** When the store last wrote it, as `printTime` writes times. */
  readonly modified: string;
  /** SHA-256 in hexadecimal, where the listing has it (`rclone lsjson --hash`). */
  readonly sha256?: string;
}

/**
 * Reads what `rclone lsjson -R --files-only --use-server-modtime` printed with exit status 0. A listing that ends early is
 * no JSON, so it cannot be taken for a short one; an empty one must be checked against the owner file, which is always
 * there.
 *
 * @param place what was listed, for the error text
 * @throws ProblemsError when it is not such a listing
 */
export function readListing(text: string, place: string): ListedObject[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // handled with everything else that is no listing
  }
  const objects = Array.isArray(content) ? content.map(readObject) : [undefined];
  const good = objects.filter((object) => object !== undefined);
  if (good.length !== objects.length) throw new ProblemsError([notAListing(place)]);
  return good;
}

function readObject(entry: unknown): ListedObject | undefined {
  const { Path, Size, ModTime, Hashes } = (entry ?? {}) as Record<string, unknown>;
  if (typeof Path !== 'string' || typeof Size !== 'number' || typeof ModTime !== 'string') return undefined;
  const time = new Date(ModTime);
  if (Number.isNaN(time.getTime())) return undefined;
  const sha256 = (Hashes as Record<string, unknown> | undefined)?.['sha256'];
  return {
    path: Path,
    size: Size,
    modified: `${time.toISOString().slice(0, 19)}Z`,
    ...(typeof sha256 === 'string' ? { sha256 } : {}),
  };
}

function notAListing(place: string): Problem {
  return {
    code: 'unreadable-file',
    severity: 'error',
    where: { object: place },
    message: 'the listing is not what rclone lsjson prints',
    hint: 'Look at the messages of rclone: it must have ended with status 0.',
  };
}
