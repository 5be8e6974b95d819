#include "adapters/event_loop/event_loop.h"

#include <signal.h>
#include <stdlib.h>

#include "adapters/event_loop/event_loop_parts.h"

void *event_loop_memory(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL)
        abort(); /* lint-allow: abort, because the ports that need this have no way to fail */
    return memory;
}

/* ---- the end of a round ---- */

struct event_hook {
    void (*callback)(void *cookie); /* NULL: freed while hooks were being called */
    void *cookie;
    struct event_loop *loop;
    struct event_hook *next;
};

static void drop_freed_hooks(struct event_loop *loop)
{
    struct event_hook **at = &loop->hooks;
    while (*at != NULL) {
        struct event_hook *hook = *at;
        if (hook->callback == NULL) {
            *at = hook->next;
            free(hook);
        } else {
            at = &hook->next;
        }
    }
}

static void call_hooks(struct event_loop *loop)
{
    drop_freed_hooks(loop);
    for (struct event_hook *hook = loop->hooks; hook != NULL; hook = hook->next)
        if (hook->callback != NULL)
            hook->callback(hook->cookie);
}

/* libuv's round is timers, "prepare", waiting and descriptors (finished jobs are one), closing. So
 * prepare comes after the descriptors of the last wait and the timers that are due now, and the wait
 * after it takes into account what hooks have started. */
static void on_end_of_round(uv_prepare_t *uv)
{
    call_hooks(uv->data);
}

struct event_hook *event_loop_at_end_of_round(struct event_loop *loop, void (*callback)(void *cookie),
                                              void *cookie)
{
    struct event_hook *hook = event_loop_memory(sizeof *hook);
    *hook = (struct event_hook){.callback = callback, .cookie = cookie, .loop = loop};
    struct event_hook **at = &loop->hooks;
    while (*at != NULL)
        at = &(*at)->next;
    *at = hook;
    return hook;
}

void event_hook_free(struct event_hook *hook)
{
    /* The list may be on its way through this hook: it goes before the next round's hooks. */
    if (hook != NULL)
        hook->callback = NULL;
}

/* ---- the loop ---- */

static void on_stop(uv_async_t *uv)
{
    uv_stop(uv->loop);
}

enum status event_loop_new(struct event_loop **out, struct error *err)
{
    *out = NULL;
    struct event_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return error_set(err, STATUS_NO_MEMORY, "event loop: out of memory");
    (void)signal(SIGPIPE, SIG_IGN);
    int result = uv_loop_init(&loop->uv);
    if (result != 0) {
        free(loop);
        return error_set(err, STATUS_IO, "event loop: %s", uv_strerror(result));
    }
    result = uv_async_init(&loop->uv, &loop->stop, on_stop);
    if (result == 0) {
        result = event_posts_init(loop);
        if (result != 0) {
            uv_close((uv_handle_t *)&loop->stop, NULL);
            (void)uv_run(&loop->uv, UV_RUN_ONCE);
        }
    }
    if (result != 0) {
        (void)uv_loop_close(&loop->uv);
        free(loop);
        return error_set(err, STATUS_IO, "event loop: %s", uv_strerror(result));
    }
    (void)uv_prepare_init(&loop->uv, &loop->end_of_round);
    loop->end_of_round.data = loop;
    (void)uv_prepare_start(&loop->end_of_round, on_end_of_round);
    *out = loop;
    return STATUS_OK;
}

void event_loop_free(struct event_loop *loop)
{
    if (loop == NULL)
        return;
    while (loop->pool_job_count > 0)
        (void)uv_run(&loop->uv, UV_RUN_ONCE);
    event_posts_close(loop);
    event_timers_close(loop);
    uv_close((uv_handle_t *)&loop->stop, NULL);
    uv_close((uv_handle_t *)&loop->end_of_round, NULL);
    while (uv_run(&loop->uv, UV_RUN_ONCE) != 0)
        ;
    (void)uv_loop_close(&loop->uv);
    while (loop->hooks != NULL) {
        struct event_hook *next = loop->hooks->next;
        free(loop->hooks);
        loop->hooks = next;
    }
    free(loop);
}

void event_loop_run(struct event_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    call_hooks(loop);
}

void event_loop_stop(struct event_loop *loop)
{
    (void)uv_async_send(&loop->stop);
}

uint64_t event_loop_now_ms(const struct event_loop *loop)
{
    return uv_now(&loop->uv);
}

/* ---- ports ---- */

struct timer_port event_loop_timers(struct event_loop *loop)
{
    return (struct timer_port){
        .context = loop, .start = event_timers_start, .cancel = event_timers_cancel};
}

struct pool_job {
    uv_work_t uv;
    struct event_loop *loop;
    void (*run)(void *cookie);
    void (*done)(void *cookie);
    void *cookie;
};

