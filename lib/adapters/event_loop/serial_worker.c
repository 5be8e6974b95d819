#include "adapters/event_loop/serial_worker.h"

#include <stdlib.h>

#include "adapters/event_loop/event_loop_parts.h"

struct job {
    void (*run)(void *cookie);
    void (*done)(void *cookie);
    void *cookie;
    struct job *next;
};

struct job_list {
    struct job *first, **end;
};

struct serial_worker {
    uv_async_t has_finished;
    uv_thread_t thread;
    uv_mutex_t lock; /* of everything below but waiting_count */
    uv_cond_t changed;
    struct job_list queue, finished;
    bool is_ending;
    size_t waiting_count; /* the loop's thread alone */
};

static void list_init(struct job_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->end = job;
    list->end = &job->next;
}

static struct job *list_take(struct job_list *list)
{
    struct job *job = list->first;
    if (job == NULL)
        return NULL;
    list->first = job->next;
    if (list->first == NULL)
        list->end = &list->first;
    return job;
}

static void work(void *argument)
{
    struct serial_worker *w = argument;
    uv_mutex_lock(&w->lock);
    for (;;) {
        struct job *job = list_take(&w->queue);
        if (job == NULL && w->is_ending)
            break;
        if (job == NULL) {
            uv_cond_wait(&w->changed, &w->lock);
            continue;
        }
        uv_mutex_unlock(&w->lock);
        job->run(job->cookie);
        uv_mutex_lock(&w->lock);
        list_add(&w->finished, job);
        uv_cond_broadcast(&w->changed);
        (void)uv_async_send(&w->has_finished);
    }
    uv_mutex_unlock(&w->lock);
}

/* One at a time: done may submit, or run a loop of its own that comes here again. */
static void deliver(struct serial_worker *w)
{
    for (;;) {
        uv_mutex_lock(&w->lock);
        struct job *job = list_take(&w->finished);
        uv_mutex_unlock(&w->lock);
        if (job == NULL)
            return;
        struct job done = *job;
        free(job);
        w->waiting_count--;
        done.done(done.cookie);
    }
}

static void on_finished(uv_async_t *uv)
{
    deliver(uv->data);
}

static void free_worker(uv_handle_t *uv)
{
    struct serial_worker *w = uv->data;
    uv_cond_destroy(&w->changed);
    uv_mutex_destroy(&w->lock);
    free(w);
}

enum status serial_worker_new(struct event_loop *loop, struct serial_worker **out, struct error *err)
{
    *out = NULL;
    struct serial_worker *w = calloc(1, sizeof *w);
    if (w == NULL)
        return error_set(err, STATUS_NO_MEMORY, "serial worker: out of memory");
    list_init(&w->queue);
    list_init(&w->finished);
    int result = uv_mutex_init(&w->lock);
    if (result != 0) {
        free(w);
        return error_set(err, STATUS_IO, "serial worker: %s", uv_strerror(result));
    }
    result = uv_cond_init(&w->changed);
    if (result == 0) {
        result = uv_async_init(&loop->uv, &w->has_finished, on_finished);
        if (result != 0)
            uv_cond_destroy(&w->changed);
    }
    if (result != 0) {
        uv_mutex_destroy(&w->lock);
        free(w);
        return error_set(err, STATUS_IO, "serial worker: %s", uv_strerror(result));
    }
    w->has_finished.data = w;
    result = uv_thread_create(&w->thread, work, w);
    if (result != 0) {
        uv_close((uv_handle_t *)&w->has_finished, free_worker);
        return error_set(err, STATUS_IO, "serial worker: %s", uv_strerror(result));
    }
    *out = w;
    return STATUS_OK;
}

static void submit(void *context, void (*run)(void *cookie), void (*done)(void *cookie), void *cookie)
{
    struct serial_worker *w = context;
    struct job *job = event_loop_memory(sizeof *job);
    *job = (struct job){.run = run, .done = done, .cookie = cookie};
    w->waiting_count++;
    uv_mutex_lock(&w->lock);
    list_add(&w->queue, job);
    uv_cond_broadcast(&w->changed);
    uv_mutex_unlock(&w->lock);
}

struct work_port serial_worker_port(struct serial_worker *worker)
{
    return (struct work_port){.context = worker, .submit = submit};
}

size_t serial_worker_waiting_count(const struct serial_worker *worker)
{
    return worker->waiting_count;
}

void serial_worker_free(struct serial_worker *worker)
{
    if (worker == NULL)
        return;
    while (worker->waiting_count > 0) {
        uv_mutex_lock(&worker->lock);
        while (worker->finished.first == NULL)
            uv_cond_wait(&worker->changed, &worker->lock);
        uv_mutex_unlock(&worker->lock);
        deliver(worker);
    }
    uv_mutex_lock(&worker->lock);
    worker->is_ending = true;
    uv_cond_broadcast(&worker->changed);
    uv_mutex_unlock(&worker->lock);
    (void)uv_thread_join(&worker->thread);
    uv_close((uv_handle_t *)&worker->has_finished, free_worker);
}
