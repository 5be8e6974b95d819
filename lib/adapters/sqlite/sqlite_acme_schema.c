#include "adapters/sqlite/sqlite_acme.h"

/* Version 1. `orders` because ORDER is a word of SQL.
 * Indexes: each is there for a query of acme_store.h, or for expire. */
static const char version_1[] =
    "CREATE TABLE instance(id BLOB NOT NULL);"
    "INSERT INTO instance VALUES(randomblob(16));"
    "CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE account(id INTEGER PRIMARY KEY, status INTEGER NOT NULL, thumbprint BLOB NOT NULL UNIQUE,"
    "  body BLOB NOT NULL);"
    "CREATE TABLE orders(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, status INTEGER NOT NULL,"
    "  expires_s INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX orders_account ON orders(account, expires_s);"
    /* Those that are not valid: processing ones are found by it, and those that expire. */
    "CREATE INDEX orders_open ON orders(status, expires_s) WHERE status <> 5;"
    "CREATE TABLE order_key(id INTEGER PRIMARY KEY, spki BLOB NOT NULL);"
    "CREATE TABLE waiting(authz INTEGER NOT NULL, order_id INTEGER NOT NULL, PRIMARY KEY(authz, order_id))"
    "  WITHOUT ROWID;"
    "CREATE TABLE authz(id INTEGER PRIMARY KEY, account INTEGER NOT NULL, status INTEGER NOT NULL,"
    "  expires_s INTEGER NOT NULL, name_hash INTEGER NOT NULL, body BLOB NOT NULL);"
    "CREATE INDEX authz_name ON authz(name_hash) WHERE status <= 3;"
    "CREATE INDEX authz_expires ON authz(expires_s);"
    "CREATE TABLE certificate(id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, account INTEGER NOT NULL,"
    "  ca INTEGER NOT NULL, serial BLOB NOT NULL, spki_hash BLOB NOT NULL, not_after_s INTEGER NOT NULL,"
    "  body BLOB NOT NULL);"
    "CREATE UNIQUE INDEX certificate_serial ON certificate(ca, serial);"
    "CREATE INDEX certificate_key ON certificate(substr(spki_hash, 1, 8));"
    "CREATE INDEX certificate_account ON certificate(account);"
    "CREATE INDEX certificate_not_after ON certificate(not_after_s);"
    "CREATE TABLE certificate_der(id INTEGER PRIMARY KEY, der BLOB NOT NULL);"
    "CREATE TABLE revocation(id INTEGER PRIMARY KEY, revoked_s INTEGER NOT NULL, reason INTEGER NOT NULL);"
    "CREATE TABLE token(key BLOB PRIMARY KEY, full_ms INTEGER NOT NULL) WITHOUT ROWID;";

static const char *const migrations[] = {version_1};

#define CERTIFICATE_COLUMNS \
    "c.id, c.order_id, c.account, c.ca, c.serial, c.spki_hash, c.not_after_s, c.body, r.revoked_s, r.reason"
#define CERTIFICATE_TABLES "certificate c LEFT JOIN revocation r ON r.id = c.id"
/* Never the newest record: its ID would be given again. */
#define OLD(table) " AND id < (SELECT max(id) FROM " table ") LIMIT ?"

