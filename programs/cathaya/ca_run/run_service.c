#include "ca_run/run_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/posix/posix_clock.h"
#include "ca_run/run_admin.h"
#include "ca_run/run_policy.h"
#include "ca_run/run_retired.h"
#include "service/service_tls.h"

/* Answers that wait for a batch or a validation get it, or their deadline. */
#define DRAIN_MS 30000

/* ---- CAs and profiles ---- */

static size_t collect_profiles(struct run_service *service, size_t row, const char *ca, enum profile_kind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < service->config->profile_count; i++) {
        const struct certificate_profile *profile = &service->config->profiles[i];
        if (profile->kind == kind && strcmp(profile->ca, ca) == 0)
            service->ca_profiles[row][count++] = profile;
    }
    return count;
}

static enum status open_ct(struct run_service *service, struct error *err)
{
    struct ct_submission_config ports = {
        .fetch = curl_fetch_port(service->fetch), .timer = service->timers, .clock = service->clock, .pool = service->pool,
        .events = service->events, .metrics = service->metrics, .algorithms = service->algorithms,
    };
    return run_ct_open(service->config, &ports, &service->ct, err);
}

static enum status open_cas(struct run_service *service, struct error *err)
{
    struct run_config *config = service->config;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < config->ca_count; i++) {
        size_t count = collect_profiles(service, i, config->cas[i].name, PROFILE_MTC);
        struct run_mtc_ca_ports ports = {
            .loop = service_run_loop(service->run), .algorithms = service->algorithms, .clock = service->clock,
            .events = service->events, .metrics = service->metrics, .fetch = curl_fetch_port(service->fetch),
            .instance = sqlite_acme_store_instance(service->database), .lint = &service->lint,
            .base_url = config->acme.base_url, .ct = &config->ct,
        };
        s = run_mtc_ca_open(&service->cas[i], &config->cas[i], service->ca_profiles[i], count, &ports, err);
    }
    for (size_t i = 0; s == STATUS_OK && i < config->classic_count; i++) {
        size_t row = RUN_CAS_MAX + i, count = collect_profiles(service, row, config->classics[i].name, PROFILE_CLASSIC);
        struct run_classic_ca_ports ports = {
            .loop = service_run_loop(service->run), .algorithms = service->algorithms, .clock = service->clock,
            .events = service->events, .instance = sqlite_acme_store_instance(service->database), .lint = &service->lint,
            .metrics = service->metrics, .base_path = service->base_path, .directory = config->directory,
        };
        if (service->ct != NULL)
            ports.scts = ct_submission_port(service->ct);
        s = run_classic_ca_open(&service->classics[i], &config->classics[i], service->ca_profiles[row], count, &ports, err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "classic \"%s\"", config->classics[i].name);
    }
    return s;
}

static enum status set_logs(struct run_service *service, const struct run_ct *settings, struct error *err)
{
    struct log_list list;
    enum status s = run_ct_read_list(settings, &list, err);
    for (size_t i = 0; s == STATUS_OK && i < service->config->ca_count; i++)
        s = run_mtc_ca_set_logs(&service->cas[i], &list, err);
    log_list_clear(&list);
    return s;
}

static const struct acme_issuer *find_issuer(const struct run_service *service, const struct certificate_profile *profile)
{
    for (size_t i = 0; profile->kind == PROFILE_MTC && i < service->config->ca_count; i++)
        if (strcmp(service->config->cas[i].name, profile->ca) == 0)
            return run_mtc_ca_issuer(&service->cas[i]);
    for (size_t i = 0; profile->kind == PROFILE_CLASSIC && i < service->config->classic_count; i++)
        if (strcmp(service->config->classics[i].name, profile->ca) == 0)
            return &service->classics[i].port;
    return NULL;
}

/* ---- ACME ---- */

static void fill_acme_config(const struct run_service *service, const struct run_config *from, struct run_acme *out)
{
    out->config = from->acme;
    out->config.policy = &service->lint.policy;
    for (size_t i = 0; i < service->config->profile_count; i++)
        out->profiles[i] = (struct acme_profile){&service->config->profiles[i],
                                                 find_issuer(service, &service->config->profiles[i]), from->challenges};
    out->config.profiles = out->profiles;
    out->config.profile_count = service->config->profile_count;
}

