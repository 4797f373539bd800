import type { NdbCluster } from '../programs/ndb-cluster.js';

/** Fills a cluster with everything that a restore has to bring back: blobs, keys, odd names, views, routines, users. */
export async function fill(cluster: NdbCluster, { rows = 400 } = {}): Promise<void> {
  await cluster.sql(`
CREATE DATABASE shop COLLATE utf8mb4_bin; CREATE DATABASE logs; CREATE DATABASE \`odd-name\`;
USE shop;
CREATE TABLE customers (id INT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(100) UNIQUE, bio TEXT, photo BLOB) ENGINE=NDB;
CREATE TABLE orders (id INT PRIMARY KEY, customer INT, total DECIMAL(10,2), KEY(customer),
  CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers(id)) ENGINE=NDB;
CREATE TABLE nopk (a INT, b VARCHAR(10)) ENGINE=NDB;
CREATE TABLE notes (id INT PRIMARY KEY) ENGINE=InnoDB;
SET SESSION cte_max_recursion_depth = 100000;
INSERT INTO customers (email, bio, photo) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  SELECT CONCAT(i, '@example.com'), REPEAT('bio ', i), REPEAT('p', 10 * i) FROM n;
INSERT INTO orders SELECT id, id, id * 1.5 FROM customers;
INSERT INTO nopk VALUES (1, 'x'), (2, 'y');
CREATE VIEW totals AS SELECT c.id, o.total FROM customers c JOIN orders o ON o.customer = c.id;
DELIMITER //
CREATE PROCEDURE count_orders(IN least INT) BEGIN SELECT COUNT(*) FROM orders WHERE total >= least; SELECT 1; END//
CREATE FUNCTION next_one(x INT) RETURNS INT DETERMINISTIC BEGIN RETURN x + 1; END//
create trigger total_given before insert on orders for each row begin set new.total = coalesce(new.total, 0); end//
CREATE EVENT tidy ON SCHEDULE EVERY 1 YEAR DO BEGIN DELETE FROM shop.nopk WHERE a > 100; END//
DELIMITER ;
USE logs;
CREATE TABLE entries (id INT PRIMARY KEY, text VARCHAR(200)) ENGINE=NDB;
INSERT INTO entries SELECT id, email FROM shop.customers;
CREATE TABLE order_entries (id INT PRIMARY KEY, order_id INT,
  CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES shop.orders(id)) ENGINE=NDB;
INSERT INTO order_entries SELECT id, id FROM shop.orders WHERE id <= 10;
CREATE VIEW emails AS SELECT email FROM shop.customers;
CREATE VIEW short AS SELECT id FROM entries;
USE \`odd-name\`;
CREATE TABLE \`we ird\`\`table,x\` (id INT PRIMARY KEY, v VARCHAR(10)) ENGINE=NDB;
INSERT INTO \`we ird\`\`table,x\` VALUES (1, 'a');
CREATE TABLE \`täble\` (id INT PRIMARY KEY) ENGINE=NDB;
INSERT INTO \`täble\` VALUES (1), (2);
CREATE USER app@'%' IDENTIFIED BY 'a secret "pass"'; CREATE ROLE reader;
GRANT SELECT, INSERT ON shop.* TO app@'%'; GRANT ALL ON logs.* TO app@'%'; GRANT SELECT (id) ON shop.customers TO app@'%';
GRANT SELECT ON *.* TO reader; GRANT reader TO app@'%'; GRANT EXECUTE ON PROCEDURE shop.count_orders TO app@'%';
`);
}

/** Checksum of every NDB table and the definitions of everything else, in lines. */
export async function checksums(cluster: NdbCluster): Promise<string> {
  const tables =
    await cluster.sql(`SELECT CONCAT('\`', REPLACE(table_schema, '\`', '\`\`'), '\`.\`', REPLACE(table_name, '\`', '\`\`'), '\`')
    FROM information_schema.tables WHERE engine = 'ndbcluster' AND table_schema <> 'mysql' ORDER BY 1`);
  const names = tables.trim().split('\n').filter(Boolean);
  return [
    names.length ? await cluster.sql(names.map((name) => `CHECKSUM TABLE ${name};`).join('\n')) : '',
    await cluster.sql(`SELECT schema_name, default_collation_name FROM information_schema.schemata WHERE schema_name NOT IN
        ('mysql', 'sys', 'information_schema', 'performance_schema', 'ndbinfo') ORDER BY 1;
      SELECT table_schema, table_name, view_definition FROM information_schema.views WHERE table_schema <> 'sys' ORDER BY 1, 2;
      SELECT routine_schema, routine_name, routine_definition FROM information_schema.routines WHERE routine_schema <> 'sys'
        ORDER BY 1, 2;
      SELECT trigger_schema, trigger_name, event_object_table, action_statement FROM information_schema.triggers
        WHERE trigger_schema <> 'sys' ORDER BY 1, 2;
      SELECT event_schema, event_name, event_definition, status FROM information_schema.events ORDER BY 1, 2;
      SELECT constraint_schema, constraint_name, table_name, referenced_table_name
        FROM information_schema.referential_constraints ORDER BY 1, 2;
      SELECT table_schema, table_name, index_name, column_name FROM information_schema.statistics
        WHERE table_schema NOT IN ('mysql', 'sys') ORDER BY 1, 2, 3, 4;
      SELECT user, host, HEX(authentication_string) FROM mysql.user WHERE user NOT LIKE 'mysql.%' AND user <> 'root' ORDER BY 1;
      SELECT grantee, privilege_type FROM information_schema.user_privileges WHERE grantee NOT LIKE '%root%'
        AND grantee NOT LIKE '%mysql.%' ORDER BY 1, 2;
      SELECT user, db, table_name, table_priv, column_priv FROM mysql.tables_priv WHERE db <> 'sys' AND db <> 'mysql' ORDER BY 1, 2, 3;
      SELECT user, db, routine_name FROM mysql.procs_priv WHERE db <> 'sys' ORDER BY 1, 2, 3;
      SELECT user, db, select_priv FROM mysql.db WHERE db NOT IN ('sys', 'performance_schema') ORDER BY 1, 2;`),
  ].join('');
}

/** Drops every database and every user that is not the system's. */
export async function empty(cluster: NdbCluster): Promise<void> {
  const drops = await cluster.sql(`SET SESSION group_concat_max_len = 1000000;
    SELECT CONCAT('DROP DATABASE \`', schema_name, '\`;') FROM information_schema.schemata
      WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'ndbinfo');
    SELECT CONCAT('DROP USER ', QUOTE(user), '@', QUOTE(host), ';') FROM mysql.user
      WHERE user NOT LIKE 'mysql.%' AND user <> 'root'`);
  await cluster.sql(`SET foreign_key_checks = 0;\n${drops}`);
}

/** Every NDB table of a user in the cluster's own dictionary, whether the server knows it or not. */
export async function nativeTables(cluster: NdbCluster): Promise<string[]> {
  const names = await cluster.sql(`SELECT fq_name FROM ndbinfo.dict_obj_info
    WHERE type = 2 AND parent_obj_type = 0 AND fq_name NOT LIKE 'mysql/%' ORDER BY 1`);
  return names.trim().split('\n').filter(Boolean);
}
