#include "service/acme/acme_flight.h"

#include <stdlib.h>

struct acme_waiter {
    struct acme_waiter *next;
    struct acme_flight *flight;
    const struct timer_port *port;
    uint64_t timer;
    struct acme_call *call;
    void (*answer)(struct acme_call *call);
};

static size_t bucket_of(acme_id id)
{
    /* IDs count up: their low bits spread well. */
    return (size_t)(id & (ACME_FLIGHT_BUCKETS - 1));
}

struct acme_flight *acme_flight_find(const struct acme_flights *flights, acme_id id)
{
    struct acme_flight *f = flights->buckets[bucket_of(id)];
    while (f != NULL && f->id != id)
        f = f->next;
    return f;
}

void acme_flight_add(struct acme_flights *flights, struct acme_flight *flight)
{
    struct acme_flight **bucket = &flights->buckets[bucket_of(flight->id)];
    flight->next = *bucket;
    *bucket = flight;
    flights->count++;
}

void acme_flight_remove(struct acme_flights *flights, struct acme_flight *flight)
{
    struct acme_flight **at = &flights->buckets[bucket_of(flight->id)];
    while (*at != NULL && *at != flight)
        at = &(*at)->next;
    if (*at == NULL)
        return;
    *at = flight->next;
    flights->count--;
}

struct acme_flight *acme_flight_any(const struct acme_flights *flights, bool is_idle)
{
    for (size_t i = 0; flights->count > 0 && i < ACME_FLIGHT_BUCKETS; i++)
        for (struct acme_flight *f = flights->buckets[i]; f != NULL; f = f->next)
            if (!is_idle || f->timer != 0)
                return f;
    return NULL;
}

void acme_flight_for_each(const struct acme_flights *flights,
                          void (*visit)(struct acme_flight *flight, void *cookie), void *cookie)
{
    for (size_t i = 0; i < ACME_FLIGHT_BUCKETS; i++)
        for (struct acme_flight *f = flights->buckets[i]; f != NULL; f = f->next)
            visit(f, cookie);
}

static void waited_long_enough(void *cookie)
{
    struct acme_waiter *waiter = cookie;
    struct acme_waiter **at = &waiter->flight->waiters;
    while (*at != NULL && *at != waiter)
        at = &(*at)->next;
    if (*at != NULL)
        *at = waiter->next;
    waiter->answer(waiter->call);
    free(waiter);
}

void acme_flight_wait(struct acme_flight *flight, const struct timer_port *timer, uint64_t wait_ms,
                      struct acme_call *call, void (*answer)(struct acme_call *call))
{
    struct acme_waiter *waiter = wait_ms == 0 ? NULL : calloc(1, sizeof *waiter);
    if (waiter == NULL) {
        answer(call);
        return;
    }
    *waiter = (struct acme_waiter){.next = flight->waiters, .flight = flight, .port = timer, .call = call,
                                   .answer = answer};
    flight->waiters = waiter;
    waiter->timer = timer->start(timer->context, wait_ms, waited_long_enough, waiter);
}

void acme_flight_answer(struct acme_flight *flight, void (*answer)(struct acme_call *call))
{
    while (flight->waiters != NULL) {
        struct acme_waiter *waiter = flight->waiters;
        flight->waiters = waiter->next;
        waiter->port->cancel(waiter->port->context, waiter->timer);
        (answer != NULL ? answer : waiter->answer)(waiter->call);
        free(waiter);
    }
}