static void at_end_of_round(void *cookie)
{
    struct run_service *service = cookie;
    acme_flush(service->acme);
}

static enum status open_acme(struct run_service *service, struct error *err)
{
    struct acme_ports ports = {
        .store = &service->store, .validator = &service->validation.port, .timer = &service->timers, .pool = &service->pool,
        .clock = &service->clock, .events = &service->events, .metrics = service->metrics,
    };
    struct run_acme *acme = &service->acme_configs[service->acme_current];
    fill_acme_config(service, service->config, acme);
    enum status s = acme_new(&acme->config, &ports, &service->acme, err);
    if (s == STATUS_OK)
        service->hook = event_loop_at_end_of_round(service_run_loop(service->run), at_end_of_round, service);
    return s;
}

/* ---- routes ---- */

static enum status set_base_path(struct run_service *service, struct error *err)
{
    const char *url = service->config->acme.base_url, *host = strstr(url, "://");
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (snprintf(service->base_path, sizeof service->base_path, "%s", path != NULL ? path : "") < (int)sizeof service->base_path)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "base-url: the path is too long");
}

enum status run_service_add_files(struct run_service *service, const char *directory, const char *path,
                                  uint64_t (*landmarks_max_age_s)(void *context), void *context, struct error *err)
{
    if (service->file_count == RUN_ROUTES_MAX)
        return error_set(err, STATUS_USAGE, "too many logs: no more than %d", RUN_ROUTES_MAX);
    char *prefix = service->prefixes[service->file_count];
    if (snprintf(prefix, RUN_PREFIX_SIZE, "%s%s", service->base_path, path) >= RUN_PREFIX_SIZE)
        return error_set(err, STATUS_USAGE, "%s: too long for a URL", path);
    struct static_files_settings settings = {
        .directory = directory, .prefix = prefix, .landmarks_max_age_s = landmarks_max_age_s, .context = context};
    enum status s = static_files_new(&settings, &service->files[service->file_count], err);
    if (s != STATUS_OK)
        return s;
    struct http_handler handler = static_files_handler(service->files[service->file_count++]);
    return http_server_add_route(service->http, prefix, &handler, err);
}

/* ACME is not served in the clear. */
static enum status add_plain(struct run_service *service, const char *prefix, struct http_handler handler, struct error *err)
{
    return service->plain_http != NULL ? http_server_add_route(service->plain_http, prefix, &handler, err) : STATUS_OK;
}

static enum status add_both(struct run_service *service, const char *prefix, struct http_handler handler, struct error *err)
{
    enum status s = http_server_add_route(service->http, prefix, &handler, err);
    return s == STATUS_OK ? add_plain(service, prefix, handler, err) : s;
}

static enum status add_routes(struct run_service *service, struct error *err)
{
    struct http_handler acme = {.context = service->acme, .body_max = ACME_BODY_MAX + 1024, .handle = acme_handle};
    const char *prefix = service->base_path[0] != '\0' ? service->base_path : "/";
    enum status s = http_server_add_route(service->http, prefix, &acme, err);
    for (size_t i = 0; s == STATUS_OK && i < service->config->ca_count; i++)
        s = run_mtc_ca_add_files(&service->cas[i], service, err);
    for (size_t i = 0; s == STATUS_OK && i < service->config->classic_count; i++) {
        char directory[RUN_PATH_MAX + 8], path[RUN_PREFIX_SIZE];
        (void)snprintf(directory, sizeof directory, "%s/public", service->config->classics[i].directory);
        (void)snprintf(path, sizeof path, "/classic/%.64s", service->config->classics[i].name);
        s = run_service_add_files(service, directory, path, NULL, NULL, err);
        if (s == STATUS_OK)
            s = add_plain(service, service->prefixes[service->file_count - 1], static_files_handler(service->files[service->file_count - 1]), err);
        const struct run_ocsp *ocsp = &service->classics[i].ocsp;
        if (s == STATUS_OK && ocsp->responder != NULL)
            s = add_both(service, ocsp->prefix, ocsp_responder_handler(ocsp->responder), err);
    }
    return s;
}

/* The URLs in certificates are http [BR 7.1.2.7.7]: relying parties that fetch them cannot depend on certificates. */
static enum status listen_plain(struct run_service *service, struct error *err)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < service->config->http_listener_count; i++)
        s = http_server_listen(service->plain_http, service->config->http_listeners[i], NULL, err);
    return s;
}

