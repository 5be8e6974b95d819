/* body: u64 replaced_by, u48 not_before, profile in base 128, names to the end. */
#include "adapters/sqlite/sqlite_acme_certificate.h"

#include <string.h>

/* In the column of the reason, which is below it. */
#define REVOKED_BY_CA 256

static enum status pack(struct sqlite_acme_store *s, const struct acme_certificate *c, int64_t *ca,
                        struct error *err)
{
    int64_t profile;
    if (c->serial_len > sizeof c->serial)
        return error_set(err, STATUS_LIMIT, "a serial number has at most %d bytes", ACME_SERIAL_MAX);
    enum status status = sqlite_acme_words_id(s, c->profile, true, &profile, err);
    if (status == STATUS_OK)
        status = sqlite_acme_words_id(s, c->ca, true, ca, err);
    if (status != STATUS_OK)
        return status;
    builder_reset(&s->body);
    builder_u64(&s->body, c->replaced_by);
    builder_u48(&s->body, (uint64_t)c->not_before_s);
    builder_base128(&s->body, (uint64_t)profile);
    builder_bytes(&s->body, c->names);
    return builder_status(&s->body, "certificate", err);
}

static void bind(struct sqlite_call *call, const struct sqlite_acme_store *s,
                 const struct acme_certificate *c, int64_t ca)
{
    sqlite_call_int(call, (int64_t)c->order);
    sqlite_call_int(call, (int64_t)c->account);
    sqlite_call_int(call, ca);
    sqlite_call_bytes(call, bytes_of(c->serial, c->serial_len));
    sqlite_call_bytes(call, BYTES_OF(c->spki_hash));
    sqlite_call_int(call, c->not_after_s);
    sqlite_call_bytes(call, builder_view(&s->body));
}

static enum status add(struct sqlite_acme_store *s, struct acme_certificate *c, int64_t ca,
                       struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, ACME_SQL_CERTIFICATE_ADD, err);
    bind(&call, s, c, ca);
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        c->id = (acme_id)sqlite3_last_insert_rowid(s->db->handle);
    return status;
}

static enum status change(struct sqlite_acme_store *s, int statement,
                          const struct acme_certificate *c, int64_t ca, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, statement, err);
    sqlite_call_int(&call, (int64_t)c->id);
    bind(&call, s, c, ca);
    return sqlite_acme_store_changed(&call, "certificate", c->id);
}

static enum status put_beside(struct sqlite_acme_store *s, const struct acme_certificate *c,
                              bool is_new, struct error *err)
{
    struct sqlite_call call;
    enum status status = STATUS_OK;
    if (!is_new || c->der.len > 0) {
        sqlite_call_write(&call, s->db, c->der.len > 0 ? ACME_SQL_DER_PUT : ACME_SQL_DER_DROP, err);
        sqlite_call_int(&call, (int64_t)c->id);
        if (c->der.len > 0)
            sqlite_call_bytes(&call, c->der);
        status = sqlite_call_run(&call);
    }
    if (status != STATUS_OK || (is_new && c->revoked_s == 0))
        return status;
    sqlite_call_write(&call, s->db, c->revoked_s != 0 ? ACME_SQL_REVOCATION_PUT : ACME_SQL_REVOCATION_DROP, err);
    sqlite_call_int(&call, (int64_t)c->id);
    if (c->revoked_s != 0) {
        sqlite_call_int(&call, c->revoked_s);
        sqlite_call_int(&call, c->reason | (c->is_revoked_by_ca ? REVOKED_BY_CA : 0));
    }
    return sqlite_call_run(&call);
}

enum status sqlite_acme_certificate_put(void *context, struct acme_certificate *c, struct error *err)
{
    struct sqlite_acme_store *s = context;
    bool is_new = c->id == 0;
    int64_t ca = 0;
    enum status status = pack(s, c, &ca, err);
    if (status == STATUS_OK && is_new)
        status = add(s, c, ca, err);
    else if (status == STATUS_OK) {
        status = change(s, ACME_SQL_CERTIFICATE_CHANGE, c, ca, err);
        if (status == STATUS_NOT_FOUND)
            status = change(s, ACME_SQL_CERTIFICATE_CHANGE_ALL, c, ca, err);
    }
    return status == STATUS_OK ? put_beside(s, c, is_new, err) : status;
}

