#include "service/ct_log/ct_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ct_log/ct_log_internal.h"

struct ct_log_limits ct_log_default_limits(void)
{
    return (struct ct_log_limits){.submissions_per_address_per_s = 100,
                                  .submissions_per_s = 5000,
                                  .pending_max = 10000,
                                  .chain_bytes_max = CT_CHAIN_SIZE_MAX,
                                  .get_entries_max = 1000,
                                  .reads_max = 256};
}

/* ---- jobs and events ---- */

void ct_log_submit_job(struct ct_log *log, const struct work_port *work, void (*run)(void *), void (*done)(void *),
                       void *cookie)
{
    log->job_count++;
    work->submit(work->context, run, done, cookie);
}

void ct_log_job_ended(struct ct_log *log)
{
    log->job_count--;
}

void ct_log_report(const struct ct_log *log, enum event_level level, const char *what, const char *name,
                   const char *value)
{
    events_report(&log->config.events, level, what, {"log", log->config.title}, {name, value});
}

void ct_log_report_kept(const struct ct_log *log, size_t kept_count)
{
    char count[24];
    (void)snprintf(count, sizeof count, "%zu", kept_count);
    if (kept_count > 0)
        ct_log_report(log, EVENT_WARNING, "ct-log-roots-kept", "not_in_the_file", count);
}

/* ---- life ---- */

static enum status publish_first_list(struct ct_log *log, struct error *err)
{
    const struct object_store *store = &log->store.engine_config.public_store;
    struct builder text;
    builder_init(&text, CT_JSON_ANSWER_MAX);
    enum status status = ct_log_write_entry(log, &text, err);
    if (status == STATUS_OK)
        status = store->put(store->context, CT_LOG_OBJECT_LIST, builder_view(&text), err);
    builder_clear(&text);
    return error_prefix(err, status, CT_LOG_OBJECT_LIST);
}

static enum status open_store(struct ct_log *log, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    size_t kept_count = 0;
    struct error ignored;
    enum status status = ct_log_store_init(&log->store, config, log->origin, err);
    if (status == STATUS_OK)
        status = ct_log_store_open(&log->store, err);
    if (status == STATUS_OK)
        status = error_prefix(err, ct_log_roots_join(config, &config->engine.private_store, config->roots_pem, config->removed_roots,
                                                     config->removed_root_count, &log->roots, &kept_count, err), "%s", "roots");
    if (status != STATUS_OK)
        return status;
    struct log_state state = log_state(log->store.engine);
    log->head = *log_tree_head(log->store.engine);
    log->min_index = state.min_index;
    log->is_frozen = state.is_closed;
    if (log->is_frozen && log->state < CT_LOG_READONLY)
        log->state = CT_LOG_READONLY;
    if (log->is_frozen && log->state == CT_LOG_READONLY && config->state_since_s == 0)
        log->state_since_s = (int64_t)(log->head.timestamp_ms / 1000);
    if (config->index.get_size(config->index.context, &log->index_size, &ignored) != STATUS_OK)
        log->index_size = 0;
    ct_log_report_kept(log, kept_count);
    return publish_first_list(log, err);
}

static enum status init(struct ct_log *log, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    enum status status = ct_log_setup(log, err);
    if (status == STATUS_OK)
        status = ct_log_issuers_init(&log->issuers, err);
    if (status == STATUS_OK)
        status = ct_log_limits_init(&log->limits, config->limits.submissions_per_address_per_s, config->limits.submissions_per_s, err);
    if (status == STATUS_OK)
        status = open_store(log, err);
    return status == STATUS_OK ? ct_log_reader_new(log, &log->reader, err) : status;
}

enum status ct_log_new(const struct ct_log_config *config, struct ct_log **out, struct error *err)
{
    struct ct_log *log = calloc(1, sizeof *log);
    *out = NULL;
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "no memory for a CT log");
    log->config = *config;
    log->queue_end = &log->queue;
    log->state = config->state;
    log->state_since_s = config->state_since_s != 0 ? config->state_since_s : config->clock.now_ms(config->clock.context) / 1000;
    enum status status = init(log, err);
    if (status != STATUS_OK) {
        ct_log_free(log);
        return error_prefix(err, status, "CT log %s", config->title);
    }
    ct_log_setup_metrics(log);
    ct_log_show(log);
    ct_log_plan_refresh(log);
    *out = log;
    return STATUS_OK;
}

void ct_log_stop(struct ct_log *log)
{
    const struct timer_port *timer = &log->config.timer;
    log->is_stopping = true;
    timer->cancel(timer->context, log->refresh_timer);
    timer->cancel(timer->context, log->reopen_timer);
    timer->cancel(timer->context, log->flush_timer);
    log->refresh_timer = log->reopen_timer = log->flush_timer = 0;
    ct_log_flush(log);
}

bool ct_log_has_work(const struct ct_log *log)
{
    return log->job_count > 0 || log->queue != NULL;
}

void ct_log_free(struct ct_log *log)
{
    if (log == NULL)
        return;
    const struct timer_port *timer = &log->config.timer;
    timer->cancel(timer->context, log->refresh_timer);
    timer->cancel(timer->context, log->reopen_timer);
    timer->cancel(timer->context, log->flush_timer);
    ct_log_reader_free(log->reader);
    ct_log_store_clear(&log->store);
    ct_log_roots_release(log->roots);
    ct_log_issuers_clear(&log->issuers);
    ct_log_limits_clear(&log->limits);
    for (size_t i = 0; log->mtc_cas != NULL && i < log->config.mtc_ca_count; i++)
        public_key_free(log->mtc_cas[i].key);
    free(log->mtc_cas);
    free(log->submission_path);
    free(log->monitoring_path);
    for (size_t i = 0; i < 4; i++)
        free(log->labels[i]);
    free(log);
}

/* ---- state ---- */

enum status ct_log_set_state(struct ct_log *log, enum ct_log_state state, int64_t since_s, struct error *err)
{
    if (log->is_frozen && state < CT_LOG_READONLY)
        return error_set(err, STATUS_REFUSED, "the log is closed for good: it never takes submissions again");
    if (state == log->state && (since_s == 0 || since_s == log->state_since_s))
        return STATUS_OK;
    log->state = state;
    log->state_since_s = since_s != 0 ? since_s : log->config.clock.now_ms(log->config.clock.context) / 1000;
    ct_log_publish_list(log);
    return STATUS_OK;
}

struct ct_log_status ct_log_status(const struct ct_log *log)
{
    struct ct_log_status s = {.title = log->config.title,
                              .origin = log->origin,
                              .state = log->state,
                              .is_frozen = log->is_frozen,
                              .size = log->head.size,
                              .min_index = log->min_index,
                              .tree_head_ms = log->head.timestamp_ms,
                              .index_size = log->index_size,
                              .pending_count = log->pending_entries,
                              .root_count = ct_chain_roots_count(log->roots->set)};
    s.tree_head_age_ms = log->config.clock.now_ms(log->config.clock.context) - (int64_t)log->head.timestamp_ms;
    s.is_ready = !log->is_dead && !log->is_stopping &&
                 (log->is_frozen || s.tree_head_age_ms <= (int64_t)log->config.mmd_s * 1000);
    memcpy(s.root, log->head.root, HASH_SIZE);
    return s;
}

struct log_engine *ct_log_engine(const struct ct_log *log)
{
    return log->store.engine;
}
