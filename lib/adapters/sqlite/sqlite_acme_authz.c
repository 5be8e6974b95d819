/* body: u48 created, validated, CAA checked; token; u8 flags, offered, tried; identifier; problem to the
 * end. */
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"
#include "crypto/hash.h"

#define IS_WILDCARD   1
#define IS_PROCESSING 2
#define IS_INTRANET   4

/* The fewer bytes an index has to hold, the better; what stands behind a hash is compared. */
static bool hash_name(acme_id account, const struct acme_identifier *identifier, bool is_wildcard,
                      bool is_intranet, int64_t *out)
{
    uint8_t memory[16 + ACME_IDENTIFIER_SIZE], hash[HASH_SIZE];
    struct builder b;
    builder_init_fixed(&b, memory, sizeof memory);
    builder_u64(&b, account);
    builder_u8(&b, (uint8_t)((is_wildcard ? IS_WILDCARD : 0) | (is_intranet ? IS_INTRANET : 0)));
    sqlite_acme_pack_identifier(&b, identifier);
    struct bytes part = builder_view(&b);
    if (!builder_is_good(&b) || !hash_label_sha256(&part, 1, hash))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof value; i++)
        value = value << 8 | hash[i];
    *out = (int64_t)(value >> 1);
    return true;
}

static enum status pack(struct sqlite_acme_store *s, const struct acme_authz *a, struct error *err)
{
    struct builder *b = &s->body;
    builder_reset(b);
    builder_u48(b, (uint64_t)a->created_s);
    builder_u48(b, (uint64_t)a->validated_s);
    builder_u48(b, (uint64_t)a->caa_checked_s);
    builder_bytes(b, BYTES_OF(a->token));
    builder_u8(b, (uint8_t)((a->is_wildcard ? IS_WILDCARD : 0) | (a->is_processing ? IS_PROCESSING : 0) |
                            (a->is_intranet ? IS_INTRANET : 0)));
    builder_u8(b, (uint8_t)a->offered);
    builder_u8(b, (uint8_t)a->tried);
    sqlite_acme_pack_identifier(b, &a->identifier);
    builder_bytes(b, a->problem);
    if (a->offered > UINT8_MAX)
        return error_set(err, STATUS_LIMIT, "authorization: unknown challenge types");
    return builder_status(b, "authorization", err);
}

static enum status add(struct sqlite_acme_store *s, struct acme_authz *a, int64_t name_hash,
                       struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_AUTHZ_ADD, err);
    sqlite_call_int(&call, (int64_t)a->account);
    sqlite_call_int(&call, (int64_t)a->status + 1);
    sqlite_call_int(&call, a->expires_s);
    sqlite_call_int(&call, name_hash);
    sqlite_call_bytes(&call, builder_view(&s->body));
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        a->id = (acme_id)sqlite3_last_insert_rowid(s->db->handle);
    return status;
}

static enum status change(struct sqlite_acme_store *s, const struct acme_authz *a, int64_t name_hash,
                          struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_AUTHZ_CHANGE, err);
    sqlite_call_bytes(&call, builder_view(&s->body));
    sqlite_call_int(&call, (int64_t)a->id);
    sqlite_call_int(&call, (int64_t)a->status + 1);
    sqlite_call_int(&call, a->expires_s);
    sqlite_call_int(&call, name_hash);
    sqlite_call_int(&call, (int64_t)a->account);
    enum status status = sqlite_acme_store_changed(&call, "authorization", a->id);
    if (status != STATUS_NOT_FOUND)
        return status;
    sqlite_call_write(&call, s->db, ACME_SQL_AUTHZ_CHANGE_ALL, err);
    sqlite_call_bytes(&call, builder_view(&s->body));
    sqlite_call_int(&call, (int64_t)a->status + 1);
    sqlite_call_int(&call, a->expires_s);
    sqlite_call_int(&call, name_hash);
    sqlite_call_int(&call, (int64_t)a->account);
    sqlite_call_int(&call, (int64_t)a->id);
    return sqlite_acme_store_changed(&call, "authorization", a->id);
}

enum status sqlite_acme_authz_put(void *context, struct acme_authz *a, struct error *err)
{
    struct sqlite_acme_store *s = context;
    int64_t name_hash = 0;
    enum status status = pack(s, a, err);
    if (status == STATUS_OK && !hash_name(a->account, &a->identifier, a->is_wildcard, a->is_intranet, &name_hash))
        status = error_set(err, STATUS_NO_MEMORY, "no memory for a hash");
    if (status != STATUS_OK)
        return status;
    return a->id == 0 ? add(s, a, name_hash, err) : change(s, a, name_hash, err);
}

/* ---- reading ---- */