static enum status listen_all(struct run_service *service, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    struct tls_context *tls = NULL;
    enum status s = http_server_new(service_run_loop(service->run), &limits, &service->http, err);
    if (s == STATUS_OK && service->config->http_listener_count > 0)
        s = http_server_new(service_run_loop(service->run), &limits, &service->plain_http, err);
    if (s == STATUS_OK)
        s = add_routes(service, err);
    if (s == STATUS_OK)
        s = listen_plain(service, err);
    if (s == STATUS_OK)
        s = service_tls_load(service->config->tls_certificate, service->config->tls_key, &tls, err);
    for (size_t i = 0; s == STATUS_OK && i < service->config->listener_count; i++)
        s = http_server_listen(service->http, service->config->listeners[i], tls, err);
    service->tls_listener_count = tls != NULL ? service->config->listener_count : 0;
    tls_context_free(tls);
    return s;
}

/* ---- the operator's side ---- */

static const char *why_not_ready(void *context)
{
    const struct run_service *service = context;
    if (service_run_is_stopping(service->run))
        return "stopping";
    for (size_t i = 0; i < service->config->ca_count; i++) {
        const char *why = run_mtc_ca_why_not_ready(&service->cas[i]);
        if (why != NULL)
            return why;
    }
    return NULL;
}

/* What revokes is on the socket alone, which only the operator can open. */
static enum status listen_socket(struct run_service *service, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    service->revoking = (struct run_admin){service->acme, service->classics, service->config->classic_count};
    struct http_handler revoke = run_admin_handler(&service->revoking);
    char address[RUN_PATH_MAX + 8];
    limits.body_ms = limits.write_ms = 600000; /* a mass revocation takes its time */
    (void)snprintf(address, sizeof address, "unix:%s", service->config->admin_socket);
    enum status s = http_server_new(service_run_loop(service->run), &limits, &service->socket_http, err);
    if (s == STATUS_OK)
        s = http_server_add_route(service->socket_http, "/revoke", &revoke, err);
    return s == STATUS_OK ? http_server_listen(service->socket_http, address, NULL, err) : s;
}

static enum status listen_admin(struct run_service *service, struct error *err)
{
    struct http_server_limits limits = http_server_default_limits();
    service->admin = (struct service_admin){.metrics = service->metrics, .why_not_ready = why_not_ready, .context = service};
    service_admin_watch(&service->admin, service->http);
    enum status s = listen_socket(service, err);
    if (s != STATUS_OK || service->config->admin_listen == NULL)
        return s;
    s = http_server_new(service_run_loop(service->run), &limits, &service->admin_http, err);
    if (s == STATUS_OK)
        s = service_admin_add_routes(&service->admin, service->admin_http, err);
    return s == STATUS_OK ? http_server_listen(service->admin_http, service->config->admin_listen, NULL, err) : s;
}

/* ---- reload and stop ---- */

static bool is_same_frame(const struct run_config *a, const struct run_config *b)
{
    bool is_same = a->ca_count == b->ca_count && a->classic_count == b->classic_count && a->profile_count == b->profile_count &&
                   a->ct.is_given == b->ct.is_given;
    for (size_t i = 0; is_same && i < a->profile_count; i++)
        is_same = memcmp(&a->profiles[i], &b->profiles[i], sizeof a->profiles[i]) == 0;
    for (size_t i = 0; is_same && i < a->ca_count; i++)
        is_same = strcmp(a->cas[i].name, b->cas[i].name) == 0 && strcmp(a->cas[i].directory, b->cas[i].directory) == 0;
    return is_same && strcmp(a->acme.base_url, b->acme.base_url) == 0;
}

