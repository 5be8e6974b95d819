#include "gateway/gateway_restart.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/reader.h"
#include "base/text.h"

#define SOCKETS_NAME "CATHAYA_GATEWAY_SOCKETS"
#define READY_NAME "CATHAYA_GATEWAY_READY"
/* Reading state and binding nothing takes less than a second; after this the new process is given up. */
#define READY_MS 30000
#define TEXT_MAX 65536

extern char **environ;

struct gateway_restart {
    struct gateway_restart_settings settings;
    struct timer_port timers;
    char program[PATH_MAX];
    pid_t pid; /* 0: none is being started */
    int pipe;
    struct event_watch *watch;
    uint64_t timer;
};

enum status gateway_restart_new(const struct gateway_restart_settings *settings, struct gateway_restart **out,
                                struct error *err)
{
    struct gateway_restart *r = calloc(1, sizeof *r);
    *out = r;
    if (r == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    r->settings = *settings;
    r->timers = event_loop_timers(settings->loop);
    r->pipe = -1;
    ssize_t len = readlink("/proc/self/exe", r->program, sizeof r->program - 1);
    if (len > 0)
        r->program[len] = '\0';
    return STATUS_OK;
}

static void stop_watching(struct gateway_restart *r)
{
    event_watch_free(r->watch);
    r->watch = NULL;
    r->timers.cancel(r->timers.context, r->timer);
    r->timer = 0;
    if (r->pipe >= 0)
        (void)close(r->pipe);
    r->pipe = -1;
}

void gateway_restart_free(struct gateway_restart *r)
{
    if (r == NULL)
        return;
    stop_watching(r);
    free(r);
}

/* ---- the old process ---- */

static void finish(struct gateway_restart *r, bool is_taken_over)
{
    int status = 0;
    stop_watching(r);
    if (!is_taken_over && r->pid > 0) {
        (void)kill(r->pid, SIGKILL);
        (void)waitpid(r->pid, &status, 0);
    }
    r->pid = 0;
    r->settings.done(r->settings.context, is_taken_over);
}

static void on_pipe(void *cookie, unsigned events)
{
    struct gateway_restart *r = cookie;
    char byte = 0;
    (void)events;
    ssize_t len = read(r->pipe, &byte, 1);
    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (len != 1)
        events_report(r->settings.events, EVENT_ERROR, "restart-failed",
                      {"reason", "the new process ended before it served; its last lines say why"});
    finish(r, len == 1);
}

static void on_time(void *cookie)
{
    struct gateway_restart *r = cookie;
    r->timer = 0;
    events_report(r->settings.events, EVENT_ERROR, "restart-failed", {"reason", "the new process did not serve in time"});
    finish(r, false);
}

static void write_sockets(const struct proxy *proxy, char *out, size_t size)
{
    size_t len = (size_t)snprintf(out, size, "%s=", SOCKETS_NAME);
    for (size_t i = 0; i < proxy_listener_count(proxy) && len < size; i++) {
        struct proxy_listener_info info;
        proxy_listener(proxy, i, &info);
        len += (size_t)snprintf(out + len, size - len, "%d:%s,", (int)info.kind, info.address);
        for (size_t j = 0; j < info.fd_count && len < size; j++)
            len += (size_t)snprintf(out + len, size - len, "%d,", info.fds[j]);
        if (len < size)
            len += (size_t)snprintf(out + len, size - len, ";");
    }
}

/* A descriptor is put onto itself: in the child it is not closed by exec. */
static int hand_over(posix_spawn_file_actions_t *actions, const struct proxy *proxy, int pipe_end)
{
    int error = posix_spawn_file_actions_adddup2(actions, pipe_end, pipe_end);
    for (size_t i = 0; error == 0 && i < proxy_listener_count(proxy); i++) {
        struct proxy_listener_info info;
        proxy_listener(proxy, i, &info);
        for (size_t j = 0; error == 0 && j < info.fd_count; j++)
            error = posix_spawn_file_actions_adddup2(actions, info.fds[j], info.fds[j]);
    }
    return error;
}

/* The environment of this process and the two variables. Who feeds systemd's watchdog is the new process. */
static char **make_environment(char *sockets, char *ready)
{
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    char **out = calloc(count + 3, sizeof *out);
    for (size_t i = 0; out != NULL && i < count; i++)
        if (strncmp(environ[i], "CATHAYA_GATEWAY_", 16) != 0 && strncmp(environ[i], "WATCHDOG_PID=", 13) != 0)
            out[kept++] = environ[i];
    if (out != NULL) {
        out[kept++] = sockets;
        out[kept] = ready;
    }
    return out;
}

static int spawn(struct gateway_restart *r, int pipe_end)
{
    char gateway[] = "gateway", run[] = "run", option[] = "--config", ready[64];
    char *sockets = malloc(TEXT_MAX), *path = strdup(r->settings.config_path);
    char *argv[] = {r->program, gateway, run, option, path, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    (void)sigemptyset(&none);
    (void)snprintf(ready, sizeof ready, "%s=%d", READY_NAME, pipe_end);
    if (sockets != NULL)
        write_sockets(r->settings.proxy, sockets, TEXT_MAX);
    char **environment = make_environment(sockets, ready);
    int error = sockets == NULL || path == NULL || environment == NULL ? ENOMEM : posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        (void)posix_spawnattr_init(&attributes);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
        error = hand_over(&actions, r->settings.proxy, pipe_end);
        if (error == 0)
            error = posix_spawn(&r->pid, r->program, &actions, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    free(sockets);
    free(path);
    free(environment);
    return error;
}

void gateway_restart_start(struct gateway_restart *r)
{
    struct error err;
    int ends[2];
    if (r->pid != 0)
        return;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        events_report(r->settings.events, EVENT_ERROR, "restart-failed", {"reason", strerror(errno)});
        return;
    }
    r->settings.prepare(r->settings.context);
    int error = spawn(r, ends[1]);
    (void)close(ends[1]);
    r->pipe = ends[0];
    if (error == 0 && event_loop_watch(r->settings.loop, r->pipe, EVENT_READABLE, on_pipe, r, &r->watch, &err) != STATUS_OK)
        error = ENOMEM;
    if (error != 0) {
        events_report(r->settings.events, EVENT_ERROR, "restart-failed", {"program", r->program},
                      {"reason", strerror(error)});
        finish(r, false);
        return;
    }
    r->timer = r->timers.start(r->timers.context, READY_MS, on_time, r);
}

/* ---- the new process ---- */

/* What is not wanted any more ends with the old process. */
static enum status take_over(struct proxy *proxy, struct bytes address, const int *fds, size_t count,
                             enum proxy_listener_kind kind, const struct gateway_restart_wanted *wanted, struct error *err)
{
    char text[PROXY_ADDRESS_SIZE];
    (void)snprintf(text, sizeof text, "%.*s", (int)address.len, (const char *)address.data);
    if (wanted->is_wanted(wanted->context, text, kind))
        return proxy_listen_inherited(proxy, fds, count, kind, err);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
    return STATUS_OK;
}

static enum status listen_group(struct proxy *proxy, struct reader *group, const struct gateway_restart_wanted *wanted,
                                struct error *err)
{
    struct bytes kind, address, fd;
    uint64_t value = 0;
    int fds[PROXY_WORKERS_MAX];
    size_t count = 0;
    bool is_good = reader_until(group, ':', &kind) && text_parse_u64(kind, PROXY_TCP, &value) &&
                   reader_until(group, ',', &address);
    enum proxy_listener_kind listener_kind = (enum proxy_listener_kind)value;
    while (is_good && !reader_is_at_end(group)) {
        is_good = reader_until(group, ',', &fd) && count < PROXY_WORKERS_MAX && text_parse_u64(fd, INT_MAX, &value);
        if (is_good) {
            fds[count++] = (int)value;
            (void)fcntl((int)value, F_SETFD, FD_CLOEXEC);
        }
    }
    return is_good ? take_over(proxy, address, fds, count, listener_kind, wanted, err)
                   : error_set(err, STATUS_USAGE, SOCKETS_NAME ": not what a gateway hands over");
}

enum status gateway_restart_listen(struct proxy *proxy, const struct gateway_restart_wanted *wanted, struct error *err)
{
    struct reader all, group;
    struct bytes text;
    const char *value = getenv(SOCKETS_NAME);
    enum status s = STATUS_OK;
    if (value == NULL)
        return error_set(err, STATUS_NOT_FOUND, "no sockets were handed over");
    reader_init(&all, bytes_of_text(value));
    while (s == STATUS_OK && !reader_is_at_end(&all)) {
        if (!reader_until(&all, ';', &text))
            return error_set(err, STATUS_USAGE, SOCKETS_NAME ": cut short");
        reader_init(&group, text);
        s = listen_group(proxy, &group, wanted, err);
    }
    (void)unsetenv(SOCKETS_NAME);
    return s;
}

void gateway_restart_report(void)
{
    uint64_t fd = 0;
    const char *value = getenv(READY_NAME);
    if (value == NULL || !text_parse_u64(bytes_of_text(value), INT_MAX, &fd))
        return;
    /* Before the old process ends, or systemd would take that for the end of the service. */
    (void)sd_notifyf(0, "MAINPID=%ld", (long)getpid());
    (void)!write((int)fd, "R", 1);
    (void)close((int)fd);
    (void)unsetenv(READY_NAME);
}
