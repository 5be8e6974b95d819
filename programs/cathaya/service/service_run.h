/* service_run.h - the life of a service: started, ready, reloaded, stopped.
 *
 *     service_run_new                         loop, signals
 *     ... adapters and roles on service_run_loop
 *     service_run_until_stopped               READY to systemd, "ready" on stdout; SIGHUP, SIGTERM, SIGINT
 *     ... everything is freed
 *     service_run_free
 */
#ifndef CATHAYA_PROGRAM_SERVICE_RUN_H
#define CATHAYA_PROGRAM_SERVICE_RUN_H

#include "adapters/event_loop/event_loop.h"
#include "ports/events.h"

/* From the first SIGTERM to the end, whatever was not finished; below systemd's 90 s. */
#define SERVICE_RUN_STOP_MS 60000

struct service_callbacks {
    void *context;
    /* SIGHUP; may be NULL. */
    void (*reload)(void *context);
    /* SIGUSR2: hand over to a new process; may be NULL, then it is ignored. */
    void (*restart)(void *context);
    /* SIGTERM or SIGINT: take no more work, finish what was acknowledged, then call
     * service_run_finished, at once or later. A second signal does not wait for that. */
    void (*stop)(void *context);
};

struct service_run;

/* callbacks are copied, events is borrowed. From here on SIGTERM, SIGINT, SIGHUP and SIGUSR2 wait for
 * service_run_until_stopped, and SIGPIPE is ignored;
 * the process may have as many descriptors as it can ask for. */
MUST_USE enum status service_run_new(const struct service_callbacks *callbacks,
                                     struct events_port *events, struct service_run **out,
                                     struct error *err);

struct event_loop *service_run_loop(struct service_run *run);

/* service_run_until_stopped prints "ready" on stdout when is_announced, after the lines of
 * service_run_announce, and returns when service_run_finished was called. */
void service_run_until_stopped(struct service_run *run, bool is_announced);

/* service_run_announce prints "ready NAME ADDRESS" on stdout: where something listens, really. */
void service_run_announce(const char *name, const char *address);

void service_run_finished(struct service_run *run);

/* service_run_is_stopping says whether SIGTERM has come: not ready any more. */
bool service_run_is_stopping(const struct service_run *run);

void service_run_free(struct service_run *run);

#endif
