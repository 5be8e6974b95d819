#include "adapters/sqlite/sqlite_domain_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_domain.h"
#include "base/array.h"

/* Version 1. An entry's id is made of its place, so that no index of places is needed; names are an index of themselves. Rows of
 * names whose entry was pruned go when the sweep comes to them: a table of names by entry would double the size. */
static const char version_1[] =
    "CREATE TABLE log(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE issuer(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    "  issuer INTEGER NOT NULL, fingerprint BLOB NOT NULL);"
    "CREATE TABLE name(name BLOB NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY(name, entry)) WITHOUT ROWID;";

static const char *const migrations[] = {version_1};

static const char *const statements[DOMAIN_SQL_COUNT] = {
    [DOMAIN_SQL_LOG_FIND] = "SELECT id FROM log WHERE name = ?",
    [DOMAIN_SQL_LOG_ADD] = "INSERT INTO log(name) VALUES(?)",
    [DOMAIN_SQL_LOG_NAME] = "SELECT name FROM log WHERE id = ?",
    [DOMAIN_SQL_ISSUER_FIND] = "SELECT id FROM issuer WHERE name = ?",
    [DOMAIN_SQL_ISSUER_ADD] = "INSERT INTO issuer(name) VALUES(?)",
    [DOMAIN_SQL_ENTRY_ADD] = "INSERT INTO entry(id, kind, not_before, not_after, issuer, fingerprint) VALUES(?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT DO NOTHING",
    [DOMAIN_SQL_NAME_ADD] = "INSERT INTO name(name, entry) VALUES(?, ?) ON CONFLICT DO NOTHING",
    [DOMAIN_SQL_FIND] = "SELECT n.name, n.entry, e.kind, e.not_before, e.not_after, e.fingerprint, i.name FROM name n "
                 "JOIN entry e ON e.id = n.entry JOIN issuer i ON i.id = e.issuer WHERE n.name >= ? AND n.name < ? "
                 "ORDER BY n.name, n.entry LIMIT ?",
    /* So many rows from a place on: where they end, and how many of them are to go. */
    [DOMAIN_SQL_PRUNE_LOOK] = "SELECT max(id), count(*), total(not_after < ?1 AND not_after > 0) FROM "
                       "(SELECT id, not_after FROM entry WHERE id > ?2 ORDER BY id LIMIT ?3)",
    [DOMAIN_SQL_PRUNE] = "DELETE FROM entry WHERE id > ? AND id <= ? AND not_after < ? AND not_after > 0",
    [DOMAIN_SQL_SWEEP_LOOK] = "SELECT name, entry FROM name WHERE (name, entry) > (?, ?) ORDER BY name, entry LIMIT 1 OFFSET ?",
    [DOMAIN_SQL_SWEEP] = "DELETE FROM name WHERE (name, entry) > (?, ?) AND (name, entry) <= (?, ?) "
                  "AND NOT EXISTS (SELECT 1 FROM entry WHERE id = name.entry)",
    /* sqlite_stat-free and quick: rows of a B-tree are counted leaf by leaf, so only the size is exact for large ones. */
    [DOMAIN_SQL_STATS] = "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM name), "
                  "(SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
};

