/* What services share: log lines that nothing can break, the operators' paths, start and end. */
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <sys/un.h>

#include "unit/adapters/http_server/http_world.h"

#include "service/service_admin.h"
#include "service/service_log.h"
#include "service/service_run.h"

static const char *line_of(enum service_log_format format, const char *what,
                           const struct event_field *fields, size_t count)
{
    static char memory[SERVICE_LOG_LINE_MAX + 1];
    struct builder out;
    builder_init_fixed(&out, memory, SERVICE_LOG_LINE_MAX);
    service_log_write_line(format, 1700000000123, EVENT_WARNING, what, fields, count, &out);
    assert_true(builder_is_good(&out));
    memory[out.len] = '\0';
    assert_int_equal(strlen(memory), out.len);
    assert_ptr_equal(strchr(memory, '\n'), memory + out.len - 1);
    return memory;
}

static const struct event_field hostile[] = {
    {"name", "a.example"},
    {"line", "one\ntwo\r\n2026-11-21T10:00:00Z info forged"},
    {"quote", "\" x=\"y\\"},
    {"bytes", "\x1b[2J\xff\xc2\x85 \xe4\xb8\xad"},
    {"none", NULL},
};

static void a_line_stays_one_line(void **state)
{
    (void)state;
    assert_string_equal(line_of(SERVICE_LOG_TEXT, "what-happened", hostile, LENGTH(hostile)),
                        "2023-11-14T22:13:20.123Z warning what-happened name=\"a.example\" "
                        "line=\"one\\x0atwo\\x0d\\x0a2026-11-21T10:00:00Z info forged\" "
                        "quote=\"\\\" x=\\\"y\\\\\" bytes=\"\\x1b[2J\\xff\\xc2\\x85 \xe4\xb8\xad\" "
                        "none=\"\"\n");
    assert_string_equal(line_of(SERVICE_LOG_TEXT, "nothing", NULL, 0),
                        "2023-11-14T22:13:20.123Z warning nothing\n");
}

static void a_json_line_is_json(void **state)
{
    (void)state;
    json_error_t error;
    const char *line = line_of(SERVICE_LOG_JSON, "what-happened", hostile, LENGTH(hostile));
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "level")), "warning");
    assert_string_equal(json_string_value(json_object_get(json, "event")), "what-happened");
    assert_string_equal(json_string_value(json_object_get(json, "quote")), "\" x=\"y\\");
    assert_string_equal(json_string_value(json_object_get(json, "bytes")),
                        "\\x1b[2J\\xff\\xc2\\x85 \xe4\xb8\xad");
    json_decref(json);
}

static void long_lines_are_cut_and_stay_whole(void **state)
{
    (void)state;
    static char value[3 * SERVICE_LOG_VALUE_MAX];
    struct event_field fields[20];
    json_error_t error;
    memset(value, '\n', sizeof value - 1);
    for (size_t i = 0; i < LENGTH(fields); i++)
        fields[i] = (struct event_field){i == 0 ? "a" : i == 1 ? "b" : "c", value};
    for (size_t count = 1; count <= 3; count++) {
        json_t *json = json_loads(line_of(SERVICE_LOG_JSON, "x", fields, count), 0, &error);
        assert_non_null(json);
        json_decref(json);
    }
    memset(value, 'x', sizeof value - 1);
    const char *line = line_of(SERVICE_LOG_TEXT, "x", fields, LENGTH(fields));
    assert_non_null(strstr(line, "x...\""));
    assert_non_null(strstr(line, " ...\n"));
    json_t *json = json_loads(line_of(SERVICE_LOG_JSON, "x", fields, LENGTH(fields)), 0, &error);
    assert_non_null(json);
    assert_non_null(json_object_get(json, "cut"));
    json_decref(json);
}

static void levels(void **state)
{
    (void)state;
    int pipes[2];
    char got[256] = {0};
    enum event_level level = EVENT_DEBUG;
    assert_true(service_log_parse_level("warning", &level) && level == EVENT_WARNING);
    assert_false(service_log_parse_level("loud", &level));
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    struct service_log log = {.minimum = EVENT_WARNING, .fd = pipes[1]};
    struct events_port port = service_log_port(&log);
    events_report(&port, EVENT_INFO, "quiet", {"a", "b"});
    events_report(&port, EVENT_ERROR, "loud", {"a", "b"});
    assert_true(read(pipes[0], got, sizeof got - 1) > 0);
    assert_non_null(strstr(got, "Z error loud a=\"b\"\n"));
    assert_null(strstr(got, "quiet"));
    (void)close(pipes[0]);
    (void)close(pipes[1]);
}

/* ---- the operators' paths ---- */

static const char *not_ready(void *context)
{
    return *(bool *)context ? NULL : "waiting for a mirror";
}

