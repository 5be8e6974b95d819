#include "adapters/sqlite/sqlite_domain_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_call.h"
#include "adapters/sqlite/sqlite_domain_names.h"
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

/* 2^40 entries of a log, 2^22 logs. */
#define INDEX_BITS 40
#define LOG_MAX ((int64_t)1 << 22)

enum statement {
    SQL_LOG_FIND, SQL_LOG_ADD, SQL_LOG_NAME, SQL_ISSUER_FIND, SQL_ISSUER_ADD, SQL_ENTRY_ADD, SQL_NAME_ADD, SQL_FIND,
    SQL_PRUNE_LOOK, SQL_PRUNE, SQL_SWEEP_LOOK, SQL_SWEEP, SQL_STATS, SQL_COUNT
};

static const char *const statements[SQL_COUNT] = {
    [SQL_LOG_FIND] = "SELECT id FROM log WHERE name = ?",
    [SQL_LOG_ADD] = "INSERT INTO log(name) VALUES(?)",
    [SQL_LOG_NAME] = "SELECT name FROM log WHERE id = ?",
    [SQL_ISSUER_FIND] = "SELECT id FROM issuer WHERE name = ?",
    [SQL_ISSUER_ADD] = "INSERT INTO issuer(name) VALUES(?)",
    [SQL_ENTRY_ADD] = "INSERT INTO entry(id, kind, not_before, not_after, issuer, fingerprint) VALUES(?, ?, ?, ?, ?, ?) "
                      "ON CONFLICT DO NOTHING",
    [SQL_NAME_ADD] = "INSERT INTO name(name, entry) VALUES(?, ?) ON CONFLICT DO NOTHING",
    [SQL_FIND] = "SELECT n.name, n.entry, e.kind, e.not_before, e.not_after, e.fingerprint, i.name FROM name n "
                 "JOIN entry e ON e.id = n.entry JOIN issuer i ON i.id = e.issuer WHERE n.name >= ? AND n.name < ? "
                 "ORDER BY n.name, n.entry LIMIT ?",
    /* So many rows from a place on: where they end, and how many of them are to go. */
    [SQL_PRUNE_LOOK] = "SELECT max(id), count(*), total(not_after < ?1 AND not_after > 0) FROM "
                       "(SELECT id, not_after FROM entry WHERE id > ?2 ORDER BY id LIMIT ?3)",
    [SQL_PRUNE] = "DELETE FROM entry WHERE id > ? AND id <= ? AND not_after < ? AND not_after > 0",
    [SQL_SWEEP_LOOK] = "SELECT name, entry FROM name WHERE (name, entry) > (?, ?) ORDER BY name, entry LIMIT 1 OFFSET ?",
    [SQL_SWEEP] = "DELETE FROM name WHERE (name, entry) > (?, ?) AND (name, entry) <= (?, ?) "
                  "AND NOT EXISTS (SELECT 1 FROM entry WHERE id = name.entry)",
    /* sqlite_stat-free and quick: rows of a B-tree are counted leaf by leaf, so only the size is exact for large ones. */
    [SQL_STATS] = "SELECT (SELECT count(*) FROM entry), (SELECT count(*) FROM name), "
                  "(SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
};

static const struct sqlite_kind kind = {
    .name = "an index of names",
    .application_id = 0x43544839, /* "CTH9" */
    .migrations = migrations,
    .version = sizeof migrations / sizeof migrations[0],
    .statements = statements,
    .statement_count = SQL_COUNT,
};

/* CAs issue with some hundred certificates: their names are looked up once. */
#define ISSUER_CACHE 256
#define LOG_NAME_MAX 255

struct cached_issuer {
    uint8_t *name; /* owned */
    size_t len;
    int64_t id;
};