static const struct sqlite_kind kind = {
    .name = "an index of names",
    .application_id = 0x43544839, /* "CTH9" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = DOMAIN_SQL_COUNT,
};

/* ---- logs and issuers ---- */

static enum status find_or_add(struct sqlite_domain_index *x, enum sqlite_domain_statement find, enum sqlite_domain_statement add, struct bytes name,
                               int64_t *id, struct error *err)
{
    struct sqlite_call call;
    bool is_there = false;
    sqlite_call_read(&call, x->db, find, err);
    sqlite_call_bytes(&call, name);
    if (sqlite_call_next(&call)) {
        is_there = true;
        *id = sqlite_call_get_int(&call);
    }
    enum status status = sqlite_call_end(&call);
    if (status != STATUS_OK || is_there)
        return status;
    sqlite_call_write(&call, x->db, add, err);
    sqlite_call_bytes(&call, name);
    status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        *id = sqlite3_last_insert_rowid(x->db->handle);
    return status;
}

static enum status log_id(struct sqlite_domain_index *x, const char *name, int64_t *id, struct error *err)
{
    if (x->log_id == 0 || strcmp(name, x->log) != 0) {
        x->log_id = 0;
        if (strlen(name) > SQLITE_DOMAIN_LOG_NAME_MAX)
            return error_set(err, STATUS_USAGE, "%.40s...: a log's name of more than %d bytes", name, SQLITE_DOMAIN_LOG_NAME_MAX);
        int64_t found = 0;
        enum status status = find_or_add(x, DOMAIN_SQL_LOG_FIND, DOMAIN_SQL_LOG_ADD, bytes_of_text(name), &found, err);
        if (status != STATUS_OK)
            return status;
        if (found >= SQLITE_DOMAIN_LOG_MAX)
            return error_set(err, STATUS_LIMIT, "more than %lld logs", (long long)SQLITE_DOMAIN_LOG_MAX);
        (void)snprintf(x->log, sizeof x->log, "%s", name);
        x->log_id = found;
    }
    *id = x->log_id;
    return STATUS_OK;
}

static void forget_cached(struct sqlite_domain_index *x)
{
    for (size_t i = 0; i < SQLITE_DOMAIN_ISSUERS; i++) {
        free(x->issuers[i].name);
        x->issuers[i] = (struct sqlite_domain_issuer){.name = NULL};
    }
    x->log_id = 0;
}

static struct sqlite_domain_issuer *cache_slot(struct sqlite_domain_index *x, struct bytes name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ name.data[i]) * 16777619U;
    return &x->issuers[(hash ^ hash >> 16) % SQLITE_DOMAIN_ISSUERS];
}

static enum status issuer_id(struct sqlite_domain_index *x, struct bytes name, int64_t *id, struct error *err)
{
    struct sqlite_domain_issuer *slot = cache_slot(x, name);
    if (slot->name != NULL && bytes_equal(bytes_of(slot->name, slot->len), name)) {
        *id = slot->id;
        return STATUS_OK;
    }
    enum status status = find_or_add(x, DOMAIN_SQL_ISSUER_FIND, DOMAIN_SQL_ISSUER_ADD, name, id, err);
    if (status != STATUS_OK)
        return status;
    free(slot->name);
    *slot = (struct sqlite_domain_issuer){.name = malloc(name.len + 1), .len = name.len, .id = *id};
    if (slot->name != NULL && name.len > 0)
        memcpy(slot->name, name.data, name.len);
    return STATUS_OK;
}

/* ---- adding ---- */

/* A row of the table of names; its key in an arena that grows. */
struct name_row {
    size_t key_at, key_len;
    int64_t entry;
    const struct builder *arena;
};

