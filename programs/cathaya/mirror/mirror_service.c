#include "mirror/mirror_service.h"

#include <stdio.h>
#include <stdlib.h>

#include "adapters/posix/posix_clock.h"
#include "mirror/mirror_landmarks.h"
#include "mirror/mirror_logs.h"

#define FIRST_PRUNE_MS 1000
#define ROUTES 3
#define ROUTE_SIZE 160

struct mirror_service {
    const struct mirror_config_file *config;
    struct mirror_service_ports ports;
    struct timer_port timers;
    struct mirror *mirror;
    struct mirror_logs *logs;
    struct mirror_landmarks *landmarks;
    char routes[ROUTES][ROUTE_SIZE]; /* the server borrows them */
    uint64_t prune_timer;
};

static enum status make_mirror(struct mirror_service *r, struct error *err)
{
    struct mirror_config settings = {.cosigners = r->config->cosigners,
                                     .cosigner_count = r->config->cosigner_count,
                                     .clock = posix_clock(),
                                     .events = r->ports.events,
                                     .metrics = r->ports.metrics,
                                     .submission_prefix = r->config->submission,
                                     .open_unknown = mirror_logs_open_unknown,
                                     .reopen = mirror_logs_reopen};
    enum status s = mirror_logs_new(r->config, r->ports.loop, r->ports.server, &r->logs, err);
    settings.context = r->logs;
    if (s == STATUS_OK)
        s = mirror_new(&settings, &r->mirror, err);
    if (s == STATUS_OK)
        s = mirror_logs_open(r->logs, r->mirror, err);
    return s == STATUS_OK ? mirror_landmarks_new(r->config, r->ports.loop, r->mirror, &r->ports.events, &r->landmarks, err) : s;
}

static enum status add_routes(struct mirror_service *r, struct error *err)
{
    static const char *const names[ROUTES] = {"/add-checkpoint", "/add-entries", "/sign-subtree"};
    struct http_handler handler = mirror_handler(r->mirror);
    enum status s = STATUS_OK;
    for (size_t i = 0; i < ROUTES && s == STATUS_OK; i++) {
        (void)snprintf(r->routes[i], ROUTE_SIZE, "%s%s", r->config->submission, names[i]);
        s = http_server_add_route(r->ports.server, r->routes[i], &handler, err);
    }
    return s;
}

enum status mirror_service_new(const struct mirror_config_file *config, const struct mirror_service_ports *ports,
                            struct mirror_service **out, struct error *err)
{
    *out = NULL;
    struct mirror_service *r = calloc(1, sizeof *r);
    if (r == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    r->config = config;
    r->ports = *ports;
    r->timers = event_loop_timers(ports->loop);
    enum status s = make_mirror(r, err);
    if (s == STATUS_OK)
        s = add_routes(r, err);
    if (s != STATUS_OK) {
        mirror_service_free(r);
        return s;
    }
    *out = r;
    return STATUS_OK;
}

static void prune(void *context)
{
    struct mirror_service *r = context;
    mirror_prune(r->mirror, r->config->retention_s);
    r->prune_timer = r->timers.start(r->timers.context, r->config->prune_interval_ms, prune, r);
}

void mirror_service_run(struct mirror_service *service)
{
    if (service->config->retention_s > 0)
        service->prune_timer = service->timers.start(service->timers.context, FIRST_PRUNE_MS, prune, service);
    mirror_landmarks_run(service->landmarks);
}

bool mirror_service_is_ready(const struct mirror_service *service)
{
    return mirror_is_ready(service->mirror);
}

void mirror_service_stop(struct mirror_service *service)
{
    service->timers.cancel(service->timers.context, service->prune_timer);
    service->prune_timer = 0;
    mirror_landmarks_stop(service->landmarks);
}

void mirror_service_free(struct mirror_service *service)
{
    if (service == NULL)
        return;
    mirror_landmarks_free(service->landmarks);
    if (service->logs != NULL)
        mirror_logs_finish_work(service->logs);
    mirror_free(service->mirror);
    mirror_logs_free(service->logs);
    free(service);
}
