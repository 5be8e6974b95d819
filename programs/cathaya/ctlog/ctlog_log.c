#include "ctlog/ctlog_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/event_loop/serial_worker.h"
#include "adapters/http_server/static_files.h"
#include "adapters/posix/posix_clock.h"
#include "adapters/posix/posix_object_store.h"
#include "adapters/sqlite/sqlite_ct_index.h"
#include "ctlog/ctlog_files.h"
#include "ctlog/ctlog_witnesses.h"
#include "input.h"

/* All public roots together have below 1 MiB of PEM. */
#define ROOTS_MAX ((size_t)16 << 20)
#define ROUTE_SIZE (CTLOG_URL_MAX + 16)
/* Between two looks whether the time to prune has come. */
#define PRUNE_LOOK_MS ((uint64_t)3600 * 1000)
#define FIRST_PRUNE_MS 1000

struct ctlog_log {
    const struct ctlog_config *config;
    const struct ctlog_config_log *settings;
    struct ctlog_log_ports ports;
    struct ctlog_files files;
    struct posix_object_store *read_objects; /* the public ones, for those who read: stays when `files` are opened anew */
    struct sqlite_ct_index *index, *read_index;
    struct serial_worker *worker, *read_worker;
    struct static_files *served;
    struct cosigner cosigners[CTLOG_COSIGNERS_MAX];
    struct ct_signer signer;
    struct ctlog_witnesses witnesses;
    struct builder roots, mtc_cas;
    struct bytes mtc_ca_certificates[CT_LOG_MTC_CAS_MAX];
    const char *emails[CTLOG_EMAILS_MAX];
    char route[ROUTE_SIZE], read_route[ROUTE_SIZE], file_route[ROUTE_SIZE]; /* the server borrows them */
    struct ct_log *role;
    uint64_t prune_timer;
};

/* ---- files ---- */

/* On the log's worker, when the engine is closed. */
static enum status reopen_stores(void *context, struct log_config *engine, struct error *err)
{
    struct ctlog_log *log = context;
    ctlog_files_close(&log->files);
    enum status s = ctlog_files_open(&log->files, log->config, log->settings, true, err);
    if (s == STATUS_OK)
        ctlog_files_set(&log->files, engine);
    else
        ctlog_files_close(&log->files);
    return s;
}

static enum status open_index(struct ctlog_log *log, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    uint8_t log_id[HASH_SIZE];
    enum status s = ct_suite_hash(log->settings->suite, public_key_spki(key_file_public(&log->settings->key)), log_id, err);
    if (s == STATUS_OK)
        s = ctlog_files_path(log->config, log->settings, "index.db", path, err);
    if (s == STATUS_OK)
        s = sqlite_ct_index_open(path, SQLITE_MAY_CREATE, log_id, &log->index, err);
    return s == STATUS_OK ? sqlite_ct_index_open(path, SQLITE_FOR_READING, log_id, &log->read_index, err) : s;
}

static enum status open_read_objects(struct ctlog_log *log, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    enum status s = ctlog_files_path(log->config, log->settings, "public", path, err);
    return s == STATUS_OK ? posix_object_store_open(path, POSIX_PUBLIC, false, &log->read_objects, err) : s;
}

static enum status read_files(struct ctlog_log *log, struct error *err)
{
    const struct ctlog_config_log *settings = log->settings;
    size_t lens[CT_LOG_MTC_CAS_MAX];
    enum status s = input_read(settings->roots, ROOTS_MAX, &log->roots, err);
    for (size_t i = 0; i < settings->mtc_ca_count && s == STATUS_OK; i++) {
        struct input_blocks blocks = {.count = 0};
        s = input_read_certificates(settings->mtc_cas[i], &blocks, err);
        if (s == STATUS_OK) {
            lens[i] = input_block_der(&blocks, 0).len;
            builder_bytes(&log->mtc_cas, input_block_der(&blocks, 0));
            s = builder_status(&log->mtc_cas, "mtc-ca", err);
        }
        input_blocks_clear(&blocks);
    }
    size_t at = 0;
    for (size_t i = 0; i < settings->mtc_ca_count && s == STATUS_OK; at += lens[i++])
        log->mtc_ca_certificates[i] = bytes_of(log->mtc_cas.data + at, lens[i]);
    return s;
}

/* ---- the role ---- */

static void on_tree_head(void *context, uint64_t size, const uint8_t root[HASH_SIZE], struct bytes note)
{
    struct ctlog_log *log = context;
    ctlog_witnesses_see(&log->witnesses, size, root, note);
}