static int compare_rows(const void *a, const void *b)
{
    const struct name_row *x = a, *y = b;
    size_t len = x->key_len < y->key_len ? x->key_len : y->key_len;
    int order = len == 0 ? 0 : memcmp(x->arena->data + x->key_at, y->arena->data + y->key_at, len);
    if (order != 0)
        return order;
    if (x->key_len != y->key_len)
        return x->key_len < y->key_len ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

static enum status add_entry(struct sqlite_domain_index *x, const struct domain_index_entry *e, int64_t *id,
                             struct error *err)
{
    int64_t log = 0, issuer = 0;
    struct sqlite_call call;
    enum status status = log_id(x, e->log, &log, err);
    if (status == STATUS_OK && e->index >> SQLITE_DOMAIN_INDEX_BITS != 0)
        status = error_set(err, STATUS_LIMIT, "an index of 2^%d and more", SQLITE_DOMAIN_INDEX_BITS);
    if (status == STATUS_OK)
        status = issuer_id(x, e->issuer, &issuer, err);
    if (status != STATUS_OK)
        return status;
    *id = log << SQLITE_DOMAIN_INDEX_BITS | (int64_t)e->index;
    sqlite_call_write(&call, x->db, DOMAIN_SQL_ENTRY_ADD, err);
    sqlite_call_int(&call, *id);
    sqlite_call_int(&call, e->kind);
    sqlite_call_int(&call, e->not_before_s);
    sqlite_call_int(&call, e->not_after_s);
    sqlite_call_int(&call, issuer);
    sqlite_call_bytes(&call, BYTES_OF(e->fingerprint));
    return sqlite_call_run(&call);
}

static enum status gather_names(const struct domain_index_entry *e, int64_t id, struct builder *arena, struct array *rows,
                                struct error *err)
{
    for (size_t i = 0; i < e->name_count && i < DOMAIN_INDEX_NAMES_MAX; i++) {
        struct name_row row = {.key_at = arena->len, .entry = id, .arena = arena};
        sqlite_domain_names_key(e->names[i], arena);
        row.key_len = arena->len - row.key_at;
        enum status status = row.key_len == 0 ? STATUS_OK : array_insert(rows, rows->count, &row, "names", err);
        if (status != STATUS_OK)
            return status;
    }
    return builder_status(arena, "names", err);
}

/* In their order, so that neighbours of a batch share pages. */
static enum status add_names(struct sqlite_domain_index *x, struct array *rows, const struct builder *arena,
                             struct error *err)
{
    enum status status = STATUS_OK;
    if (rows->count > 1)
        qsort(rows->items, rows->count, rows->item_size, compare_rows);
    for (size_t i = 0; i < rows->count && status == STATUS_OK; i++) {
        const struct name_row *row = array_at(rows, i);
        struct sqlite_call call;
        sqlite_call_write(&call, x->db, DOMAIN_SQL_NAME_ADD, err);
        sqlite_call_bytes(&call, bytes_of(arena->data + row->key_at, row->key_len));
        sqlite_call_int(&call, row->entry);
        status = sqlite_call_run(&call);
    }
    return status;
}

static enum status add(void *context, const struct domain_index_entry *entries, size_t count, struct error *err)
{
    struct sqlite_domain_index *x = context;
    struct array rows = array_of(sizeof(struct name_row), (size_t)SQLITE_DOMAIN_LOG_MAX * DOMAIN_INDEX_NAMES_MAX);
    struct builder arena;
    enum status status = STATUS_OK;
    builder_init(&arena, (size_t)1 << 30);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        int64_t id = 0;
        status = add_entry(x, &entries[i], &id, err);
        if (status == STATUS_OK)
            status = gather_names(&entries[i], id, &arena, &rows, err);
    }
    if (status == STATUS_OK)
        status = add_names(x, &rows, &arena, err);
    array_clear(&rows);
    builder_clear(&arena);
    return status;
}

static enum status commit(void *context, struct error *err)
{
    struct sqlite_domain_index *x = context;
    return sqlite_database_commit(x->db, err);
}

static void rollback(void *context)
{
    struct sqlite_domain_index *x = context;
    sqlite_database_rollback(x->db);
    forget_cached(x); /* what it knew may be gone */
}

static enum status stats(void *context, struct domain_index_stats *out, struct error *err)
{
    struct sqlite_domain_index *x = context;
    struct sqlite_call call;
    sqlite_call_read(&call, x->db, DOMAIN_SQL_STATS, err);
    if (sqlite_call_next(&call)) {
        out->entry_count = (uint64_t)sqlite_call_get_int(&call);
        out->name_count = (uint64_t)sqlite_call_get_int(&call);
        out->byte_count = (uint64_t)sqlite_call_get_int(&call);
    }
    return sqlite_call_end(&call);
}

/* ---- life ---- */

enum status sqlite_domain_index_open(const char *path, enum sqlite_access access, struct sqlite_domain_index **out,
                                     struct error *err)
{
    struct sqlite_domain_index *x = calloc(1, sizeof *x);
    *out = NULL;
    if (x == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for an index");
    builder_init(&x->swept_to, DOMAIN_INDEX_NAME_MAX + 1);
    enum status status = sqlite_database_open(path, access, &kind, &x->db, err);
    if (status != STATUS_OK) {
        sqlite_domain_index_close(x);
        return status;
    }
    *out = x;
    return STATUS_OK;
}

void sqlite_domain_index_close(struct sqlite_domain_index *x)
{
    if (x == NULL)
        return;
    forget_cached(x);
    builder_clear(&x->swept_to);
    sqlite_database_close(x->db);
    free(x);
}

struct domain_index sqlite_domain_index_port(struct sqlite_domain_index *x)
{
    return (struct domain_index){.context = x,
                                 .add = add,
                                 .commit = commit,
                                 .rollback = rollback,
                                 .find = sqlite_domain_find_names,
                                 .prune = sqlite_domain_prune,
                                 .stats = stats};
}
