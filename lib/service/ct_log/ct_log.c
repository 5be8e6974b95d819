#include "service/ct_log/ct_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "service/ct_log/ct_log_internal.h"

#define API_PATH "/ct/v1/"

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

/* ---- configuration ---- */

static enum status check_config(const struct ct_log_config *config, struct error *err)
{
    const struct ct_log_limits *limits = &config->limits;
    const struct signature_alg *alg = public_key_alg(config->signer.key);
    if (strcmp(alg->name, config->suite->algorithm) != 0)
        return error_set(err, STATUS_USAGE, "the key of a %s log is one of %s, not of %s", config->suite->name,
                         config->suite->algorithm, alg->name);
    if ((config->not_after_start_s != 0 || config->not_after_end_s != 0) &&
        config->not_after_start_s >= config->not_after_end_s)
        return error_set(err, STATUS_USAGE, "not-after-end is not after not-after-start");
    if (config->flush_ms == 0 || config->refresh_s == 0 || config->mmd_s == 0)
        return error_set(err, STATUS_USAGE, "flush-ms, tree-head-refresh and mmd are not 0");
    if (config->flush_ms >= (uint64_t)config->mmd_s * 1000 || config->refresh_s >= config->mmd_s)
        return error_set(err, STATUS_USAGE, "flush-ms and tree-head-refresh are shorter than the mmd of %u s", config->mmd_s);
    if (limits->pending_max == 0 || limits->get_entries_max == 0 || limits->reads_max == 0)
        return error_set(err, STATUS_USAGE, "pending, get-entries and reads are not 0");
    if (limits->chain_bytes_max < 1024 || limits->chain_bytes_max > CT_CHAIN_SIZE_MAX)
        return error_set(err, STATUS_USAGE, "chain-bytes is from 1024 to %zu", CT_CHAIN_SIZE_MAX);
    if (config->mtc_ca_count > CT_LOG_MTC_CAS_MAX)
        return error_set(err, STATUS_USAGE, "more than %d MTC CAs", CT_LOG_MTC_CAS_MAX);
    return STATUS_OK;
}

/* What follows "https://"; NULL: no such URL. */
static const char *after_scheme(const char *url)
{
    const char *rest = strstr(url, "://");
    size_t len = strlen(url);
    return rest != NULL && rest[3] != '\0' && url[len - 1] != '/' ? rest + 3 : NULL;
}

static char *make_path(const char *url)
{
    const char *rest = after_scheme(url), *path = strchr(rest, '/');
    size_t size = (path != NULL ? strlen(path) : 0) + sizeof API_PATH;
    char *out = malloc(size);
    if (out != NULL)
        (void)snprintf(out, size, "%s" API_PATH, path != NULL ? path : "");
    return out;
}

