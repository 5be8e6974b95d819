#include "fakes/fake_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/builder.h"

#define EVENTS_MAX 4096
#define NAMES_MAX 64

struct event {
    int64_t at_ms;
    uint64_t order;
    void (*call)(void *cookie);
    void *cookie;
    bool is_timer;
};

struct fake_loop {
    int64_t now_ms;
    uint64_t next_order;
    struct event events[EVENTS_MAX];
    size_t count;
    bool is_worker_stopped;
    uint64_t job_count;
    struct fake_host hosts[FAKE_HOSTS_MAX];
    size_t host_count;
    struct {
        char what[64];
        unsigned count;
    } names[NAMES_MAX];
    size_t name_count;
};

struct fake_loop *fake_loop_new(int64_t now_ms)
{
    struct fake_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        abort();
    loop->now_ms = now_ms;
    loop->next_order = 1;
    return loop;
}

void fake_loop_free(struct fake_loop *loop)
{
    free(loop);
}

static uint64_t add(struct fake_loop *loop, uint64_t delay_ms, void (*call)(void *), void *cookie, bool is_timer)
{
    if (loop->count == EVENTS_MAX)
        abort();
    loop->events[loop->count++] =
        (struct event){loop->now_ms + (int64_t)delay_ms, loop->next_order, call, cookie, is_timer};
    return loop->next_order++;
}

void fake_loop_later(struct fake_loop *loop, uint64_t delay_ms, void (*call)(void *cookie), void *cookie)
{
    (void)add(loop, delay_ms, call, cookie, false);
}

bool fake_loop_step(struct fake_loop *loop, uint64_t limit_ms)
{
    size_t first = 0;
    for (size_t i = 1; i < loop->count; i++) {
        const struct event *a = &loop->events[i], *b = &loop->events[first];
        if (a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order))
            first = i;
    }
    if (loop->count == 0 || loop->events[first].at_ms > loop->now_ms + (int64_t)limit_ms)
        return false;
    struct event event = loop->events[first];
    loop->events[first] = loop->events[--loop->count];
    if (event.at_ms > loop->now_ms)
        loop->now_ms = event.at_ms;
    event.call(event.cookie);
    return true;
}

void fake_loop_run(struct fake_loop *loop, uint64_t duration_ms)
{
    int64_t end_ms = loop->now_ms + (int64_t)duration_ms;
    while (loop->now_ms <= end_ms && fake_loop_step(loop, (uint64_t)(end_ms - loop->now_ms)))
        ;
    loop->now_ms = end_ms;
}

/* ---- ports ---- */

static int64_t now_ms(void *context)
{
    const struct fake_loop *loop = context;
    return loop->now_ms;
}

int64_t fake_loop_now_ms(const struct fake_loop *loop)
{
    return loop->now_ms;
}

struct clock_port fake_loop_clock(struct fake_loop *loop)
{
    return (struct clock_port){loop, now_ms};
}

static uint64_t start_timer(void *context, uint64_t delay_ms, void (*fire)(void *cookie), void *cookie)
{
    return add(context, delay_ms, fire, cookie, true);
}

static void cancel_timer(void *context, uint64_t timer)
{
    struct fake_loop *loop = context;
    for (size_t i = 0; i < loop->count; i++) {
        if (!loop->events[i].is_timer || loop->events[i].order != timer)
            continue;
        loop->events[i] = loop->events[--loop->count];
        return;
    }
}

struct timer_port fake_loop_timer(struct fake_loop *loop)
{
    return (struct timer_port){loop, start_timer, cancel_timer};
}

struct job {
    struct fake_loop *loop;
    void (*run)(void *cookie);
    void (*done)(void *cookie);
    void *cookie;
};

static void finish_job(void *context)
{
    struct job job = *(struct job *)context;
    free(context);
    job.done(job.cookie);
}

static void run_job(void *context)
{
    struct job *job = context;
    if (job->loop->is_worker_stopped) {
        free(job);
        return;
    }
    job->loop->job_count++;
    job->run(job->cookie);
    fake_loop_later(job->loop, 0, finish_job, job);
}

