#include "adapters/sqlite/sqlite_ca_store.h"

#include <stdlib.h>

#include "adapters/sqlite/sqlite_ca.h"

/* Version 1. Names of keys are hashes, so their first bytes are as good as all of them for an index; keys
 * themselves stand one behind the other. Plans are in the order of their making, which is that of their
 * expiry. */
static const char version_1[] =
    "CREATE TABLE subject_key(id INTEGER PRIMARY KEY, name BLOB NOT NULL, value BLOB NOT NULL);"
    "CREATE INDEX subject_key_name ON subject_key(substr(name, 1, 8));"
    "CREATE TABLE plan(id INTEGER PRIMARY KEY, request BLOB NOT NULL, log INTEGER NOT NULL, entry INTEGER NOT NULL,"
    "  leaf_hash BLOB NOT NULL, planned_s INTEGER NOT NULL, is_confirmed INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX plan_request ON plan(request);"
    "CREATE INDEX plan_unconfirmed ON plan(log, entry) WHERE is_confirmed = 0;"
    "CREATE TABLE revoked(sequence INTEGER PRIMARY KEY, log INTEGER NOT NULL, first INTEGER NOT NULL,"
    "  last INTEGER NOT NULL, reason INTEGER NOT NULL, revoked_s INTEGER NOT NULL);"
    SQLITE_OBJECTS_TABLE
    "CREATE TRIGGER revoked_stays BEFORE DELETE ON revoked"
    "  BEGIN SELECT RAISE(ABORT, 'a revocation is never taken back'); END;"
    "CREATE TRIGGER revoked_is_final BEFORE UPDATE ON revoked"
    "  BEGIN SELECT RAISE(ABORT, 'a revocation is never changed'); END;";

static const char *const migrations[] = {version_1};

#define PLAN_COLUMNS "request, log, entry, leaf_hash, planned_s, is_confirmed"

static const char *const statements[CA_SQL_COUNT] = {
    [CA_SQL_KEY_FIND] = "SELECT id, value FROM subject_key WHERE substr(name, 1, 8) = substr(?1, 1, 8) AND name = ?1",
    [CA_SQL_KEY_ADD] = "INSERT INTO subject_key(name, value) VALUES(?, ?)",
    [CA_SQL_KEY_CHANGE] = "UPDATE subject_key SET value = ? WHERE id = ?",
    [CA_SQL_KEY_DROP] = "DELETE FROM subject_key WHERE id = ?",
    [CA_SQL_KEY_LIST] = "SELECT id, name FROM subject_key WHERE id > ? ORDER BY id LIMIT 1",

    [CA_SQL_PLAN_ADD] = "INSERT INTO plan(" PLAN_COLUMNS ") VALUES(?, ?, ?, ?, ?, 0)",
    [CA_SQL_PLAN_FIND] = "SELECT " PLAN_COLUMNS " FROM plan WHERE request = ?",
    [CA_SQL_PLAN_CONFIRM] = "UPDATE plan INDEXED BY plan_unconfirmed SET is_confirmed = 1 "
                            "WHERE is_confirmed = 0 AND log = ? AND entry >= ? AND entry < ?",
    [CA_SQL_PLAN_FORGET] = "DELETE FROM plan WHERE request = ?",
    [CA_SQL_PLAN_UNCONFIRMED] = "SELECT " PLAN_COLUMNS " FROM plan INDEXED BY plan_unconfirmed "
                                "WHERE is_confirmed = 0 AND (log, entry) > (?, ?) ORDER BY log, entry LIMIT ?",
    /* Of the oldest alone: the younger ones are not read in vain. */
    [CA_SQL_PLAN_EXPIRE] = "DELETE FROM plan WHERE id IN (SELECT id FROM plan ORDER BY id LIMIT ?2) "
                           "AND is_confirmed = 1 AND planned_s < ?1",

    [CA_SQL_REVOKED_ADD] = "INSERT INTO revoked(log, first, last, reason, revoked_s) VALUES(?, ?, ?, ?, ?)",
    [CA_SQL_REVOKED_LIST] = "SELECT sequence, log, first, last, reason, revoked_s FROM revoked WHERE sequence > ? "
                            "ORDER BY sequence LIMIT ?",

    [CA_SQL_OBJECT_PUT] = SQLITE_OBJECTS_PUT,
    [CA_SQL_OBJECT_GET] = SQLITE_OBJECTS_GET,
    [CA_SQL_OBJECT_DROP] = SQLITE_OBJECTS_DROP,
    [CA_SQL_OBJECT_LIST] = SQLITE_OBJECTS_LIST,
};

static const struct sqlite_kind kind = {
    .name = "a CA's database",
    .application_id = 0x43544832, /* "CTH2" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = CA_SQL_COUNT,
};

enum status sqlite_ca_store_open(const char *path, enum sqlite_access access,
                                 struct sqlite_ca_store **out, struct error *err)
{
    struct sqlite_ca_store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a store");
    enum status status = sqlite_database_open(path, access, &kind, &s->db, err);
    if (status != STATUS_OK) {
        sqlite_ca_store_close(s);
        return status;
    }
    s->objects = (struct sqlite_objects){s->db, CA_SQL_OBJECT_PUT};
    *out = s;
    return STATUS_OK;
}

void sqlite_ca_store_close(struct sqlite_ca_store *s)
{
    if (s == NULL)
        return;
    sqlite_database_close(s->db);
    free(s);
}

struct object_store sqlite_ca_store_subject_keys(struct sqlite_ca_store *s)
{
    return sqlite_ca_keys_port(s);
}

struct object_store sqlite_ca_store_objects(struct sqlite_ca_store *s)
{
    return sqlite_objects_port(&s->objects);
}

static bool has_uncommitted(void *context)
{
    const struct sqlite_ca_store *s = context;
    return s->db->is_open;
}

static enum status commit(void *context, struct error *err)
{
    struct sqlite_ca_store *s = context;
    return sqlite_database_commit(s->db, err);
}

static void rollback(void *context)
{
    struct sqlite_ca_store *s = context;
    sqlite_database_rollback(s->db);
}

struct issuance_store sqlite_ca_store_issuance(struct sqlite_ca_store *s)
{
    struct issuance_store port = {
        .context = s, .has_uncommitted = has_uncommitted, .commit = commit, .rollback = rollback};
    sqlite_ca_plans_fill(&port);
    sqlite_ca_revoked_fill(&port);
    return port;
}

enum status sqlite_ca_store_check(struct sqlite_ca_store *s, struct error *err)
{
    return sqlite_database_check(s->db, 0, err);
}
