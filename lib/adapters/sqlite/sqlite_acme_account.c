/* body: u48 created, contacts, JWK, EAB key, address, has_agreed u8. */
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"

static enum status pack(struct sqlite_acme_store *s, const struct acme_account *a, struct error *err)
{
    builder_reset(&s->body);
    builder_u48(&s->body, (uint64_t)a->created_s);
    builder_u8(&s->body, a->has_agreed);
    sqlite_acme_pack_bytes(&s->body, a->jwk);
    sqlite_acme_pack_bytes(&s->body, a->contacts);
    sqlite_acme_pack_bytes(&s->body, a->eab_kid);
    sqlite_acme_pack_bytes(&s->body, a->created_from);
    return builder_status(&s->body, "account", err);
}

enum status sqlite_acme_account_put(void *context, struct acme_account *a, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    enum status status = pack(s, a, err);
    if (status != STATUS_OK)
        return status;
    sqlite_call_write(&call, s->db, a->id == 0 ? ACME_SQL_ACCOUNT_ADD : ACME_SQL_ACCOUNT_CHANGE, err);
    sqlite_call_int(&call, (int64_t)a->status);
    sqlite_call_bytes(&call, BYTES_OF(a->thumbprint));
    sqlite_call_bytes(&call, builder_view(&s->body));
    if (a->id != 0) {
        sqlite_call_int(&call, (int64_t)a->id);
        return sqlite_acme_store_changed(&call, "account", a->id);
    }
    status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        a->id = (acme_id)sqlite3_last_insert_rowid(s->db->handle);
    return status;
}

static bool unpack(struct bytes body, struct acme_account *out)
{
    struct reader r;
    uint8_t has_agreed;
    reader_init(&r, body);
    if (!sqlite_acme_pack_read_time(&r, &out->created_s) || !reader_u8(&r, &has_agreed) ||
        !sqlite_acme_pack_read_bytes(&r, &out->jwk) || !sqlite_acme_pack_read_bytes(&r, &out->contacts) ||
        !sqlite_acme_pack_read_bytes(&r, &out->eab_kid) || !sqlite_acme_pack_read_bytes(&r, &out->created_from))
        return false;
    out->has_agreed = has_agreed != 0;
    return reader_is_at_end(&r);
}

/* Ends the call. */
static enum status read_row(struct sqlite_acme_store *s, struct sqlite_call *call,
                            struct builder *memory, struct acme_account *out, struct error *err)
{
    enum status status = STATUS_OK;
    if (sqlite_call_next(call)) {
        *out = (struct acme_account){.id = (acme_id)sqlite_call_get_int(call)};
        out->status = (enum acme_account_status)sqlite_call_get_int(call);
        struct bytes thumbprint = sqlite_call_get_bytes(call), body = sqlite_call_get_bytes(call);
        status = sqlite_acme_pack_reserve(memory, body.len, err);
        if (status == STATUS_OK &&
            (thumbprint.len != sizeof out->thumbprint || !unpack(sqlite_acme_pack_keep(memory, body), out)))
            status = sqlite_acme_pack_damaged(s, "account", out->id, err);
        if (status == STATUS_OK)
            memcpy(out->thumbprint, thumbprint.data, sizeof out->thumbprint);
    } else if (call->status == STATUS_OK) {
        status = error_set(err, STATUS_NOT_FOUND, "there is no such account");
    }
    enum status ended = sqlite_call_end(call);
    return status == STATUS_OK ? ended : status;
}

enum status sqlite_acme_account_get(void *context, acme_id id, struct builder *memory,
                                    struct acme_account *out, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_ACCOUNT_GET, err);
    sqlite_call_int(&call, (int64_t)id);
    return read_row(s, &call, memory, out, err);
}

enum status sqlite_acme_account_find(void *context, const uint8_t thumbprint[32],
                                     struct builder *memory, struct acme_account *out,
                                     struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_ACCOUNT_FIND, err);
    sqlite_call_bytes(&call, bytes_of(thumbprint, 32));
    return read_row(s, &call, memory, out, err);
}
