import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith, programPath } from '../programs/find.js';

const folder = join(import.meta.dirname, '../../src/scripts');

/** As mysqldump of NDB 9.7 writes it, with names and bodies that look like something else. */
const databases = `CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`shop\` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE \`shop\`;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE \`orders\` (
  \`id\` int NOT NULL COMMENT 'a; -- b'
) ENGINE=ndbcluster;
CREATE TABLE \`no\`\`te s\` (
  \`id\` int NOT NULL
) ENGINE=InnoDB COMMENT='not ENGINE=ndbcluster';
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`a b\`@\`%\`*/ /*!50003 trigger given before insert on shop.orders for each row begin
-- Current Database: \`logs\`
USE_it: set @a = 1; end */;;
CREATE DEFINER=\`root\`@\`localhost\` FUNCTION \`one\`() RETURNS int
    DETERMINISTIC
BEGIN
  RETURN 1;
END ;;
/*!50106 CREATE*/ /*!50117 DEFINER=\`root\`@\`localhost\`*/ /*!50106 EVENT \`tidy\` ON SCHEDULE EVERY 1 DAY DO SELECT 1 */ ;;
DELIMITER ;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`logs\`;
USE \`logs\`;
CREATE TABLE \`entries\` (
  \`id\` int NOT NULL
) ENGINE=ndbcluster;
/*!50001 CREATE VIEW \`short\` AS SELECT 
 1 AS \`id\`*/;
/*!50001 DROP VIEW IF EXISTS \`short\`*/;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=\`root\`@\`localhost\` SQL SECURITY DEFINER */
/*!50001 VIEW \`short\` AS select \`entries\`.\`id\` AS \`id\` from \`entries\` */;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'x:1-30';
`;
const users = `CREATE USER \`app\`@\`%\` IDENTIFIED WITH 'caching_sha2_password' AS 0x24;
GRANT SELECT ON *.* TO \`app\`@\`%\`;
GRANT ALL PRIVILEGES ON \`shop\`.* TO \`app\`@\`%\`;
GRANT SELECT ON \`lo%\`.* TO \`app\`@\`%\`;
GRANT SELECT ON \`l\\_gs\`.* TO \`app\`@\`%\`;
GRANT SELECT (\`id\`) ON \`shop\`.\`orders\` TO \`app\`@\`%\`;
GRANT SELECT ON \`logs\`.\`entries\` TO \`app\`@\`%\`;
GRANT EXECUTE ON FUNCTION \`shop\`.\`one\` TO \`app\`@\`%\`;
GRANT \`reader\`@\`%\` TO \`app\`@\`%\`;
ALTER USER 'app'@'%' DEFAULT ROLE 'reader'@'%';
`;

describeWith(['bash'], 'the selection of a restore', () => {
  let place: string;
  beforeAll(() => {
    place = mkdtempSync(join(tmpdir(), 'selection-'));
    writeFileSync(join(place, 'databases.sql'), databases);
    writeFileSync(join(place, 'users.sql'), users);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  /** What a function of the library prints, with a selection. */
  function run(call: string, selection: Record<string, string> = {}): string[] {
    const lines = [
      'set -euo pipefail',
      `script=test warnings=() work='${place}'`,
      `. '${folder}/rondb-run.sh'; . '${folder}/rondb-selection.sh'`,
      `read_selection_environment; scan_databases '${place}/databases.sql'; check_names`,
      call,
    ];
    const none = { INCLUDE_DATABASES: '', EXCLUDE_DATABASES: '', INCLUDE_TABLES: '', EXCLUDE_TABLES: '' };
    const env = { ...none, ...selection, LC_ALL: 'C', PATH: '/usr/bin:/bin' };
    const { status, stdout, stderr } = spawnSync(programPath('bash'), ['-c', lines.join('\n')], {
      env,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    return stdout.split('\n').filter(Boolean);
  }
  const objects = (selection = {}) =>
    run(`print_objects '${place}/databases.sql'`, selection).flatMap(
      (line) => /(TABLE|TRIGGER|FUNCTION|EVENT|VIEW|trigger)( IF (?:NOT )?EXISTS)? (\S+)/.exec(line)?.[0] ?? [],
    );
  const grants = (selection = {}) =>
    run(`print_grants '${place}/users.sql'`, selection).map((line) => line.split(' TO ')[0]);

  test('everything is made so that it can be run again, and NDB’s tables are left to ndb_restore', () => {
    expect(objects()).toEqual([
      'TABLE IF NOT EXISTS `no``te',
      'trigger IF NOT EXISTS given',
      'FUNCTION IF NOT EXISTS `one`()',
      'EVENT IF NOT EXISTS `tidy`',
      'VIEW `short`',
      'VIEW IF EXISTS `short`*/;',
      'VIEW `short`',
    ]);
    expect(run(`print_objects '${place}/databases.sql'`).join('\n')).not.toContain('GTID');
    expect(run(`print_databases '${place}/databases.sql'`)).toHaveLength(2);
  });

  test.each([
    ['a database', { INCLUDE_DATABASES: 'logs' }, ['VIEW `short`', 'VIEW IF EXISTS `short`*/;', 'VIEW `short`']],
    [
      'a table has its trigger and no routine of its database',
      { INCLUDE_TABLES: 'shop.orders' },
      ['trigger IF NOT EXISTS given'],
    ],
    ['a view is excluded like a table', { INCLUDE_DATABASES: 'logs', EXCLUDE_TABLES: 'logs.short' }, []],
    [
      'what is excluded stays out whatever is included',
      { INCLUDE_TABLES: 'shop.orders', EXCLUDE_DATABASES: 'shop' },
      [],
    ],
  ])('%s', (_, selection, expected) => {
    expect(objects(selection)).toEqual(expected);
  });

  test('grants on what stays out are left out, also by pattern, and others stay', () => {
    expect(grants()).toHaveLength(9);
    expect(grants({ INCLUDE_DATABASES: 'logs' })).toEqual([
      'GRANT SELECT ON *.*',
      'GRANT SELECT ON `lo%`.*',
      'GRANT SELECT ON `logs`.`entries`',
      'GRANT `reader`@`%`',
      `ALTER USER 'app'@'%' DEFAULT ROLE 'reader'@'%';`,
    ]);
    expect(grants({ INCLUDE_TABLES: 'shop.orders' })).toContain('GRANT SELECT (`id`) ON `shop`.`orders`');
    expect(grants({ INCLUDE_TABLES: 'shop.orders' })).not.toContain('GRANT EXECUTE ON FUNCTION `shop`.`one`');
    expect(run(`print_accounts '${place}/users.sql'`)[0]).toMatch(/^CREATE USER IF NOT EXISTS `app`@`%` IDENTIFIED/);
  });

  test('ndb_restore gets what is excluded last, as it takes the last option that matches', () => {
    const selection = {
      INCLUDE_DATABASES: 'logs\nshop',
      EXCLUDE_TABLES: 'shop.orders',
      INCLUDE_TABLES: 'logs.entries',
    };
    expect(run('native_options; declare -p native_options', selection)[0]).toMatch(
      /=logs,shop" \[1\]="--include-tables=logs.entries" \[2\]="--exclude-tables=shop.orders"\)$/,
    );
  });
});
