/* service_admin.h - what operators and their machines ask a service: /metrics, /healthz, /readyz. */
#ifndef CATHAYA_PROGRAM_SERVICE_ADMIN_H
#define CATHAYA_PROGRAM_SERVICE_ADMIN_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/http_server/http_server.h"
#include "metrics/metrics.h"

struct service_admin {
    struct metrics *metrics;
    /* Why the service is not ready to work, for people; NULL: it is. */
    const char *(*why_not_ready)(void *context);
    /* Called before the metrics are written, for figures that are kept elsewhere; may be NULL. */
    void (*before_metrics)(void *context);
    void *context;
    /* The service_admin's own. */
    struct metric *answers[6], *durations, *connections;
    const struct http_server *watched;
};

/* service_admin_add_routes makes the three paths routes of a server (one that only operators reach).
 * /healthz is 200 as long as the process answers; /readyz is 503 with the reason when it is not ready.
 * admin is borrowed. */
MUST_USE enum status service_admin_add_routes(struct service_admin *admin, struct http_server *server,
                                              struct error *err);

/* service_admin_listen makes a server with these routes, which listens at address; "": there is none, and *server stays
 * NULL. It is the caller's, also after a failure. */
MUST_USE enum status service_admin_listen(struct service_admin *admin, struct event_loop *loop, const char *address,
                                          struct http_server **server, struct error *err);

/* service_admin_watch counts the answers of a server, which may be another one:
 * cathaya_http_answers_total{code="2xx"}, cathaya_http_answer_seconds, cathaya_http_connections. One
 * server; it has to live as long as admin answers. */
void service_admin_watch(struct service_admin *admin, struct http_server *server);

#endif
