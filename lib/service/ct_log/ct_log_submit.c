/* A submission from its request to its batch: limits, judging in the pool. */
#include <stdlib.h>

#include "service/ct_log/ct_log_internal.h"

/* Until a place is free: a batch takes less. */
#define RETRY_AFTER_FULL_S 1

void ct_log_submission_free(struct ct_log_submission *s)
{
    struct ct_log *log = s->log;
    for (size_t i = 0; i < s->found_count; i++)
        certificate_key_free(s->found[i].issuer.key);
    if (s->has_chain)
        ct_json_blobs_clear(&s->chain);
    if (s->has_mtc)
        ct_json_mtc_clear(&s->mtc);
    builder_clear(&s->memory);
    ct_log_roots_release(s->roots);
    log->pending_entries -= s->counted_entries;
    log->pending_bytes -= s->counted_bytes;
    free(s->entries);
    free(s);
}

/* ---- after judging ---- */

static void remember_issuers(struct ct_log_submission *s)
{
    for (size_t i = 0; i < s->found_count; i++)
        ct_log_issuers_add(&s->log->issuers, &s->found[i]);
    s->found_count = 0;
}

static void refuse_judged(struct ct_log_submission *s)
{
    struct ct_log *log = s->log;
    struct http_exchange *x = s->x;
    enum status status = s->status;
    struct error err = s->err;
    if (status == STATUS_NO_MEMORY || status == STATUS_IO || status == STATUS_AGAIN) {
        ct_log_fail_submission(s, STATUS_AGAIN);
        return;
    }
    metric_add(log->metrics.refused[s->kind], 1);
    ct_log_submission_free(s);
    ct_log_refuse(x, status == STATUS_LIMIT ? 413 : 400, 0, "%s", err.text);
}

/* A bulk is paid for when it is known how much it is: its first entry was when it came. */
static bool pay_for_bulk(struct ct_log_submission *s)
{
    struct ct_log *log = s->log;
    uint32_t retry_after_s;
    bool is_address;
    if (s->entry_count <= 1 ||
        ct_log_limits_take(&log->limits, s->x->request.peer, s->now_ms, (uint32_t)s->entry_count - 1, &retry_after_s,
                           &is_address) == STATUS_OK)
        return true;
    struct http_exchange *x = s->x;
    metric_add(log->metrics.limited, 1);
    ct_log_submission_free(s);
    ct_log_refuse(x, 429, retry_after_s, "too many entries from %s", is_address ? "this address" : "all clients together");
    return false;
}

static void run_judging(void *cookie)
{
    ct_log_judge(cookie);
}

static void end_judging(void *cookie)
{
    struct ct_log_submission *s = cookie;
    struct ct_log *log = s->log;
    ct_log_job_ended(log);
    log->judging_count--;
    remember_issuers(s);
    if (s->status != STATUS_OK) {
        refuse_judged(s);
    } else if (pay_for_bulk(s)) {
        log->pending_entries += s->entry_count - s->counted_entries;
        s->counted_entries = s->entry_count;
        ct_log_enqueue(log, s);
    }
    ct_log_go_on(log);
}

/* ---- a request ---- */

/* Why nothing is taken now; true when something was answered. */
static bool refuse_all(struct ct_log *log, struct http_exchange *x)
{
    if (log->state == CT_LOG_READONLY || log->state == CT_LOG_RETIRED || log->is_frozen || log->is_freezing)
        ct_log_refuse(x, 403, 0, "this log is %s: submit to another one",
                      log->state == CT_LOG_RETIRED ? "retired" : "read-only");
    else if (log->is_stopping || log->is_dead)
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "the log is %s", log->is_dead ? "recovering from a failure" : "going down");
    else
        return false;
    return true;
}

static bool is_full(const struct ct_log *log, size_t body_len)
{
    bool is_slow = log->answer_ms > CT_LOG_SLOW_MS + (int64_t)log->config.flush_ms;
    return log->pending_entries >= log->config.limits.pending_max || (is_slow && log->pending_entries >= CT_LOG_SLOW_PENDING) ||
           log->pending_bytes + body_len > CT_LOG_PENDING_BYTES_MAX;
}

static bool refuse_flood(struct ct_log *log, struct http_exchange *x, int64_t now_ms)
{
    uint32_t retry_after_s = 0, count = 1 + (uint32_t)(x->request.body.len / CT_LOG_BYTES_PER_ENTRY);
    bool is_address = false;
    if (is_full(log, x->request.body.len)) {
        metric_add(log->metrics.full, 1);
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "too many submissions are waiting");
        return true;
    }
    if (ct_log_limits_take(&log->limits, x->request.peer, now_ms, count, &retry_after_s, &is_address) != STATUS_OK) {
        metric_add(log->metrics.limited, 1);
        ct_log_refuse(x, 429, retry_after_s, "too many submissions from %s", is_address ? "this address" : "all clients together");
        return true;
    }
    return false;
}

static size_t body_max(const struct ct_log *log, enum ct_log_kind kind)
{
    /* Base64, and what stands around it. */
    return kind == CT_LOG_ADD_MTC ? CT_JSON_MTC_SUBMISSION_MAX : (size_t)log->config.limits.chain_bytes_max / 3 * 4 + 4096;
}

static struct ct_log_submission *new_submission(struct ct_log *log, struct http_exchange *x, enum ct_log_kind kind,
                                                int64_t now_ms)
{
    struct ct_log_submission *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    *s = (struct ct_log_submission){.log = log,
                                    .x = x,
                                    .kind = kind,
                                    .now_ms = now_ms,
                                    .roots = log->roots,
                                    .counted_entries = 1,
                                    .counted_bytes = x->request.body.len};
    builder_init(&s->memory, LEAF_TILE_ENTRY_MAX);
    log->roots->ref_count++;
    log->pending_entries++;
    log->pending_bytes += s->counted_bytes;
    return s;
}

void ct_log_submit(struct ct_log *log, struct http_exchange *x, enum ct_log_kind kind)
{
    int64_t now_ms = log->config.clock.now_ms(log->config.clock.context);
    if (kind == CT_LOG_ADD_MTC && !log->config.takes_mtc_entries) {
        ct_log_refuse(x, 404, 0, "this log takes no entries of issuance logs");
        return;
    }
    if (refuse_all(log, x) || refuse_flood(log, x, now_ms))
        return;
    if (x->request.body.len > body_max(log, kind)) {
        metric_add(log->metrics.refused[kind], 1);
        ct_log_refuse(x, 413, 0, "the submission is longer than %zu bytes", body_max(log, kind));
        return;
    }
    struct ct_log_submission *s = new_submission(log, x, kind, now_ms);
    if (s == NULL) {
        ct_log_refuse(x, 503, RETRY_AFTER_FULL_S, "out of memory");
        return;
    }
    log->judging_count++;
    ct_log_submit_job(log, &log->config.pool, run_judging, end_judging, s);
}
