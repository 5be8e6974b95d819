#include "adapters/sqlite/sqlite_ct_index.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_call.h"

/* Version 1. Both tables are looked up by hashes alone, whose order is chance: every new row touches a page of its own, so
 * rows are as short as they can be. Of a hash there are 16 bytes, as two numbers: the first one is the key of the
 * table itself, the second tells whether it is this hash. Two hashes with the same first 8 bytes (one pair among four
 * billion) cannot both be there: the second is not found, which a log can live with (ports/ct_index.h). */
static const char version_1[] =
    "CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id = 1), log_id BLOB NOT NULL, size INTEGER NOT NULL);"
    "CREATE TABLE leaf(head INTEGER PRIMARY KEY, tail INTEGER NOT NULL, entry INTEGER NOT NULL);"
    "CREATE TABLE submission(head INTEGER PRIMARY KEY, tail INTEGER NOT NULL, entry INTEGER NOT NULL,"
    "  timestamp_ms INTEGER NOT NULL);";

/* Version 2. The 16 bytes are of the hash together with a secret: 2^64 steps find two submissions whose plain hashes begin with
 * the same 16 bytes, and the second of them would get an SCT and never be logged. What was there is made again from the log. */
static const char version_2[] =
    "ALTER TABLE state ADD COLUMN secret BLOB NOT NULL DEFAULT x'';"
    "UPDATE state SET size = 0, secret = randomblob(32);"
    "DELETE FROM leaf;"
    "DELETE FROM submission;";

static const char *const migrations[] = {version_1, version_2};

enum statement {
    SQL_STATE, SQL_FOUND, SQL_SET_SIZE, SQL_FIND_LEAF, SQL_FIND_SUBMISSION, SQL_ADD_LEAF, SQL_ADD_SUBMISSION, SQL_COUNT
};

static const char *const statements[SQL_COUNT] = {
    [SQL_STATE] = "SELECT log_id, size, secret FROM state",
    [SQL_FOUND] = "INSERT INTO state(id, log_id, size, secret) VALUES(1, ?, 0, randomblob(32))",
    [SQL_SET_SIZE] = "UPDATE state SET size = ?",
    [SQL_FIND_LEAF] = "SELECT entry FROM leaf WHERE head = ? AND tail = ?",
    [SQL_FIND_SUBMISSION] = "SELECT entry, timestamp_ms FROM submission WHERE head = ? AND tail = ?",
    [SQL_ADD_LEAF] = "INSERT INTO leaf(head, tail, entry) VALUES(?, ?, ?) ON CONFLICT DO NOTHING",
    [SQL_ADD_SUBMISSION] = "INSERT INTO submission(head, tail, entry, timestamp_ms) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
};

static const struct sqlite_kind kind = {
    .name = "an index of a CT log",
    .application_id = 0x43544833, /* "CTH3" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = SQL_COUNT,
};

/* Nothing is lost that could not be made again; and pages that change often are written once: 64 MiB of them. */
static const char settings[] = "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 16000; PRAGMA journal_size_limit = 134217728";

#define SECRET_SIZE 32

struct sqlite_ct_index {
    struct sqlite_database *db;
    uint64_t size;           /* with what is written and not committed */
    uint64_t committed_size;
    uint8_t secret[SECRET_SIZE];
};

static struct bytes hash_of(const uint8_t hash[HASH_SIZE])
{
    return bytes_of(hash, HASH_SIZE);
}

/* What is kept of a hash. */
static void bind_hash(struct sqlite_call *call, const struct sqlite_ct_index *x, const uint8_t hash[HASH_SIZE])
{
    const struct bytes parts[] = {BYTES_OF(x->secret), hash_of(hash)};
    uint8_t mixed[HASH_SIZE];
    int64_t halves[2];
    if (!hash_label_sha256(parts, 2, mixed)) {
        if (call->status == STATUS_OK)
            call->status = error_set(call->err, STATUS_NO_MEMORY, "hashing failed");
        return;
    }
    memcpy(halves, mixed, sizeof halves);
    sqlite_call_int(call, halves[0]);
    sqlite_call_int(call, halves[1]);
}

static enum status set_size(struct sqlite_ct_index *x, uint64_t size, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, x->db, SQL_SET_SIZE, err);
    sqlite_call_int(&call, (int64_t)size);
    return sqlite_call_run(&call);
}

/* ---- the port ---- */

static enum status get_size(void *context, uint64_t *size, struct error *err)
{
    const struct sqlite_ct_index *x = context;
    *size = x->size;
    return sqlite_database_ready(x->db, err);
}

static enum status find(struct sqlite_ct_index *x, enum statement statement, const uint8_t hash[HASH_SIZE],
                        uint64_t *index, uint64_t *timestamp_ms, struct error *err)
{
    struct sqlite_call call;
    bool is_there = false;
    sqlite_call_read(&call, x->db, statement, err);
    bind_hash(&call, x, hash);
    if (sqlite_call_next(&call)) {
        is_there = true;
        *index = (uint64_t)sqlite_call_get_int(&call);
        if (timestamp_ms != NULL)
            *timestamp_ms = (uint64_t)sqlite_call_get_int(&call);
    }
    enum status status = sqlite_call_end(&call);
    return status == STATUS_OK && !is_there ? error_set(err, STATUS_NOT_FOUND, "not in the index") : status;
}

