/* Entries that ended long ago, and the rows of their names. */
#include "adapters/sqlite/sqlite_domain.h"

/* Entries from the last place on; at the end it begins anew. */
static enum status prune_entries(struct sqlite_domain_index *x, int64_t not_after_s, uint64_t max, uint64_t *removed,
                                 struct error *err)
{
    struct sqlite_call call;
    int64_t last = 0, count = 0, due = 0;
    sqlite_call_read(&call, x->db, DOMAIN_SQL_PRUNE_LOOK, err);
    sqlite_call_int(&call, not_after_s);
    sqlite_call_int(&call, x->pruned_to);
    sqlite_call_int(&call, (int64_t)max);
    if (sqlite_call_next(&call)) {
        last = sqlite_call_get_int(&call);
        count = sqlite_call_get_int(&call);
        due = sqlite_call_get_int(&call);
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK && due > 0) {
        sqlite_call_write(&call, x->db, DOMAIN_SQL_PRUNE, err);
        sqlite_call_int(&call, x->pruned_to);
        sqlite_call_int(&call, last);
        sqlite_call_int(&call, not_after_s);
        status = sqlite_call_run(&call);
        *removed = (uint64_t)due;
    }
    x->pruned_to = (uint64_t)count < max ? 0 : last;
    return status;
}

static enum status sweep_names(struct sqlite_domain_index *x, uint64_t max, struct error *err)
{
    struct sqlite_call call;
    struct builder end;
    int64_t end_entry = INT64_MAX;
    bool is_there = false;
    builder_init(&end, DOMAIN_INDEX_NAME_MAX + 1);
    sqlite_call_read(&call, x->db, DOMAIN_SQL_SWEEP_LOOK, err);
    sqlite_call_bytes(&call, builder_view(&x->swept_to));
    sqlite_call_int(&call, x->swept_entry);
    sqlite_call_int(&call, (int64_t)max - 1);
    if (sqlite_call_next(&call)) {
        is_there = true;
        builder_bytes(&end, sqlite_call_get_bytes(&call));
        end_entry = sqlite_call_get_int(&call);
    } else {
        builder_text(&end, "\xff\xff\xff\xff"); /* behind all of them: keys are lower-case text */
    }
    enum status status = sqlite_call_end(&call);
    if (status == STATUS_OK) {
        sqlite_call_write(&call, x->db, DOMAIN_SQL_SWEEP, err);
        sqlite_call_bytes(&call, builder_view(&x->swept_to));
        sqlite_call_int(&call, x->swept_entry);
        sqlite_call_bytes(&call, builder_view(&end));
        sqlite_call_int(&call, end_entry);
        status = sqlite_call_run(&call);
    }
    builder_reset(&x->swept_to);
    x->swept_entry = is_there ? end_entry : 0;
    if (is_there)
        builder_bytes(&x->swept_to, builder_view(&end));
    builder_clear(&end);
    return status;
}

enum status sqlite_domain_prune(void *context, int64_t not_after_s, uint64_t max, uint64_t *removed, struct error *err)
{
    struct sqlite_domain_index *x = context;
    *removed = 0;
    enum status status = prune_entries(x, not_after_s, max, removed, err);
    return status == STATUS_OK ? sweep_names(x, max * 2, err) : status;
}
