/* What is found by a name, and below it. */
#include <stdio.h>
#include <string.h>

#include "adapters/sqlite/sqlite_domain.h"

struct finding {
    struct sqlite_domain_index *x;
    uint64_t left;
    bool (*each)(void *context, const struct domain_index_result *result);
    void *context;
    bool is_over;
};

static enum status log_name(struct sqlite_domain_index *x, int64_t id, char out[SQLITE_DOMAIN_LOG_NAME_MAX + 1], struct error *err)
{
    struct sqlite_call call;
    sqlite_call_read(&call, x->db, DOMAIN_SQL_LOG_NAME, err);
    sqlite_call_int(&call, id);
    out[0] = '\0';
    if (sqlite_call_next(&call)) {
        struct bytes name = sqlite_call_get_bytes(&call);
        (void)snprintf(out, SQLITE_DOMAIN_LOG_NAME_MAX + 1, "%.*s", (int)name.len, (const char *)name.data);
    }
    return sqlite_call_end(&call);
}

static enum status give(struct finding *f, struct sqlite_call *call, struct builder *name, struct error *err)
{
    char log[SQLITE_DOMAIN_LOG_NAME_MAX + 1];
    struct domain_index_result r = {.log = log};
    builder_reset(name);
    sqlite_domain_names_from_key(sqlite_call_get_bytes(call), name);
    r.name = builder_view(name);
    int64_t id = sqlite_call_get_int(call);
    r.index = (uint64_t)id & (((uint64_t)1 << SQLITE_DOMAIN_INDEX_BITS) - 1);
    r.kind = (enum domain_index_kind)sqlite_call_get_int(call);
    r.not_before_s = sqlite_call_get_int(call);
    r.not_after_s = sqlite_call_get_int(call);
    struct bytes fingerprint = sqlite_call_get_bytes(call);
    if (fingerprint.len == sizeof r.fingerprint)
        memcpy(r.fingerprint, fingerprint.data, sizeof r.fingerprint);
    r.issuer = sqlite_call_get_bytes(call);
    enum status status = log_name(f->x, id >> SQLITE_DOMAIN_INDEX_BITS, log, err);
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
    sqlite_call_read(&call, f->x->db, DOMAIN_SQL_FIND, err);
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

enum status sqlite_domain_find_names(void *context, const struct domain_index_query *query,
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
