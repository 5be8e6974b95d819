/* Other roots, while the log runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ct_log/ct_log_internal.h"

struct changing_roots {
    struct ct_log *log;
    uint8_t *pem;
    size_t pem_len;
    char **removed;
    size_t removed_count;
    enum status status;
    struct error err;
    struct ct_log_roots *roots;
    size_t kept_count;
};

static void free_changing(struct changing_roots *c)
{
    for (size_t i = 0; c->removed != NULL && i < c->removed_count; i++)
        free(c->removed[i]);
    free(c->removed);
    free(c->pem);
    free(c);
}

static void run_changing(void *cookie)
{
    struct changing_roots *c = cookie;
    struct ct_log_store *store = &c->log->store;
    c->status = ct_log_store_check(store, &c->err);
    if (c->status == STATUS_OK)
        c->status = ct_log_roots_join(&c->log->config, &store->engine_config.private_store, bytes_of(c->pem, c->pem_len),
                                      (const char *const *)c->removed, c->removed_count, &c->roots, &c->kept_count, &c->err);
}

static void end_changing(void *cookie)
{
    struct changing_roots *c = cookie;
    struct ct_log *log = c->log;
    char count[24];
    ct_log_job_ended(log);
    log->is_changing_roots = false;
    if (c->status == STATUS_OK) {
        ct_log_roots_release(log->roots);
        log->roots = c->roots;
        ct_log_show(log);
        (void)snprintf(count, sizeof count, "%zu", ct_chain_roots_count(log->roots->set));
        ct_log_report(log, EVENT_INFO, "ct-log-roots-changed", "accepted", count);
        ct_log_report_kept(log, c->kept_count);
    } else {
        ct_log_report(log, EVENT_ERROR, "ct-log-roots-not-changed", "reason", c->err.text);
    }
    free_changing(c);
}

static bool copy_roots(struct changing_roots *c, struct bytes pem, const char *const *removed, size_t removed_count)
{
    c->pem = malloc(pem.len + 1);
    c->removed = calloc(removed_count + 1, sizeof *c->removed);
    if (c->pem == NULL || c->removed == NULL)
        return false;
    if (pem.len > 0)
        memcpy(c->pem, pem.data, pem.len);
    c->pem_len = pem.len;
    for (; c->removed_count < removed_count; c->removed_count++) {
        c->removed[c->removed_count] = strdup(removed[c->removed_count]);
        if (c->removed[c->removed_count] == NULL)
            return false;
    }
    return true;
}

enum status ct_log_set_roots(struct ct_log *log, struct bytes pem, const char *const *removed, size_t removed_count,
                             struct error *err)
{
    if (removed_count > CT_LOG_REMOVED_ROOTS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d removed roots", CT_LOG_REMOVED_ROOTS_MAX);
    if (log->is_changing_roots)
        return error_set(err, STATUS_CONFLICT, "the roots are being changed already");
    struct changing_roots *c = calloc(1, sizeof *c);
    if (c == NULL || !copy_roots(c, pem, removed, removed_count)) {
        if (c != NULL)
            free_changing(c);
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    }
    c->log = log;
    log->is_changing_roots = true;
    ct_log_submit_job(log, &log->config.work, run_changing, end_changing, c);
    return STATUS_OK;
}
