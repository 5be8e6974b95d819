/* gateway_service.h - `cathaya gateway run`, put together: workers, control plane, what operators ask. */
#ifndef CATHAYA_PROGRAM_GATEWAY_SERVICE_H
#define CATHAYA_PROGRAM_GATEWAY_SERVICE_H

#include "adapters/http_server/http_server.h"
#include "gateway/gateway_control.h"
#include "gateway/gateway_restart.h"
#include "gateway/gateway_stats.h"
#include "service/service_admin.h"
#include "service/service_run.h"
#include "tls/tls_server.h"

struct gateway {
    const char *config_path;
    struct gateway_config *config;
    struct gateway_config **old_configs; /* what was begun with them may still run */
    size_t old_config_count;
    struct service_log log;
    struct events_port events;
    struct service_run *run;
    struct metrics *metrics;
    struct gateway_stats stats;
    struct service_admin admin;
    struct http_server *admin_http, *socket_http; /* NULL while another process takes over */
    struct gateway_backends *backends;
    struct gateway_deploy *deploy;
    struct gateway_control *control; /* NULL while another process takes over */
    struct proxy *proxy;
    struct tls_ticket_keys ticket_keys;
    uint64_t ticket_timer, signer_timer;
    struct gateway_restart *restart;
    bool is_handed_over;
};

/* gateway_service_start opens everything in the order that rights allow: ports first, then the user is changed, then the
 * state is opened. gateway_service_end follows also after a failure. */
MUST_USE enum status gateway_service_start(struct gateway *gateway, struct error *err);
void gateway_service_end(struct gateway *gateway);

/* gateway_service_open_control opens what only one process may have: the state, the sockets of operators; _close closes
 * it again. */
MUST_USE enum status gateway_service_open_control(struct gateway *gateway, struct error *err);
void gateway_service_close_control(struct gateway *gateway);

/* gateway_service_open_listeners opens what the configuration says; what an older process has handed over is taken, and
 * closed when it is not wanted any more. (gateway_listeners.c) */
MUST_USE enum status gateway_service_open_listeners(struct gateway *gateway, struct error *err);

/* gateway_admin_open listens for operators: admin-listen, and control.sock in the state directory. (gateway_admin.c) */
MUST_USE enum status gateway_admin_open(struct gateway *gateway, struct error *err);
void gateway_admin_close(struct gateway *gateway);

/* gateway_admin_socket is the path of the socket. */
void gateway_admin_socket(const struct gateway_config *config, char out[GATEWAY_PATH_MAX + 16]);

#endif
