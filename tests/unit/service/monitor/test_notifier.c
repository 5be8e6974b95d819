/* The queue of notifications: nothing is lost by a crash, nothing is told twice without one, failures are tried again. */
#include "unit/checks.h"

#include <stdio.h>

#include "fakes/fake_loop.h"
#include "fakes/memory_disk.h"
#include "service/monitor/notifier.h"

#define NOW_MS ((int64_t)1800000000000)

struct told {
    const char *name;
    unsigned count;
    unsigned failing; /* calls that are still to fail */
    bool is_mute;     /* never done */
    char last[8192];
};

static struct fake_loop *loop;
static struct memory_disk *disk;
static struct metrics *metrics;
static struct notifier *notifier;
static struct told told[2];
static struct notifier_action actions[2];
static unsigned durable_count;
static enum status last_status;
static struct error err;

struct later {
    void (*done)(void *cookie, enum status status, const struct error *err);
    void *cookie;
    enum status status;
    struct error err;
};

static void call_done(void *cookie)
{
    struct later *l = cookie;
    l->done(l->cookie, l->status, &l->err);
    free(l);
}

static void act(void *context, const char *json, void (*done)(void *, enum status, const struct error *), void *cookie)
{
    struct told *t = context;
    struct later *l = calloc(1, sizeof *l);
    assert_non_null(l);
    *l = (struct later){.done = done, .cookie = cookie};
    if (t->failing > 0) {
        t->failing--;
        l->status = error_set(&l->err, STATUS_IO, "nobody is at home");
    } else {
        t->count++;
        (void)snprintf(t->last, sizeof t->last, "%s", json);
    }
    if (t->is_mute)
        free(l);
    else
        fake_loop_later(loop, 10, call_done, l);
}

static void begin(size_t action_count)
{
    actions[0] = (struct notifier_action){"one", &told[0], act};
    actions[1] = (struct notifier_action){"two", &told[1], act};
    loop = fake_loop_new(NOW_MS);
    assert_int_equal(metrics_new(&metrics, &err), STATUS_OK);
    struct notifier_config config = {.clock = fake_loop_clock(loop),
                                     .timer = fake_loop_timer(loop),
                                     .work = fake_loop_work(loop),
                                     .state = memory_disk_store(disk, 0),
                                     .files = memory_disk_store(disk, 1),
                                     .events = fake_loop_events(loop),
                                     .metrics = metrics,
                                     .actions = actions,
                                     .action_count = action_count};
    OK(notifier_new(&config, &notifier, &err));
    notifier_start(notifier);
}

static void end(void)
{
    notifier_stop(notifier);
    fake_loop_run(loop, 60000);
    assert_true(notifier_is_idle(notifier));
    notifier_free(notifier);
    metrics_free(metrics);
    fake_loop_free(loop);
}

static int set_up(void **state)
{
    (void)state;
    disk = memory_disk_new();
    memset(told, 0, sizeof told);
    durable_count = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_disk_free(disk);
    return 0;
}

static void durable(void *cookie, enum status status, const struct error *e)
{
    (void)cookie, (void)e;
    last_status = status;
    durable_count += status == STATUS_OK;
}

static void add(const char *seed)
{
    struct notification *n;
    OK(notification_new_test(NOW_MS, seed, &n, &err));
    notifier_add(notifier, &n, 1, durable, NULL);
}

static void told_once(void **state)
{
    (void)state;
    begin(2);
    add("a");
    assert_int_equal(durable_count, 0); /* never before it returns */
    fake_loop_run(loop, 1000);
    assert_int_equal(durable_count, 1);
    add("a"); /* the certificate of the precertificate */
    add("b");
    fake_loop_run(loop, 1000);
    assert_int_equal(durable_count, 3);
    assert_int_equal(told[0].count, 2);
    assert_int_equal(told[1].count, 2);
    assert_non_null(strstr(told[0].last, "\"event\":\"test\""));
    assert_int_equal(notifier_waiting_count(notifier), 0);
    end();
    begin(2);
    add("a");
    fake_loop_run(loop, 1000);
    assert_int_equal(told[0].count, 2);
    end();
}