static void fill_engine(struct ctlog_log *log, struct log_config *engine)
{
    for (size_t i = 0; i < log->settings->cosigner_count; i++)
        log->cosigners[i] = key_file_cosigner(&log->settings->cosigners[i].key, &log->settings->cosigners[i].id);
    ctlog_files_set(&log->files, engine);
    engine->clock = posix_clock();
    engine->cosigners = log->cosigners;
    engine->cosigner_count = log->settings->cosigner_count;
    engine->externals = log->witnesses.externals;
    engine->external_count = log->settings->witness_count;
}

static enum status open_role(struct ctlog_log *log, struct error *err)
{
    const struct ctlog_config_log *settings = log->settings;
    struct ct_log_config config = {
        .title = settings->title, .submission_url = settings->submission_url, .monitoring_url = settings->monitoring_url,
        .description = settings->description[0] != '\0' ? settings->description : NULL,
        .operator_name = log->config->operator_name, .operator_emails = log->emails,
        .operator_email_count = log->config->email_count, .suite = settings->suite, .state = settings->state,
        .state_since_s = settings->state_since_s, .mmd_s = settings->mmd_s,
        .not_after_start_s = settings->not_after_start_s, .not_after_end_s = settings->not_after_end_s,
        .refuses_expired = settings->refuses_expired, .algorithms = log->config->algorithms, .signer = log->signer,
        .index = sqlite_ct_index_port(log->index), .read_index = sqlite_ct_index_port(log->read_index),
        .read_store = posix_object_store_port(log->read_objects),
        .work = serial_worker_port(log->worker), .read_work = serial_worker_port(log->read_worker),
        .pool = event_loop_pool(log->ports.loop), .timer = event_loop_timers(log->ports.loop), .clock = posix_clock(),
        .events = log->ports.events, .metrics = log->ports.metrics, .roots_pem = builder_view(&log->roots),
        .removed_roots = (const char *const *)settings->removed_roots, .removed_root_count = settings->removed_root_count,
        .takes_mtc_entries = settings->takes_mtc_entries, .mtc_ca_certificates = log->mtc_ca_certificates,
        .mtc_ca_count = settings->mtc_ca_count, .limits = log->config->limits, .flush_ms = log->config->flush_ms,
        .refresh_s = settings->refresh_s, .on_tree_head = on_tree_head, .reopen_stores = reopen_stores, .context = log,
    };
    for (size_t i = 0; i < log->config->email_count; i++)
        log->emails[i] = log->config->emails[i];
    fill_engine(log, &config.engine);
    return ct_log_new(&config, &log->role, err);
}

/* ---- paths ---- */

/* "https://ct.example/2027h1" has "/2027h1": the configuration has seen to it that there is one. */
static const char *path_of_url(const char *url)
{
    return strchr(strstr(url, "://") + 3, '/');
}

static enum status add_routes(struct ctlog_log *log, struct error *err)
{
    char directory[CTLOG_PATH_MAX];
    struct http_handler all = ct_log_handler(log->role), reads = ct_log_read_handler(log->role), files;
    (void)snprintf(log->route, sizeof log->route, "%s/ct/v1/", path_of_url(log->settings->submission_url));
    (void)snprintf(log->read_route, sizeof log->read_route, "%s/ct/v1/", path_of_url(log->settings->monitoring_url));
    (void)snprintf(log->file_route, sizeof log->file_route, "%s", path_of_url(log->settings->monitoring_url));
    struct static_files_settings settings = {.directory = directory, .prefix = log->file_route};
    enum status s = ctlog_files_path(log->config, log->settings, "public", directory, err);
    if (s == STATUS_OK)
        s = static_files_new(&settings, &log->served, err);
    if (s == STATUS_OK)
        s = http_server_add_route(log->ports.server, log->route, &all, err);
    if (s == STATUS_OK && strcmp(log->read_route, log->route) != 0)
        s = http_server_add_route(log->ports.server, log->read_route, &reads, err);
    if (s != STATUS_OK)
        return s;
    files = static_files_handler(log->served);
    return http_server_add_route(log->ports.server, log->file_route, &files, err);
}

/* ---- life ---- */

