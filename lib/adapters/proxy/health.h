/* health.h - looking after backends: GET of a path, or just connecting, again and again, on the main thread's loop.
 * What is found is published in the backends (backend.h), for all threads. */
#ifndef CATHAYA_ADAPTERS_PROXY_HEALTH_H
#define CATHAYA_ADAPTERS_PROXY_HEALTH_H

#include "adapters/event_loop/event_loop.h"
#include "adapters/proxy/backend.h"
#include "ports/events.h"

#define HEALTH_REASON_SIZE 128
/* Of the answer's head: the status line is all that is looked at. */
#define HEALTH_ANSWER_MAX 4096

struct health_settings {
    const char *path; /* "/healthz": 2xx and 3xx are good; NULL: it is enough to connect */
    const char *host; /* for Host */
    uint64_t interval_ms, timeout_ms;
    unsigned rise_count, fall_count; /* good ones in a row until it is up, bad ones until it is down; not 0 */
    bool sends_proxy;                /* a PROXY header (LOCAL) goes first */
};

/* health_default_settings: connecting every 2 s, 1 s of time, up after 2, down after 3. */
struct health_settings health_default_settings(void);

struct health_checks;

/* health_checks_new: events ("backend-up", "backend-down", "site-down") are borrowed. */
MUST_USE enum status health_checks_new(struct event_loop *loop, const struct events_port *events,
                                       struct health_checks **out, struct error *err);

/* health_checks_free ends all checks at once; what they have found stays in the backends. So on a reload: new checks
 * for the new groups, then free the old ones. NULL is fine. */
void health_checks_free(struct health_checks *checks);

/* health_checks_add looks after each backend of the group (kept) from now on; the first checks are made at once,
 * spread over a part of the interval. title names the site in events. All texts are copied. STATUS_USAGE for
 * settings that make no sense. */
MUST_USE enum status health_checks_add(struct health_checks *checks, const char *title,
                                       struct backend_group *group, const struct health_settings *settings,
                                       struct error *err);

struct health_status {
    const char *title, *address;
    bool is_up, is_resting;
    uint64_t active_count;
    uint64_t since_ms;                /* event_loop_now_ms of the last change; 0: none yet */
    const char *reason;               /* of the last check that was bad; "" when the last one was good */
    uint64_t good_count, bad_count;   /* checks */
};

/* health_checks_status goes through all backends, in the order of their adding; false at the end. */
bool health_checks_status(const struct health_checks *checks, size_t index, struct health_status *out);

#endif
