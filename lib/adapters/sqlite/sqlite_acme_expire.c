#include "adapters/sqlite/sqlite_acme.h"

/* How long a client may still ask what became of an order or authorization. */
#define KEEP_ENDED_S (7 * (int64_t)86400)
/* Of one call, whatever it asks for: it holds up everybody else. */
#define EXPIRE_MAX 1000

struct old {
    acme_id ids[EXPIRE_MAX];
    acme_id orders[EXPIRE_MAX]; /* of certificates */
    size_t count;
};

static enum status find_old(struct sqlite_acme_store *s, int statement, int64_t before_s, size_t max,
                            struct old *out, struct error *err)
{
    struct sqlite_call call;
    out->count = 0;
    sqlite_call_read(&call, s->db, statement, err);
    sqlite_call_int(&call, before_s);
    sqlite_call_int(&call, (int64_t)max);
    while (out->count < max && sqlite_call_next(&call)) {
        out->ids[out->count] = (acme_id)sqlite_call_get_int(&call);
        out->orders[out->count] = statement == ACME_SQL_OLD_CERTIFICATES ? (acme_id)sqlite_call_get_int(&call) : 0;
        out->count++;
    }
    return sqlite_call_end(&call);
}

static enum status drop(struct sqlite_acme_store *s, int statement, acme_id id, struct error *err)
{
    struct sqlite_call call;
    sqlite_call_write(&call, s->db, statement, err);
    sqlite_call_int(&call, (int64_t)id);
    return sqlite_call_run(&call);
}

/* With its order: whoever may not ask for the one any more may not ask for the other. */
static enum status drop_certificate(struct sqlite_acme_store *s, acme_id id, acme_id order,
                                    struct error *err)
{
    static const int parts[] = {ACME_SQL_DER_DROP, ACME_SQL_REVOCATION_DROP, ACME_SQL_CERTIFICATE_DROP};
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < sizeof parts / sizeof parts[0]; i++)
        status = drop(s, parts[i], id, err);
    return status == STATUS_OK && order != 0 ? sqlite_acme_order_drop(s, order, err) : status;
}

static enum status drop_old(struct sqlite_acme_store *s, int statement, int64_t before_s, size_t max,
                            size_t *removed, struct error *err)
{
    struct old old;
    enum status status = find_old(s, statement, before_s, max - *removed, &old, err);
    for (size_t i = 0; status == STATUS_OK && i < old.count; i++) {
        if (statement == ACME_SQL_OLD_CERTIFICATES)
            status = drop_certificate(s, old.ids[i], old.orders[i], err);
        else if (statement == ACME_SQL_OLD_ORDERS)
            status = sqlite_acme_order_drop(s, old.ids[i], err);
        else
            status = drop(s, ACME_SQL_AUTHZ_DROP, old.ids[i], err);
        *removed += status == STATUS_OK;
    }
    return status;
}

enum status sqlite_acme_expire_run(void *context, int64_t now_s, int64_t keep_s, size_t max,
                                   size_t *removed, struct error *err)
{
    struct sqlite_acme_store *s = context;
    size_t limit = max < EXPIRE_MAX ? max : EXPIRE_MAX, tokens = 0;
    *removed = 0;
    enum status status = drop_old(s, ACME_SQL_OLD_ORDERS, now_s - KEEP_ENDED_S, limit, removed, err);
    if (status == STATUS_OK)
        status = drop_old(s, ACME_SQL_OLD_AUTHZS, now_s - KEEP_ENDED_S, limit, removed, err);
    if (status == STATUS_OK)
        status = drop_old(s, ACME_SQL_OLD_CERTIFICATES, now_s - keep_s, limit, removed, err);
    if (status == STATUS_OK && *removed < limit)
        status = sqlite_acme_token_expire(s, now_s * 1000, limit - *removed, &tokens, err);
    *removed += tokens;
    return status;
}
