#include "fakes/fake_timer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    uint64_t id;
    int64_t due_ms;
    void (*fire)(void *cookie);
    void *cookie;
};

struct fake_timer {
    int64_t now_ms;
    uint64_t last_id;
    struct entry *entries;
    size_t count, cap;
};

struct fake_timer *fake_timer_new(int64_t now_ms)
{
    struct fake_timer *t = calloc(1, sizeof *t);
    if (t == NULL)
        abort();
    t->now_ms = now_ms;
    return t;
}

void fake_timer_free(struct fake_timer *t)
{
    if (t == NULL)
        return;
    free(t->entries);
    free(t);
}

static uint64_t start(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    struct fake_timer *t = context;
    if (t->count == t->cap) {
        t->cap = t->cap * 2 + 16;
        t->entries = realloc(t->entries, t->cap * sizeof *t->entries);
        if (t->entries == NULL)
            abort();
    }
    t->entries[t->count++] = (struct entry){++t->last_id, t->now_ms + (int64_t)delay_ms, fire, cookie};
    return t->last_id;
}

static void remove_at(struct fake_timer *t, size_t i)
{
    for (t->count--; i < t->count; i++)
        t->entries[i] = t->entries[i + 1];
}

static void cancel(void *context, uint64_t timer)
{
    struct fake_timer *t = context;
    if (timer > t->last_id) {
        (void)fprintf(stderr, "fake_timer: a timer that was never started is cancelled\n");
        abort();
    }
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].id == timer) {
            remove_at(t, i);
            return;
        }
}

struct timer_port fake_timer_port(struct fake_timer *t)
{
    return (struct timer_port){t, start, cancel};
}

static int64_t now_ms(void *context)
{
    return ((struct fake_timer *)context)->now_ms;
}

struct clock_port fake_timer_clock(struct fake_timer *t)
{
    return (struct clock_port){t, now_ms};
}

/* The first that is due, by time and then by order of starting. */
static bool run_one(struct fake_timer *t, int64_t until_ms)
{
    size_t best = t->count;
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].due_ms <= until_ms &&
            (best == t->count || t->entries[i].due_ms < t->entries[best].due_ms))
            best = i;
    if (best == t->count)
        return false;
    struct entry entry = t->entries[best];
    remove_at(t, best);
    if (t->now_ms < entry.due_ms)
        t->now_ms = entry.due_ms;
    entry.fire(entry.cookie);
    return true;
}

size_t fake_timer_run(struct fake_timer *t)
{
    size_t count = 0;
    while (run_one(t, t->now_ms))
        count++;
    return count;
}

void fake_timer_advance(struct fake_timer *t, uint64_t delay_ms)
{
    int64_t until_ms = t->now_ms + (int64_t)delay_ms;
    while (run_one(t, until_ms))
        continue;
    t->now_ms = until_ms;
}

size_t fake_timer_pending(const struct fake_timer *t)
{
    return t->count;
}
