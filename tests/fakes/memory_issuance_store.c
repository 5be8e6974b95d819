#include "fakes/memory_issuance_store.h"

#include <stdlib.h>
#include <string.h>

static enum status check(const struct memory_issuance_store *m, struct error *err)
{
    return m->fails ? error_set(err, STATUS_IO, "the database fails") : STATUS_OK;
}

static struct issuance_plan *lookup(struct memory_issuance_store *m, const uint8_t *request)
{
    for (size_t i = 0; i < m->now.plan_count; i++)
        if (memcmp(m->now.plans[i].request, request, ISSUANCE_REQUEST_SIZE) == 0)
            return &m->now.plans[i];
    return NULL;
}

static enum status plan(void *context, const struct issuance_plan *plans, size_t count, struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    for (size_t i = 0; i < count; i++) {
        m->has_uncommitted = true;
        if (lookup(m, plans[i].request) != NULL)
            return error_set(err, STATUS_CONFLICT, "a request is known already");
        if (m->now.plan_count == MEMORY_PLANS_MAX)
            abort();
        m->now.plans[m->now.plan_count] = plans[i];
        m->now.plans[m->now.plan_count++].is_confirmed = false;
    }
    return STATUS_OK;
}

static enum status find(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE], struct issuance_plan *out,
                        struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    const struct issuance_plan *p = lookup(m, request);
    if (p == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no such request");
    *out = *p;
    return STATUS_OK;
}

static enum status confirm(void *context, uint16_t log_number, uint64_t first, uint64_t end, struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    m->has_uncommitted = true;
    for (size_t i = 0; i < m->now.plan_count; i++) {
        struct issuance_plan *p = &m->now.plans[i];
        if (p->log_number == log_number && p->index >= first && p->index < end)
            p->is_confirmed = true;
    }
    return STATUS_OK;
}

static enum status forget(void *context, const uint8_t request[ISSUANCE_REQUEST_SIZE], struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    struct issuance_plan *p = lookup(m, request);
    m->has_uncommitted = true;
    if (p != NULL)
        *p = m->now.plans[--m->now.plan_count];
    return STATUS_OK;
}

static enum status list_unconfirmed(void *context, uint16_t after_log, uint64_t after_index,
                                    struct issuance_plan *out, size_t max, size_t *count, struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    for (*count = 0; *count < max; ++*count) {
        const struct issuance_plan *next = NULL;
        for (size_t i = 0; i < m->now.plan_count; i++) {
            const struct issuance_plan *p = &m->now.plans[i];
            bool is_behind = p->log_number > after_log || (p->log_number == after_log && p->index > after_index);
            bool is_first = next == NULL || p->log_number < next->log_number ||
                            (p->log_number == next->log_number && p->index < next->index);
            if (!p->is_confirmed && is_behind && is_first)
                next = p;
        }
        if (next == NULL)
            break;
        out[*count] = *next;
        after_log = next->log_number;
        after_index = next->index;
    }
    return STATUS_OK;
}

static enum status add_revoked(void *context, struct revoked_range *range, struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    if (m->now.range_count == MEMORY_RANGES_MAX)
        abort();
    m->has_uncommitted = true;
    range->sequence = m->now.range_count + 1;
    m->now.ranges[m->now.range_count++] = *range;
    return STATUS_OK;
}

static enum status list_revoked(void *context, uint64_t after, struct revoked_range *out, size_t max, size_t *count,
                                struct error *err)
{
    const struct memory_issuance_store *m = context;
    *count = 0;
    if (m->fails)
        return error_set(err, STATUS_IO, "the store has failed");
    for (size_t i = 0; i < m->now.range_count && *count < max; i++)
        if (m->now.ranges[i].sequence > after)
            out[(*count)++] = m->now.ranges[i];
    return STATUS_OK;
}

static bool has_uncommitted(void *context)
{
    const struct memory_issuance_store *m = context;
    return m->has_uncommitted;
}

static enum status expire(void *context, int64_t before_s, size_t max, size_t *removed, struct error *err)
{
    struct memory_issuance_store *m = context;
    size_t kept = 0;
    *removed = 0;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    m->has_uncommitted = true;
    for (size_t i = 0; i < m->now.plan_count; i++) {
        const struct issuance_plan *p = &m->now.plans[i];
        if (i < max && p->is_confirmed && p->planned_s < before_s)
            ++*removed;
        else
            m->now.plans[kept++] = *p;
    }
    m->now.plan_count = kept;
    return STATUS_OK;
}

static enum status commit(void *context, struct error *err)
{
    struct memory_issuance_store *m = context;
    if (check(m, err) != STATUS_OK)
        return STATUS_IO;
    m->durable = m->now;
    m->has_uncommitted = false;
    return STATUS_OK;
}

static void rollback(void *context)
{
    struct memory_issuance_store *m = context;
    m->now = m->durable;
    m->has_uncommitted = false;
}

struct issuance_store memory_issuance_store_port(struct memory_issuance_store *m)
{
    return (struct issuance_store){
        .context = m,
        .plan = plan,
        .find = find,
        .confirm = confirm,
        .forget = forget,
        .list_unconfirmed = list_unconfirmed,
        .expire = expire,
        .add_revoked = add_revoked,
        .list_revoked = list_revoked,
        .has_uncommitted = has_uncommitted,
        .commit = commit,
        .rollback = rollback,
    };
}

void memory_issuance_store_crash(struct memory_issuance_store *m)
{
    rollback(m);
}
