import { clientOptions, type NdbCluster, sqlPod } from '../programs/ndb-cluster.js';

/** Rows enough for both replicas to have some in each part. */
const rows = 2000;

const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`;

/** Everything that a backup can lose: see `contents`. */
const fillStatements = `
SET SESSION cte_max_recursion_depth = 100000;
CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4;
CREATE DATABASE \`stock-room\` DEFAULT CHARACTER SET latin1;
USE shop;
CREATE TABLE customers (
  id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(80) NOT NULL, name VARCHAR(80) NULL,
  note TEXT NULL, photo BLOB NULL, joined DATETIME(6) NOT NULL, UNIQUE KEY by_email (email), KEY by_name (name)
) ENGINE=NDB COMMENT='people; "quoted" -- and more';
INSERT INTO customers (email, name, note, photo, joined)
  ${numbers} SELECT CONCAT('c', i, '@example.com'), IF(i % 7 = 0, NULL, CONCAT('Zoë 客户 🦊 ', i)),
    IF(i % 3 = 0, NULL, REPEAT(CONCAT('note ', i, '\\n'), i % 50)), IF(i % 5 = 0, NULL, REPEAT(UNHEX(SHA2(i, 256)), i % 40)),
    TIMESTAMP('2026-01-01 00:00:00.123456') + INTERVAL i MINUTE FROM n;
CREATE TABLE orders (
  id BIGINT UNSIGNED PRIMARY KEY, customer INT NOT NULL, amount DECIMAL(12, 2) NOT NULL,
  state ENUM('open', 'paid', 'sent') NOT NULL, body JSON NULL, KEY by_state (state, amount),
  CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id)
) ENGINE=NDB;
INSERT INTO orders ${numbers} SELECT i, i, i * 1.01, ELT(1 + i % 3, 'open', 'paid', 'sent'),
  IF(i % 4 = 0, NULL, JSON_OBJECT('n', i, 'text', 'ünïcode')) FROM n;
CREATE TABLE order_lines (
  order_id BIGINT UNSIGNED, line SMALLINT, sku VARBINARY(32) NOT NULL, PRIMARY KEY (order_id, line),
  CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE
) ENGINE=NDB PARTITION BY KEY (order_id);
INSERT INTO order_lines ${numbers} SELECT i, 1, UNHEX(SHA2(i, 256)) FROM n;
CREATE TABLE without_key (a INT, b VARCHAR(10)) ENGINE=NDB;
INSERT INTO without_key VALUES (1, 'x'), (1, 'x'), (NULL, NULL);
CREATE TABLE nothing (id INT PRIMARY KEY, text TEXT) ENGINE=NDB;
CREATE TABLE audit (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(80)) ENGINE=NDB;
CREATE TABLE wide (id INT PRIMARY KEY, ${columns((i) => `column_${i} VARCHAR(20) NULL`)}) ENGINE=NDB;
INSERT INTO wide SELECT id, ${columns((i) => `IF(id % ${i + 1} = 0, NULL, CONCAT('${i}/', id))`)} FROM customers WHERE id <= 50;
CREATE TABLE \`stock-room\`.\`items on shelf\` (id INT PRIMARY KEY, label VARCHAR(30) NOT NULL UNIQUE) ENGINE=NDB;
INSERT INTO \`stock-room\`.\`items on shelf\` VALUES (1, 'Kühl''schrank'), (2, 'back\\\\slash'), (3, '');
CREATE TABLE account_a (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=NDB;
CREATE TABLE account_b (id INT PRIMARY KEY, balance BIGINT NOT NULL) ENGINE=NDB;
INSERT INTO account_a ${numbers} SELECT i, 1000 FROM n WHERE i <= 100;
INSERT INTO account_b ${numbers} SELECT i, 1000 FROM n WHERE i <= 100;
CREATE SQL SECURITY INVOKER VIEW paid AS SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer WHERE o.state = 'paid';
CREATE VIEW paid_count AS SELECT COUNT(*) AS n FROM paid;
DELIMITER //
CREATE TRIGGER order_sent AFTER UPDATE ON orders FOR EACH ROW
BEGIN IF NEW.state = 'sent' THEN INSERT INTO audit (what) VALUES (CONCAT('sent ', NEW.id)); END IF; END//
CREATE PROCEDURE transfer (IN person INT, IN amount BIGINT)
BEGIN
  START TRANSACTION;
  UPDATE account_a SET balance = balance - amount WHERE id = person;
  UPDATE account_b SET balance = balance + amount WHERE id = person;
  COMMIT;
END//
CREATE FUNCTION vat (amount DECIMAL(12, 2)) RETURNS DECIMAL(12, 2) DETERMINISTIC RETURN amount * 0.19//
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' COMMENT 'it''s late' DO DELETE FROM audit//
DELIMITER ;
CREATE ROLE reader, writer;
GRANT SELECT ON shop.* TO reader;
GRANT INSERT, UPDATE ON shop.orders TO writer;
CREATE USER alice@'10.0.0.%' IDENTIFIED BY 'p''w"1 \\\\ $x', "o'brien"@localhost IDENTIFIED BY 'x' ACCOUNT LOCK;
GRANT reader, writer TO alice@'10.0.0.%' WITH ADMIN OPTION;
SET DEFAULT ROLE reader TO alice@'10.0.0.%';
GRANT SELECT (id, name) ON shop.customers TO "o'brien"@localhost;
GRANT EXECUTE ON PROCEDURE shop.transfer TO "o'brien"@localhost;
`;

