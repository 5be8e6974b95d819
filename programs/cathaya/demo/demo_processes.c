#include "demo/demo_processes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "demo/demo.h"
#include "input.h"
#include "output.h"

/* How often is_done is asked: nothing is slowed down by it, and it costs nothing. */
#define ASK_MS 5
/* Services finish what they have acknowledged; who needs longer than this hangs. */
#define END_MS 15000
#define READY_S 60
#define LOG_MAX ((size_t)1 << 20)

/* ---- what happened ---- */

static void drain(struct demo_process *p)
{
    char piece[4096];
    ssize_t len;
    if (p->out < 0)
        return;
    while ((len = read(p->out, piece, sizeof piece)) > 0 || (len < 0 && errno == EINTR))
        if (len > 0 && p->output.len + (size_t)len <= DEMO_PROCESS_OUTPUT_MAX)
            builder_bytes(&p->output, bytes_of(piece, (size_t)len));
    if (len < 0 && errno == EAGAIN && p->pid != 0)
        return;
    event_watch_free(p->watch);
    p->watch = NULL;
    (void)close(p->out);
    p->out = -1;
}

static void on_output(void *cookie, unsigned events)
{
    (void)events;
    drain(cookie);
}

static void on_child(void *cookie, int number)
{
    struct demo_processes *all = cookie;
    (void)number;
    for (size_t i = 0; i < all->count; i++) {
        struct demo_process *p = &all->list[i];
        int how = 0;
        if (p->pid == 0 || waitpid(p->pid, &how, WNOHANG) != p->pid)
            continue;
        p->pid = 0;
        p->exit_status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
        p->ended_s = (double)demo_clock_ns() / 1e9;
        drain(p);
    }
}

static void on_stop(void *cookie, int number)
{
    struct demo_processes *all = cookie;
    (void)number;
    all->is_stopping = true;
}

/* ---- starting ---- */

enum status demo_processes_open(struct demo_processes *all, struct event_loop *loop, const char *directory,
                                struct error *err)
{
    ssize_t len = readlink("/proc/self/exe", all->self, sizeof all->self - 1);
    all->loop = loop;
    if (len < 0)
        return error_set(err, STATUS_IO, "/proc/self/exe: %s", strerror(errno));
    all->self[len] = '\0';
    (void)snprintf(all->directory, sizeof all->directory, "%s", directory);
    enum status s = event_loop_signal(loop, SIGCHLD, on_child, all, &all->signals[0], err);
    if (s == STATUS_OK)
        s = event_loop_signal(loop, SIGTERM, on_stop, all, &all->signals[1], err);
    return s == STATUS_OK ? event_loop_signal(loop, SIGINT, on_stop, all, &all->signals[2], err) : s;
}

