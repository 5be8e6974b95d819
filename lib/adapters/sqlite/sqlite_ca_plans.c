#include <string.h>

#include "adapters/sqlite/sqlite_ca.h"

static enum status plan_one(struct sqlite_ca_store *s, const struct issuance_plan *p, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, CA_SQL_PLAN_ADD, err);
    sqlite_call_bytes(&call, BYTES_OF(p->request));
    sqlite_call_int(&call, p->log_number);
    sqlite_call_int(&call, (int64_t)p->index);
    sqlite_call_bytes(&call, BYTES_OF(p->leaf_hash));
    sqlite_call_int(&call, p->planned_s);
    return sqlite_call_run(&call);
}

static enum status plan(void *context, const struct issuance_plan *plans, size_t count,
                        struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = plan_one(context, &plans[i], err);
    return status;
}

static enum status read_row(struct sqlite_ca_store *s, struct sqlite_call *call,
                            struct issuance_plan *out, struct error *err)
{
    struct bytes request = sqlite_call_get_bytes(call);
    out->log_number = (uint16_t)sqlite_call_get_int(call);
    out->index = (uint64_t)sqlite_call_get_int(call);
    struct bytes leaf_hash = sqlite_call_get_bytes(call);
    out->planned_s = sqlite_call_get_int(call);
    out->is_confirmed = sqlite_call_get_int(call) != 0;
    if (request.len != sizeof out->request || leaf_hash.len != sizeof out->leaf_hash)
        return error_set(err, STATUS_IO, "%s: a plan's row is damaged: restore it from a backup", s->db->path);
    memcpy(out->request, request.data, request.len);
    memcpy(out->leaf_hash, leaf_hash.data, leaf_hash.len);
    return STATUS_OK;
}

static enum status find(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE],
                        struct issuance_plan *out, struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    enum status status = STATUS_OK;
    sqlite_call_read(&call, s->db, CA_SQL_PLAN_FIND, err);
    sqlite_call_bytes(&call, bytes_of(request, ISSUANCE_REQUEST_SIZE));
    if (sqlite_call_next(&call))
        status = read_row(s, &call, out, err);
    else if (call.status == STATUS_OK)
        status = error_set(err, STATUS_NOT_FOUND, "there is no plan for the request");
    enum status ended = sqlite_call_end(&call);
    return status == STATUS_OK ? ended : status;
}

static enum status confirm(void *context, uint16_t log_number, uint64_t first, uint64_t end,
                           struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, CA_SQL_PLAN_CONFIRM, err);
    sqlite_call_int(&call, log_number);
    sqlite_call_int(&call, (int64_t)first);
    sqlite_call_int(&call, (int64_t)end);
    return sqlite_call_run(&call);
}

static enum status forget(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE],
                          struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, CA_SQL_PLAN_FORGET, err);
    sqlite_call_bytes(&call, bytes_of(request, ISSUANCE_REQUEST_SIZE));
    return sqlite_call_run(&call);
}

static enum status list_unconfirmed(void *context, uint16_t after_log, uint64_t after_index,
                                    struct issuance_plan *out, size_t max, size_t *count,
                                    struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    enum status status = STATUS_OK;
    *count = 0;
    sqlite_call_read(&call, s->db, CA_SQL_PLAN_UNCONFIRMED, err);
    sqlite_call_int(&call, after_log);
    sqlite_call_int(&call, (int64_t)after_index);
    sqlite_call_int(&call, (int64_t)max);
    while (status == STATUS_OK && *count < max && sqlite_call_next(&call)) {
        status = read_row(s, &call, &out[*count], err);
        *count += status == STATUS_OK;
    }
    enum status ended = sqlite_call_end(&call);
    return status == STATUS_OK ? ended : status;
}

static enum status expire(void *context, int64_t before_s, size_t max, size_t *removed,
                          struct error *err)
{
    struct sqlite_ca_store *s = context;
    struct sqlite_call call;
    *removed = 0;
    sqlite_call_write(&call, s->db, CA_SQL_PLAN_EXPIRE, err);
    sqlite_call_int(&call, before_s);
    sqlite_call_int(&call, (int64_t)max);
    enum status status = sqlite_call_run(&call);
    if (status == STATUS_OK)
        *removed = (size_t)sqlite3_changes(s->db->handle);
    return status;
}

void sqlite_ca_plans_fill(struct issuance_store *port)
{
    port->plan = plan;
    port->find = find;
    port->confirm = confirm;
    port->forget = forget;
    port->list_unconfirmed = list_unconfirmed;
    port->expire = expire;
}
