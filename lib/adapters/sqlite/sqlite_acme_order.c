/* body: u64 certificate, u48 created, not_before and not_after in base 128, profile, replaces, count,
 * identifiers, authorizations, problem to the end. */
#include <string.h>

#include "adapters/sqlite/sqlite_acme.h"

static enum status pack(struct sqlite_acme_store *s, const struct acme_order *o, struct error *err)
{
    int64_t profile;
    if (o->identifier_count > ACME_IDENTIFIERS_MAX)
        return error_set(err, STATUS_LIMIT, "an order has at most %d identifiers", ACME_IDENTIFIERS_MAX);
    enum status status = sqlite_acme_words_id(s, o->profile, true, &profile, err);
    if (status != STATUS_OK)
        return status;
    struct builder *b = &s->body;
    builder_reset(b);
    builder_u64(b, o->certificate);
    builder_u48(b, (uint64_t)o->created_s);
    builder_base128(b, (uint64_t)o->not_before_s);
    builder_base128(b, (uint64_t)o->not_after_s);
    builder_base128(b, (uint64_t)profile);
    sqlite_acme_pack_bytes(b, o->replaces);
    builder_base128(b, o->identifier_count);
    for (size_t i = 0; i < o->identifier_count; i++)
        sqlite_acme_pack_identifier(b, &o->identifiers[i]);
    for (size_t i = 0; i < o->identifier_count; i++)
        builder_base128(b, o->authorizations[i]);
    builder_bytes(b, o->problem);
    return builder_status(b, "order", err);
}

static enum status add(struct sqlite_acme_store *s, struct acme_order *o, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_ORDER_ADD, err);
    sqlite_call_int(&call, (int64_t)o->account);
    sqlite_call_int(&call, (int64_t)o->status + 1);
    sqlite_call_int(&call, o->expires_s);
    sqlite_call_bytes(&call, builder_view(&s->body));
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        o->id = (acme_id)sqlite3_last_insert_rowid(s->db->handle);
    return status;
}

static enum status change(struct sqlite_acme_store *s, const struct acme_order *o, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_ORDER_CHANGE, err);
    sqlite_call_int(&call, (int64_t)o->status + 1);
    sqlite_call_bytes(&call, builder_view(&s->body));
    sqlite_call_int(&call, (int64_t)o->id);
    sqlite_call_int(&call, (int64_t)o->account);
    sqlite_call_int(&call, o->expires_s);
    enum status status = sqlite_acme_store_changed(&call, "order", o->id);
    if (status != STATUS_NOT_FOUND)
        return status;
    sqlite_call_write(&call, s->db, ACME_SQL_ORDER_CHANGE_ALL, err);
    sqlite_call_int(&call, (int64_t)o->status + 1);
    sqlite_call_bytes(&call, builder_view(&s->body));
    sqlite_call_int(&call, (int64_t)o->account);
    sqlite_call_int(&call, o->expires_s);
    sqlite_call_int(&call, (int64_t)o->id);
    return sqlite_acme_store_changed(&call, "order", o->id);
}

static enum status put_key(struct sqlite_acme_store *s, const struct acme_order *o, bool is_new,
                           struct error *err)
{
    struct sqlite_call call;
    if (is_new && o->spki.len == 0)
        return STATUS_OK;
    sqlite_call_write(&call, s->db, o->spki.len > 0 ? ACME_SQL_ORDER_KEY_PUT : ACME_SQL_ORDER_KEY_DROP, err);
    sqlite_call_int(&call, (int64_t)o->id);
    if (o->spki.len > 0)
        sqlite_call_bytes(&call, o->spki);
    return sqlite_call_run(&call);
}

static enum status set_waiting(struct sqlite_acme_store *s, acme_id order, acme_id authz,
                               bool is_waiting, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, is_waiting ? ACME_SQL_WAIT_ADD : ACME_SQL_WAIT_DROP, err);
    sqlite_call_int(&call, (int64_t)authz);
    sqlite_call_int(&call, (int64_t)order);
    return sqlite_call_run(&call);
}

/* An order never goes back to pending, so what it has left behind there is gone after the first step. */
static enum status put_waiting(struct sqlite_acme_store *s, const struct acme_order *o, bool is_new,
                               struct error *err)
{
    bool is_waiting = o->status == ACME_ORDER_PENDING;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && (is_waiting || !is_new) && i < o->identifier_count; i++)
        status = set_waiting(s, o->id, o->authorizations[i], is_waiting, err);
    return status;
}

enum status sqlite_acme_order_put(void *context, struct acme_order *o, struct error *err)
{
    struct sqlite_acme_store *s = context;
    bool is_new = o->id == 0;
    enum status status = pack(s, o, err);
    if (status == STATUS_OK)
        status = is_new ? add(s, o, err) : change(s, o, err);
    if (status == STATUS_OK)
        status = put_key(s, o, is_new, err);
    if (status == STATUS_OK)
        status = put_waiting(s, o, is_new, err);
    return status;
}

/* ---- reading ---- */

/* The arrays come first in the caller's memory, aligned; then the bytes that are borrowed. */
struct order_row {
    struct bytes body, spki;
    int64_t profile;
    struct reader rest; /* of the body, from the identifiers on */
};

static bool unpack_head(struct order_row *row, struct acme_order *out)
{
    uint64_t certificate, from, to, profile, count;
    reader_init(&row->rest, row->body);
    if (!reader_u64(&row->rest, &certificate) || !sqlite_acme_pack_read_time(&row->rest, &out->created_s) ||
        !sqlite_acme_pack_read_number(&row->rest, &from) || !sqlite_acme_pack_read_number(&row->rest, &to) ||
        !sqlite_acme_pack_read_number(&row->rest, &profile) || !sqlite_acme_pack_read_bytes(&row->rest, &out->replaces) ||
        !sqlite_acme_pack_read_number(&row->rest, &count) || count > ACME_IDENTIFIERS_MAX)
        return false;
    out->certificate = certificate;
    out->not_before_s = (int64_t)from;
    out->not_after_s = (int64_t)to;
    out->identifier_count = (size_t)count;
    row->profile = (int64_t)profile;
    return true;
}

