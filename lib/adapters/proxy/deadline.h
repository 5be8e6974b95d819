/* deadline.h - many times that hardly ever come: one wheel for all connections of a worker.
 *
 * Setting a deadline that is later than the one before costs one store, so each request may do it. It comes
 * up to DEADLINE_TICK_MS late, never early. One thread.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_DEADLINE_H
#define CATHAYA_ADAPTERS_PROXY_DEADLINE_H

#include "adapters/event_loop/event_loop.h"

#define DEADLINE_TICK_MS 64
#define DEADLINE_SLOTS 1024 /* a minute; what is later is looked at once a minute */

struct deadline {
    struct deadline *next, *previous; /* of its slot; NULL: none is set */
    uint64_t at_ms;                   /* UINT64_MAX: none is meant */
    uint64_t looked_at_ms;            /* when its slot comes */
    void (*expired)(struct deadline *d);
};

struct deadlines {
    struct event_loop *loop;
    struct timer_port timers;
    uint64_t timer, tick; /* the tick that was looked at last */
    size_t count;
    struct deadline slots[DEADLINE_SLOTS]; /* heads of rings */
};

void deadlines_init(struct deadlines *all, struct event_loop *loop);
/* deadlines_clear forgets all of them. */
void deadlines_clear(struct deadlines *all);

/* deadline_set calls d->expired once, delay_ms from now; it replaces what was set. d (zero at first) stays
 * where it is until deadline_clear. */
void deadline_set(struct deadlines *all, struct deadline *d, uint64_t delay_ms);

/* deadline_stop: d->expired is not called. Costs one store. */
static inline void deadline_stop(struct deadline *d)
{
    d->at_ms = UINT64_MAX;
}

/* deadline_clear also takes it out, before its memory goes. */
void deadline_clear(struct deadlines *all, struct deadline *d);

#endif