/* ---- reading ---- */

static bool unpack(struct bytes body, struct sqlite_acme_certificate_row *row)
{
    struct reader r;
    uint64_t profile;
    reader_init(&r, body);
    if (!reader_u64(&r, &row->certificate.replaced_by) ||
        !sqlite_acme_pack_read_time(&r, &row->certificate.not_before_s) || !sqlite_acme_pack_read_number(&r, &profile))
        return false;
    row->profile = (int64_t)profile;
    row->certificate.names = reader_rest(&r);
    return true;
}

enum status sqlite_acme_certificate_row_read(struct sqlite_acme_store *s, struct sqlite_call *call,
                                             struct sqlite_acme_certificate_row *out,
                                             struct error *err)
{
    struct acme_certificate *c = &out->certificate;
    *c = (struct acme_certificate){.id = (acme_id)sqlite_call_get_int(call)};
    c->order = (acme_id)sqlite_call_get_int(call);
    c->account = (acme_id)sqlite_call_get_int(call);
    out->ca = sqlite_call_get_int(call);
    struct bytes serial = sqlite_call_get_bytes(call), spki_hash = sqlite_call_get_bytes(call);
    c->not_after_s = sqlite_call_get_int(call);
    struct bytes body = sqlite_call_get_bytes(call);
    c->revoked_s = sqlite_call_get_int(call); /* NULL is 0 */
    int reason = (int)sqlite_call_get_int(call);
    c->reason = reason & ~REVOKED_BY_CA;
    c->is_revoked_by_ca = (reason & REVOKED_BY_CA) != 0;
    if (serial.len > sizeof c->serial || spki_hash.len != sizeof c->spki_hash || !unpack(body, out))
        return sqlite_acme_pack_damaged(s, "certificate", c->id, err);
    if (serial.len > 0)
        memcpy(c->serial, serial.data, serial.len);
    c->serial_len = serial.len;
    memcpy(c->spki_hash, spki_hash.data, sizeof c->spki_hash);
    return STATUS_OK;
}

/* Ends the call. */
static enum status read_one(struct sqlite_acme_store *s, struct sqlite_call *call,
                            struct builder *memory, struct acme_certificate *out, struct error *err)
{
    enum status status = STATUS_OK;
    if (sqlite_call_next(call)) {
        struct sqlite_acme_certificate_row row;
        status = sqlite_acme_certificate_row_read(s, call, &row, err);
        *out = row.certificate;
        struct bytes der = sqlite_call_get_bytes(call);
        if (status == STATUS_OK)
            status = sqlite_acme_pack_reserve(memory, der.len + out->names.len, err);
        if (status == STATUS_OK) {
            out->der = sqlite_acme_pack_keep(memory, der);
            out->names = sqlite_acme_pack_keep(memory, out->names);
            status = sqlite_acme_words_text(s, row.ca, out->ca, err);
        }
        if (status == STATUS_OK)
            status = sqlite_acme_words_text(s, row.profile, out->profile, err);
    } else if (call->status == STATUS_OK) {
        status = error_set(err, STATUS_NOT_FOUND, "there is no such certificate");
    }
    enum status ended = sqlite_call_end(call);
    return status == STATUS_OK ? ended : status;
}

enum status sqlite_acme_certificate_get(void *context, acme_id id, struct builder *memory,
                                        struct acme_certificate *out, struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    sqlite_call_read(&call, s->db, ACME_SQL_CERTIFICATE_GET, err);
    sqlite_call_int(&call, (int64_t)id);
    return read_one(s, &call, memory, out, err);
}

enum status sqlite_acme_certificate_find(void *context, const char *ca, struct bytes serial,
                                         struct builder *memory, struct acme_certificate *out,
                                         struct error *err)
{
    struct sqlite_acme_store *s = context;
    struct sqlite_call call;
    int64_t ca_id;
    enum status status = sqlite_acme_words_id(s, ca, false, &ca_id, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, status, "there is no such certificate");
    if (status != STATUS_OK)
        return status;
    sqlite_call_read(&call, s->db, ACME_SQL_CERTIFICATE_FIND, err);
    sqlite_call_int(&call, ca_id);
    sqlite_call_bytes(&call, serial);
    return read_one(s, &call, memory, out, err);
}