struct sqlite_domain_index {
    struct sqlite_database *db;
    struct cached_issuer issuers[ISSUER_CACHE];
    char log[LOG_NAME_MAX + 1];
    int64_t log_id; /* of `log`; 0: none */
    int64_t pruned_to;       /* where the next prune goes on */
    struct builder swept_to; /* and the sweep of names */
    int64_t swept_entry;
};

/* ---- logs and issuers ---- */

static enum status find_or_add(struct sqlite_domain_index *x, enum statement find, enum statement add, struct bytes name,
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
        if (strlen(name) > LOG_NAME_MAX)
            return error_set(err, STATUS_USAGE, "%.40s...: a log's name of more than %d bytes", name, LOG_NAME_MAX);
        int64_t found = 0;
        enum status status = find_or_add(x, SQL_LOG_FIND, SQL_LOG_ADD, bytes_of_text(name), &found, err);
        if (status != STATUS_OK)
            return status;
        if (found >= LOG_MAX)
            return error_set(err, STATUS_LIMIT, "more than %lld logs", (long long)LOG_MAX);
        (void)snprintf(x->log, sizeof x->log, "%s", name);
        x->log_id = found;
    }
    *id = x->log_id;
    return STATUS_OK;
}

static void forget_cached(struct sqlite_domain_index *x)
{
    for (size_t i = 0; i < ISSUER_CACHE; i++) {
        free(x->issuers[i].name);
        x->issuers[i] = (struct cached_issuer){.name = NULL};
    }
    x->log_id = 0;
}

static struct cached_issuer *cache_slot(struct sqlite_domain_index *x, struct bytes name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ name.data[i]) * 16777619U;
    return &x->issuers[(hash ^ hash >> 16) % ISSUER_CACHE];
}

static enum status issuer_id(struct sqlite_domain_index *x, struct bytes name, int64_t *id, struct error *err)
{
    struct cached_issuer *slot = cache_slot(x, name);
    if (slot->name != NULL && bytes_equal(bytes_of(slot->name, slot->len), name)) {
        *id = slot->id;
        return STATUS_OK;
    }
    enum status status = find_or_add(x, SQL_ISSUER_FIND, SQL_ISSUER_ADD, name, id, err);
    if (status != STATUS_OK)
        return status;
    free(slot->name);
    *slot = (struct cached_issuer){.name = malloc(name.len + 1), .len = name.len, .id = *id};
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
    if (status == STATUS_OK && e->index >> INDEX_BITS != 0)
        status = error_set(err, STATUS_LIMIT, "an index of 2^%d and more", INDEX_BITS);
    if (status == STATUS_OK)
        status = issuer_id(x, e->issuer, &issuer, err);
    if (status != STATUS_OK)
        return status;
    *id = log << INDEX_BITS | (int64_t)e->index;
    sqlite_call_write(&call, x->db, SQL_ENTRY_ADD, err);
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
        sqlite_call_write(&call, x->db, SQL_NAME_ADD, err);
        sqlite_call_bytes(&call, bytes_of(arena->data + row->key_at, row->key_len));
        sqlite_call_int(&call, row->entry);
        status = sqlite_call_run(&call);
    }
    return status;
}

