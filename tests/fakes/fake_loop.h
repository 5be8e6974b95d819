/* fake_loop.h - an event loop whose time is the test's: timers, a worker and requests that end later, in the
 * order of their times. Nothing is called from within the call that asked for it. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_LOOP_H
#define CATHAYA_TESTS_FAKES_FAKE_LOOP_H

#include "base/builder.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/timer.h"
#include "ports/work.h"

struct fake_loop;

struct fake_loop *fake_loop_new(int64_t now_ms);
/* fake_loop_free forgets what is still to come; jobs and requests that have not ended are a mistake of the
 * test unless fake_loop_drop said otherwise. */
void fake_loop_free(struct fake_loop *loop);

struct clock_port fake_loop_clock(struct fake_loop *loop);
struct timer_port fake_loop_timer(struct fake_loop *loop);
struct work_port fake_loop_work(struct fake_loop *loop);
/* Reports go to stderr when FAKE_LOOP_VERBOSE is set; they are counted by name. */
struct events_port fake_loop_events(struct fake_loop *loop);
unsigned fake_loop_event_count(const struct fake_loop *loop, const char *what);

int64_t fake_loop_now_ms(const struct fake_loop *loop);
void fake_loop_later(struct fake_loop *loop, uint64_t delay_ms, void (*call)(void *cookie), void *cookie);

/* fake_loop_run goes on for so long; fake_loop_step calls the one that is next, false when there is none up to
 * limit_ms from now. */
void fake_loop_run(struct fake_loop *loop, uint64_t duration_ms);
bool fake_loop_step(struct fake_loop *loop, uint64_t limit_ms);

/* fake_loop_stop_worker: the worker does nothing any more, as if the process were gone: jobs stay undone. */
void fake_loop_stop_worker(struct fake_loop *loop);
uint64_t fake_loop_job_count(const struct fake_loop *loop);

/* ---- requests ---- */

struct fake_answer {
    enum fetch_failure failure;
    int status;
    const char *content_type;
    const char *retry_after; /* NULL: none */
    struct builder body;
    uint64_t delay_ms;
};

/* Whoever answers at URLs that begin with prefix. */
struct fake_host {
    const char *prefix;
    void *context;
    /* path: what follows the prefix and a slash. */
    void (*answer)(void *context, const char *path, const struct fetch_request *request, struct fake_answer *out);
};

#define FAKE_HOSTS_MAX 8
void fake_loop_add_host(struct fake_loop *loop, const struct fake_host *host);
struct fetch_port fake_loop_fetch(struct fake_loop *loop);

#endif
