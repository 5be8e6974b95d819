/* gateway_backends.h - the backends of all sites of one configuration, and the looking after whether they live. */
#ifndef CATHAYA_PROGRAM_GATEWAY_BACKENDS_H
#define CATHAYA_PROGRAM_GATEWAY_BACKENDS_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/proxy/health.h"
#include "gateway/gateway_config.h"
#include "ports/events.h"

struct gateway_backends;

/* gateway_backends_new resolves names of hosts, once, and starts the checks. A group that `previous` (NULL: none) has
 * with the same backends is the same one here, with what is known about them. STATUS_USAGE for a name that cannot be
 * resolved. */
MUST_USE enum status gateway_backends_new(struct event_loop *loop, const struct gateway_config *config,
                                          const struct gateway_backends *previous, struct events_port *events,
                                          struct gateway_backends **out, struct error *err);

/* gateway_backends_free stops the checks; states that are still in use keep their groups. NULL is fine. */
void gateway_backends_free(struct gateway_backends *backends);

/* gateway_backends_group borrows the group of a site. */
struct backend_group *gateway_backends_group(const struct gateway_backends *backends, size_t site);

/* gateway_backends_checks borrows what is known about all of them. */
const struct health_checks *gateway_backends_checks(const struct gateway_backends *backends);

#endif
