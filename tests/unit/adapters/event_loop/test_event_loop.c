/* The event loop: order of things in a round, timers by name, jobs, descriptors and signals. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/checks.h"

#include "adapters/event_loop/event_loop.h"
#include "adapters/event_loop/serial_worker.h"

struct world {
    struct event_loop *loop;
    struct timer_port timers;
    char said[256]; /* one letter per thing that happened */
};

static void say(struct world *w, char what)
{
    size_t len = strlen(w->said);
    assert_true(len + 1 < sizeof w->said);
    w->said[len] = what;
}

static int set_up(void **state)
{
    struct error err;
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    OK(event_loop_new(&w->loop, &err));
    w->timers = event_loop_timers(w->loop);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    event_loop_free(w->loop);
    free(w);
    return 0;
}

static void say_a(void *cookie)
{
    say(cookie, 'a');
}

static void say_b(void *cookie)
{
    say(cookie, 'b');
}

static void stop(void *cookie)
{
    struct world *w = cookie;
    say(w, '.');
    event_loop_stop(w->loop);
}

static void timers_fire_in_the_order_of_their_times(void **state)
{
    struct world *w = *state;
    uint64_t late = w->timers.start(w->timers.context, 20, stop, w);
    uint64_t b = w->timers.start(w->timers.context, 10, say_b, w);
    uint64_t a = w->timers.start(w->timers.context, 0, say_a, w);
    assert_true(a != 0 && b != 0 && late != 0 && a != b);
    assert_string_equal(w->said, "");
    event_loop_run(w->loop);
    assert_string_equal(w->said, "ab.");
}

static void a_cancelled_timer_does_not_fire_and_its_name_is_not_used_again(void **state)
{
    struct world *w = *state;
    uint64_t a = w->timers.start(w->timers.context, 0, say_a, w);
    w->timers.cancel(w->timers.context, a);
    uint64_t b = w->timers.start(w->timers.context, 0, say_b, w);
    assert_true(a != b);
    w->timers.cancel(w->timers.context, a);
    w->timers.cancel(w->timers.context, 0);
    w->timers.cancel(w->timers.context, UINT64_MAX);
    (void)w->timers.start(w->timers.context, 5, stop, w);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "b.");
}

static void many_timers(void **state)
{
    struct world *w = *state;
    uint64_t names[200];
    for (size_t i = 0; i < LENGTH(names); i++)
        names[i] = w->timers.start(w->timers.context, 1000000, say_a, w);
    for (size_t i = 1; i < LENGTH(names); i++)
        w->timers.cancel(w->timers.context, names[i]);
    (void)w->timers.start(w->timers.context, 1, stop, w);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "."); /* the one that waits is forgotten with the loop */
}

struct pipe_end {
    struct world *w;
    int fd;
    char name;
    struct event_watch *watch;
};

static void on_pipe(void *cookie, unsigned events)
{
    struct pipe_end *end = cookie;
    char c;
    assert_true((events & EVENT_READABLE) != 0);
    if (read(end->fd, &c, 1) == 1)
        say(end->w, end->name);
    else
        event_watch_free(end->watch);
}

static void hook(void *cookie)
{
    struct world *w = cookie;
    if (w->said[0] != '\0')
        say(w, '|');
    if (strlen(w->said) > 3)
        event_loop_stop(w->loop);
}

static void a_hook_runs_once_after_all_events_of_a_round(void **state)
{
    struct world *w = *state;
    struct error err;
    int one[2], two[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
    struct pipe_end a = {.w = w, .fd = one[0], .name = 'x'}, b = {.w = w, .fd = two[0], .name = 'x'};
    assert_true(write(one[1], "1", 1) == 1 && write(two[1], "2", 1) == 1);
    OK(event_loop_watch(w->loop, one[0], EVENT_READABLE, on_pipe, &a, &a.watch, &err));
    OK(event_loop_watch(w->loop, two[0], EVENT_READABLE, on_pipe, &b, &b.watch, &err));
    struct event_hook *h = event_loop_at_end_of_round(w->loop, hook, w);
    (void)w->timers.start(w->timers.context, 3, say_a, w);
    event_loop_run(w->loop);
    /* Both descriptors, then the hook; the timer, then the hook; and the last one before returning. */
    assert_string_equal(w->said, "xx|a||");
    event_hook_free(h);
    event_watch_free(a.watch);
    event_watch_free(b.watch);
    for (int i = 0; i < 2; i++) {
        (void)close(one[i]);
        (void)close(two[i]);
    }
}

static void a_watch_that_frees_itself_and_one_that_is_off(void **state)
{
    struct world *w = *state;
    struct error err;
    int one[2], off[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, one), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, off), 0);
    struct pipe_end a = {.w = w, .fd = one[0], .name = 'x'}, b = {.w = w, .fd = off[0], .name = 'y'};
    assert_true(write(one[1], "1", 1) == 1 && write(off[1], "2", 1) == 1);
    (void)close(one[1]); /* read gives 0 in the end: on_pipe frees its watch */
    OK(event_loop_watch(w->loop, one[0], EVENT_READABLE, on_pipe, &a, &a.watch, &err));
    OK(event_loop_watch(w->loop, off[0], 0, on_pipe, &b, &b.watch, &err));
    (void)w->timers.start(w->timers.context, 5, stop, w);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "x.");
    event_watch_change(b.watch, EVENT_READABLE);
    (void)w->timers.start(w->timers.context, 5, stop, w);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "x.y.");
    event_watch_free(b.watch);
    (void)close(one[0]);
    (void)close(off[0]);
    (void)close(off[1]);
}