static enum status add(void *context, const struct domain_index_entry *entries, size_t count, struct error *err)
{
    struct sqlite_domain_index *x = context;
    struct array rows = array_of(sizeof(struct name_row), (size_t)LOG_MAX * DOMAIN_INDEX_NAMES_MAX);
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

/* ---- finding ---- */

struct finding {
    struct sqlite_domain_index *x;
    uint64_t left;
    bool (*each)(void *context, const struct domain_index_result *result);
    void *context;
    bool is_over;
};

static enum status log_name(struct sqlite_domain_index *x, int64_t id, char out[LOG_NAME_MAX + 1], struct error *err)
{
    struct sqlite_call call;
    sqlite_call_read(&call, x->db, SQL_LOG_NAME, err);
    sqlite_call_int(&call, id);
    out[0] = '\0';
    if (sqlite_call_next(&call)) {
        struct bytes name = sqlite_call_get_bytes(&call);
        (void)snprintf(out, LOG_NAME_MAX + 1, "%.*s", (int)name.len, (const char *)name.data);
    }
    return sqlite_call_end(&call);
}

static enum status give(struct finding *f, struct sqlite_call *call, struct builder *name, struct error *err)
{
    char log[LOG_NAME_MAX + 1];
    struct domain_index_result r = {.log = log};
    builder_reset(name);
    sqlite_domain_names_from_key(sqlite_call_get_bytes(call), name);
    r.name = builder_view(name);
    int64_t id = sqlite_call_get_int(call);
    r.index = (uint64_t)id & (((uint64_t)1 << INDEX_BITS) - 1);
    r.kind = (enum domain_index_kind)sqlite_call_get_int(call);
    r.not_before_s = sqlite_call_get_int(call);
    r.not_after_s = sqlite_call_get_int(call);
    struct bytes fingerprint = sqlite_call_get_bytes(call);
    if (fingerprint.len == sizeof r.fingerprint)
        memcpy(r.fingerprint, fingerprint.data, sizeof r.fingerprint);
    r.issuer = sqlite_call_get_bytes(call);
    enum status status = log_name(f->x, id >> INDEX_BITS, log, err);
    if (status != STATUS_OK)
        return status;
    f->left--;
    f->is_over = !f->each(f->context, &r) || f->left == 0;
    return STATUS_OK;
}

/* Keys from first (inclusive) to end (exclusive). */
static enum status find_range(struct finding *f, struct bytes first, struct bytes end, struct error *err)
{
    struct sqlite_call call;
    struct builder name;
    enum status status = STATUS_OK;
    if (f->is_over)
        return STATUS_OK;
    builder_init(&name, DOMAIN_INDEX_NAME_MAX + 1);
    sqlite_call_read(&call, f->x->db, SQL_FIND, err);
    sqlite_call_bytes(&call, first);
    sqlite_call_bytes(&call, end);
    sqlite_call_int(&call, f->left < INT64_MAX ? (int64_t)f->left : INT64_MAX);
    while (status == STATUS_OK && !f->is_over && sqlite_call_next(&call))
        status = give(f, &call, &name, err);
    enum status ended = sqlite_call_end(&call);
    builder_clear(&name);
    return status != STATUS_OK ? status : ended;
}

/* All keys that are `key`, with a last byte that stands for what may follow. */
static enum status find_with(struct finding *f, struct builder *key, uint8_t from, uint8_t to, struct error *err)
{
    struct builder end;
    builder_init(&end, DOMAIN_INDEX_NAME_MAX + 4);
    builder_bytes(&end, builder_view(key));
    if (from != 0)
        builder_u8(key, from);
    builder_u8(&end, to);
    enum status status = builder_status(&end, "name", err);
    if (status == STATUS_OK)
        status = find_range(f, builder_view(key), builder_view(&end), err);
    builder_clear(&end);
    return status;
}

/* "com.example.www" is covered by "com.example.*". */
static enum status find_wildcard(struct finding *f, struct builder *key, struct error *err)
{
    const uint8_t *dot = memrchr(key->data, '.', key->len);
    if (dot == NULL || bytes_is_text(bytes_of(dot + 1, key->len - (size_t)(dot + 1 - key->data)), "*"))
        return STATUS_OK;
    key->len = (size_t)(dot + 1 - key->data);
    builder_u8(key, '*');
    return find_with(f, key, 0, 0, err);
}

static enum status find(void *context, const struct domain_index_query *query,
                        bool (*each)(void *each_context, const struct domain_index_result *result), void *each_context,
                        struct error *err)
{
    struct finding f = {.x = context, .left = query->limit, .each = each, .context = each_context, .is_over = query->limit == 0};
    struct builder key;
    builder_init(&key, DOMAIN_INDEX_NAME_MAX + 4);
    sqlite_domain_names_key(query->name, &key);
    size_t len = key.len;
    enum status status = builder_status(&key, "name", err);
    if (status == STATUS_OK && len == 0)
        status = error_set(err, STATUS_USAGE, "no name");
    if (status == STATUS_OK)
        status = find_with(&f, &key, 0, 0, err); /* first byte that may follow: NUL, which no key has */
    key.len = len;
    if (status == STATUS_OK && query->is_subtree)
        status = find_with(&f, &key, '.', '.' + 1, err);
    else if (status == STATUS_OK)
        status = find_wildcard(&f, &key, err);
    builder_clear(&key);
    return status;
}

/* ---- pruning ---- */

/* Entries from the last place on; at the end it begins anew. */
static enum status prune_entries(struct sqlite_domain_index *x, int64_t not_after_s, uint64_t max, uint64_t *removed,
                                 struct error *err)
{
    struct sqlite_call call;
    int64_t last = 0, count = 0, due = 0;
    sqlite_call_read(&call, x->db, SQL_PRUNE_LOOK, err);
    sqlite_call_int(&call, not_after_s);
    sqlite_call_int(&call, x->pruned_to);
    sqlite_call_int(&call, (int64_t)max);
    if (sqlite_call_next(&call)) {
        last = sqlite_call_get_int(&call);
        count = sqlite_call_get_int(&call);
        due = sqlite_call_get_int(&call);
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK && due > 0) {
        sqlite_call_write(&call, x->db, SQL_PRUNE, err);
        sqlite_call_int(&call, x->pruned_to);
        sqlite_call_int(&call, last);
        sqlite_call_int(&call, not_after_s);
        status = sqlite_call_run(&call);
        *removed = (uint64_t)due;
    }
    x->pruned_to = (uint64_t)count < max ? 0 : last;
    return status;
}

static enum status sweep_names(struct sqlite_domain_index *x, uint64_t max, struct error *err)
{
    struct sqlite_call call;
    struct builder end;
    int64_t end_entry = INT64_MAX;
    bool is_there = false;
    builder_init(&end, DOMAIN_INDEX_NAME_MAX + 1);
    sqlite_call_read(&call, x->db, SQL_SWEEP_LOOK, err);
    sqlite_call_bytes(&call, builder_view(&x->swept_to));
    sqlite_call_int(&call, x->swept_entry);
    sqlite_call_int(&call, (int64_t)max - 1);
    if (sqlite_call_next(&call)) {
        is_there = true;
        builder_bytes(&end, sqlite_call_get_bytes(&call));
        end_entry = sqlite_call_get_int(&call);
    } else {
        builder_text(&end, "\xff\xff\xff\xff"); /* behind all of them: keys are lower-case text */
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK) {
        sqlite_call_write(&call, x->db, SQL_SWEEP, err);
        sqlite_call_bytes(&call, builder_view(&x->swept_to));
        sqlite_call_int(&call, x->swept_entry);
        sqlite_call_bytes(&call, builder_view(&end));
        sqlite_call_int(&call, end_entry);
        status = sqlite_call_run(&call);
    }
    builder_reset(&x->swept_to);
    x->swept_entry = is_there ? end_entry : 0;
    if (is_there)
        builder_bytes(&x->swept_to, builder_view(&end));
    builder_clear(&end);
    return status;
}

static enum status prune(void *context, int64_t not_after_s, uint64_t max, uint64_t *removed, struct error *err)
{
    struct sqlite_domain_index *x = context;
    *removed = 0;
    enum status status = prune_entries(x, not_after_s, max, removed, err);
    return status == STATUS_OK ? sweep_names(x, max * 2, err) : status;
}

static enum status stats(void *context, struct domain_index_stats *out, struct error *err)
{
    struct sqlite_domain_index *x = context;
    struct sqlite_call call;
    sqlite_call_read(&call, x->db, SQL_STATS, err);
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
                                 .find = find,
                                 .prune = prune,
                                 .stats = stats};
}
