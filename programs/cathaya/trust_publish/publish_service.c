#include "trust_publish/publish_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"
#include "trust_publish/publish_report.h"

/* Downloads of a whole bundle get that long to end. */
#define DRAIN_MS 10000
/* After a build that failed, unless the interval is shorter: disks fill up and are freed. */
#define RETRY_S 60

static void build(void *context);

static int64_t now_s(void)
{
    struct clock_port clock = posix_clock();
    return clock.now_ms(clock.context) / 1000;
}

/* ---- ready ---- */

static const char *why_not_ready(void *context)
{
    struct publish_service *s = context;
    int64_t issued_s, expires_s, late_s = 2 * (int64_t)s->config->interval_s + RETRY_S;
    uint64_t version = distributor_version(s->distributor, &issued_s, &expires_s);
    if (service_run_is_stopping(s->run))
        return "stopping";
    if (version == 0 && s->failure.status == STATUS_OK)
        return "no version has been made yet";
    if (version > 0 && expires_s < now_s())
        (void)snprintf(s->why, sizeof s->why, "version %llu has expired: clients fall back; %s", (unsigned long long)version,
                       s->failure.text);
    else if (version == 0 || issued_s + late_s < now_s())
        (void)snprintf(s->why, sizeof s->why, "the newest version is %llu, of long ago: %s", (unsigned long long)version,
                       s->failure.text);
    else
        return NULL;
    return s->why;
}

static void make_figures(struct publish_service *s)
{
    struct publish_metrics *f = &s->figures;
    static const char logs[] = "cathaya_trust_logs", logs_help[] = "Issuance logs by how the last build followed them.";
    static const char builds[] = "cathaya_trust_builds_total", builds_help[] = "Builds by what came of them.";
    f->version = metrics_gauge(s->metrics, "cathaya_trust_version", "", "Newest version that is published.");
    f->issued = metrics_gauge(s->metrics, "cathaya_trust_issued_seconds", "", "When it was made, POSIX time.");
    f->expires = metrics_gauge(s->metrics, "cathaya_trust_expires_seconds", "", "Until when it is good, POSIX time.");
    f->bundle_bytes = metrics_gauge(s->metrics, "cathaya_trust_bundle_bytes", "", "Size of the newest bundle.");
    f->delta_bytes = metrics_gauge(s->metrics, "cathaya_trust_delta_bytes", "", "Size of the delta from the version before it.");
    f->landmarks = metrics_gauge(s->metrics, "cathaya_trust_landmarks", "", "Landmarks in the newest bundle.");
    f->duration = metrics_histogram(s->metrics, "cathaya_trust_build_seconds", "", "How long builds take.");
    f->logs_ok = metrics_gauge(s->metrics, logs, "state=\"ok\"", logs_help);
    f->logs_away = metrics_gauge(s->metrics, logs, "state=\"away\"", logs_help);
    f->logs_refused = metrics_gauge(s->metrics, logs, "state=\"refused\"", logs_help);
    f->builds_ok = metrics_counter(s->metrics, builds, "result=\"ok\"", builds_help);
    f->builds_failed = metrics_counter(s->metrics, builds, "result=\"failed\"", builds_help);
    f->registry_errors = metrics_gauge(s->metrics, "cathaya_trust_registry_errors", "", "Errors that lint finds in the registry.");
}

static void note_version(void *context)
{
    struct publish_service *s = context;
    int64_t issued_s, expires_s;
    metric_set(s->figures.version, (double)distributor_version(s->distributor, &issued_s, &expires_s));
    metric_set(s->figures.issued, (double)issued_s);
    metric_set(s->figures.expires, (double)expires_s);
}

static void note_report(struct publish_service *s, const struct trust_publisher_report *report)
{
    struct publish_metrics *f = &s->figures;
    size_t away = publish_report_away(report), refused = publish_report_refused(report);
    metric_set(f->bundle_bytes, (double)report->envelope_size);
    if (report->deltas.count > 0)
        metric_set(f->delta_bytes, (double)trust_publisher_delta_at(report, 0)->size);
    metric_set(f->landmarks, (double)report->landmark_count);
    metric_observe(f->duration, (double)report->duration_ms / 1000);
    metric_set(f->logs_ok, (double)(report->logs.count - away - refused));
    metric_set(f->logs_away, (double)away);
    metric_set(f->logs_refused, (double)refused);
    metric_set(f->registry_errors, (double)publish_input_report(distributor_input(s->distributor))->error_count);
}

