/* gateway_restart.h - replacing the running program by the one that stands in its place now, without a connection lost.
 *
 * SIGUSR2: the running process ends its control plane, starts the program anew and hands it the listening sockets. When
 * the new one says that it serves, the old one drains; when it ends before that, the old one takes up its control
 * plane again.
 *
 *   CATHAYA_GATEWAY_SOCKETS   KIND:ADDRESS,FD,FD,;...  the sockets of each listener
 *   CATHAYA_GATEWAY_READY     FD                       a pipe: one byte when it serves
 */
#ifndef CATHAYA_PROGRAM_GATEWAY_RESTART_H
#define CATHAYA_PROGRAM_GATEWAY_RESTART_H

#include "adapters/proxy/proxy.h"
#include "ports/events.h"

struct gateway_restart;

struct gateway_restart_settings {
    struct event_loop *loop;
    struct events_port *events;
    const char *config_path;
    const struct proxy *proxy;
    void *context;
    /* prepare ends what only one process may do; done says whether a new process has taken over. */
    void (*prepare)(void *context);
    void (*done)(void *context, bool is_taken_over);
};

/* gateway_restart_new remembers which program this is. */
MUST_USE enum status gateway_restart_new(const struct gateway_restart_settings *settings, struct gateway_restart **out,
                                         struct error *err);
void gateway_restart_free(struct gateway_restart *restart);

/* gateway_restart_start begins; while one is under way it does nothing. */
void gateway_restart_start(struct gateway_restart *restart);

/* Is this a listener that the configuration has today? */
struct gateway_restart_wanted {
    const void *context;
    bool (*is_wanted)(const void *context, const char *address, enum proxy_listener_kind kind);
};

/* gateway_restart_listen gives the proxy those sockets that are wanted of what an older process has handed over, and closes
 * the others. STATUS_NOT_FOUND when nothing was: this is a start like any other. */
MUST_USE enum status gateway_restart_listen(struct proxy *proxy, const struct gateway_restart_wanted *wanted,
                                            struct error *err);

/* gateway_restart_report tells the older process, if there is one, that this one serves, and systemd that it is the
 * service now. */
void gateway_restart_report(void);

#endif