static void failures_are_tried_again(void **state)
{
    (void)state;
    begin(2);
    told[1].failing = 3;
    add("a");
    fake_loop_run(loop, 500);
    assert_int_equal(told[0].count, 1);
    assert_int_equal(told[1].count, 0);
    assert_string_equal(notifier_last_failure(notifier, 1), "nobody is at home");
    fake_loop_run(loop, 2500); /* after 1 s, and 2 s more */
    assert_int_equal(told[1].count, 0);
    fake_loop_run(loop, 5000);
    assert_int_equal(told[1].count, 1);
    assert_int_equal(told[0].count, 1);
    assert_string_equal(notifier_last_failure(notifier, 1), "");
    assert_int_equal(notifier_waiting_count(notifier), 0);
    end();
}

static void a_dead_action_does_not_stop_the_other(void **state)
{
    (void)state;
    begin(2);
    told[1].failing = 1000000;
    for (int i = 0; i < 20; i++) {
        char seed[16];
        (void)snprintf(seed, sizeof seed, "%d", i);
        add(seed);
    }
    fake_loop_run(loop, 5000);
    assert_int_equal(told[0].count, 20);
    assert_int_equal(told[1].count, 0);
    assert_int_equal(notifier_waiting_count(notifier), 20);
    end();
    told[1].failing = 0;
    begin(2); /* tries at once, and tells the other nothing twice */
    fake_loop_run(loop, 1000);
    assert_int_equal(told[0].count, 20);
    assert_int_equal(told[1].count, 20);
    end();
}

/* An action that is new in the configuration is told what waits; one that has gone holds nothing back. */
static void configuration_changes(void **state)
{
    (void)state;
    begin(2);
    told[1].failing = 1000000;
    add("a");
    fake_loop_run(loop, 1000);
    end();
    begin(1);
    fake_loop_run(loop, 1000);
    assert_int_equal(told[0].count, 1);
    assert_int_equal(notifier_waiting_count(notifier), 0);
    end();
}

/* The power goes at each write in turn: what was said to be durable is told, at least once, with one id. */
static void crashes(void **state)
{
    (void)state;
    for (uint64_t operation = 0; operation < 40; operation++) {
        for (int loss = MEMORY_LOSE_ALL; loss <= MEMORY_TEAR_ALL; loss++) {
            memset(told, 0, sizeof told);
            durable_count = 0;
            struct memory_disk *fresh = memory_disk_new();
            memory_disk_free(disk);
            disk = fresh;
            begin(2);
            memory_disk_set_fault(disk, operation, MEMORY_FAULT_CRASH);
            add("a");
            fake_loop_run(loop, 200);
            add("b");
            fake_loop_run(loop, 1000);
            bool has_crashed = memory_disk_has_crashed(disk);
            unsigned kept = durable_count;
            end();
            if (!has_crashed)
                return;
            memory_disk_cut_power(disk, (enum memory_loss)loss, 0);
            begin(2);
            add("a"); /* the follower gives again what was not kept */
            add("b");
            fake_loop_run(loop, 3000);
            assert_true(kept <= 2);
            assert_true(told[0].count >= 2 && told[0].count <= 4);
            assert_true(told[1].count >= 2 && told[1].count <= 4);
            assert_int_equal(notifier_waiting_count(notifier), 0);
            end();
        }
    }
    fail_msg("there are more writes than were cut");
}

static void a_failed_disk_is_said(void **state)
{
    (void)state;
    begin(1);
    memory_disk_set_fault(disk, 0, MEMORY_FAULT_NOT_DONE);
    add("a");
    fake_loop_run(loop, 1000);
    assert_int_equal(last_status, STATUS_IO);
    assert_non_null(notifier_why_not(notifier));
    add("b");
    fake_loop_run(loop, 1000);
    assert_int_equal(last_status, STATUS_IO);
    assert_int_equal(told[0].count, 0);
    end();
}