/* ---- builds ---- */

static void plan(struct publish_service *s, uint64_t in_s)
{
    s->timers.cancel(s->timers.context, s->timer);
    s->timer = s->timers.start(s->timers.context, in_s * 1000, build, s);
}

static void end_if_done(struct publish_service *s)
{
    if (s->has_served && !distributor_is_busy(s->distributor))
        service_run_finished(s->run);
}

static void look_at_end(void *context)
{
    end_if_done(context);
}

static void plan_next(struct publish_service *s)
{
    uint64_t interval = s->config->interval_s;
    if (service_run_is_stopping(s->run)) {
        (void)s->timers.start(s->timers.context, 0, look_at_end, s); /* the distributor's own call ends first */
        return;
    }
    bool has_failed = s->failure.status != STATUS_OK;
    plan(s, s->is_wanted_again ? 0 : has_failed && interval > RETRY_S ? RETRY_S : interval);
    s->is_wanted_again = false;
}

static void fail(struct publish_service *s, const struct error *err)
{
    s->failure = *err;
    metric_add(s->figures.builds_failed, 1);
    events_report(&s->events, EVENT_ERROR, "version-not-made", {"reason", err->text});
    plan_next(s);
}

static void on_built(void *cookie, const struct trust_publisher_report *report)
{
    struct publish_service *s = cookie;
    char version[24], bundle[24], delta[24], landmarks[24], away[24], refused[24];
    if (report->status != STATUS_OK) {
        fail(s, report->error);
        return;
    }
    (void)snprintf(version, sizeof version, "%llu", (unsigned long long)report->version);
    (void)snprintf(bundle, sizeof bundle, "%zu", report->envelope_size);
    (void)snprintf(delta, sizeof delta, "%zu", report->deltas.count > 0 ? trust_publisher_delta_at(report, 0)->size : 0);
    (void)snprintf(landmarks, sizeof landmarks, "%zu", report->landmark_count);
    (void)snprintf(away, sizeof away, "%zu", publish_report_away(report));
    (void)snprintf(refused, sizeof refused, "%zu", publish_report_refused(report));
    events_report(&s->events, EVENT_INFO, report->is_rotation ? "version-with-new-keys" : "version-made", {"version", version},
                  {"bundle-bytes", bundle}, {"delta-bytes", delta}, {"landmarks", landmarks}, {"logs-away", away},
                  {"logs-refused", refused});
    s->failure = (struct error){.status = STATUS_OK};
    metric_add(s->figures.builds_ok, 1);
    note_report(s, report);
    plan_next(s);
}

static void build(void *context)
{
    struct publish_service *s = context;
    struct error err = {.status = STATUS_OK};
    s->timer = 0;
    err.status = distributor_build(s->distributor, on_built, s, &err);
    if (err.status != STATUS_OK)
        fail(s, &err);
}

/* A version that is young enough stays the newest one: a restart is no reason for another. */
static void plan_first(struct publish_service *s)
{
    int64_t issued_s, expires_s, now = now_s();
    uint64_t version = distributor_version(s->distributor, &issued_s, &expires_s);
    int64_t due_s = version > 0 ? issued_s + (int64_t)s->config->interval_s - now : 0;
    plan(s, due_s > 0 && due_s <= (int64_t)s->config->interval_s ? (uint64_t)due_s : 0);
}

/* ---- reload, end ---- */

