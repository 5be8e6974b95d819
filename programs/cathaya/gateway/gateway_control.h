/* gateway_control.h - the control plane: who has the gateway's state, and gets and renews certificates. It can be ended
 * while the workers go on: for a new process that takes over. */
#ifndef CATHAYA_PROGRAM_GATEWAY_CONTROL_H
#define CATHAYA_PROGRAM_GATEWAY_CONTROL_H

#include "gateway/gateway_acme.h"
#include "gateway/gateway_policy.h"

struct gateway_control;

struct gateway_control_settings {
    struct event_loop *loop;
    struct events_port *events;
    struct gateway_deploy *deploy;
};

/* gateway_control_open takes the lock of the configuration's directory, reads what is there and gives it to deploy, and
 * begins what is to be done. The configuration is kept until gateway_control_reload or _close. STATUS_REFUSED when
 * another process has the lock. */
MUST_USE enum status gateway_control_open(const struct gateway_config *config,
                                          const struct gateway_control_settings *settings,
                                          struct gateway_control **out, struct error *err);

/* gateway_control_reload goes on with another configuration of the same directory; what was begun with the old one comes
 * to its end with it, so that the old one must stay. Nothing has changed after a failure. */
MUST_USE enum status gateway_control_reload(struct gateway_control *control, const struct gateway_config *config,
                                            struct error *err);

/* gateway_control_close stops everything where it is, which is safe anywhere, and lets go of the lock. Its memory stays
 * until the process ends where something may still look at it. NULL is fine. */
void gateway_control_close(struct gateway_control *control);

/* gateway_control_sites borrows the certificates. */
struct site_certificates *gateway_control_sites(const struct gateway_control *control);

/* gateway_control_policy borrows what the policy says. */
const struct gateway_policy *gateway_control_policy(const struct gateway_control *control);

#endif