static void evidence_is_a_file(void **state)
{
    (void)state;
    struct log_finding finding = {.id = FINDING_SPLIT_VIEW, .severity = FINDING_CRITICAL, .log = "gm1",
                                  .source = "https://log.example", .text = "two roots", .seen_ms = NOW_MS,
                                  .evidence = bytes_of_text("cathaya-evidence v1\n")};
    struct notification *n, *again;
    char name[NOTIFICATION_FILE_SIZE];
    begin(1);
    OK(notification_new_finding(&finding, "https://log.example", &n, &err));
    finding.seen_ms += 100000000;
    OK(notification_new_finding(&finding, "https://log.example", &again, &err));
    assert_memory_equal(n->id, again->id, sizeof n->id);
    notification_file_name(n->event, n->id, name);
    notifier_add(notifier, &n, 1, durable, NULL);
    notifier_add(notifier, &again, 1, durable, NULL);
    fake_loop_run(loop, 1000);
    assert_int_equal(told[0].count, 1);
    assert_non_null(strstr(told[0].last, name));
    assert_non_null(strstr(told[0].last, "\"finding\":\"split-view\""));
    struct object_store files = memory_disk_store(disk, 1);
    struct builder text;
    builder_init(&text, 100);
    OK(files.get(files.context, name, &text, &err));
    assert_true(bytes_is_text(builder_view(&text), "cathaya-evidence v1\n"));
    builder_clear(&text);
    end();
}

static void mail_and_environment(void **state)
{
    (void)state;
    const char *json = "{\"id\":\"00ff\",\"event\":\"certificate\",\"log\":\"gm1\",\"text\":\"a\\nTo: x@y\",\"index\":7,"
                       "\"watch\":[\"domain .example.com\",\"ip 192.0.2.7\"],\"names\":[\"a.example\",\"b\\u0000.example\"],"
                       "\"certificate\":\"certificates/00ff.der\",\"subject\":\"CN=x\\u001b[31m\"}";
    struct builder mail, environment;
    builder_init(&mail, 100000);
    builder_init(&environment, 100000);
    assert_int_equal(notification_text_write_mail("[]", "ops@example.com", &mail, &err), STATUS_MALFORMED);
    OK(notification_text_write_mail("{\"event\":\"test\",\"text\":\"a\\nTo: x@y\"}", "ops@example.com\nBcc: z@z", &mail, &err));
    builder_u8(&mail, '\0');
    assert_null(strstr((const char *)mail.data, "\nBcc:"));
    assert_null(strstr((const char *)mail.data, "\nTo: x@y"));
    builder_reset(&mail);
    /* Names with NUL are refused by the reader of JSON, and are never written. */
    assert_int_equal(notification_text_write_environment(json, "/state", &environment, &err), STATUS_MALFORMED);
    char *good = strdup(json);
    memcpy(strstr(good, "\\u0000"), "\\u0041", 6);
    OK(notification_text_write_environment(good, "/state", &environment, &err));
    bool has_file = false, has_items = false, has_index = false;
    for (size_t at = 0; at < environment.len; at += strlen((const char *)environment.data + at) + 1) {
        const char *entry = (const char *)environment.data + at;
        has_file = has_file || strcmp(entry, "CATHAYA_FILE=/state/certificates/00ff.der") == 0;
        has_items = has_items || strcmp(entry, "CATHAYA_WATCH_ITEMS=domain .example.com,ip 192.0.2.7") == 0;
        has_index = has_index || strcmp(entry, "CATHAYA_LOG_INDEX=7") == 0;
        assert_null(strchr(entry, '\n'));
        assert_null(strchr(entry, 0x1b));
    }
    assert_true(has_file && has_items && has_index);
    free(good);
    builder_clear(&mail);
    builder_clear(&environment);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(told_once),           TEST(failures_are_tried_again), TEST(a_dead_action_does_not_stop_the_other),
        TEST(configuration_changes), TEST(crashes),                TEST(a_failed_disk_is_said),
        TEST(evidence_is_a_file),  TEST(mail_and_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
