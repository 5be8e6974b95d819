/* Health checks: paths and connects, rise and fall, what is reported, a clean end. */
#include "unit/adapters/proxy/upstream_world.h"

#include "adapters/proxy/health.h"

struct watch {
    struct upstream_world *w;
    struct builder text; /* what was reported */
    const char *stop_at;
};

static void on_report(void *context, enum event_level level, const char *what, const struct event_field *fields,
                      size_t field_count)
{
    struct watch *watch = context;
    (void)level;
    builder_printf(&watch->text, "%s ", what);
    assert_true(field_count >= 1);
    assert_string_equal(fields[0].value, "a");
    if (watch->stop_at != NULL && strcmp(what, watch->stop_at) == 0)
        event_loop_stop(watch->w->loop);
}

static const char *says;
static unsigned asked_count;

static void answer_health(struct world_connection *c)
{
    if (c->is_ended || !world_has(c, "\r\n\r\n")) {
        /* The world has so many connections only; the last one is used again. */
        if (c->is_ended) {
            world_hang_up(c);
            builder_clear(&c->got);
            if (c == &c->world->connections[c->world->connection_count - 1])
                c->world->connection_count--;
        }
        return;
    }
    asked_count++;
    assert_true(world_has(c, "GET /healthz HTTP/1.1\r\nHost: a.example\r\n"));
    if (says != NULL)
        world_say(c, says);
}

static const struct health_settings quick = {.path = "/healthz",
                                             .host = "a.example",
                                             .interval_ms = 2,
                                             .timeout_ms = 2000,
                                             .rise_count = 2,
                                             .fall_count = 3};

static struct watch watch_of(struct upstream_world *w, struct events_port *events, const char *stop_at)
{
    (void)events;
    struct watch watch = {.w = w, .stop_at = stop_at};
    builder_init(&watch.text, 4096);
    return watch;
}

static void test_down_and_up(void **state)
{
    struct upstream_world *w = *state;
    struct error err;
    struct health_checks *checks = NULL;
    struct health_status status;
    struct events_port events = {.report = on_report};
    struct watch watch = watch_of(w, &events, "site-down");
    events.context = &watch;
    w->on_backend = answer_health;
    says = "HTTP/1.1 503 Service Unavailable\r\n\r\n";
    asked_count = 0;
    OK(health_checks_new(w->loop, &events, &checks, &err));
    OK(health_checks_add(checks, "a", w->site.backends, &quick, &err));
    world_run(w);
    assert_int_equal(asked_count, 3);
    assert_false(backend_group_is_up(w->site.backends));
    assert_true(health_checks_status(checks, 0, &status));
    assert_false(status.is_up);
    assert_string_equal(status.reason, "answered 503");
    assert_int_equal(status.bad_count, 3);
    assert_false(health_checks_status(checks, 1, &status));
    /* A redirect is good; twice of them bring it up. */
    says = "HTTP/1.1 302 Found\r\n\r\n";
    watch.stop_at = "backend-up";
    asked_count = 0;
    world_run(w);
    assert_int_equal(asked_count, 2);
    assert_true(backend_group_is_up(w->site.backends));
    assert_bytes(builder_view(&watch.text), bytes_of_text("backend-down site-down backend-up "));
    assert_true(health_checks_status(checks, 0, &status));
    assert_string_equal(status.reason, "");
    health_checks_free(checks);
    health_checks_free(NULL);
    builder_clear(&watch.text);
}

static void expect_down(struct upstream_world *w, const struct health_settings *settings, const char *reason)
{
    struct error err;
    struct health_checks *checks = NULL;
    struct health_status status;
    struct events_port events = {.report = on_report};
    struct watch watch = watch_of(w, &events, "site-down");
    events.context = &watch;
    (void)backend_set_up(backend_group_at(w->site.backends, 0), true);
    OK(health_checks_new(w->loop, &events, &checks, &err));
    OK(health_checks_add(checks, "a", w->site.backends, settings, &err));
    world_run(w);
    assert_true(health_checks_status(checks, 0, &status));
    assert_string_equal(status.reason, reason);
    health_checks_free(checks);
    builder_clear(&watch.text);
}

static void test_bad_ones(void **state)
{
    struct upstream_world *w = *state;
    struct health_settings settings = quick;
    uint16_t port = 0;
    w->on_backend = answer_health;
    settings.fall_count = 1;
    says = "SSH-2.0-OpenSSH_9.2\r\n";
    expect_down(w, &settings, "the answer is no HTTP");
    says = NULL;
    settings.timeout_ms = 20;
    expect_down(w, &settings, "no answer in time");
    int refusing = world_bind(&port);
    backend_group_free(w->site.backends);
    w->site.backends = world_group(&port, 1);
    expect_down(w, &settings, "Connection refused");
    settings.path = NULL;
    expect_down(w, &settings, "Connection refused");
    (void)close(refusing);
}

static void stop_soon(void *cookie)
{
    struct upstream_world *w = cookie;
    event_loop_stop(w->loop);
}

/* Connecting is enough; with PROXY protocol the backend is told that it is no client. */
static void test_connect(void **state)
{
    struct upstream_world *w = *state;
    struct error err;
    struct health_checks *checks = NULL;
    struct events_port events = {.report = on_report};
    struct watch watch = watch_of(w, &events, "backend-up");
    struct health_settings settings = quick;
    events.context = &watch;
    settings.path = NULL;
    settings.sends_proxy = true;
    settings.interval_ms = 50;
    settings.rise_count = 1;
    (void)backend_set_up(backend_group_at(w->site.backends, 0), false);
    OK(health_checks_new(w->loop, &events, &checks, &err));
    OK(health_checks_add(checks, "a", w->site.backends, &settings, &err));
    world_run(w);
    (void)w->timers.start(w->timers.context, 20, stop_soon, w);
    world_run(w);
    assert_bytes(builder_view(&watch.text), bytes_of_text("backend-up "));
    assert_true(w->connection_count >= 1);
    assert_bytes(builder_view(&w->connections[0].got), bytes_of("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16));
    health_checks_free(checks);
    builder_clear(&watch.text);
}

static void test_settings(void **state)
{
    struct upstream_world *w = *state;
    struct error err;
    struct health_checks *checks = NULL;
    struct events_port events = {.report = on_report};
    OK(health_checks_new(w->loop, &events, &checks, &err));
    const struct health_settings bad[] = {
        {.path = "healthz", .interval_ms = 1, .timeout_ms = 1, .rise_count = 1, .fall_count = 1},
        {.path = "/a b", .interval_ms = 1, .timeout_ms = 1, .rise_count = 1, .fall_count = 1},
        {.path = "/\r\nX: y", .interval_ms = 1, .timeout_ms = 1, .rise_count = 1, .fall_count = 1},
        {.host = "a\r\n", .interval_ms = 1, .timeout_ms = 1, .rise_count = 1, .fall_count = 1},
        {.interval_ms = 0, .timeout_ms = 1, .rise_count = 1, .fall_count = 1},
        {.interval_ms = 1, .timeout_ms = 0, .rise_count = 1, .fall_count = 1},
        {.interval_ms = 1, .timeout_ms = 1, .rise_count = 0, .fall_count = 1},
    };
    for (size_t i = 0; i < LENGTH(bad); i++)
        assert_int_equal(health_checks_add(checks, "a", w->site.backends, &bad[i], &err), STATUS_USAGE);
    const struct health_settings fine = health_default_settings();
    OK(health_checks_add(checks, "a", w->site.backends, &fine, &err));
    health_checks_free(checks);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_down_and_up), TEST(test_bad_ones), TEST(test_connect),
                                       TEST(test_settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
