/* event_loop_parts.h - what the files of this layer share. Nobody else includes uv.h or this. */
#ifndef CATHAYA_ADAPTERS_EVENT_LOOP_EVENT_LOOP_PARTS_H
#define CATHAYA_ADAPTERS_EVENT_LOOP_EVENT_LOOP_PARTS_H

#include <uv.h>

#include "adapters/event_loop/event_loop.h"

struct event_timer;

/* A timer's handle is used again and again; its name is slot + 1 and how often the slot was used. */
struct event_timers {
    struct event_timer **slots;
    size_t slot_count, slot_cap;
    struct event_timer *free_list;
};

struct event_post;

struct event_loop {
    uv_loop_t uv;
    uv_async_t stop;
    struct event_posts {
        uv_async_t wake;
        uv_mutex_t lock; /* of the list */
        struct event_post *first, **end;
        struct event_post *due; /* being called; the loop's thread alone */
    } posts;
    uv_prepare_t end_of_round;
    struct event_timers timers;
    struct event_hook *hooks;
    size_t pool_job_count;
};

/* event_loop_memory allocates zeroed memory or ends the process. */
void *event_loop_memory(size_t size);

/* event_posts_init gives libuv's error number. event_posts_close calls what has been posted first. */
MUST_USE int event_posts_init(struct event_loop *loop);
void event_posts_close(struct event_loop *loop);

uint64_t event_timers_start(void *context, uint64_t delay_ms, void (*fire)(void *cookie),
                            void *cookie);
void event_timers_cancel(void *context, uint64_t timer);
/* event_timers_close stops all of them; their memory goes when the loop has closed them. */
void event_timers_close(struct event_loop *loop);

#endif