static bool unpack_lists(struct order_row *row, struct acme_identifier *identifiers,
                         acme_id *authorizations, struct acme_order *out)
{
    for (size_t i = 0; i < out->identifier_count; i++)
        if (!sqlite_acme_pack_read_identifier(&row->rest, &identifiers[i]))
            return false;
    for (size_t i = 0; i < out->identifier_count; i++)
        if (!sqlite_acme_pack_read_number(&row->rest, &authorizations[i]))
            return false;
    out->identifiers = identifiers;
    out->authorizations = authorizations;
    out->problem = reader_rest(&row->rest);
    return true;
}

static enum status unpack(struct sqlite_acme_store *s, struct order_row *row,
                          struct builder *memory, struct acme_order *out, struct error *err)
{
    if (!unpack_head(row, out))
        return sqlite_acme_pack_damaged(s, "order", out->id, err);
    size_t n = out->identifier_count, ids_len = n * sizeof(acme_id), names_len = n * sizeof(struct acme_identifier);
    size_t slack = sizeof(acme_id); /* a fixed builder's memory may stand anywhere */
    enum status status = sqlite_acme_pack_reserve(memory, slack + ids_len + names_len + row->body.len + row->spki.len, err);
    if (status != STATUS_OK)
        return status;
    size_t gap = n > 0 ? (slack - (uintptr_t)memory->data % slack) % slack : 0;
    acme_id *ids = NULL;
    struct acme_identifier *names = NULL;
    if (n > 0) {
        uint8_t *space = builder_space(memory, gap + ids_len + names_len);
        ids = (acme_id *)(void *)(space + gap);
        names = (struct acme_identifier *)(void *)(space + gap + ids_len);
    }
    /* Once more, from the copy. */
    row->body = sqlite_acme_pack_keep(memory, row->body);
    out->spki = sqlite_acme_pack_keep(memory, row->spki);
    if (!unpack_head(row, out) || !unpack_lists(row, names, ids, out))
        return sqlite_acme_pack_damaged(s, "order", out->id, err);
    return sqlite_acme_words_text(s, row->profile, out->profile, err);
}

enum status sqlite_acme_order_get(void *context, acme_id id, struct builder *memory,
                                  struct acme_order *out, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    enum status status = STATUS_OK;
    sqlite_call_read(&call, s->db, ACME_SQL_ORDER_GET, err);
    sqlite_call_int(&call, (int64_t)id);
    if (sqlite_call_next(&call)) {
        struct order_row row;
        *out = (struct acme_order){.id = id, .account = (acme_id)sqlite_call_get_int(&call)};
        out->status = (enum acme_order_status)(sqlite_call_get_int(&call) - 1);
        out->expires_s = sqlite_call_get_int(&call);
        row.body = sqlite_call_get_bytes(&call);
        row.spki = sqlite_call_get_bytes(&call);
        status = unpack(s, &row, memory, out, err);
    } else if (call.status == STATUS_OK) {
        status = error_set(err, STATUS_NOT_FOUND, "there is no such order");
    }
    enum status ended = sqlite_call_end(&call);
    return status == STATUS_OK ? ended : status;
}

/* ---- lists ---- */

enum status sqlite_acme_order_list(void *context, acme_id account, int64_t now_s, acme_id after,
                                   acme_id *out, size_t max, size_t *count, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_ORDER_LIST, err);
    sqlite_call_int(&call, (int64_t)account);
    sqlite_call_int(&call, now_s);
    sqlite_call_int(&call, (int64_t)after);
    sqlite_call_int(&call, (int64_t)max);
    return sqlite_acme_store_ids(&call, out, max, count);
}

enum status sqlite_acme_order_processing(void *context, acme_id after, acme_id *out, size_t max,
                                         size_t *count, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_ORDER_PROCESSING, err);
    sqlite_call_int(&call, (int64_t)after);
    sqlite_call_int(&call, (int64_t)max);
    return sqlite_acme_store_ids(&call, out, max, count);
}

enum status sqlite_acme_order_waiting(void *context, acme_id authz, acme_id after, acme_id *out,
                                      size_t max, size_t *count, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_WAIT_LIST, err);
    sqlite_call_int(&call, (int64_t)authz);
    sqlite_call_int(&call, (int64_t)after);
    sqlite_call_int(&call, (int64_t)max);
    return sqlite_acme_store_ids(&call, out, max, count);
}

static enum status drop_row(struct sqlite_acme_store *s, int statement, acme_id id, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, statement, err);
    sqlite_call_int(&call, (int64_t)id);
    return sqlite_call_run(&call);
}

enum status sqlite_acme_order_drop(struct sqlite_acme_store *s, acme_id id, struct error *err)
{
    struct builder memory;
    struct acme_order order;
    builder_init(&memory, ACME_BODY_MAX);
    enum status status = sqlite_acme_order_get(s, id, &memory, &order, err);
    for (size_t i = 0; status == STATUS_OK && i < order.identifier_count; i++)
        status = set_waiting(s, id, order.authorizations[i], false, err);
    builder_clear(&memory);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status == STATUS_OK)
        status = drop_row(s, ACME_SQL_ORDER_KEY_DROP, id, err);
    return status == STATUS_OK ? drop_row(s, ACME_SQL_ORDER_DROP, id, err) : status;
}
