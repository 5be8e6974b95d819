/* acme_flight.h - what is under way for an order or an authorization, and the calls that wait for it. */
#ifndef CATHAYA_SERVICE_ACME_ACME_FLIGHT_H
#define CATHAYA_SERVICE_ACME_ACME_FLIGHT_H

#include "ports/acme_store.h"
#include "ports/timer.h"

struct acme_call;
struct acme_waiter;

/* A power of two; enough that the chains of a thousand flights are short. */
#define ACME_FLIGHT_BUCKETS 1024

/* Stands first in the struct of what flies. */
struct acme_flight {
    acme_id id;
    struct acme_flight *next;
    struct acme_waiter *waiters;
    uint64_t timer; /* to try again; 0: it is under way */
};

struct acme_flights {
    struct acme_flight *buckets[ACME_FLIGHT_BUCKETS];
    size_t count;
};

struct acme_flight *acme_flight_find(const struct acme_flights *flights, acme_id id);
void acme_flight_add(struct acme_flights *flights, struct acme_flight *flight);
void acme_flight_remove(struct acme_flights *flights, struct acme_flight *flight);
/* acme_flight_any is one of them, NULL when there is none; with is_idle one that waits for its timer. */
struct acme_flight *acme_flight_any(const struct acme_flights *flights, bool is_idle);
/* acme_flight_for_each calls visit for all; visit must not add or remove. */
void acme_flight_for_each(const struct acme_flights *flights,
                          void (*visit)(struct acme_flight *flight, void *cookie), void *cookie);

/* acme_flight_wait lets a call wait: `answer` gets it once, at acme_flight_answer or after wait_ms. The
 * timer is borrowed. When memory is out, or wait_ms is 0, it is answered at once. */
void acme_flight_wait(struct acme_flight *flight, const struct timer_port *timer, uint64_t wait_ms,
                      struct acme_call *call, void (*answer)(struct acme_call *call));
/* acme_flight_answer answers all that wait, with `answer` instead of their own unless it is NULL. */
void acme_flight_answer(struct acme_flight *flight, void (*answer)(struct acme_call *call));

#endif