static enum status make_names(struct ct_log *log, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    const char *monitoring = config->monitoring_url != NULL ? config->monitoring_url : config->submission_url;
    const char *origin = after_scheme(config->submission_url);
    if (origin == NULL || after_scheme(monitoring) == NULL || strlen(origin) > CT_LOG_ORIGIN_MAX)
        return error_set(err, STATUS_USAGE, "a log's URL is https://..., without a slash at its end, of at most %d bytes",
                         CT_LOG_ORIGIN_MAX);
    (void)snprintf(log->origin, sizeof log->origin, "%s", origin);
    log->submission_path = make_path(config->submission_url);
    log->monitoring_path = make_path(monitoring);
    if (log->submission_path == NULL || log->monitoring_path == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    return ct_suite_hash(config->suite, public_key_spki(config->signer.key), log->log_id, err);
}

static enum status read_mtc_ca(const struct ct_log_config *config, struct bytes der, struct ct_log_mtc_ca *out,
                               struct error *err)
{
    out->der = der;
    enum status status = ca_certificate_parse(der, &out->certificate, err);
    if (status != STATUS_OK)
        return status;
    const struct signature_alg *alg = algorithms_by_identifier(config->algorithms, out->certificate.sig_alg);
    if (alg == NULL)
        return error_set(err, STATUS_USAGE, "its signature algorithm is not known");
    status = public_key_new(alg, out->certificate.spki, &out->key, err);
    if (status == STATUS_OK)
        status = ct_suite_hash(config->suite, out->certificate.spki, out->key_hash, err);
    return status == STATUS_OK ? ct_suite_hash(config->suite, der, out->fingerprint, err) : status;
}

static enum status read_mtc_cas(struct ct_log *log, struct error *err)
{
    log->mtc_cas = calloc(log->config.mtc_ca_count + 1, sizeof *log->mtc_cas);
    if (log->mtc_cas == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < log->config.mtc_ca_count; i++) {
        enum status status = read_mtc_ca(&log->config, log->config.mtc_ca_certificates[i], &log->mtc_cas[i], err);
        if (status != STATUS_OK)
            return error_prefix(err, status, "MTC CA %zu", i + 1);
    }
    return STATUS_OK;
}

/* ---- metrics ---- */

static enum status make_labels(struct ct_log *log, struct error *err)
{
    static const char *const kinds[] = {"", "add-chain", "add-pre-chain", "add-mtc-entries"};
    size_t size = strlen(log->config.title) + sizeof "log=\"\",kind=\"add-mtc-entries\"";
    for (size_t i = 0; i < 4; i++) {
        log->labels[i] = malloc(size);
        if (log->labels[i] == NULL)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
        if (i == 0)
            (void)snprintf(log->labels[i], size, "log=\"%s\"", log->config.title);
        else
            (void)snprintf(log->labels[i], size, "log=\"%s\",kind=\"%s\"", log->config.title, kinds[i]);
    }
    return STATUS_OK;
}

static void make_metrics(struct ct_log *log)
{
    struct metrics *m = log->config.metrics;
    struct ct_log_metrics *out = &log->metrics;
    const char *labels = log->labels[0];
    for (size_t i = 0; i < 3; i++) {
        out->submissions[i] = metrics_counter(m, "cathaya_ctlog_scts_total", log->labels[1 + i], "SCTs that were answered.");
        out->refused[i] = metrics_counter(m, "cathaya_ctlog_refused_total", log->labels[1 + i],
                                          "Submissions that the log's rules refused.");
    }
    out->size = metrics_gauge(m, "cathaya_ctlog_size", labels, "Entries of the published tree.");
    out->tree_head_time = metrics_gauge(m, "cathaya_ctlog_tree_head_seconds", labels, "Time of the published tree head.");
    out->index_size = metrics_gauge(m, "cathaya_ctlog_index_size", labels, "Entries that the index has.");
    out->roots = metrics_gauge(m, "cathaya_ctlog_roots", labels, "Accepted roots.");
    out->pending = metrics_gauge(m, "cathaya_ctlog_pending", labels, "Entries between their submission and its answer.");
    out->duplicates = metrics_counter(m, "cathaya_ctlog_duplicates_total", labels, "Entries that the log had already.");
    out->limited = metrics_counter(m, "cathaya_ctlog_limited_total", labels, "Submissions beyond a rate limit: 429.");
    out->full = metrics_counter(m, "cathaya_ctlog_full_total", labels, "Submissions while too many waited: 503.");
    out->failed = metrics_counter(m, "cathaya_ctlog_failed_total", labels, "Entries of batches that failed: 503.");
    out->batches = metrics_counter(m, "cathaya_ctlog_batches_total", labels, "Batches that were published.");
    out->batch_entries = metrics_counter(m, "cathaya_ctlog_entries_total", labels, "Entries that were logged.");
    out->reads = metrics_counter(m, "cathaya_ctlog_reads_total", labels, "Requests for what the log has [RFC6962 4.3-4.8].");
    out->answer_seconds = metrics_histogram(m, "cathaya_ctlog_answer_seconds", labels, "From a submission to its SCT.");
}

/* ---- life ---- */

static enum status publish_first_list(struct ct_log *log, struct error *err)
{
    const struct object_store *store = &log->store.engine_config.public_store;
    struct builder text;
    builder_init(&text, CT_JSON_ANSWER_MAX);
    enum status status = ct_log_write_list(log, &text, err);
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
    if (config->index.get_size(config->index.context, &log->index_size, &ignored) != STATUS_OK)
        log->index_size = 0;
    ct_log_report_kept(log, kept_count);
    return publish_first_list(log, err);
}

static enum status init(struct ct_log *log, struct error *err)
{
    const struct ct_log_config *config = &log->config;
    enum status status = check_config(config, err);
    if (status == STATUS_OK)
        status = make_names(log, err);
    if (status == STATUS_OK)
        status = make_labels(log, err);
    if (status == STATUS_OK)
        status = read_mtc_cas(log, err);
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
    make_metrics(log);
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

/* ---- the handlers ---- */

/* What follows the log's path; false when the request is for something else. */
static bool name_of(const char *path, struct bytes request, struct bytes *name)
{
    size_t len = strlen(path);
    if (request.len < len || memcmp(request.data, path, len) != 0)
        return false;
    *name = bytes_of(request.data + len, request.len - len);
    return true;
}

static bool handle_submission(struct ct_log *log, struct http_exchange *x)
{
    static const char *const names[] = {
        [CT_LOG_ADD_CHAIN] = "add-chain", [CT_LOG_ADD_PRE_CHAIN] = "add-pre-chain", [CT_LOG_ADD_MTC] = "add-mtc-entries"};
    struct bytes name;
    size_t kind = 0;
    if (!name_of(log->submission_path, x->request.path, &name))
        return false;
    while (kind < 3 && !bytes_is_text(name, names[kind]))
        kind++;
    if (kind == 3) /* get-roots belongs to the submission prefix [C2SP static-ct-api] */
        return bytes_is_text(name, "get-roots") && ct_log_read(log, x, name);
    if (bytes_is_text(x->request.method, "POST")) {
        ct_log_submit(log, x, (enum ct_log_kind)kind);
        return true;
    }
    http_response_header(&x->response, "Allow", "POST");
    ct_log_refuse(x, 405, 0, "only POST");
    return true;
}

static bool handle_read(struct ct_log *log, struct http_exchange *x)
{
    struct bytes name;
    return name_of(log->monitoring_path, x->request.path, &name) && ct_log_read(log, x, name);
}

static void handle_both(void *context, struct http_exchange *x)
{
    if (!handle_submission(context, x) && !handle_read(context, x))
        ct_log_refuse(x, 404, 0, "no such resource");
}

static void handle_submissions(void *context, struct http_exchange *x)
{
    if (!handle_submission(context, x))
        ct_log_refuse(x, 404, 0, "no such resource");
}

static void handle_reads(void *context, struct http_exchange *x)
{
    if (!handle_read(context, x))
        ct_log_refuse(x, 404, 0, "no such resource");
}

static struct http_handler handler_of(struct ct_log *log, size_t body_max, void (*handle)(void *, struct http_exchange *))
{
    return (struct http_handler){.context = log, .body_max = body_max, .handle = handle};
}

static size_t submission_max(const struct ct_log *log)
{
    return log->config.takes_mtc_entries ? CT_JSON_MTC_SUBMISSION_MAX : CT_JSON_SUBMISSION_MAX;
}

struct http_handler ct_log_handler(struct ct_log *log)
{
    return handler_of(log, submission_max(log), handle_both);
}

struct http_handler ct_log_submission_handler(struct ct_log *log)
{
    return handler_of(log, submission_max(log), handle_submissions);
}

struct http_handler ct_log_read_handler(struct ct_log *log)
{
    return handler_of(log, 0, handle_reads);
}