static void operators_are_answered(void **state)
{
    struct http_world *w = *state;
    struct error err;
    struct metrics *m;
    bool is_ready = false;
    OK(metrics_new(&m, &err));
    struct service_admin admin = {.metrics = m, .why_not_ready = not_ready, .context = &is_ready};
    world_open(w);
    OK(service_admin_add_routes(&admin, w->server, &err));
    service_admin_watch(&admin, w->server);
    assert_non_null(strstr(world_talk_text(w, "GET /healthz HTTP/1.0\r\n\r\n"), "200 OK"));
    const char *text = world_talk_text(w, "GET /readyz HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(text, " 503 "));
    assert_non_null(strstr(text, "waiting for a mirror\n"));
    is_ready = true;
    assert_non_null(strstr(world_talk_text(w, "GET /readyz HTTP/1.0\r\n\r\n"), "200 OK"));
    assert_non_null(strstr(world_talk_text(w, "POST /readyz HTTP/1.0\r\n\r\n"), " 405 "));
    text = world_talk_text(w, "GET /metrics HTTP/1.0\r\n\r\n");
    assert_non_null(strstr(text, "version=0.0.4"));
    assert_non_null(strstr(text, "cathaya_http_answers_total{code=\"2xx\"} 2\n"));
    assert_non_null(strstr(text, "cathaya_http_answers_total{code=\"4xx\"} 1\n"));
    assert_non_null(strstr(text, "cathaya_http_answers_total{code=\"5xx\"} 1\n"));
    assert_non_null(strstr(text, "cathaya_http_connections 1\n"));
    assert_non_null(strstr(text, "cathaya_http_answer_seconds_count 4\n"));
    http_server_free(w->server);
    w->server = NULL;
    metrics_free(m);
}

/* ---- start and end ---- */

static struct service_run *run;
static char said[256];

static void say(const char *what)
{
    assert_true(strlen(said) + strlen(what) < sizeof said);
    memcpy(said + strlen(said), what, strlen(what) + 1);
}

static void note_event(void *context, enum event_level level, const char *what,
                       const struct event_field *fields, size_t field_count)
{
    (void)context;
    (void)level;
    assert_true(field_count == 0 || fields[0].name != NULL);
    say(what);
    say(" ");
}

static void do_reload(void *context)
{
    (void)context;
    say("do-reload ");
    assert_int_equal(raise(SIGTERM), 0);
}

static void do_stop(void *context)
{
    bool finishes = *(bool *)context;
    say("do-stop ");
    assert_true(service_run_is_stopping(run));
    if (finishes)
        service_run_finished(run);
    else
        assert_int_equal(raise(SIGINT), 0);
}

/* The supervisor's socket. */
static int open_notify(char *path, size_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    (void)snprintf(path, size, "/tmp/notify-test-%ld", (long)getpid());
    (void)snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    (void)unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return fd;
}

static void a_service_is_told_by_signals(void **state)
{
    char path[64], message[256];
    struct error err;
    struct events_port events = {.report = note_event};
    bool finishes = true;
    struct service_callbacks callbacks = {.context = &finishes, .reload = do_reload, .stop = do_stop};
    (void)state;
    int fd = open_notify(path, sizeof path);
    said[0] = '\0';
    OK(service_run_new(&callbacks, &events, &run, &err));
    assert_non_null(service_run_loop(run));
    assert_int_equal(raise(SIGHUP), 0);
    service_run_until_stopped(run, false);
    service_run_free(run);
    assert_string_equal(said, "reloading do-reload stopping do-stop ");
    static const char *const told[] = {"READY=1", "RELOADING=1\nMONOTONIC_USEC=", "READY=1",
                                       "STOPPING=1"};
    for (size_t i = 0; i < LENGTH(told); i++) {
        ssize_t len = recv(fd, message, sizeof message - 1, 0);
        assert_true(len > 0);
        message[len] = '\0';
        assert_memory_equal(message, told[i], strlen(told[i]));
    }
    (void)close(fd);
    (void)unlink(path);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

static void a_second_signal_does_not_wait(void **state)
{
    struct error err;
    struct events_port events = {.report = note_event};
    bool finishes = false;
    struct service_callbacks callbacks = {.context = &finishes, .stop = do_stop};
    (void)state;
    said[0] = '\0';
    OK(service_run_new(&callbacks, &events, &run, &err));
    assert_int_equal(raise(SIGTERM), 0);
    service_run_until_stopped(run, false);
    service_run_free(run);
    assert_string_equal(said, "stopping do-stop stopped-early ");
    service_run_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_stays_one_line),
        cmocka_unit_test(a_json_line_is_json),
        cmocka_unit_test(long_lines_are_cut_and_stay_whole),
        cmocka_unit_test(levels),
        cmocka_unit_test_setup_teardown(operators_are_answered, world_set_up, world_tear_down),
        cmocka_unit_test(a_service_is_told_by_signals),
        cmocka_unit_test(a_second_signal_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
