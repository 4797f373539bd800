import type { EffectiveValues, Rule } from '../../values/index.js';
import { foldersInUse, restoredId } from './backup-state.js';
import { backups, restore } from './examples.js';

const excludeTables = 'restoreFromBackup.excludeTables';
const excludeDatabases = 'restoreFromBackup.excludeDatabases';

/** Databases that the chart leaves out of a backup or a restore, whoever they belong to. */
const leftOut = ['users', 'ycsb', 'dbt2', 'heartbeat'];

/** The SQL scripts of the installation with the path of each. */
function scripts(values: EffectiveValues): { path: readonly string[]; sql: string }[] {
  const path = ['mysql', 'sqlInitContent'];
  return Object.entries(values.map(path)).flatMap(([name, sql]) =>
    typeof sql === 'string' ? [{ path: [...path, name], sql }] : [],
  );
}

/** Names that statements such as CREATE DATABASE create in a script. */
function created(sql: string, kind: string): string[] {
  const statement = new RegExp(`\\bcreate\\s+(?:${kind})\\s+(?:if\\s+not\\s+exists\\s+)?[\`"]?([A-Za-z0-9_$]+)`, 'gi');
  return [...sql.matchAll(statement)].map((match) => match[1]!);
}

/** Rules about what is in a backup, and what of it comes back. */
export const restoredDataRules: readonly Rule[] = [
  {
    id: 'RONDB028',
    severity: 'error',
    title: 'a table to leave out is not named with its database',
    why: 'ndb_restore wants database.table. It stops at anything else, in the middle of the installation.',
    fix: 'Write database.table.',
    fact: 'Read in chart 0.8.0 (the items are not checked) and in NDB’s manual.',
    check: (values) =>
      restoredId(values) === undefined
        ? []
        : values.list(excludeTables).flatMap((table, at) =>
            typeof table === 'string' && /^[^.\s,]+\.[^.\s,]+$/.test(table)
              ? []
              : [
                  {
                    path: [...excludeTables.split('.'), at],
                    message: `${JSON.stringify(table)} is not database.table`,
                  },
                ],
          ),
    hits: [
      restore('"12"', 'excludeTables: [sessions]'),
      restore('"12"', 'excludeTables: [web.sessions, "web.a,web.b"]'),
    ],
    passes: [restore('"12"', 'excludeTables: [web.sessions]'), 'restoreFromBackup:\n  excludeTables: [sessions]\n'],
  },
  {
    id: 'RONDB035',
    severity: 'warning',
    title: 'passwords of the backup do not come back',
    why: 'Users of these values are made before the backup’s, and the backup’s CREATE USER is turned into IF NOT EXISTS. Where both have a user, the password and rights of the values win.',
    fix: 'Leave the users that are in the backup out of mysql.users, or set their passwords again after the restore.',
    fact: 'Read in chart 0.8.0: users.sql is applied after the users of the values, with IF NOT EXISTS.',
    check: (values) =>
      restoredId(values) !== undefined && values.list('mysql.users').length > 0
        ? [{ path: 'mysql.users', message: 'made before the users of the backup, which are then left out' }]
        : [],
    hits: [`${restore('"12"')}mysql: { users: [{ username: web, host: "%", privileges: [] }] }\n`],
    passes: [
      `${restore('"12"')}mysql: { users: [] }\n`,
      'mysql: { users: [{ username: web, host: "%", privileges: [] }] }\n',
    ],
  },
  {
    id: 'RONDB036',
    severity: 'warning',
    title: 'a database has a name that backups leave out',
    why: 'The chart leaves databases called users, ycsb and dbt2 out of the dump of definitions, and ycsb, dbt2 and heartbeat out of the restore, because its own benchmarks have them. Yours with such a name is lost.',
    fix: 'Give the database another name.',
    fact: 'Read in chart 0.8.0: fixed lists in the dump and in the restore.',
    check(values) {
      if (foldersInUse(values).length === 0) return [];
      const inScripts = scripts(values).flatMap(({ path, sql }) =>
        created(sql, 'database|schema').map((name) => ({ path: [...path] as (string | number)[], name })),
      );
      const inGrants = values.list('mysql.users').flatMap((_, user) =>
        values.list(['mysql', 'users', user, 'privileges']).map((_, at) => {
          const path = ['mysql', 'users', user, 'privileges', at, 'database'];
          return { path, name: values.text(path) ?? '' };
        }),
      );
      return [...inScripts, ...inGrants]
        .filter(({ name }) => leftOut.includes(name.toLowerCase()))
        .map(({ path, name }) => ({ path, message: `the database "${name}" is left out` }));
    },
    hits: [
      `${backups()}mysql: { sqlInitContent: { web: "CREATE DATABASE IF NOT EXISTS users;" } }\n`,
      `${backups()}mysql: { users: [{ username: web, host: "%", privileges: [{ database: dbt2, table: "*", privileges: [ALL] }] }] }\n`,
    ],
    passes: [
      `${backups()}mysql: { sqlInitContent: { web: "CREATE DATABASE IF NOT EXISTS web_users;" } }\n`,
      'mysql: { sqlInitContent: { web: "CREATE DATABASE users;" } }\n',
    ],
  },
  {
    id: 'RONDB038',
    severity: 'warning',
    title: 'a tablespace of your own does not come back',
    why: 'The restore leaves disk objects out, and nothing makes them anew. Tables in a tablespace other than the chart’s ts_1 fail, and the chart does not notice.',
    fix: 'Use ts_1, or create the tablespace in the new cluster before its tables are restored.',
    fact: 'Read in chart 0.8.0: --no-restore-disk-objects; ts_1 and lg_1 come from the configuration.',
    check: (values) =>
      foldersInUse(values).length === 0
        ? []
        : scripts(values).flatMap(({ path, sql }) =>
            created(sql, 'tablespace')
              .filter((name) => name.toLowerCase() !== 'ts_1')
              .map((name) => ({ path, message: `the tablespace "${name}" does not come back` })),
          ),
    hits: [
      `${backups()}mysql: { sqlInitContent: { web: "CREATE TABLESPACE ts_2 ADD DATAFILE 'd.dat' ENGINE NDB;" } }\n`,
    ],
    passes: [
      `${backups()}mysql: { sqlInitContent: { web: "CREATE TABLE t (a INT) TABLESPACE ts_1 STORAGE DISK;" } }\n`,
      'mysql: { sqlInitContent: { web: "CREATE TABLESPACE ts_2;" } }\n',
    ],
  },
  {
    id: 'RONDB046',
    severity: 'warning',
    title: 'what is left out comes back as empty tables',
    why: 'The lists hold for the native files only. The SQL files of the backup are applied whole and create the tables anew, empty; and rows that point to a table that was left out by a foreign key fail to load.',
    fix: 'Drop those tables after the restore, and leave out tables that refer to them too.',
    fact: 'Read in chart 0.8.0: the SQL step has no filter.',
    check: (values) =>
      restoredId(values) === undefined
        ? []
        : [excludeDatabases, excludeTables]
            .filter((path) => values.list(path).length > 0)
            .map((path) => ({ path, message: 'not looked at by the SQL files of the backup' })),
    hits: [restore('"12"', 'excludeDatabases: [web]'), restore('"12"', 'excludeTables: [web.sessions]')],
    passes: [restore('"12"'), 'restoreFromBackup:\n  excludeDatabases: [web]\n'],
  },
];