static void on_broken_pipe(void *cookie, unsigned events)
{
    struct pipe_end *end = cookie;
    say(end->w, (events & EVENT_FAILED) != 0 && (events & EVENT_WRITABLE) != 0 ? 'f' : '?');
    if (strlen(end->w->said) == 2)
        event_loop_stop(end->w->loop);
    else
        event_watch_change(end->watch, EVENT_WRITABLE);
}

static void a_descriptor_that_failed_is_reported(void **state)
{
    struct world *w = *state;
    struct error err;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct pipe_end a = {.w = w};
    (void)close(ends[0]);
    OK(event_loop_watch(w->loop, ends[1], EVENT_WRITABLE, on_broken_pipe, &a, &a.watch, &err));
    event_loop_run(w->loop);
    assert_string_equal(w->said, "ff");
    event_watch_free(a.watch);
    (void)close(ends[1]);
}

static void a_regular_file_cannot_be_watched(void **state)
{
    struct world *w = *state;
    struct error err;
    struct event_watch *watch;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_says(event_loop_watch(w->loop, fileno(file), EVENT_READABLE, on_pipe, NULL, &watch, &err),
                &err, STATUS_IO, "cannot be watched");
    assert_null(watch);
    (void)fclose(file);
}

/* ---- jobs ---- */

struct job {
    struct world *w;
    pthread_t thread;
    int number, *order;
    bool is_run;
};

static void run_job(void *cookie)
{
    struct job *job = cookie;
    job->thread = pthread_self();
    job->is_run = true;
}

static void job_done(void *cookie)
{
    struct job *job = cookie;
    assert_true(job->is_run);
    assert_false(pthread_equal(job->thread, pthread_self()));
    say(job->w, (char)('0' + job->number));
    if (strlen(job->w->said) == 8)
        event_loop_stop(job->w->loop);
}

static void the_pool_runs_elsewhere_and_answers_here(void **state)
{
    struct world *w = *state;
    struct work_port pool = event_loop_pool(w->loop);
    struct job jobs[8] = {{.w = NULL}};
    for (int i = 0; i < 8; i++) {
        jobs[i] = (struct job){.w = w, .number = i};
        pool.submit(pool.context, run_job, job_done, &jobs[i]);
    }
    assert_string_equal(w->said, "");
    event_loop_run(w->loop);
    assert_int_equal(strlen(w->said), 8);
}

static void freeing_the_loop_waits_for_the_pool(void **state)
{
    struct world *w = *state;
    struct work_port pool = event_loop_pool(w->loop);
    struct job job = {.w = w, .number = 1};
    pool.submit(pool.context, run_job, job_done, &job);
    event_loop_free(w->loop);
    w->loop = NULL;
    assert_string_equal(w->said, "1");
}

static void a_serial_worker_keeps_the_order(void **state)
{
    struct world *w = *state;
    struct error err;
    struct serial_worker *worker;
    OK(serial_worker_new(w->loop, &worker, &err));
    struct work_port port = serial_worker_port(worker);
    struct job jobs[8] = {{.w = NULL}};
    for (int i = 0; i < 8; i++) {
        jobs[i] = (struct job){.w = w, .number = i};
        port.submit(port.context, run_job, job_done, &jobs[i]);
    }
    assert_int_equal(serial_worker_waiting_count(worker), 8);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "01234567");
    for (int i = 1; i < 8; i++)
        assert_true(pthread_equal(jobs[0].thread, jobs[i].thread));
    serial_worker_free(worker);
}

struct chain {
    struct world *w;
    struct work_port port;
    int left;
};

static void run_nothing(void *cookie)
{
    (void)cookie;
}

static void submit_next(void *cookie)
{
    struct chain *chain = cookie;
    say(chain->w, 'c');
    if (--chain->left > 0)
        chain->port.submit(chain->port.context, run_nothing, submit_next, chain);
}

static void freeing_a_serial_worker_drains_it(void **state)
{
    struct world *w = *state;
    struct error err;
    struct serial_worker *worker;
    OK(serial_worker_new(w->loop, &worker, &err));
    struct chain chain = {.w = w, .port = serial_worker_port(worker), .left = 3};
    chain.port.submit(chain.port.context, run_nothing, submit_next, &chain);
    serial_worker_free(worker);
    assert_string_equal(w->said, "ccc");
    serial_worker_free(NULL);
}

