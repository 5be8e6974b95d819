#include "service/service_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "output.h"

static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
#define SIGNAL_COUNT (sizeof numbers / sizeof numbers[0])

struct service_run {
    struct event_loop *loop;
    struct timer_port timers;
    struct service_callbacks callbacks;
    struct events_port *events;
    struct event_signal *signals[SIGNAL_COUNT];
    uint64_t stop_timer, watchdog_timer, watchdog_ms;
    bool is_stopping, is_running, is_finished;
};

static void end_now(void *cookie)
{
    struct service_run *run = cookie;
    run->stop_timer = 0;
    events_report(run->events, EVENT_WARNING, "stopped-early",
                  {"reason", "not everything was finished in time"});
    service_run_finished(run);
}

static void stop(struct service_run *run, int number)
{
    if (run->is_stopping) {
        events_report(run->events, EVENT_WARNING, "stopped-early", {"reason", "a second signal"});
        service_run_finished(run);
        return;
    }
    run->is_stopping = true;
    (void)sd_notify(0, "STOPPING=1");
    const char *name = number == SIGINT ? "SIGINT" : "SIGTERM";
    events_report(run->events, EVENT_INFO, "stopping", {"signal", name});
    run->stop_timer = run->timers.start(run->timers.context, SERVICE_RUN_STOP_MS, end_now, run);
    run->callbacks.stop(run->callbacks.context);
}

static void reload(struct service_run *run)
{
    struct timespec now = {0};
    if (run->is_stopping || run->callbacks.reload == NULL)
        return;
    /* The time is what systemd's Type=notify-reload wants. */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                     (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    events_report(run->events, EVENT_INFO, "reloading", {"signal", "SIGHUP"});
    run->callbacks.reload(run->callbacks.context);
    (void)sd_notify(0, "READY=1");
}

static void on_signal(void *cookie, int number)
{
    struct service_run *run = cookie;
    if (number == SIGHUP)
        reload(run);
    else if (number != SIGUSR2)
        stop(run, number);
    else if (!run->is_stopping && run->callbacks.restart != NULL)
        run->callbacks.restart(run->callbacks.context);
}

static void feed_watchdog(void *cookie)
{
    struct service_run *run = cookie;
    (void)sd_notify(0, "WATCHDOG=1");
    run->watchdog_timer =
        run->timers.start(run->timers.context, run->watchdog_ms, feed_watchdog, run);
}

/* Every connection, fetch and database is a descriptor, and a process gets 1,024 unless it asks. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

enum status service_run_new(const struct service_callbacks *callbacks, struct events_port *events,
                            struct service_run **out, struct error *err)
{
    *out = NULL;
    struct service_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return error_set(err, STATUS_NO_MEMORY, "service: out of memory");
    run->callbacks = *callbacks;
    run->events = events;
    raise_descriptor_limit();
    enum status s = event_loop_new(&run->loop, err);
    if (s == STATUS_OK)
        run->timers = event_loop_timers(run->loop);
    for (size_t i = 0; s == STATUS_OK && i < SIGNAL_COUNT; i++)
        s = event_loop_signal(run->loop, numbers[i], on_signal, run, &run->signals[i], err);
    if (s != STATUS_OK) {
        service_run_free(run);
        return s;
    }
    *out = run;
    return STATUS_OK;
}

struct event_loop *service_run_loop(struct service_run *run)
{
    return run->loop;
}

void service_run_announce(const char *name, const char *address)
{
    output_line("ready %s %s", name, address);
}

void service_run_until_stopped(struct service_run *run, bool is_announced)
{
    uint64_t watchdog_us = 0;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
        run->watchdog_ms = watchdog_us / 2000;
        feed_watchdog(run);
    }
    if (is_announced)
        output_line("ready");
    /* Whoever waits for these lines reads them from a pipe. */
    (void)fflush(stdout);
    (void)sd_notify(0, "READY=1");
    run->is_running = true;
    while (!run->is_finished)
        event_loop_run(run->loop);
    run->is_running = false;
}

void service_run_finished(struct service_run *run)
{
    run->is_finished = true;
    if (run->is_running)
        event_loop_stop(run->loop);
}

bool service_run_is_stopping(const struct service_run *run)
{
    return run->is_stopping;
}

void service_run_free(struct service_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < SIGNAL_COUNT; i++)
        event_signal_free(run->signals[i]);
    if (run->loop != NULL) {
        run->timers.cancel(run->timers.context, run->stop_timer);
        run->timers.cancel(run->timers.context, run->watchdog_timer);
    }
    event_loop_free(run->loop);
    free(run);
}
