/**
 * What a script that runs in the cluster needs and promises. A construct builds the container from this description
 * alone, and a test compares it with what the script reads, so the two cannot drift apart.
 */
export interface ClusterScript<Variable extends string = string> {
  /** File name, also the key in the ConfigMap: `vald-restore.sh`. */
  readonly name: string;
  /** The script's text, as it is in the repository: no templating, no marks to replace. */
  readonly content: string;
  /** Files that the script sources from its own folder: they go into the same ConfigMap. */
  readonly libraries?: readonly ScriptLibrary[];
  /** What the container runs. The script is mounted at {@link scriptFolder}. */
  readonly command: readonly string[];
  /** Every variable the script reads, and nothing else. */
  readonly environment: readonly ScriptVariable<Variable>[];
  /** The image it runs in, and what another image has to have. */
  readonly image: ImageContract;
  /** Every exit status with a meaning of its own. */
  readonly exitCodes: readonly ScriptExitCode[];
}

/** A file of functions that scripts source. It runs nothing by itself. */
export interface ScriptLibrary<Variable extends string = string> {
  /** File name, also the key in the ConfigMap: `rondb-lease.sh`. */
  readonly name: string;
  /** The file's text, as it is in the repository. */
  readonly content: string;
  /** The variables that it declares; a script that sources it lists them among its own. */
  readonly environment: readonly ScriptVariable<Variable>[];
}

/** One environment variable of a script. */
export interface ScriptVariable<Name extends string = string> {
  readonly name: Name;
  /** `always`, or `with-store` where only work with an object store needs it. */
  readonly required: 'always' | 'with-store';
  /** The values it takes, as a phrase with units: `seconds, a whole number from 1`. */
  readonly allowed: string;
  /** What it is, in one sentence. */
  readonly meaning: string;
}

/** What an image must have for a script to run in it. */
export interface ImageContract {
  /** The programs, each with the oldest version that the tests have run with. */
  readonly programs: readonly ScriptProgram[];
  /** The image that has them and that is used where no other is asked for. */
  readonly defaultImage: { readonly repository: string; readonly tag: string };
}

/** A program on the image's PATH. */
export interface ScriptProgram {
  readonly name: string;
  /** The oldest version that the tests have run with, such as `1.35.0`. */
  readonly oldest: string;
  /** For a multi-call program: the commands that it must answer to. */
  readonly commands?: readonly string[];
}

/** An exit status of a script. */
export interface ScriptExitCode {
  /** 0 to 255. A code is never given another meaning: alerts and runbooks name it. */
  readonly code: number;
  /** What has happened, in one sentence. */
  readonly meaning: string;
  /** What to do about it, in one sentence. */
  readonly action: string;
}

/** Where a script's ConfigMap is mounted in its container. */
export const scriptFolder = '/scripts';