static bool unpack(struct bytes body, struct acme_authz *out)
{
    struct reader r;
    uint8_t flags, offered, tried;
    reader_init(&r, body);
    if (!sqlite_acme_pack_read_time(&r, &out->created_s) || !sqlite_acme_pack_read_time(&r, &out->validated_s) ||
        !sqlite_acme_pack_read_time(&r, &out->caa_checked_s) || !reader_copy(&r, out->token, sizeof out->token) ||
        !reader_u8(&r, &flags) || !reader_u8(&r, &offered) || !reader_u8(&r, &tried) ||
        !sqlite_acme_pack_read_identifier(&r, &out->identifier))
        return false;
    out->is_wildcard = (flags & IS_WILDCARD) != 0;
    out->is_processing = (flags & IS_PROCESSING) != 0;
    out->is_intranet = (flags & IS_INTRANET) != 0;
    out->offered = offered;
    out->tried = (enum acme_challenge)tried;
    out->problem = reader_rest(&r);
    return true;
}

/* The row that the call stands on; the problem borrows from SQLite until it is kept. */
static enum status read_row(struct sqlite_acme_store *s, struct sqlite_call *call,
                            struct acme_authz *out, struct error *err)
{
    *out = (struct acme_authz){.id = (acme_id)sqlite_call_get_int(call)};
    out->account = (acme_id)sqlite_call_get_int(call);
    out->status = (enum acme_authz_status)(sqlite_call_get_int(call) - 1);
    out->expires_s = sqlite_call_get_int(call);
    return unpack(sqlite_call_get_bytes(call), out) ? STATUS_OK
                                                    : sqlite_acme_pack_damaged(s, "authorization", out->id, err);
}

static enum status keep(struct builder *memory, struct acme_authz *a, struct error *err)
{
    enum status status = sqlite_acme_pack_reserve(memory, a->problem.len, err);
    if (status == STATUS_OK)
        a->problem = sqlite_acme_pack_keep(memory, a->problem);
    return status;
}

enum status sqlite_acme_authz_get(void *context, acme_id id, struct builder *memory,
                                  struct acme_authz *out, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    enum status status = STATUS_OK;
    sqlite_call_read(&call, s->db, ACME_SQL_AUTHZ_GET, err);
    sqlite_call_int(&call, (int64_t)id);
    if (sqlite_call_next(&call)) {
        status = read_row(s, &call, out, err);
        if (status == STATUS_OK)
            status = keep(memory, out, err);
    } else if (call.status == STATUS_OK) {
        status = error_set(err, STATUS_NOT_FOUND, "there is no such authorization");
    }
    enum status ended = sqlite_call_end(&call);
    return status == STATUS_OK ? ended : status;
}

static bool is_for(const struct acme_authz *a, const struct acme_identifier *identifier,
                   bool is_wildcard, bool is_intranet)
{
    return a->identifier.type == identifier->type && strcmp(a->identifier.value, identifier->value) == 0 &&
           a->is_wildcard == is_wildcard && a->is_intranet == is_intranet;
}

/* Newest first: the first valid one, or the first pending one when there is no valid one. */
static enum status find_id(struct sqlite_acme_store *s, struct sqlite_call *call,
                           const struct acme_identifier *identifier, bool is_wildcard,
                           bool is_intranet, bool may_be_pending, acme_id *out, struct error *err)
{
    enum status status = STATUS_OK;
    bool has_valid = false;
    *out = 0;
    while (status == STATUS_OK && !has_valid && sqlite_call_next(call)) {
        struct acme_authz a;
        status = read_row(s, call, &a, err);
        if (status != STATUS_OK || !is_for(&a, identifier, is_wildcard, is_intranet))
            continue;
        has_valid = a.status == ACME_AUTHZ_VALID;
        if (has_valid || (may_be_pending && *out == 0 && a.status == ACME_AUTHZ_PENDING))
            *out = a.id;
    }
    enum status ended = sqlite_call_end(call);
    return status == STATUS_OK ? ended : status;
}

enum status sqlite_acme_authz_find(void *context, acme_id account,
                                   const struct acme_identifier *identifier, bool is_wildcard,
                                   bool is_intranet, bool may_be_pending, int64_t expires_after_s,
                                   struct builder *memory, struct acme_authz *out,
                                   struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    int64_t name_hash;
    acme_id id;
    if (!hash_name(account, identifier, is_wildcard, is_intranet, &name_hash))
        return error_set(err, STATUS_NO_MEMORY, "no memory for a hash");
    sqlite_call_read(&call, s->db, ACME_SQL_AUTHZ_FIND, err);
    sqlite_call_int(&call, name_hash);
    sqlite_call_int(&call, (int64_t)account);
    sqlite_call_int(&call, expires_after_s);
    enum status status = find_id(s, &call, identifier, is_wildcard, is_intranet, may_be_pending, &id, err);
    if (status == STATUS_OK && id == 0)
        status = error_set(err, STATUS_NOT_FOUND, "there is no such authorization");
    return status == STATUS_OK ? sqlite_acme_authz_get(s, id, memory, out, err) : status;
}