static enum status take_config(struct run_service *service, struct run_config *next, struct error *err)
{
    struct tls_context *tls = NULL;
    struct run_acme *acme = &service->acme_configs[1 - service->acme_current];
    enum status s = service_tls_load(next->tls_certificate, next->tls_key, &tls, err);
    if (s == STATUS_OK) {
        fill_acme_config(service, next, acme);
        s = acme_reload_check(service->acme, &acme->config, err);
    }
    /* From here on only what logs say of themselves, or memory, can stand against it. */
    if (s == STATUS_OK && service->ct != NULL && next->ct.is_given)
        s = run_ct_read(next, service->config, service->ct, err);
    if (s == STATUS_OK && next->ct.is_given)
        s = set_logs(service, &next->ct, err);
    if (s == STATUS_OK)
        s = acme_reload(service->acme, &acme->config, err);
    if (s == STATUS_OK)
        service->acme_current = 1 - service->acme_current;
    for (size_t i = 0; s == STATUS_OK && tls != NULL && i < service->tls_listener_count; i++)
        http_server_set_tls(service->http, i, tls);
    tls_context_free(tls);
    return s;
}

static void reload(void *context)
{
    struct run_service *service = context;
    struct run_config *next = NULL;
    struct error err = {.status = STATUS_OK};
    enum status s = run_config_read(service->config_path, &next, &err);
    if (s == STATUS_OK)
        s = take_config(service, next, &err);
    if (s != STATUS_OK) {
        events_report(&service->events, EVENT_ERROR, "reload-failed", {"reason", err.text});
        run_config_free(next);
        return;
    }
    if (!is_same_frame(service->config, next))
        events_report(&service->events, EVENT_WARNING, "reload-partly",
                      {"reason", "CAs, profiles and the base URL change with a restart only"});
    run_retired_replace(service, next);
    run_expiry_look(service->expiry, next->tls_certificate);
    run_ct_warn(service->config, service->ct, &service->events);
    run_policy_warn(service->config, &service->lint.policy, &service->events);
    events_report(&service->events, EVENT_INFO, "reloaded", {"file", service->config_path});
}

static void drained(void *cookie)
{
    struct run_service *service = cookie;
    service_run_finished(service->run);
}

static void stop(void *context)
{
    struct run_service *service = context;
    http_server_drain(service->http, DRAIN_MS, drained, service);
}

/* ---- all of it ---- */

static enum status open_ports(struct run_service *service, struct error *err)
{
    struct service_callbacks callbacks = {.context = service, .reload = reload, .stop = stop};
    const struct run_config *config = service->config;
    service->log = service_log_stderr(config->is_log_json);
    service->events = service_log_port(&service->log);
    service->clock = posix_clock();
    enum status s = service_run_new(&callbacks, &service->events, &service->run, err);
    if (s != STATUS_OK)
        return s;
    service->timers = event_loop_timers(service_run_loop(service->run));
    service->pool = event_loop_pool(service_run_loop(service->run));
    s = metrics_new(&service->metrics, err);
    if (s == STATUS_OK)
        s = curl_fetch_new(service_run_loop(service->run), &service->fetch, err);
    if (s == STATUS_OK)
        s = public_names_new(config->acme.limits.public_suffix_file, config->public_labels, config->public_label_count, &service->names, err);
    if (s == STATUS_OK)
        run_lint_init(&service->lint, service->names, config->policy);
    if (s == STATUS_OK)
        s = run_validation_open(&service->validation, config, service_run_loop(service->run), service->fetch, &service->events,
                                service->metrics, err);
    if (s == STATUS_OK)
        s = sqlite_acme_store_open(config->database, SQLITE_MAY_CREATE, &service->database, err);
    if (s == STATUS_OK)
        service->store = sqlite_acme_store_port(service->database);
    return s;
}

enum status run_service_open(struct run_service *service, const char *config_path, struct run_config *config,
                             struct algorithms *algorithms, struct error *err)
{
    service->config_path = config_path;
    service->config = service->current = config;
    service->algorithms = algorithms;
    enum status s = open_ports(service, err);
    if (s == STATUS_OK)
        s = set_base_path(service, err);
    if (s == STATUS_OK)
        s = open_ct(service, err);
    if (s == STATUS_OK)
        s = open_cas(service, err);
    if (s == STATUS_OK)
        s = set_logs(service, &config->ct, err);
    if (s == STATUS_OK)
        s = open_acme(service, err);
    if (s == STATUS_OK)
        s = listen_all(service, err);
    if (s == STATUS_OK)
        s = listen_admin(service, err);
    if (s == STATUS_OK)
        s = run_expiry_new(config, &service->timers, &service->clock, &service->events, service->metrics, &service->expiry, err);
    return s;
}

