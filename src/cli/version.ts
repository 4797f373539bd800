import { createRequire } from 'node:module';

interface PackageFile {
  readonly version: string;
  readonly homepage?: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const readPackage = (): PackageFile => createRequire(import.meta.url)('chartwright/package.json') as PackageFile;

/** The version of this program. */
export const programVersion = (): string => readPackage().version;

/** The address of the project, where package.json gives one. */
export const projectHomepage = (): string | undefined => readPackage().homepage;

/** Versions of the packages that this one is built and tested with, and its own, by name. */
export function packageVersions(): Readonly<Record<string, string>> {
  const { version, dependencies, devDependencies } = readPackage();
  return { ...devDependencies, ...dependencies, chartwright: version };
}
