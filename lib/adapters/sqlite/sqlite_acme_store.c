#include "adapters/sqlite/sqlite_acme_store.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"

enum status sqlite_acme_store_ids(struct sqlite_call *call, acme_id *out, size_t max, size_t *count)
{
    *count = 0;
    while (*count < max && sqlite_call_next(call))
        out[(*count)++] = (acme_id)sqlite_call_get_int(call);
    return sqlite_call_end(call);
}

enum status sqlite_acme_store_changed(struct sqlite_call *call, const char *what, acme_id id)
{
    sqlite3 *handle = call->db->handle;
    struct error *err = call->err;
    enum status status = sqlite_call_run(call);
    if (status == STATUS_OK && sqlite3_changes(handle) == 0)
        return error_set(err, STATUS_NOT_FOUND, "there is no %s %llu", what, (unsigned long long)id);
    return status;
}

static bool has_uncommitted(void *context)
{
    const struct sqlite_acme_store *s = context;
    return s->db->is_open;
}

static enum status commit(void *context, struct error *err)
{
    struct sqlite_acme_store *s = context;
    return sqlite_database_commit(s->db, err);
}

static void rollback(void *context)
{
    struct sqlite_acme_store *s = context;
    sqlite_database_rollback(s->db);
    sqlite_acme_words_forget(s);
}

static enum status read_instance(struct sqlite_acme_store *s, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_INSTANCE, err);
    bool is_there = sqlite_call_next(&call);
    struct bytes id = is_there ? sqlite_call_get_bytes(&call) : (struct bytes){NULL, 0};
    if (id.len == sizeof s->instance)
        memcpy(s->instance, id.data, id.len);
    is_there = id.len == sizeof s->instance;
    enum status status = sqlite_call_end(&call);
    return status == STATUS_OK && !is_there ? sqlite_acme_pack_damaged(s, "instance", 0, err) : status;
}

enum status sqlite_acme_store_open(const char *path, enum sqlite_access access,
                                   struct sqlite_acme_store **out, struct error *err)
{
    struct sqlite_acme_store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a store");
    builder_init(&s->body, ACME_BODY_MAX);
    enum status status = sqlite_database_open(path, access, &sqlite_acme_schema, &s->db, err);
    if (status == STATUS_OK)
        status = read_instance(s, err);
    if (status != STATUS_OK) {
        sqlite_acme_store_close(s);
        return status;
    }
    *out = s;
    return STATUS_OK;
}

void sqlite_acme_store_close(struct sqlite_acme_store *s)
{
    if (s == NULL)
        return;
    sqlite_database_close(s->db);
    builder_clear(&s->body);
    free(s->words);
    free(s);
}

const uint8_t *sqlite_acme_store_instance(const struct sqlite_acme_store *s)
{
    return s->instance;
}

struct acme_store sqlite_acme_store_port(struct sqlite_acme_store *s)
{
    return (struct acme_store){
        .context = s,
        .put_account = sqlite_acme_account_put,
        .get_account = sqlite_acme_account_get,
        .find_account = sqlite_acme_account_find,
        .put_order = sqlite_acme_order_put,
        .get_order = sqlite_acme_order_get,
        .list_orders = sqlite_acme_order_list,
        .list_processing = sqlite_acme_order_processing,
        .list_authz_orders = sqlite_acme_order_waiting,
        .put_authz = sqlite_acme_authz_put,
        .get_authz = sqlite_acme_authz_get,
        .find_authz = sqlite_acme_authz_find,
        .put_certificate = sqlite_acme_certificate_put,
        .get_certificate = sqlite_acme_certificate_get,
        .find_certificate = sqlite_acme_certificate_find,
        .list_certificates = sqlite_acme_query_list,
        .take_token = sqlite_acme_token_take,
        .expire = sqlite_acme_expire_run,
        .has_uncommitted = has_uncommitted,
        .commit = commit,
        .rollback = rollback,
    };
}