static const char *const statements[ACME_SQL_COUNT] = {
    [ACME_SQL_INSTANCE] = "SELECT id FROM instance",
    [ACME_SQL_WORDS] = "SELECT id, text FROM word",
    [ACME_SQL_WORD_ADD] = "INSERT INTO word(text) VALUES(CAST(? AS TEXT))",

    [ACME_SQL_ACCOUNT_ADD] = "INSERT INTO account(status, thumbprint, body) VALUES(?, ?, ?)",
    [ACME_SQL_ACCOUNT_CHANGE] = "UPDATE account SET status = ?, thumbprint = ?, body = ? WHERE id = ?",
    [ACME_SQL_ACCOUNT_GET] = "SELECT id, status, thumbprint, body FROM account WHERE id = ?",
    [ACME_SQL_ACCOUNT_FIND] = "SELECT id, status, thumbprint, body FROM account WHERE thumbprint = ?",

    [ACME_SQL_ORDER_ADD] = "INSERT INTO orders(account, status, expires_s, body) VALUES(?, ?, ?, ?)",
    /* An index is written anew for every column that is set, changed or not. */
    [ACME_SQL_ORDER_CHANGE] = "UPDATE orders SET status = ?, body = ? WHERE id = ? AND account = ? AND expires_s = ?",
    [ACME_SQL_ORDER_CHANGE_ALL] = "UPDATE orders SET status = ?, body = ?, account = ?, expires_s = ? WHERE id = ?",
    [ACME_SQL_ORDER_GET] = "SELECT o.account, o.status, o.expires_s, o.body, k.spki "
                           "FROM orders o LEFT JOIN order_key k ON k.id = o.id WHERE o.id = ?",
    [ACME_SQL_ORDER_KEY_PUT] = "INSERT OR REPLACE INTO order_key(id, spki) VALUES(?, ?)",
    [ACME_SQL_ORDER_KEY_DROP] = "DELETE FROM order_key WHERE id = ?",
    [ACME_SQL_ORDER_LIST] = "SELECT id FROM orders INDEXED BY orders_account WHERE account = ? AND expires_s > ? "
                            "AND id > ? AND status <> 6 ORDER BY id LIMIT ?",
    [ACME_SQL_ORDER_PROCESSING] = "SELECT id FROM orders INDEXED BY orders_open WHERE status = 4 AND status <> 5 "
                                  "AND id > ? ORDER BY id LIMIT ?",
    [ACME_SQL_WAIT_ADD] = "INSERT OR IGNORE INTO waiting(authz, order_id) VALUES(?, ?)",
    [ACME_SQL_WAIT_DROP] = "DELETE FROM waiting WHERE authz = ? AND order_id = ?",
    [ACME_SQL_WAIT_LIST] = "SELECT order_id FROM waiting WHERE authz = ? AND order_id > ? ORDER BY order_id LIMIT ?",

    [ACME_SQL_AUTHZ_ADD] = "INSERT INTO authz(account, status, expires_s, name_hash, body) VALUES(?, ?, ?, ?, ?)",
    [ACME_SQL_AUTHZ_CHANGE] = "UPDATE authz SET body = ? "
                              "WHERE id = ? AND status = ? AND expires_s = ? AND name_hash = ? AND account = ?",
    [ACME_SQL_AUTHZ_CHANGE_ALL] = "UPDATE authz SET body = ?, status = ?, expires_s = ?, name_hash = ?, account = ? "
                                  "WHERE id = ?",
    [ACME_SQL_AUTHZ_GET] = "SELECT id, account, status, expires_s, body FROM authz WHERE id = ?",
    [ACME_SQL_AUTHZ_FIND] = "SELECT id, account, status, expires_s, body FROM authz INDEXED BY authz_name "
                            "WHERE name_hash = ? AND status <= 3 AND account = ? AND expires_s > ? ORDER BY id DESC",

    [ACME_SQL_CERTIFICATE_ADD] = "INSERT INTO certificate(order_id, account, ca, serial, spki_hash, not_after_s, body) "
                                 "VALUES(?, ?, ?, ?, ?, ?, ?)",
    [ACME_SQL_CERTIFICATE_CHANGE] = "UPDATE certificate SET body = ?8 WHERE id = ?1 AND order_id = ?2 AND account = ?3 "
                                    "AND ca = ?4 AND serial = ?5 AND spki_hash = ?6 AND not_after_s = ?7",
    [ACME_SQL_CERTIFICATE_CHANGE_ALL] = "UPDATE certificate SET order_id = ?2, account = ?3, ca = ?4, serial = ?5, "
                                        "spki_hash = ?6, not_after_s = ?7, body = ?8 WHERE id = ?1",
    [ACME_SQL_CERTIFICATE_GET] = "SELECT " CERTIFICATE_COLUMNS ", d.der FROM " CERTIFICATE_TABLES
                                 " LEFT JOIN certificate_der d ON d.id = c.id WHERE c.id = ?",
    [ACME_SQL_CERTIFICATE_FIND] = "SELECT " CERTIFICATE_COLUMNS ", d.der FROM " CERTIFICATE_TABLES
                                  " LEFT JOIN certificate_der d ON d.id = c.id WHERE c.ca = ? AND c.serial = ?",
    [ACME_SQL_DER_PUT] = "INSERT OR REPLACE INTO certificate_der(id, der) VALUES(?, ?)",
    [ACME_SQL_DER_DROP] = "DELETE FROM certificate_der WHERE id = ?",
    [ACME_SQL_REVOCATION_PUT] = "INSERT OR REPLACE INTO revocation(id, revoked_s, reason) VALUES(?, ?, ?)",
    [ACME_SQL_REVOCATION_DROP] = "DELETE FROM revocation WHERE id = ?",

    [ACME_SQL_LIST_ALL] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES " WHERE c.id > ? ORDER BY c.id",
    [ACME_SQL_LIST_ACCOUNT] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
                              " WHERE c.id > ? AND c.account = ? ORDER BY c.id",
    [ACME_SQL_LIST_KEY] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
                          " WHERE c.id > ? AND substr(c.spki_hash, 1, 8) = ? ORDER BY c.id",
    [ACME_SQL_LIST_REVOKED] = "SELECT " CERTIFICATE_COLUMNS " FROM revocation r CROSS JOIN certificate c ON c.id = r.id"
                              " WHERE r.id > ? ORDER BY r.id",
    [ACME_SQL_LIST_SERIAL] = "SELECT " CERTIFICATE_COLUMNS " FROM " CERTIFICATE_TABLES
                             " WHERE c.id > ? AND c.ca = ? AND c.serial = ?",

    [ACME_SQL_TOKEN_GET] = "SELECT full_ms FROM token WHERE key = ?",
    [ACME_SQL_TOKEN_PUT] = "INSERT OR REPLACE INTO token(key, full_ms) VALUES(?, ?)",
    [ACME_SQL_TOKEN_SCAN] = "SELECT key, full_ms FROM token WHERE key > ? ORDER BY key LIMIT ?",
    [ACME_SQL_TOKEN_DROP] = "DELETE FROM token WHERE key = ?",

    [ACME_SQL_OLD_ORDERS] = "SELECT id FROM orders INDEXED BY orders_open WHERE status <> 5 AND status IN (2, 3, 6) "
                            "AND expires_s < ?" OLD("orders"),
    [ACME_SQL_OLD_AUTHZS] = "SELECT id FROM authz INDEXED BY authz_expires WHERE expires_s < ? "
                            "AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.authz = authz.id)" OLD("authz"),
    [ACME_SQL_OLD_CERTIFICATES] = "SELECT id, order_id FROM certificate INDEXED BY certificate_not_after "
                                  "WHERE not_after_s < ?" OLD("certificate"),
    [ACME_SQL_ORDER_DROP] = "DELETE FROM orders WHERE id = ? AND id < (SELECT max(id) FROM orders)",
    [ACME_SQL_AUTHZ_DROP] = "DELETE FROM authz WHERE id = ?",
    [ACME_SQL_CERTIFICATE_DROP] = "DELETE FROM certificate WHERE id = ?",
};

const struct sqlite_kind sqlite_acme_schema = {
    .name = "an ACME database",
    .application_id = 0x43544831, /* "CTH1" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = ACME_SQL_COUNT,
};
