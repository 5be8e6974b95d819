#include <stdlib.h>

#include "adapters/event_loop/event_loop_parts.h"

struct event_timer {
    uv_timer_t uv;
    struct event_loop *loop;
    void (*fire)(void *cookie);
    void *cookie;
    struct event_timer *next_free;
    uint32_t slot, use_count;
    bool is_waiting;
};

static uint64_t timer_name(const struct event_timer *t)
{
    return (uint64_t)t->use_count << 32 | (t->slot + 1);
}

static void give_back(struct event_timer *t)
{
    t->is_waiting = false;
    t->use_count++;
    t->next_free = t->loop->timers.free_list;
    t->loop->timers.free_list = t;
}

static void on_timer(uv_timer_t *uv)
{
    struct event_timer *t = uv->data;
    void (*fire)(void *cookie) = t->fire;
    void *cookie = t->cookie;
    /* First: fire may start another one, and cancel this one. */
    give_back(t);
    fire(cookie);
}

static void add_slot(struct event_loop *loop)
{
    struct event_timers *all = &loop->timers;
    if (all->slot_count == all->slot_cap) {
        size_t cap = all->slot_cap > 0 ? all->slot_cap * 2 : 64;
        struct event_timer **slots = event_loop_memory(cap * sizeof(struct event_timer *));
        for (size_t i = 0; i < all->slot_count; i++)
            slots[i] = all->slots[i];
        free((void *)all->slots);
        all->slots = slots;
        all->slot_cap = cap;
    }
    struct event_timer *t = event_loop_memory(sizeof *t);
    (void)uv_timer_init(&loop->uv, &t->uv);
    t->uv.data = t;
    t->loop = loop;
    t->slot = (uint32_t)all->slot_count;
    all->slots[all->slot_count++] = t;
    t->next_free = all->free_list;
    all->free_list = t;
}

uint64_t event_timers_start(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    struct event_loop *loop = context;
    if (loop->timers.free_list == NULL)
        add_slot(loop);
    struct event_timer *t = loop->timers.free_list;
    loop->timers.free_list = t->next_free;
    t->fire = fire;
    t->cookie = cookie;
    t->is_waiting = true;
    /* The loop counts from the begin of its round and in whole milliseconds; a delay is never shorter
     * than it was asked for. */
    uv_update_time(&loop->uv);
    (void)uv_timer_start(&t->uv, on_timer, delay_ms > 0 ? delay_ms + 1 : 0, 0);
    return timer_name(t);
}

void event_timers_cancel(void *context, uint64_t timer)
{
    struct event_loop *loop = context;
    uint64_t slot = (timer & UINT32_MAX) - 1;
    if (timer == 0 || slot >= loop->timers.slot_count)
        return;
    struct event_timer *t = loop->timers.slots[slot];
    if (!t->is_waiting || timer_name(t) != timer)
        return;
    (void)uv_timer_stop(&t->uv);
    give_back(t);
}

static void free_timer(uv_handle_t *uv)
{
    free(uv->data);
}

void event_timers_close(struct event_loop *loop)
{
    for (size_t i = 0; i < loop->timers.slot_count; i++)
        uv_close((uv_handle_t *)&loop->timers.slots[i]->uv, free_timer);
    free((void *)loop->timers.slots);
    loop->timers = (struct event_timers){.slots = NULL};
}