function columns(column: (index: number) => string): string {
  return Array.from({ length: 120 }, (_, index) => column(index)).join(', ');
}

/** Fills an empty cluster. */
export async function fill(cluster: NdbCluster): Promise<void> {
  await cluster.sql(fillStatements);
}

/** Takes everything of it away again, users too. */
export async function empty(cluster: NdbCluster): Promise<void> {
  const users = (await userNames(cluster)).map((name) => `DROP USER ${name};`).join(' ');
  await cluster.sql(
    `SET foreign_key_checks = 0; DROP DATABASE IF EXISTS shop; DROP DATABASE IF EXISTS \`stock-room\`; DROP DATABASE IF EXISTS bytes; ${users}`,
  );
}

/** Fills a table with so many MiB of bytes that do not compress. */
export async function fillBytes(cluster: NdbCluster, mebibytes: number): Promise<void> {
  await cluster.sql(
    'CREATE DATABASE bytes; CREATE TABLE bytes.rows_ (id INT PRIMARY KEY, b VARBINARY(8000)) ENGINE=NDB',
  );
  const perMebibyte = 128;
  const random = Array.from({ length: 8 }, () => 'RANDOM_BYTES(1000)').join(', ');
  for (let from = 0; from < mebibytes * perMebibyte; from += perMebibyte)
    await cluster.sql(
      `INSERT INTO bytes.rows_ WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${from + perMebibyte - 1})
       SELECT i, CONCAT(${random}) FROM n`,
    );
}

export interface Contents {
  /** Tables with every row, views, routines, events and triggers: lines of mysqldump. */
  readonly databases: string;
  /** Every user and role with its grants. */
  readonly users: string;
}

/** Everything in the cluster that its users have put there, as text; AUTO_INCREMENT is only a hint and left out. */
export async function contents(cluster: NdbCluster, databases = ['shop', 'stock-room']): Promise<Contents> {
  const options = [
    '--skip-comments',
    '--skip-extended-insert',
    '--order-by-primary',
    '--routines',
    '--events',
    '--hex-blob',
    '--no-tablespaces',
  ];
  const { code, stdout, stderr } = await cluster
    .pod(sqlPod.name)
    .exec(sqlPod.container, ['mysqldump', `--defaults-file=${clientOptions}`, ...options, '--databases', ...databases]);
  if (code !== 0) throw new Error(stderr);
  const users = await userNames(cluster);
  const shown = await cluster.sql(users.map((user) => `SHOW CREATE USER ${user}; SHOW GRANTS FOR ${user};`).join('\n'));
  // Rows of a table without a primary key have no order.
  const isUnordered = (line: string) => line.startsWith('INSERT INTO `without_key`');
  const lines = stdout.replace(/ AUTO_INCREMENT=\d+/g, '').split('\n');
  const ordered = [...lines.filter((line) => !isUnordered(line)), ...lines.filter(isUnordered).sort()].join('\n');
  return { databases: ordered, users: shown };
}

/** Users and roles that are not the server's own, quoted. */
async function userNames(cluster: NdbCluster): Promise<string[]> {
  const names = await cluster.sql(
    `SELECT CONCAT(QUOTE(user), '@', QUOTE(host)) FROM mysql.user WHERE user NOT LIKE 'mysql.%' AND user <> 'root' ORDER BY 1`,
  );
  return names.split('\n').filter(Boolean);
}