/* ---- signals and stopping ---- */

static void on_signal(void *cookie, int number)
{
    struct world *w = cookie;
    say(w, number == SIGHUP ? 'h' : '?');
    event_loop_stop(w->loop);
}

static void a_signal_is_called_back(void **state)
{
    struct world *w = *state;
    struct error err;
    struct event_signal *handler;
    OK(event_loop_signal(w->loop, SIGHUP, on_signal, w, &handler, &err));
    assert_int_equal(raise(SIGHUP), 0);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "h");
    event_signal_free(handler);
    assert_says(event_loop_signal(w->loop, SIGKILL, on_signal, w, &handler, &err), &err, STATUS_USAGE,
                "signal 9");
}

static void *stop_from_elsewhere(void *argument)
{
    event_loop_stop(argument);
    return NULL;
}

static void another_thread_may_stop(void **state)
{
    struct world *w = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, stop_from_elsewhere, w->loop), 0);
    event_loop_run(w->loop);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

/* ---- calls from other threads ---- */

#define POSTS 1000

struct poster {
    struct event_loop *to, *own;
    size_t count, *come;
    pthread_t thread;
};

static void count_one(void *cookie)
{
    struct poster *p = cookie;
    /* In their order, on the thread that was meant. */
    assert_true(pthread_equal(pthread_self(), p->thread) != 0);
    if (++*p->come == p->count)
        event_loop_stop(p->to);
}

static void *post_all(void *argument)
{
    struct poster *p = argument;
    for (size_t i = 0; i < POSTS; i++)
        event_loop_post(p->to, count_one, p);
    return NULL;
}

static void other_threads_may_post(void **state)
{
    struct world *w = *state;
    pthread_t threads[2];
    size_t come = 0;
    struct poster p = {.to = w->loop, .count = 2 * POSTS, .come = &come, .thread = pthread_self()};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_all, &p), 0);
    event_loop_run(w->loop);
    assert_int_equal(come, 2 * POSTS);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void post_b(void *cookie)
{
    struct world *w = cookie;
    say(w, 'a');
    event_loop_post(w->loop, say_b, w);
}

static void posts_keep_their_order_and_are_not_lost_when_the_loop_goes(void **state)
{
    struct world *w = *state;
    event_loop_post(w->loop, post_b, w);
    event_loop_post(w->loop, stop, w);
    event_loop_run(w->loop);
    assert_memory_equal(w->said, "a.", 2);
    event_loop_post(w->loop, say_a, w);
    event_loop_free(w->loop);
    assert_string_equal(w->said, "a.ba");
    w->loop = NULL;
}

/* ---- several loops in one process ---- */

static void answer(void *cookie)
{
    struct poster *p = cookie;
    event_loop_post(p->to, count_one, p);
    event_loop_stop(p->own);
}

static void *run_own(void *argument)
{
    struct poster *p = argument;
    event_loop_run(p->own);
    return NULL;
}

static void each_thread_may_have_a_loop_and_signals_stay_with_one(void **state)
{
    struct world *w = *state;
    struct error err;
    struct event_signal *handler;
    pthread_t threads[2];
    struct poster posters[2];
    size_t come = 0;
    OK(event_loop_signal(w->loop, SIGHUP, on_signal, w, &handler, &err));
    for (size_t i = 0; i < 2; i++) {
        posters[i] = (struct poster){.to = w->loop, .count = 2, .come = &come, .thread = pthread_self()};
        OK(event_loop_new(&posters[i].own, &err));
        assert_int_equal(pthread_create(&threads[i], NULL, run_own, &posters[i]), 0);
    }
    assert_int_equal(raise(SIGHUP), 0);
    event_loop_run(w->loop);
    assert_string_equal(w->said, "h");
    for (size_t i = 0; i < 2; i++)
        event_loop_post(posters[i].own, answer, &posters[i]);
    event_loop_run(w->loop);
    assert_int_equal(come, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        event_loop_free(posters[i].own);
    }
    event_signal_free(handler);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(timers_fire_in_the_order_of_their_times),
        TEST(a_cancelled_timer_does_not_fire_and_its_name_is_not_used_again),
        TEST(many_timers),
        TEST(a_hook_runs_once_after_all_events_of_a_round),
        TEST(a_watch_that_frees_itself_and_one_that_is_off),
        TEST(a_descriptor_that_failed_is_reported),
        TEST(a_regular_file_cannot_be_watched),
        TEST(the_pool_runs_elsewhere_and_answers_here),
        TEST(freeing_the_loop_waits_for_the_pool),
        TEST(a_serial_worker_keeps_the_order),
        TEST(freeing_a_serial_worker_drains_it),
        TEST(a_signal_is_called_back),
        TEST(another_thread_may_stop),
        TEST(other_threads_may_post),
        TEST(posts_keep_their_order_and_are_not_lost_when_the_loop_goes),
        TEST(each_thread_may_have_a_loop_and_signals_stay_with_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