static void reload(void *context)
{
    struct publish_service *s = context;
    struct publish_config *config = NULL;
    struct error err = {.status = STATUS_OK};
    if (publish_config_read(s->config_file, s->algorithms_file, &config, &err) != STATUS_OK)
        events_report(&s->events, EVENT_ERROR, "not-reloaded", {"reason", err.text});
    else if (s->server != NULL)
        service_listen_reload(&config->listen, s->config->listen.address_count, s->server, &s->tls, &s->events);
    publish_config_free(config);
    if (distributor_is_busy(s->distributor))
        s->is_wanted_again = true;
    else if (!service_run_is_stopping(s->run))
        plan(s, 0);
}

static void on_drained(void *context)
{
    struct publish_service *s = context;
    s->has_served = true;
    end_if_done(s);
}

/* A version that is being made is finished, without what logs would still have said. */
static void stop(void *context)
{
    struct publish_service *s = context;
    s->timers.cancel(s->timers.context, s->timer);
    s->timer = 0;
    if (s->server != NULL)
        http_server_drain(s->server, DRAIN_MS, on_drained, s);
    else
        (void)s->timers.start(s->timers.context, 0, on_drained, s);
}

/* ---- start ---- */

static enum status listen_public(struct publish_service *s, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    const struct static_files_settings settings = {.directory = s->config->publish, .prefix = "/", .index = "index.html"};
    if (s->config->listen.address_count == 0)
        return STATUS_OK;
    enum status status = http_server_new(service_run_loop(s->run), &limits, &s->server, err);
    if (status == STATUS_OK)
        status = static_files_new(&settings, &s->files, err);
    if (status == STATUS_OK) {
        struct http_handler handler = static_files_handler(s->files);
        status = http_server_add_route(s->server, "/", &handler, err);
    }
    return status == STATUS_OK ? service_listen_open(&s->config->listen, s->server, &s->tls, err) : status;
}

static enum status listen_admin(struct publish_service *s, struct error *err)
{
    s->admin = (struct service_admin){
        .metrics = s->metrics, .why_not_ready = why_not_ready, .before_metrics = note_version, .context = s};
    enum status status = service_admin_listen(&s->admin, service_run_loop(s->run), s->config->listen.admin, &s->admin_server, err);
    if (s->admin_server != NULL && s->server != NULL)
        service_admin_watch(&s->admin, s->server);
    return status;
}

enum status publish_service_start(struct publish_service *s, struct error *err)
{
    struct service_callbacks callbacks = {.context = s, .reload = reload, .stop = stop};
    s->log = service_log_stderr(s->config->listen.is_json);
    s->events = service_log_port(&s->log);
    enum status status = metrics_new(&s->metrics, err);
    if (status == STATUS_OK)
        status = service_run_new(&callbacks, &s->events, &s->run, err);
    if (status != STATUS_OK)
        return status;
    s->timers = event_loop_timers(service_run_loop(s->run));
    make_figures(s);
    status = curl_fetch_new(service_run_loop(s->run), &s->fetch, err);
    if (status == STATUS_OK)
        status = distributor_new(s->config, service_run_loop(s->run), s->fetch, &s->events, &s->distributor, err);
    /* What a crash left is finished, and what does not belong together is said, before anybody is served. */
    if (status == STATUS_OK)
        status = distributor_open(s->distributor, err);
    if (status == STATUS_OK)
        status = listen_public(s, err);
    return status == STATUS_OK ? listen_admin(s, err) : status;
}

void publish_service_run(struct publish_service *s)
{
    for (size_t i = 0; i < s->config->listen.address_count; i++)
        service_run_announce("trust", http_server_address(s->server, i));
    if (s->admin_server != NULL)
        service_run_announce("admin", http_server_address(s->admin_server, 0));
    plan_first(s);
    service_run_until_stopped(s->run, true);
}

void publish_service_end(struct publish_service *s)
{
    http_server_free(s->admin_server);
    http_server_free(s->server);
    static_files_free(s->files);
    /* A second signal does not wait for a build: what is being fetched ends as not fetched, and its job is finished. */
    if (s->fetch != NULL)
        curl_fetch_stop(s->fetch);
    distributor_free(s->distributor);
    curl_fetch_free(s->fetch);
    tls_context_free(s->tls);
    service_run_free(s->run);
    metrics_free(s->metrics);
    publish_config_free(s->config);
}
