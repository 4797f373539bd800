/**
 * One option of an rclone remote, named as in `rclone.conf`. Its value is plain, or it is in a Secret and comes as a
 * variable or as a mounted file; for a file, `content` is the option that takes its content instead of its path.
 */
export type RemoteOption =
  | { readonly name: string; readonly value: string }
  | { readonly name: string; readonly secret: string; readonly key: string }
  | {
      readonly name: string;
      readonly secret: string;
      readonly key: string;
      readonly file: string;
      readonly content: string;
    };

/** An rclone remote: a section of `rclone.conf`. */
export interface Remote {
  readonly name: string;
  readonly options: readonly RemoteOption[];
}

/** A plain option. */
export const plain = (name: string, value: string): RemoteOption => ({ name, value });

/** A plain option, where there is a value for it. */
export const optional = (name: string, value: string | undefined): RemoteOption[] =>
  value === undefined ? [] : [{ name, value }];

/** An option whose value is in a Secret. */
export const secretOption = (name: string, secret: string, key: string): RemoteOption => ({ name, secret, key });

/** An option that is the path of a file from a Secret. */
export const fileOption = (name: string, content: string, file: string, secret: string, key: string): RemoteOption => ({
  name,
  content,
  file,
  secret,
  key,
});