bool demo_processes_find(const char *name)
{
    char path[DEMO_LOG_PATH_SIZE];
    const char *at = getenv("PATH");
    while (at != NULL && *at != '\0') {
        size_t len = strcspn(at, ":");
        int fit = snprintf(path, sizeof path, "%.*s/%s", (int)len, at, name);
        if (fit > 0 && (size_t)fit < sizeof path && access(path, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* In the child, between fork and exec. It dies with the demo, and a Ctrl-C is for the demo alone, which ends it. */
static _Noreturn void become(const char *path, char *const *arguments, char *const *environment, int out, int log, pid_t parent)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0 && dup2(log, STDERR_FILENO) >= 0)
        (void)execvpe(path, arguments, environment);
    _exit(127);
}

static enum status fork_child(struct demo_process *p, const char *const *arguments, const char *environment, int out, int log,
                              struct error *err)
{
    extern char **environ;
    char *list[DEMO_ARGUMENTS_MAX + 1] = {NULL};
    char *setting = environment != NULL ? strdup(environment) : NULL;
    size_t count = 0, variables = 0;
    while (environ[variables] != NULL)
        variables++;
    char **settings = calloc(variables + 2, sizeof *settings);
    while (count < DEMO_ARGUMENTS_MAX && arguments[count] != NULL) {
        list[count] = strdup(arguments[count]);
        count++;
    }
    enum status s = STATUS_OK;
    if (settings == NULL || (environment != NULL && setting == NULL)) {
        s = error_set(err, STATUS_NO_MEMORY, "out of memory");
    } else {
        /* The first of two equal names counts. */
        settings[0] = setting;
        memcpy(settings + (setting != NULL), environ, variables * sizeof *settings);
        const char *path = strcmp(arguments[0], "cathaya") == 0 ? p->all->self : arguments[0];
        pid_t parent = getpid(), pid = fork();
        if (pid == 0)
            become(path, list, settings, out, log, parent);
        p->pid = pid > 0 ? pid : 0;
        if (pid < 0)
            s = error_set(err, STATUS_IO, "%s: fork: %s", p->name, strerror(errno));
    }
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(setting);
    free(settings);
    return s;
}

enum status demo_processes_start(struct demo_processes *all, const char *name, const char *const *arguments,
                                 const char *environment, struct demo_process **out, struct error *err)
{
    int ends[2] = {-1, -1};
    if (all->count == DEMO_PROCESSES_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d processes", DEMO_PROCESSES_MAX);
    struct demo_process *p = &all->list[all->count];
    *p = (struct demo_process){.all = all, .out = -1, .started_s = (double)demo_clock_ns() / 1e9};
    (void)snprintf(p->name, sizeof p->name, "%s", name);
    if (snprintf(p->log, sizeof p->log, "%s/%s.log", all->directory, name) >= (int)sizeof p->log)
        return error_set(err, STATUS_USAGE, "%.80s...: path too long", all->directory);
    int log = open(p->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        (void)error_set(err, STATUS_IO, "%s: %s", p->log, strerror(errno));
        if (log >= 0)
            (void)close(log);
        return STATUS_IO;
    }
    builder_init(&p->output, DEMO_PROCESS_OUTPUT_MAX);
    p->out = ends[0];
    all->count++;
    enum status s = fork_child(p, arguments, environment, ends[1], log, err);
    (void)close(ends[1]);
    (void)close(log);
    if (s == STATUS_OK)
        s = event_loop_watch(all->loop, p->out, EVENT_READABLE, on_output, p, &p->watch, err);
    *out = p;
    return s;
}

/* ---- waiting ---- */

struct waiting {
    struct demo_processes *all;
    bool (*is_done)(void *context);
    void *context;
    uint64_t until_ns, timer;
    enum status status;
    struct error *err;
    const char *what;
};

static const struct demo_process *dead_service(const struct demo_processes *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->list[i].is_service && all->list[i].pid == 0)
            return &all->list[i];
    return NULL;
}

static void ask(void *cookie)
{
    struct waiting *w = cookie;
    struct timer_port timers = event_loop_timers(w->all->loop);
    const struct demo_process *dead = dead_service(w->all);
    if (w->all->is_stopping) {
        w->status = error_set(w->err, STATUS_AGAIN, "stopped by a signal");
    } else if (w->is_done(w->context)) {
        w->status = STATUS_OK;
    } else if (dead != NULL) {
        w->status = demo_process_failed(dead, w->err);
    } else if (demo_clock_ns() > w->until_ns) {
        w->status = error_set(w->err, STATUS_IO, "%s: not done in time", w->what);
    } else {
        w->timer = timers.start(timers.context, ASK_MS, ask, w);
        return;
    }
    event_loop_stop(w->all->loop);
}

enum status demo_processes_wait(struct demo_processes *all, bool (*is_done)(void *context), void *context,
                                unsigned timeout_s, const char *what, struct error *err)
{
    struct waiting w = {.all = all, .is_done = is_done, .context = context, .err = err, .what = what,
                        .until_ns = demo_clock_ns() + (uint64_t)timeout_s * 1000000000U};
    struct timer_port timers = event_loop_timers(all->loop);
    w.timer = timers.start(timers.context, 0, ask, &w);
    event_loop_run(all->loop);
    return w.status;
}

enum status demo_process_failed(const struct demo_process *process, struct error *err)
{
    struct builder log;
    struct error unread;
    builder_init(&log, LOG_MAX);
    if (input_read(process->log, LOG_MAX, &log, &unread) != STATUS_OK)
        builder_reset(&log);
    size_t end = log.len;
    while (end > 0 && log.data[end - 1] == '\n')
        end--;
    size_t start = end;
    while (start > 0 && log.data[start - 1] != '\n')
        start--;
    enum status s = error_set(err, STATUS_REFUSED, "%s ended with status %d: %.*s (%s)", process->name, process->exit_status,
                              (int)(end - start > 200 ? 200 : end - start),
                              end > start ? (const char *)log.data + start : "", process->log);
    builder_clear(&log);
    return s;
}

/* ---- a service of ours ---- */

static bool has_line(const struct demo_process *p, const char *begin, char *rest, size_t rest_size)
{
    size_t at = 0, len = strlen(begin);
    while (at < p->output.len) {
        const char *line = (const char *)p->output.data + at;
        const char *end = memchr(line, '\n', p->output.len - at);
        if (end == NULL)
            return false;
        size_t line_len = (size_t)(end - line);
        if (line_len >= len && memcmp(line, begin, len) == 0 && (rest != NULL || line_len == len)) {
            if (rest != NULL)
                (void)snprintf(rest, rest_size, "%.*s", (int)(line_len - len), line + len);
            return true;
        }
        at += line_len + 1;
    }
    return false;
}

static bool is_ready_or_dead(void *context)
{
    const struct demo_process *p = context;
    return p->pid == 0 || has_line(p, "ready", NULL, 0);
}

enum status demo_process_wait_ready(struct demo_process *process, const char *kind,
                                    char address[DEMO_ADDRESS_SIZE], struct error *err)
{
    char begin[64];
    (void)snprintf(begin, sizeof begin, "ready %s ", kind);
    enum status s = demo_processes_wait(process->all, is_ready_or_dead, process, READY_S, process->name, err);
    if (s == STATUS_OK && process->pid == 0)
        s = demo_process_failed(process, err);
    if (s == STATUS_OK && !has_line(process, begin, address, DEMO_ADDRESS_SIZE))
        s = error_set(err, STATUS_REFUSED, "%s: no address of %s", process->name, kind);
    process->is_service = s == STATUS_OK;
    return s;
}

/* ---- a program ---- */

static bool has_ended(void *context)
{
    const struct demo_process *p = context;
    return p->pid == 0;
}

enum status demo_process_finish(struct demo_process *process, unsigned timeout_s, struct error *err)
{
    enum status s = demo_processes_wait(process->all, has_ended, process, timeout_s, process->name, err);
    return s == STATUS_OK && process->exit_status != 0 ? demo_process_failed(process, err) : s;
}

enum status demo_processes_run(struct demo_processes *all, const char *name, const char *const *arguments,
                               struct demo_process **out, struct error *err)
{
    enum status s = demo_processes_start(all, name, arguments, NULL, out, err);
    return s == STATUS_OK ? demo_process_finish(*out, READY_S, err) : s;
}

enum status demo_processes_ask(struct demo_processes *all, const char *name, const char *const *arguments,
                               struct demo_process **out, struct error *err)
{
    enum status s = demo_processes_run(all, name, arguments, out, err);
    return s != STATUS_OK && *out != NULL && (*out)->pid == 0 && (*out)->exit_status == EXIT_NO ? STATUS_OK : s;
}

/* ---- the end ---- */

/* Also what a program has started itself: a child has a group of its own. */
static void send_signal(const struct demo_process *p, int number)
{
    if (kill(-p->pid, number) != 0)
        (void)kill(p->pid, number);
}

static void end_one(struct demo_processes *all, struct demo_process *p, uint64_t until_ns)
{
    if (p->pid != 0)
        send_signal(p, SIGTERM);
    while (p->pid != 0) {
        struct timespec pause = {.tv_nsec = ASK_MS * 1000000};
        (void)nanosleep(&pause, NULL);
        drain(p);
        if (demo_clock_ns() > until_ns)
            send_signal(p, SIGKILL);
        on_child(all, SIGCHLD);
    }
    drain(p);
    builder_clear(&p->output);
}

/* Without the loop: nothing else is to happen any more. One after the other: a CA ends before those that it needs. */
void demo_processes_end(struct demo_processes *all)
{
    uint64_t until_ns = demo_clock_ns() + (uint64_t)END_MS * 1000000U;
    for (size_t i = all->count; i-- > 0;)
        end_one(all, &all->list[i], until_ns);
    for (size_t i = 0; i < 3; i++)
        event_signal_free(all->signals[i]);
    *all = (struct demo_processes){.count = 0};
}