static enum status open_log(struct ctlog_log *log, struct error *err)
{
    char path[CTLOG_PATH_MAX];
    enum status s = ctlog_files_path(log->config, log->settings, "evidence", path, err);
    if (s == STATUS_OK)
        ctlog_witnesses_set(&log->witnesses, log->settings, path);
    if (s == STATUS_OK)
        s = read_files(log, err);
    if (s == STATUS_OK)
        s = ctlog_files_open(&log->files, log->config, log->settings, true, err);
    if (s == STATUS_OK)
        s = open_read_objects(log, err);
    if (s == STATUS_OK)
        s = open_index(log, err);
    if (s == STATUS_OK)
        s = serial_worker_new(log->ports.loop, &log->worker, err);
    if (s == STATUS_OK)
        s = serial_worker_new(log->ports.loop, &log->read_worker, err);
    if (s == STATUS_OK)
        s = open_role(log, err);
    if (s == STATUS_OK)
        s = ctlog_witnesses_start(&log->witnesses, log->role, &log->ports, serial_worker_port(log->worker), err);
    return s == STATUS_OK ? add_routes(log, err) : s;
}

enum status ctlog_log_open(const struct ctlog_config *config, const struct ctlog_config_log *settings,
                           const struct ctlog_log_ports *ports, struct ctlog_log **out, struct error *err)
{
    *out = NULL;
    struct ctlog_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    log->config = config;
    log->settings = settings;
    log->ports = *ports;
    log->signer = key_file_ct_signer(&settings->key);
    builder_init(&log->roots, ROOTS_MAX);
    builder_init(&log->mtc_cas, (size_t)1 << 24);
    enum status s = open_log(log, err);
    if (s != STATUS_OK) {
        ctlog_log_free(log);
        return error_prefix(err, s, "log \"%s\"", settings->title);
    }
    *out = log;
    return STATUS_OK;
}

struct ct_log *ctlog_log_role(const struct ctlog_log *log)
{
    return log->role;
}

const struct ctlog_config_log *ctlog_log_settings(const struct ctlog_log *log)
{
    return log->settings;
}

enum status ctlog_log_reload(struct ctlog_log *log, const struct ctlog_config_log *settings, struct error *err)
{
    struct builder roots;
    builder_init(&roots, ROOTS_MAX);
    enum status s = input_read(settings->roots, ROOTS_MAX, &roots, err);
    if (s == STATUS_OK)
        s = ct_log_set_roots(log->role, builder_view(&roots), (const char *const *)settings->removed_roots, settings->removed_root_count, err);
    builder_clear(&roots);
    return s == STATUS_OK ? ct_log_set_state(log->role, settings->state, settings->state_since_s, err) : s;
}

/* ---- pruning ---- */

static void pruned(void *cookie, enum status status, const struct error *err)
{
    struct ctlog_log *log = cookie;
    if (status != STATUS_OK && status != STATUS_AGAIN)
        events_report(&log->ports.events, EVENT_WARNING, "prune-failed", {"log", log->settings->title}, {"reason", err->text});
}

static void look_at_end(void *context)
{
    struct ctlog_log *log = context;
    struct timer_port timers = event_loop_timers(log->ports.loop);
    ct_log_prune(log->role, log->settings->retain_s, pruned, log);
    log->prune_timer = timers.start(timers.context, PRUNE_LOOK_MS, look_at_end, log);
}

void ctlog_log_run(struct ctlog_log *log)
{
    struct timer_port timers = event_loop_timers(log->ports.loop);
    if (log->settings->retain_s > 0 && log->settings->not_after_end_s > 0)
        log->prune_timer = timers.start(timers.context, FIRST_PRUNE_MS, look_at_end, log);
}

void ctlog_log_stop(struct ctlog_log *log)
{
    struct timer_port timers = event_loop_timers(log->ports.loop);
    timers.cancel(timers.context, log->prune_timer);
    log->prune_timer = 0;
    ctlog_witnesses_stop(&log->witnesses);
    ct_log_stop(log->role);
}

void ctlog_log_free(struct ctlog_log *log)
{
    if (log == NULL)
        return;
    ctlog_witnesses_stop(&log->witnesses);
    serial_worker_free(log->worker);
    serial_worker_free(log->read_worker);
    ct_log_free(log->role);
    ctlog_witnesses_clear(&log->witnesses);
    static_files_free(log->served);
    sqlite_ct_index_close(log->read_index);
    sqlite_ct_index_close(log->index);
    posix_object_store_close(log->read_objects);
    ctlog_files_close(&log->files);
    builder_clear(&log->roots);
    builder_clear(&log->mtc_cas);
    free(log);
}
