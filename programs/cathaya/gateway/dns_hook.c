#include "gateway/dns_hook.h"

#include <stdio.h>
#include <stdlib.h>

#include "service/child_process.h"

#define VALUE_MAX 255

struct hook_run {
    const char *program;
    char name[DNS_HOOK_NAME_MAX + 1], value[VALUE_MAX + 1];
    bool is_present;
    enum status status;
    struct error err;
    dns_hook_done *done;
    void *cookie;
};

static void run_program(void *cookie)
{
    struct hook_run *run = cookie;
    const char *verb = run->is_present ? "present" : "clean";
    const char *const arguments[] = {verb, run->name, run->value, NULL};
    const struct child_process child = {.program = run->program, .arguments = arguments, .limit_ms = DNS_HOOK_MS};
    run->status = child_process_run(&child, &run->err);
    run->status = error_prefix(&run->err, run->status, "dns-hook: %s %s", verb, run->name);
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
