#include "adapters/proxy/deadline.h"

#include <string.h>

static void on_tick(void *cookie);

static uint64_t tick_of(const struct deadlines *all)
{
    return event_loop_now_ms(all->loop) / DEADLINE_TICK_MS;
}

void deadlines_init(struct deadlines *all, struct event_loop *loop)
{
    memset(all, 0, sizeof *all);
    all->loop = loop;
    all->timers = event_loop_timers(loop);
    all->tick = tick_of(all);
    for (size_t i = 0; i < DEADLINE_SLOTS; i++)
        all->slots[i].next = all->slots[i].previous = &all->slots[i];
}

static void unlink_one(struct deadlines *all, struct deadline *d)
{
    d->next->previous = d->previous;
    d->previous->next = d->next;
    d->next = d->previous = NULL;
    all->count--;
}

void deadlines_clear(struct deadlines *all)
{
    for (size_t i = 0; i < DEADLINE_SLOTS; i++)
        while (all->slots[i].next != NULL && all->slots[i].next != &all->slots[i])
            unlink_one(all, all->slots[i].next);
    if (all->timer != 0)
        all->timers.cancel(all->timers.context, all->timer);
    all->timer = 0;
}

/* The slot whose tick is the first one at or after at_ms; what is further away than the wheel is round waits in the
 * last slot before the hand. */
static void link_one(struct deadlines *all, struct deadline *d, uint64_t at_ms)
{
    uint64_t tick = at_ms / DEADLINE_TICK_MS + 1, last = all->tick + DEADLINE_SLOTS - 1;
    if (tick > last)
        tick = last;
    if (tick <= all->tick)
        tick = all->tick + 1;
    struct deadline *head = &all->slots[tick % DEADLINE_SLOTS];
    d->looked_at_ms = tick * DEADLINE_TICK_MS;
    d->next = head;
    d->previous = head->previous;
    head->previous->next = d;
    head->previous = d;
    all->count++;
}

static void start_timer(struct deadlines *all)
{
    if (all->timer == 0)
        all->timer = all->timers.start(all->timers.context, DEADLINE_TICK_MS, on_tick, all);
}

/* Calls what is due of one slot; expired may set, stop and clear any of them. */
static void look_at(struct deadlines *all, struct deadline *head, uint64_t now_ms)
{
    struct deadline due = {.next = &due, .previous = &due};
    if (head->next == head)
        return;
    due.next = head->next;
    due.previous = head->previous;
    due.next->previous = due.previous->next = &due;
    head->next = head->previous = head;
    while (due.next != &due) {
        struct deadline *d = due.next;
        unlink_one(all, d);
        if (d->at_ms == UINT64_MAX)
            continue;
        if (d->at_ms > now_ms) {
            link_one(all, d, d->at_ms);
            continue;
        }
        d->at_ms = UINT64_MAX;
        d->expired(d);
    }
}

static void on_tick(void *cookie)
{
    struct deadlines *all = cookie;
    uint64_t now_ms = event_loop_now_ms(all->loop), now = now_ms / DEADLINE_TICK_MS;
    all->timer = 0;
    /* After a long stop one round is enough. */
    if (now > all->tick + DEADLINE_SLOTS)
        all->tick = now - DEADLINE_SLOTS;
    while (all->tick < now) {
        all->tick++;
        look_at(all, &all->slots[all->tick % DEADLINE_SLOTS], now_ms);
    }
    if (all->count > 0)
        start_timer(all);
}

void deadline_set(struct deadlines *all, struct deadline *d, uint64_t delay_ms)
{
    uint64_t now_ms = event_loop_now_ms(all->loop);
    d->at_ms = delay_ms < UINT64_MAX - 1 - now_ms ? now_ms + delay_ms : UINT64_MAX - 1;
    if (d->next != NULL && d->looked_at_ms <= d->at_ms + DEADLINE_TICK_MS)
        return;
    if (d->next != NULL)
        unlink_one(all, d);
    /* Nothing was waiting: the hand has stood still. */
    if (all->count == 0 && all->timer == 0)
        all->tick = tick_of(all);
    link_one(all, d, d->at_ms);
    start_timer(all);
}

void deadline_clear(struct deadlines *all, struct deadline *d)
{
    d->at_ms = UINT64_MAX;
    if (d->next != NULL)
        unlink_one(all, d);
}
