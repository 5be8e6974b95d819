#include "service/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adapters/posix/posix_clock.h"

#define POLL_MS 10
#define VARIABLES_MAX 64

/* ---- starting ---- */

struct spawning {
    char *arguments[CHILD_PROCESS_ARGUMENTS_MAX + 2], *variables[VARIABLES_MAX + 2];
    char *environment; /* a copy that variables point into */
    int input[2];      /* a pipe; -1: none */
};

static enum status fill(const struct child_process *child, struct spawning *s, struct error *err)
{
    size_t count = 0;
    s->arguments[0] = strdup(child->program);
    for (size_t i = 0; i < CHILD_PROCESS_ARGUMENTS_MAX && child->arguments != NULL && child->arguments[i] != NULL; i++)
        if ((s->arguments[i + 1] = strdup(child->arguments[i])) == NULL)
            return error_set(err, STATUS_NO_MEMORY, "out of memory");
    s->environment = malloc(child->environment.len + 1);
    s->variables[count++] = strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (s->arguments[0] == NULL || s->environment == NULL || s->variables[0] == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    if (child->environment.len > 0)
        memcpy(s->environment, child->environment.data, child->environment.len);
    s->environment[child->environment.len] = '\0';
    for (size_t at = 0; at < child->environment.len && count <= VARIABLES_MAX; at += strlen(s->environment + at) + 1)
        s->variables[count++] = s->environment + at;
    return STATUS_OK;
}

static void clear(struct spawning *s)
{
    for (size_t i = 0; s->arguments[i] != NULL; i++)
        free(s->arguments[i]);
    free(s->variables[0]);
    free(s->environment);
}

/* A group of its own, so that what it has started ends with it; no signal is blocked or ignored in it. Its output is ours, so that
 * what it complains about is in the service's log. */
static int spawn(const struct child_process *child, struct spawning *s, pid_t *pid)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    sigset_t all, none;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0)
        return error;
    (void)posix_spawn_file_actions_init(&files);
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setpgroup(&attributes, 0);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    if (s->input[0] >= 0)
        (void)posix_spawn_file_actions_adddup2(&files, s->input[0], STDIN_FILENO);
    else
        (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
    error = posix_spawn(pid, child->program, &files, &attributes, s->arguments, s->variables);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return error;
}

/* ---- waiting ---- */

/* What the child does not read is its own affair: SIGPIPE is ignored in services. */
static void write_input(int fd, struct bytes input, int64_t end_ms)
{
    while (input.len > 0 && posix_clock_monotonic_ms() < end_ms) {
        ssize_t n = write(fd, input.data, input.len);
        if (n > 0) {
            input = bytes_of(input.data + n, input.len - (size_t)n);
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return;
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        (void)poll(&wait, 1, POLL_MS);
    }
}

static bool wait_for(pid_t pid, int64_t end_ms, int *wait_status)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    while (posix_clock_monotonic_ms() < end_ms) {
        pid_t ended = waitpid(pid, wait_status, WNOHANG);
        if (ended == pid)
            return true;
        if (ended < 0 && errno != EINTR)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(-pid, SIGKILL);
    (void)waitpid(pid, wait_status, 0);
    return false;
}

static enum status judge(const struct child_process *child, bool has_ended, int wait_status, struct error *err)
{
    if (!has_ended)
        return error_set(err, STATUS_IO, "%s: no end after %d s", child->program,
                         (int)(child->limit_ms / 1000));
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
        return STATUS_OK;
    return error_set(err, STATUS_IO, "%s: exit status %d", child->program,
                     WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

enum status child_process_run(const struct child_process *child, struct error *err)
{
    struct spawning s = {.input = {-1, -1}};
    int64_t end_ms = posix_clock_monotonic_ms() + child->limit_ms;
    pid_t pid = 0;
    int wait_status = 0;
    enum status status = fill(child, &s, err);
    if (status == STATUS_OK && child->input.len > 0 && pipe2(s.input, O_CLOEXEC) != 0)
        status = error_set(err, STATUS_IO, "%s: no pipe: %s", child->program, strerror(errno));
    int error = status == STATUS_OK ? spawn(child, &s, &pid) : 0;
    if (error != 0)
        status = error_set(err, STATUS_IO, "%s cannot be started: %s", child->program, strerror(error));
    if (s.input[0] >= 0)
        (void)close(s.input[0]);
    if (status == STATUS_OK && s.input[1] >= 0) {
        (void)fcntl(s.input[1], F_SETFL, O_NONBLOCK);
        write_input(s.input[1], child->input, end_ms);
    }
    if (s.input[1] >= 0)
        (void)close(s.input[1]);
    if (status == STATUS_OK) {
        bool has_ended = wait_for(pid, end_ms, &wait_status);
        status = judge(child, has_ended, wait_status, err);
    }
    clear(&s);
    return status;
}
