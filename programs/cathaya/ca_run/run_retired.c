#include "ca_run/run_retired.h"

#include <stdlib.h>

#include "ca_run/run_service.h"

/* A configuration that was replaced. */
struct run_retired {
    struct run_retired *next;
    struct run_service *service;
    struct run_config *config;
    size_t worker_count; /* that have not said yet that they are done */
};

/* A worker takes the policy once in each job: behind this one nobody has the old one. */
static void run_nothing(void *cookie)
{
    (void)cookie;
}

static void release(struct run_retired *retired)
{
    /* The CAs and profiles were made from the first one. */
    if (retired->config != retired->service->config)
        run_config_free(retired->config);
    free(retired);
}

static void done_nothing(void *cookie)
{
    struct run_retired *retired = cookie, **at = &retired->service->retired;
    if (--retired->worker_count > 0)
        return;
    while (*at != retired)
        at = &(*at)->next;
    *at = retired->next;
    release(retired);
}

void run_retired_replace(struct run_service *service, struct run_config *next)
{
    struct run_retired *retired = calloc(1, sizeof *retired);
    struct run_config *old = service->current;
    service->current = next;
    atomic_store_explicit(&service->lint.policy.set, next->policy, memory_order_release);
    if (retired == NULL)
        return; /* it stays until the end: better than under somebody's hands */
    *retired = (struct run_retired){service->retired, service, old, service->config->ca_count + service->config->classic_count};
    service->retired = retired;
    for (size_t i = 0; i < service->config->ca_count; i++)
        service->cas[i].worker_port.submit(service->cas[i].worker_port.context, run_nothing, done_nothing, retired);
    for (size_t i = 0; i < service->config->classic_count; i++) {
        struct work_port worker = serial_worker_port(service->classics[i].worker);
        worker.submit(worker.context, run_nothing, done_nothing, retired);
    }
}

void run_retired_free(struct run_service *service)
{
    for (struct run_retired *retired = service->retired, *next; retired != NULL; retired = next) {
        next = retired->next;
        release(retired);
    }
    service->retired = NULL;
}
