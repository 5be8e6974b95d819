/* Snapshots: names to sites, challenges, limits; and the wheel of deadlines. */
#include <stdio.h>

#include "unit/checks.h"

#include "adapters/proxy/deadline.h"
#include "adapters/proxy/proxy_state.h"

static struct proxy_state *two_sites(void)
{
    static const char *const a[] = {"a.example", "*.a.example", "[::1]", "192.0.2.1"}, *const b[] = {"b.a.example"};
    struct error err;
    struct proxy_state *s;
    uint32_t index;
    OK(proxy_state_new(&s, &err));
    OK(proxy_state_add_site(s, &(struct proxy_site){.title = "a", .names = a, .name_count = 4, .is_default = true},
                            &index, &err));
    assert_int_equal(index, 0);
    OK(proxy_state_add_site(s, &(struct proxy_site){.title = "b", .names = b, .name_count = 1}, &index, &err));
    assert_int_equal(index, 1);
    return s;
}

static void names_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *host, *title;
    } rows[] = {
        {"a.example", "a"},     {"A.Example", "a"},      {"a.example:443", "a"}, {"a.example.", "a"},
        {"a.example.:1", "a"},  {"x.a.example", "a"},    {"b.a.example", "b"},   {"B.a.example:1", "b"},
        {"x.y.a.example", NULL}, {".a.example", NULL},   {"*.a.example", NULL},  {"example", NULL},
        {"", NULL},             {":443", NULL},          {"[::1]", "a"},         {"[::1]:443", "a"},
        {"192.0.2.1:80", "a"},  {"a.example..", NULL},   {"xa.example", NULL},
    };
    struct proxy_state *s = two_sites();
    for (size_t i = 0; i < LENGTH(rows); i++) {
        const struct proxy_site *site = proxy_state_find_site(s, bytes_of_text(rows[i].host));
        const char *title = site != NULL ? site->title : NULL;
        if ((title == NULL) != (rows[i].title == NULL) || (title != NULL && strcmp(title, rows[i].title) != 0))
            fail_msg("%s: %s", rows[i].host, title != NULL ? title : "none");
    }
    assert_string_equal(proxy_state_default_site(s)->title, "a");
    assert_string_equal(proxy_state_site_titled(s, "b")->title, "b");
    assert_null(proxy_state_site_titled(s, "c"));
    struct proxy_state *again = proxy_state_keep(s);
    proxy_state_free(s);
    assert_int_equal(proxy_state_site_count(again), 2);
    proxy_state_free(again);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const char *const taken[] = {"b.a.example"}, *const bad[] = {"A.example"}, *const star[] = {"a.*.example"};
    struct error err;
    uint32_t index;
    struct proxy_state *s = two_sites();
#define ADD(...) proxy_state_add_site(s, &(struct proxy_site){__VA_ARGS__}, &index, &err)
    assert_says(ADD(.title = "c", .names = taken, .name_count = 1), &err, STATUS_CONFLICT, "two sites");
    assert_says(ADD(.title = "a"), &err, STATUS_CONFLICT, "two sites a");
    assert_says(ADD(.title = "c", .is_default = true), &err, STATUS_CONFLICT, "second default");
    assert_says(ADD(.title = "c", .names = bad, .name_count = 1), &err, STATUS_USAGE, "no name");
    assert_says(ADD(.title = "c", .names = star, .name_count = 1), &err, STATUS_USAGE, "no name");
    struct proxy_limits limits = proxy_default_limits();
    limits.slowest_bytes_per_s = 0;
    assert_says(proxy_state_set_limits(s, &limits, &err), &err, STATUS_USAGE, "slowest-bytes-per-s is 0");
    proxy_state_free(s);
}

static void many_challenges(void **state)
{
    (void)state;
    struct error err;
    char token[32];
    struct proxy_state *s = two_sites();
    for (int i = 0; i < PROXY_CHALLENGES_MAX; i++) {
        (void)snprintf(token, sizeof token, "token-%d", i);
        OK(proxy_state_add_challenge(s, bytes_of_text(token), bytes_of_text(token + 1), &err));
    }
    assert_says(proxy_state_add_challenge(s, bytes_of_text("x"), bytes_of_text("y"), &err), &err, STATUS_LIMIT,
                "too many");
    assert_true(bytes_is_text(proxy_state_challenge(s, bytes_of_text("token-4095")), "oken-4095"));
    assert_int_equal(proxy_state_challenge(s, bytes_of_text("token-4096")).len, 0);
    assert_int_equal(proxy_state_challenge(s, bytes_of_text("../token-1")).len, 0);
    assert_int_equal(proxy_state_challenge(s, bytes_of_text("")).len, 0);
    proxy_state_free(s);
}

/* ---- deadlines ---- */

static struct event_loop *loop;
static struct deadlines wheel;
static uint64_t fired_ms[4];
static struct deadline timers[4];

static void on_fired(struct deadline *d)
{
    fired_ms[d - timers] = event_loop_now_ms(loop);
    if (d == &timers[3])
        event_loop_stop(loop);
}

static void deadlines_come_late_but_not_early(void **state)
{
    (void)state;
    struct error err;
    OK(event_loop_new(&loop, &err));
    deadlines_init(&wheel, loop);
    for (size_t i = 0; i < 4; i++)
        timers[i] = (struct deadline){.expired = on_fired};
    uint64_t start_ms = event_loop_now_ms(loop);
    deadline_set(&wheel, &timers[0], 100000);
    deadline_set(&wheel, &timers[0], 10); /* earlier than before */
    deadline_set(&wheel, &timers[1], 10);
    deadline_set(&wheel, &timers[1], 200); /* later */
    deadline_set(&wheel, &timers[2], 50);
    deadline_stop(&timers[2]);
    deadline_set(&wheel, &timers[3], 300);
    event_loop_run(loop);
    assert_true(fired_ms[0] >= start_ms + 10 && fired_ms[0] < start_ms + 200);
    assert_true(fired_ms[1] >= start_ms + 200 && fired_ms[1] <= fired_ms[3]);
    assert_int_equal(fired_ms[2], 0);
    assert_true(fired_ms[3] >= start_ms + 300);
    deadline_set(&wheel, &timers[0], 1000000);
    deadline_clear(&wheel, &timers[0]);
    assert_int_equal(wheel.count, 0);
    deadlines_clear(&wheel);
    event_loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(many_challenges),
        cmocka_unit_test(deadlines_come_late_but_not_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