static void run_job(uv_work_t *uv)
{
    const struct pool_job *job = uv->data;
    job->run(job->cookie);
}

static void finish_job(uv_work_t *uv, int result)
{
    struct pool_job job = *(struct pool_job *)uv->data;
    (void)result; /* nothing here cancels */
    free(uv->data);
    job.loop->pool_job_count--;
    job.done(job.cookie);
}

static void submit_to_pool(void *context, void (*run)(void *cookie), void (*done)(void *cookie),
                           void *cookie)
{
    struct event_loop *loop = context;
    struct pool_job *job = event_loop_memory(sizeof *job);
    *job = (struct pool_job){.loop = loop, .run = run, .done = done, .cookie = cookie};
    job->uv.data = job;
    loop->pool_job_count++;
    (void)uv_queue_work(&loop->uv, &job->uv, run_job, finish_job);
}

struct work_port event_loop_pool(struct event_loop *loop)
{
    return (struct work_port){.context = loop, .submit = submit_to_pool};
}

/* ---- descriptors ---- */

struct event_watch {
    uv_poll_t uv;
    unsigned events;
    event_watch_callback *callback;
    void *cookie;
};

static void free_watch(uv_handle_t *uv)
{
    free(uv->data);
}

static void on_poll(uv_poll_t *uv, int result, int events)
{
    struct event_watch *watch = uv->data;
    unsigned seen = 0;
    /* libuv has stopped it: the same events set again have to start it. */
    if (result < 0)
        watch->events = 0;
    if ((events & UV_READABLE) != 0)
        seen |= EVENT_READABLE;
    if ((events & UV_WRITABLE) != 0)
        seen |= EVENT_WRITABLE;
    if (result < 0)
        seen = EVENT_READABLE | EVENT_WRITABLE | EVENT_FAILED;
    watch->callback(watch->cookie, seen);
}

static int start_watch(struct event_watch *watch, unsigned events)
{
    int wanted = ((events & EVENT_READABLE) != 0 ? UV_READABLE : 0) |
                 ((events & EVENT_WRITABLE) != 0 ? UV_WRITABLE : 0);
    watch->events = events;
    return wanted == 0 ? uv_poll_stop(&watch->uv) : uv_poll_start(&watch->uv, wanted, on_poll);
}

enum status event_loop_watch(struct event_loop *loop, int fd, unsigned events,
                             event_watch_callback *callback, void *cookie, struct event_watch **out,
                             struct error *err)
{
    *out = NULL;
    struct event_watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return error_set(err, STATUS_NO_MEMORY, "event loop: out of memory");
    int result = uv_poll_init(&loop->uv, &watch->uv, fd);
    if (result != 0) {
        free(watch);
        return error_set(err, STATUS_IO, "descriptor cannot be watched: %s", uv_strerror(result));
    }
    watch->uv.data = watch;
    watch->callback = callback;
    watch->cookie = cookie;
    result = start_watch(watch, events);
    if (result != 0) {
        event_watch_free(watch);
        return error_set(err, STATUS_IO, "descriptor cannot be watched: %s", uv_strerror(result));
    }
    *out = watch;
    return STATUS_OK;
}

void event_watch_change(struct event_watch *watch, unsigned events)
{
    if (watch->events != events)
        (void)start_watch(watch, events);
}

void event_watch_free(struct event_watch *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->uv, free_watch);
}

/* ---- signals ---- */

struct event_signal {
    uv_signal_t uv;
    void (*callback)(void *cookie, int number);
    void *cookie;
};

static void free_signal(uv_handle_t *uv)
{
    free(uv->data);
}

static void on_signal(uv_signal_t *uv, int number)
{
    const struct event_signal *handler = uv->data;
    handler->callback(handler->cookie, number);
}

enum status event_loop_signal(struct event_loop *loop, int number,
                              void (*callback)(void *cookie, int number), void *cookie,
                              struct event_signal **out, struct error *err)
{
    *out = NULL;
    struct event_signal *handler = calloc(1, sizeof *handler);
    if (handler == NULL)
        return error_set(err, STATUS_NO_MEMORY, "event loop: out of memory");
    int result = uv_signal_init(&loop->uv, &handler->uv);
    if (result != 0) {
        free(handler);
        return error_set(err, STATUS_IO, "signal %d: %s", number, uv_strerror(result));
    }
    handler->uv.data = handler;
    handler->callback = callback;
    handler->cookie = cookie;
    result = uv_signal_start(&handler->uv, on_signal, number);
    if (result != 0) {
        event_signal_free(handler);
        return error_set(err, STATUS_USAGE, "signal %d: %s", number, uv_strerror(result));
    }
    *out = handler;
    return STATUS_OK;
}

void event_signal_free(struct event_signal *handler)
{
    if (handler != NULL)
        uv_close((uv_handle_t *)&handler->uv, free_signal);
}
