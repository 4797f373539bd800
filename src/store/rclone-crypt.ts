import type { z } from 'zod';
import { fail, fault } from './config-problem.js';
import type { encryption } from './encryption.js';
import type { Section } from './rclone-config.js';

/** What a remote of type crypt says: the remote below it, the path in that, and the encryption. */
interface CryptRemote {
  readonly base: string;
  readonly path: string;
  readonly encryption: z.input<typeof encryption>;
  readonly secretData: Readonly<Record<string, string>>;
}

/** Values of crypt's options that are rclone's defaults, and those with which our stores are written. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  filename_encryption: ['standard', 'off'],
  directory_name_encryption: ['true', 'false'],
  filename_encoding: ['base32'],
  suffix: ['.bin'],
  pass_bad_blocks: ['false'],
  strict_names: ['true', 'false'],
  show_mapping: ['true', 'false'],
  server_side_across_configs: ['true', 'false'],
  no_data_encryption: ['false'],
};

/** Options whose values are read one by one below, and remarks. */
const read = new Set(['type', 'description', 'remote', 'password', 'password2']);

/**
 * Reads a remote of type crypt.
 *
 * @throws ProblemsError where it is set in a way that a store cannot say: another reader would not find the files
 */
export function readCrypt(
  section: Section,
  source: { readonly path?: string | undefined; secret: string },
): CryptRemote {
  const faults = [...section]
    .filter(([name, value]) => !read.has(name) && value !== '' && !allowed[name]?.includes(value))
    .map(([name]) => {
      const values = allowed[name]?.join(', ');
      const problem = fault('config', `the crypt option "${name}" is not supported as it is set`, unsupported);
      return values ? { ...problem, allowed: values } : problem;
    });
  const names = section.get('filename_encryption') ?? 'standard';
  if (names === 'standard' && section.get('directory_name_encryption') === 'false')
    faults.push(fault('config', 'names of files are encrypted and names of folders are not', unsupported));
  const [, base = '', path = ''] = /^([^:,]+):(.*)$/.exec(section.get('remote') ?? '') ?? [];
  if (base === '')
    faults.push(
      fault('config', 'the option "remote" of crypt names no other remote', 'Put crypt over a remote: "name:bucket".'),
    );
  if (source.path)
    faults.push(fault('path', 'the remote of type crypt has its own path', 'Leave "path" out, or use "prefix".'));
  const [password = '', salt = ''] = [section.get('password'), section.get('password2')];
  if (password === '') faults.push(fault('config', 'the remote of type crypt has no password', 'Set one.'));
  if (faults.length > 0) fail(faults);
  return {
    base,
    path: path.replace(/\/$/, ''),
    encryption: {
      type: 'crypt',
      secret: { name: source.secret },
      ...(salt ? { saltSecret: { name: source.secret } } : {}),
      ...(names === 'off' ? { fileNames: 'plain' as const } : {}),
    },
    secretData: { 'crypt-password': password, ...(salt ? { 'crypt-salt': salt } : {}) },
  };
}

const unsupported = 'Make a new remote of type crypt with rclone’s defaults for new backups.';
