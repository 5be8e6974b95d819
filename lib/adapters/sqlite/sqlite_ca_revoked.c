#include "adapters/sqlite/sqlite_ca.h"

static enum status add(void *context, struct revoked_range *range, struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    if (range->first > range->last || range->last > INT64_MAX)
        return error_set(err, STATUS_USAGE, "not a range of entries");
    sqlite_call_write(&call, s->db, CA_SQL_REVOKED_ADD, err);
    sqlite_call_int(&call, range->log_number);
    sqlite_call_int(&call, (int64_t)range->first);
    sqlite_call_int(&call, (int64_t)range->last);
    sqlite_call_int(&call, range->reason);
    sqlite_call_int(&call, range->revoked_s);
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        range->sequence = (uint64_t)sqlite3_last_insert_rowid(s->db->handle);
    return status;
}

static enum status list(void *context, uint64_t after, struct revoked_range *out, size_t max,
                        size_t *count, struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    *count = 0;
    sqlite_call_read(&call, s->db, CA_SQL_REVOKED_LIST, err);
    sqlite_call_int(&call, (int64_t)after);
    sqlite_call_int(&call, (int64_t)max);
    while (*count < max && sqlite_call_next(&call)) {
        struct revoked_range *r = &out[(*count)++];
        r->sequence = (uint64_t)sqlite_call_get_int(&call);
        r->log_number = (uint16_t)sqlite_call_get_int(&call);
        r->first = (uint64_t)sqlite_call_get_int(&call);
        r->last = (uint64_t)sqlite_call_get_int(&call);
        r->reason = (int)sqlite_call_get_int(&call);
        r->revoked_s = sqlite_call_get_int(&call);
    }
    return sqlite_call_end(&call);
}

void sqlite_ca_revoked_fill(struct issuance_store *port)
{
    port->add_revoked = add;
    port->list_revoked = list;
}
