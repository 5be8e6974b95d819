/* Small parts of the gateway: timers behind a gate, the program that changes DNS. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/event_loop/event_loop.h"
#include "gateway/dns_hook.h"
#include "gateway/timer_gate.h"

static struct error err;

#define OK(call) assert_int_equal((call), STATUS_OK)

/* ---- the gate ---- */

struct counted {
    struct event_loop *loop;
    unsigned count;
};

static void count(void *cookie)
{
    struct counted *c = cookie;
    c->count++;
}

static void count_and_stop(void *cookie)
{
    struct counted *c = cookie;
    c->count++;
    event_loop_stop(c->loop);
}

static void gate_passes_and_cancels(void **state)
{
    (void)state;
    struct counted c = {.count = 0};
    struct timer_gate *gate;
    OK(event_loop_new(&c.loop, &err));
    OK(timer_gate_new(event_loop_timers(c.loop), &gate, &err));
    struct timer_port port = timer_gate_port(gate);
    uint64_t first = port.start(port.context, 1, count, &c);
    uint64_t second = port.start(port.context, 1, count, &c);
    assert_int_not_equal(first, 0);
    assert_int_not_equal(first, second);
    port.cancel(port.context, second);
    port.cancel(port.context, second);
    port.cancel(port.context, 0);
    (void)port.start(port.context, 20, count_and_stop, &c);
    event_loop_run(c.loop);
    assert_int_equal(c.count, 2);
    port.cancel(port.context, first); /* it has fired */
    timer_gate_free(gate);
    event_loop_free(c.loop);
}

static void closed_gate_fires_nothing(void **state)
{
    (void)state;
    struct counted c = {.count = 0}, end = {.count = 0};
    struct timer_gate *gate;
    OK(event_loop_new(&c.loop, &err));
    end.loop = c.loop;
    OK(timer_gate_new(event_loop_timers(c.loop), &gate, &err));
    struct timer_port port = timer_gate_port(gate), own = event_loop_timers(c.loop);
    (void)port.start(port.context, 1, count, &c);
    timer_gate_close(gate);
    assert_int_not_equal(port.start(port.context, 1, count, &c), 0);
    (void)own.start(own.context, 20, count_and_stop, &end);
    event_loop_run(c.loop);
    assert_int_equal(c.count, 0);
    assert_int_equal(end.count, 1);
    timer_gate_free(gate);
    event_loop_free(c.loop);
}

/* ---- the hook ---- */

struct hook_end {
    struct event_loop *loop;
    enum status status;
    char reason[ERROR_TEXT_MAX];
};

static void on_end(void *cookie, enum status status, const struct error *e)
{
    struct hook_end *end = cookie;
    end->status = status;
    (void)snprintf(end->reason, sizeof end->reason, "%s", status == STATUS_OK ? "" : e->text);
    event_loop_stop(end->loop);
}

static struct hook_end run_hook(const char *program, bool is_present)
{
    struct hook_end end = {.status = STATUS_AGAIN};
    OK(event_loop_new(&end.loop, &err));
    struct dns_hook_call call = {.program = program, .is_present = is_present, .name = "_acme-challenge.www.test",
                                 .value = "abc-_1"};
    dns_hook_start(event_loop_pool(end.loop), &call, on_end, &end);
    event_loop_run(end.loop);
    event_loop_free(end.loop);
    return end;
}

static void write_script(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void hook_is_called(void **state)
{
    (void)state;
    char directory[] = "/tmp/cathaya-hook-XXXXXX", script[64], out[64], text[256] = "", lines[512];
    assert_non_null(mkdtemp(directory));
    (void)snprintf(script, sizeof script, "%s/hook", directory);
    (void)snprintf(out, sizeof out, "%s/out", directory);
    (void)snprintf(lines, sizeof lines, "#!/bin/sh\necho \"$# $1 $2 $3 $CATHAYA_SECRET\" > %s\n[ \"$1\" = present ]\n", out);
    write_script(script, lines);
    assert_int_equal(setenv("CATHAYA_SECRET", "s3cret", 1), 0);
    assert_int_equal(run_hook(script, true).status, STATUS_OK);
    FILE *file = fopen(out, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    /* Of the environment it gets the path alone. */
    assert_string_equal(text, "3 present _acme-challenge.www.test abc-_1 \n");
    struct hook_end end = run_hook(script, false);
    assert_int_equal(end.status, STATUS_IO);
    assert_non_null(strstr(end.reason, "exit status 1"));
    (void)unlink(script);
    (void)unlink(out);
    (void)rmdir(directory);
}

static void hook_that_is_not_there(void **state)
{
    (void)state;
    struct hook_end end = run_hook("/nonexistent/hook", true);
    assert_int_equal(end.status, STATUS_IO);
    assert_non_null(strstr(end.reason, "cannot be started"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gate_passes_and_cancels),
        cmocka_unit_test(closed_gate_fires_nothing),
        cmocka_unit_test(hook_is_called),
        cmocka_unit_test(hook_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
