#include "gateway/dns_hook.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define VALUE_MAX 255
#define POLL_MS 20

struct hook_run {
    const char *program;
    char name[DNS_HOOK_NAME_MAX + 1], value[VALUE_MAX + 1];
    bool is_present;
    enum status status;
    struct error err;
    dns_hook_done *done;
    void *cookie;
};

/* A child's end by waitpid, or by SIGKILL when its time is over. */
static bool wait_for(pid_t pid, int *wait_status)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    for (unsigned waited_ms = 0; waited_ms < DNS_HOOK_MS; waited_ms += POLL_MS) {
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

/* A group of its own, so that what it has started ends with it; no signal is blocked or ignored in it. */
static int spawn(const struct hook_run *run, pid_t *pid)
{
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char present[] = "present", clean[] = "clean";
    char *program = strdup(run->program), *name = strdup(run->name), *value = strdup(run->value);
    char *argv[] = {program, run->is_present ? present : clean, name, value, NULL}, *environment[] = {path, NULL};
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int error = program == NULL || name == NULL || value == NULL ? ENOMEM : posix_spawnattr_init(&attributes);
    if (error == 0) {
        (void)sigfillset(&all);
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setpgroup(&attributes, 0);
        (void)posix_spawnattr_setflags(&attributes,
                                       POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
        error = posix_spawn(pid, run->program, NULL, &attributes, argv, environment);
        (void)posix_spawnattr_destroy(&attributes);
    }
    free(program);
    free(name);
    free(value);
    return error;
}

static void run_program(void *cookie)
{
    struct hook_run *run = cookie;
    pid_t pid = 0;
    int wait_status = 0, error = spawn(run, &pid);
    if (error != 0)
        run->status = error_set(&run->err, STATUS_IO, "dns-hook: %s cannot be started: %s", run->program,
                                strerror(error));
    else if (!wait_for(pid, &wait_status))
        run->status = error_set(&run->err, STATUS_IO, "dns-hook: %s %s %s: no end after %d s", run->program,
                                run->is_present ? "present" : "clean", run->name, DNS_HOOK_MS / 1000);
    else if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
        run->status = error_set(&run->err, STATUS_IO, "dns-hook: %s %s %s: exit status %d", run->program,
                                run->is_present ? "present" : "clean", run->name,
                                WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
}

static void finish(void *cookie)
{
    struct hook_run *run = cookie;
    run->done(run->cookie, run->status, &run->err);
    free(run);
}

void dns_hook_start(struct work_port pool, const struct dns_hook_call *call, dns_hook_done *done, void *cookie)
{
    struct hook_run *run = calloc(1, sizeof *run);
    if (run == NULL)
        abort();
    run->program = call->program;
    run->is_present = call->is_present;
    run->done = done;
    run->cookie = cookie;
    (void)snprintf(run->name, sizeof run->name, "%s", call->name);
    (void)snprintf(run->value, sizeof run->value, "%s", call->value);
    pool.submit(pool.context, run_program, finish, run);
}