static void submit(void *context, void (*run)(void *cookie), void (*done)(void *cookie), void *cookie)
{
    struct job *job = malloc(sizeof *job);
    if (job == NULL)
        abort();
    *job = (struct job){context, run, done, cookie};
    fake_loop_later(context, 0, run_job, job);
}

struct work_port fake_loop_work(struct fake_loop *loop)
{
    return (struct work_port){loop, submit};
}

void fake_loop_stop_worker(struct fake_loop *loop)
{
    loop->is_worker_stopped = true;
}

uint64_t fake_loop_job_count(const struct fake_loop *loop)
{
    return loop->job_count;
}

static void report(void *context, enum event_level level, const char *what, const struct event_field *fields,
                   size_t field_count)
{
    struct fake_loop *loop = context;
    if (getenv("FAKE_LOOP_VERBOSE") != NULL) {
        (void)fprintf(stderr, "[%lld] %d %s", (long long)loop->now_ms, (int)level, what);
        for (size_t i = 0; i < field_count; i++)
            (void)fprintf(stderr, " %s=\"%s\"", fields[i].name, fields[i].value);
        (void)fputc('\n', stderr);
    }
    size_t i = 0;
    while (i < loop->name_count && strcmp(loop->names[i].what, what) != 0)
        i++;
    if (i == NAMES_MAX)
        abort();
    if (i == loop->name_count) {
        loop->name_count++;
        (void)snprintf(loop->names[i].what, sizeof loop->names[i].what, "%s", what);
    }
    loop->names[i].count++;
}

struct events_port fake_loop_events(struct fake_loop *loop)
{
    return (struct events_port){loop, report};
}

unsigned fake_loop_event_count(const struct fake_loop *loop, const char *what)
{
    for (size_t i = 0; i < loop->name_count; i++)
        if (strcmp(loop->names[i].what, what) == 0)
            return loop->names[i].count;
    return 0;
}

/* ---- requests ---- */

struct exchange {
    struct fake_loop *loop;
    struct fake_answer answer;
    fetch_done *done;
    void *cookie;
};

void fake_loop_add_host(struct fake_loop *loop, const struct fake_host *host)
{
    if (loop->host_count == FAKE_HOSTS_MAX)
        abort();
    loop->hosts[loop->host_count++] = *host;
}

static void deliver(void *cookie)
{
    struct exchange *x = cookie;
    struct fetch_response response = {.failure = x->answer.failure, .failure_text = ""};
    if (response.failure != FETCH_NO_FAILURE) {
        response.failure_text = "the test says so";
    } else {
        response.status = x->answer.status;
        response.body = builder_view(&x->answer.body);
        if (x->answer.content_type != NULL)
            response.content_type = bytes_of_text(x->answer.content_type);
        if (x->answer.retry_after != NULL)
            response.retry_after = bytes_of_text(x->answer.retry_after);
    }
    x->done(x->cookie, &response);
    builder_clear(&x->answer.body);
    free(x);
}

static enum status start_fetch(void *context, const struct fetch_request *request, fetch_done *done, void *cookie,
                               struct error *err)
{
    struct fake_loop *loop = context;
    (void)err;
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL)
        abort();
    *x = (struct exchange){.loop = loop, .done = done, .cookie = cookie};
    builder_init(&x->answer.body, (size_t)1 << 22);
    x->answer.failure = FETCH_CONNECT;
    for (size_t i = 0; i < loop->host_count; i++) {
        const struct fake_host *host = &loop->hosts[i];
        size_t len = strlen(host->prefix);
        if (strncmp(request->url, host->prefix, len) != 0 || request->url[len] != '/')
            continue;
        x->answer.failure = FETCH_NO_FAILURE;
        host->answer(host->context, request->url + len + 1, request, &x->answer);
        break;
    }
    /* An answer that does not come in time never comes. */
    if (x->answer.delay_ms > request->timeout_ms) {
        x->answer.failure = FETCH_TIMEOUT;
        x->answer.delay_ms = request->timeout_ms;
    }
    fake_loop_later(loop, x->answer.delay_ms, deliver, x);
    return STATUS_OK;
}

struct fetch_port fake_loop_fetch(struct fake_loop *loop)
{
    return (struct fetch_port){loop, start_fetch};
}
