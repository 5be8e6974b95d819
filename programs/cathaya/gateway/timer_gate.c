#include "gateway/timer_gate.h"

#include <stdlib.h>

struct gated_timer {
    struct timer_gate *gate;
    struct gated_timer *next;
    uint64_t id, timer;
    void (*fire)(void *cookie);
    void *cookie;
};

struct timer_gate {
    struct timer_port timers;
    struct gated_timer *waiting;
    uint64_t last_id;
    bool is_closed;
};

enum status timer_gate_new(struct timer_port timers, struct timer_gate **out, struct error *err)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    (*out)->timers = timers;
    return STATUS_OK;
}

static struct gated_timer *take(struct timer_gate *gate, uint64_t id)
{
    for (struct gated_timer **at = &gate->waiting; *at != NULL; at = &(*at)->next) {
        struct gated_timer *found = *at;
        if (found->id == id) {
            *at = found->next;
            return found;
        }
    }
    return NULL;
}

static void on_time(void *cookie)
{
    struct gated_timer *t = take(((struct gated_timer *)cookie)->gate, ((struct gated_timer *)cookie)->id);
    void (*fire)(void *) = t->fire;
    void *fire_cookie = t->cookie;
    free(t);
    fire(fire_cookie);
}

static uint64_t start(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    struct timer_gate *gate = context;
    uint64_t id = ++gate->last_id;
    if (gate->is_closed)
        return id;
    struct gated_timer *t = malloc(sizeof *t);
    if (t == NULL)
        abort();
    *t = (struct gated_timer){.gate = gate, .next = gate->waiting, .id = id, .fire = fire, .cookie = cookie};
    gate->waiting = t;
    t->timer = gate->timers.start(gate->timers.context, delay_ms, on_time, t);
    return id;
}

static void cancel(void *context, uint64_t id)
{
    struct timer_gate *gate = context;
    struct gated_timer *t = take(gate, id);
    if (t == NULL)
        return;
    gate->timers.cancel(gate->timers.context, t->timer);
    free(t);
}

struct timer_port timer_gate_port(struct timer_gate *gate)
{
    return (struct timer_port){gate, start, cancel};
}

void timer_gate_close(struct timer_gate *gate)
{
    gate->is_closed = true;
    while (gate->waiting != NULL)
        cancel(gate, gate->waiting->id);
}

void timer_gate_free(struct timer_gate *gate)
{
    if (gate == NULL)
        return;
    timer_gate_close(gate);
    free(gate);
}