void run_service_until_stopped(struct run_service *service)
{
    struct error err = {.status = STATUS_OK};
    for (size_t i = 0; i < service->config->ca_count; i++)
        run_mtc_ca_start(&service->cas[i]);
    for (size_t i = 0; i < service->config->classic_count; i++)
        run_classic_ca_start(&service->classics[i]);
    run_ct_warn(service->config, service->ct, &service->events);
    run_policy_warn(service->config, &service->lint.policy, &service->events);
    if (acme_start(service->acme, &err) != STATUS_OK)
        events_report(&service->events, EVENT_ERROR, "resume-failed", {"reason", err.text});
    for (size_t i = 0; i < service->config->listener_count; i++)
        service_run_announce("acme", http_server_address(service->http, i));
    for (size_t i = 0; i < service->config->http_listener_count; i++)
        service_run_announce("http", http_server_address(service->plain_http, i));
    if (service->config->admin_listen != NULL)
        service_run_announce("admin", http_server_address(service->admin_http, 0));
    service_run_until_stopped(service->run, true);
}

void run_service_close(struct run_service *service)
{
    run_expiry_stop(service->expiry);
    if (service->acme != NULL)
        acme_stop(service->acme);
    http_server_free(service->admin_http);
    http_server_free(service->socket_http);
    http_server_free(service->plain_http);
    http_server_free(service->http);
    for (size_t i = 0; i < service->file_count; i++)
        static_files_free(service->files[i]);
    for (size_t i = 0; i < RUN_CLASSICS_MAX; i++)
        run_classic_ca_stop(&service->classics[i]);
    ct_submission_stop(service->ct);
    /* Those who answer what is under way go before those who asked. */
    if (service->fetch != NULL)
        curl_fetch_stop(service->fetch);
    for (size_t i = 0; i < RUN_CAS_MAX; i++)
        run_mtc_ca_close(&service->cas[i]);
    for (size_t i = 0; i < RUN_CLASSICS_MAX; i++)
        run_classic_ca_close(&service->classics[i]);
    run_validation_close(&service->validation);
    if (service->acme != NULL)
        acme_flush(service->acme);
    event_hook_free(service->hook);
    curl_fetch_free(service->fetch);
    service_run_free(service->run);
    acme_free(service->acme);
    sqlite_acme_store_close(service->database);
    public_names_free(service->names);
    metrics_free(service->metrics);
    ct_submission_free(service->ct);
    run_expiry_free(service->expiry);
    run_retired_free(service);
    if (service->current != service->config)
        run_config_free(service->current);
    run_config_free(service->config);
}

/* ---- --check-config ---- */

enum status run_service_check(const struct run_config *config, struct algorithms *algorithms, struct error *err)
{
    struct tls_context *tls = NULL;
    struct public_names *names = NULL;
    enum status s = service_tls_load(config->tls_certificate, config->tls_key, &tls, err);
    tls_context_free(tls);
    if (s == STATUS_OK)
        s = public_names_new(config->acme.limits.public_suffix_file, NULL, 0, &names, err);
    public_names_free(names);
    if (s == STATUS_OK)
        s = run_validation_check(config, err);
    if (s == STATUS_OK)
        s = run_ct_check(config, algorithms, err);
    for (size_t i = 0; s == STATUS_OK && i < config->ca_count; i++) {
        struct run_peers peers = {.count = 0};
        struct ca_directory dir = {.log = NULL};
        s = run_peers_read(&peers, config->cas[i].policy, algorithms, err);
        for (size_t k = 0; s == STATUS_OK && k < config->profile_count; k++)
            if (config->profiles[k].kind == PROFILE_MTC && strcmp(config->profiles[k].ca, config->cas[i].name) == 0)
                s = run_peers_check_profile(&peers, &config->profiles[k], err);
        if (s == STATUS_OK)
            s = ca_directory_open(&dir, config->cas[i].directory, CA_DIRECTORY_READ, 0, algorithms, err);
        (void)ca_directory_close(&dir, NULL);
        run_peers_clear(&peers);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "ca \"%s\"", config->cas[i].name);
    }
    for (size_t i = 0; s == STATUS_OK && i < config->classic_count; i++) {
        s = classic_directory_check(config->classics[i].directory, algorithms, err);
        if (s != STATUS_OK)
            (void)error_prefix(err, s, "classic \"%s\"", config->classics[i].name);
    }
    return s;
}
