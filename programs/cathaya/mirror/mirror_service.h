/* mirror_service.h - the mirror, with its logs, paths and pruning, on a server that may have other roles beside it:
 * `cathaya mirror run`, and `cathaya ctlog run`.
 */
#ifndef CATHAYA_PROGRAM_MIRROR_MIRROR_SERVICE_H
#define CATHAYA_PROGRAM_MIRROR_MIRROR_SERVICE_H

#include "adapters/http_server/http_server.h"
#include "metrics/metrics.h"
#include "mirror/mirror_config.h"

/* Borrowed for its life. */
struct mirror_service_ports {
    struct event_loop *loop;
    struct http_server *server;
    struct events_port events;
    struct metrics *metrics;
};

struct mirror_service;

/* mirror_service_new opens the logs and adds the routes; config is borrowed. */
MUST_USE enum status mirror_service_new(const struct mirror_config_file *config, const struct mirror_service_ports *ports,
                                     struct mirror_service **out, struct error *err);

/* mirror_service_run begins what is done from time to time: pruning, and fetching landmarks. */
void mirror_service_run(struct mirror_service *service);

/* mirror_service_is_ready: is no log stopped by a failure? */
bool mirror_service_is_ready(const struct mirror_service *service);

/* mirror_service_stop ends what mirror_service_run began; requests are still answered. */
void mirror_service_stop(struct mirror_service *service);

/* mirror_service_free waits for the jobs of the logs: after the server, whose open connections are work for the logs. NULL is
 * fine. */
void mirror_service_free(struct mirror_service *service);

#endif