static enum status find_leaf(void *context, const uint8_t leaf_hash[HASH_SIZE], uint64_t *index,
                             struct error *err)
{
    return find(context, SQL_FIND_LEAF, leaf_hash, index, NULL, err);
}

static enum status find_submission(void *context, const uint8_t submission[HASH_SIZE], uint64_t *index,
                                   uint64_t *timestamp_ms, struct error *err)
{
    return find(context, SQL_FIND_SUBMISSION, submission, index, timestamp_ms, err);
}

static enum status add(void *context, const struct ct_index_row *row, struct error *err)
{
    struct sqlite_ct_index *x = context;
    struct sqlite_call call;
    if (row->index != x->size)
        return error_set(err, STATUS_CONFLICT, "%s: entry %" PRIu64 " does not follow %" PRIu64 " entries",
                         x->db->path, row->index, x->size);
    sqlite_call_write(&call, x->db, SQL_ADD_LEAF, err);
    bind_hash(&call, x, row->leaf_hash);
    sqlite_call_int(&call, (int64_t)row->index);
    enum status status = sqlite_call_run(&call);
    if (status != STATUS_OK)
        return status;
    sqlite_call_write(&call, x->db, SQL_ADD_SUBMISSION, err);
    bind_hash(&call, x, row->submission);
    sqlite_call_int(&call, (int64_t)row->index);
    sqlite_call_int(&call, (int64_t)row->timestamp_ms);
    status = sqlite_call_run(&call);
    x->size += status == STATUS_OK;
    return status;
}

static enum status commit(void *context, struct error *err)
{
    struct sqlite_ct_index *x = context;
    enum status status = STATUS_OK;
    if (x->size != x->committed_size)
        status = set_size(x, x->size, err);
    if (status == STATUS_OK)
        status = sqlite_database_commit(x->db, err);
    if (status == STATUS_OK)
        x->committed_size = x->size;
    return status;
}

static void rollback(void *context)
{
    struct sqlite_ct_index *x = context;
    sqlite_database_rollback(x->db);
    x->size = x->committed_size;
}

struct ct_index sqlite_ct_index_port(struct sqlite_ct_index *index)
{
    return (struct ct_index){.context = index,
                             .get_size = get_size,
                             .find_leaf = find_leaf,
                             .find_submission = find_submission,
                             .add = add,
                             .commit = commit,
                             .rollback = rollback};
}

/* ---- opening ---- */

static enum status read_state(struct sqlite_ct_index *x, const uint8_t log_id[HASH_SIZE], bool *is_there,
                              struct error *err)
{
    struct sqlite_call call;
    bool is_ours = true, has_secret = true;
    sqlite_call_read(&call, x->db, SQL_STATE, err);
    *is_there = sqlite_call_next(&call);
    if (*is_there) {
        is_ours = bytes_equal(sqlite_call_get_bytes(&call), hash_of(log_id));
        x->size = x->committed_size = (uint64_t)sqlite_call_get_int(&call);
        struct bytes secret = sqlite_call_get_bytes(&call);
        has_secret = secret.len == SECRET_SIZE;
        if (has_secret)
            memcpy(x->secret, secret.data, SECRET_SIZE);
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK && !is_ours)
        return error_set(err, STATUS_REFUSED,
                         "%s: the index of another log: remove it, and it is made again from this one's entries", x->db->path);
    if (status == STATUS_OK && !has_secret)
        return error_set(err, STATUS_IO, "%s: damaged", x->db->path);
    return status;
}

static enum status found(struct sqlite_ct_index *x, const uint8_t log_id[HASH_SIZE], struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, x->db, SQL_FOUND, err);
    sqlite_call_bytes(&call, hash_of(log_id));
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        status = sqlite_database_commit(x->db, err);
    bool is_there;
    return status == STATUS_OK ? read_state(x, log_id, &is_there, err) : status;
}

/* Who restores other databases from a backup need not restore this one. */
static enum status say_cure(enum status status, struct error *err)
{
    const struct error said = *err;
    if (status != STATUS_IO)
        return status;
    return error_set(err, status, "%s; an index of a CT log may be removed too, with its -wal and -shm: it is made again from the log", said.text);
}

enum status sqlite_ct_index_open(const char *path, enum sqlite_access access, const uint8_t log_id[HASH_SIZE],
                                 struct sqlite_ct_index **out, struct error *err)
{
    struct sqlite_ct_index *x = calloc(1, sizeof *x);
    bool is_there = false;
    *out = NULL;
    if (x == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for an index");
    enum status status = sqlite_database_open(path, access, &kind, &x->db, err);
    if (status == STATUS_OK && access != SQLITE_FOR_READING)
        status = sqlite_database_run(x->db, settings, err);
    if (status == STATUS_OK)
        status = read_state(x, log_id, &is_there, err);
    if (status == STATUS_OK && !is_there && access != SQLITE_FOR_READING)
        status = found(x, log_id, err);
    if (status != STATUS_OK) {
        sqlite_ct_index_close(x);
        return say_cure(status, err);
    }
    *out = x;
    return STATUS_OK;
}

void sqlite_ct_index_close(struct sqlite_ct_index *x)
{
    if (x == NULL)
        return;
    sqlite_database_close(x->db);
    free(x);
}
