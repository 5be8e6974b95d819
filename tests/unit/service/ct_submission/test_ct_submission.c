#include "unit/checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/asn1/der.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "fakes/fake_ct_logs.h"
#include "rules/precert.h"
#include "rules/sct_check.h"
#include "service/ct_submission/ct_submission.h"

#define DAY_S ((int64_t)86400)
#define NOW_S ((int64_t)1795000000) /* 2026-11-17 */
#define TIMEOUT_MS 5000
#define DEADLINE_MS 15000

static struct error err;

static const char policies[] = "policy gm-browser\n"
                               "  scts upto 180 2\n  scts longer 3\n  operators 2\n  counted usable readonly\n  ask usable\n"
                               "  delivery embedded\n"
                               "policy one\n  scts longer 1\n  counted usable\n  ask usable\n  delivery embedded\n"
                               "policy nothing\n  scts longer 0\n  counted usable\n  ask usable\n  delivery embedded\n";

/* ---- a CA, logs, a submitter ---- */

struct world {
    struct algorithms *algorithms;
    struct fake_timer *timer;
    struct fake_fetch *fetch;
    struct fake_ct_logs logs;
    struct metrics *metrics;
    struct ct_submission *ct;
    struct sct_source port;
    struct builder issuer, precert, certificate;
    char events[64][64];
    unsigned event_count;
};

struct answered {
    struct world *world;
    int calls;
    enum status status;
    struct builder scts;
    char text[ERROR_TEXT_MAX];
};

/* A job of the pool: done later, on the loop. */
struct job {
    void (*run)(void *), (*done)(void *);
    void *cookie;
};

static void run_job(void *cookie)
{
    struct job *job = cookie;
    job->run(job->cookie);
    job->done(job->cookie);
    free(job);
}

static void submit(void *context, void (*run)(void *), void (*done)(void *), void *cookie)
{
    struct timer_port timer = fake_timer_port(context);
    struct job *job = malloc(sizeof *job);
    assert_non_null(job);
    *job = (struct job){run, done, cookie};
    (void)timer.start(timer.context, 0, run_job, job);
}

static void report(void *context, enum event_level level, const char *what, const struct event_field *fields, size_t count)
{
    struct world *w = context;
    (void)level;
    assert_true(count > 0);
    if (w->event_count < LENGTH(w->events))
        (void)snprintf(w->events[w->event_count++], sizeof w->events[0], "%s %s", what, fields[0].value);
}

static bool has_event(const struct world *w, const char *text)
{
    for (unsigned i = 0; i < w->event_count; i++)
        if (strcmp(w->events[i], text) == 0)
            return true;
    return false;
}

/* A TBSCertificate that has what a log looks at, and a signature that it does not. */
static void write_certificate(const struct private_key *key, int64_t lifetime_s, bool is_precert, struct builder *out)
{
    static const uint8_t head[] = {0xa0, 3, 2, 1, 2, 2, 1, 0x55}, empty_name[] = {0x30, 0},
                         signature[] = {0, 1, 2};
    struct bytes algorithm = algorithm_identifier(public_key_alg(private_key_public(key)));
    size_t certificate = der_open(out, DER_SEQUENCE), tbs = der_open(out, DER_SEQUENCE);
    builder_bytes(out, BYTES_OF(head));
    builder_bytes(out, algorithm);
    builder_bytes(out, BYTES_OF(empty_name));
    size_t validity = der_open(out, DER_SEQUENCE);
    der_write_time(out, NOW_S - 3600);
    der_write_time(out, NOW_S - 3600 + lifetime_s);
    der_close(out, validity);
    builder_bytes(out, BYTES_OF(empty_name));
    builder_bytes(out, public_key_spki(private_key_public(key)));
    size_t wrapper = der_open(out, DER_CONTEXT_CONSTRUCTED(3)), list = der_open(out, DER_SEQUENCE);
    extensions_write_key_usage(out, KEY_USAGE_DIGITAL_SIGNATURE);
    if (is_precert)
        precert_write_poison(out);
    der_close(out, list);
    der_close(out, wrapper);
    der_close(out, tbs);
    builder_bytes(out, algorithm);
    der_write(out, DER_BIT_STRING, BYTES_OF(signature));
    der_close(out, certificate);
    assert_true(builder_is_good(out));
}

static void set_lists(struct world *w)
{
    struct builder list;
    builder_init(&list, (size_t)1 << 20);
    fake_ct_logs_write_list(&w->logs, NOW_S, &list);
    struct bytes text = builder_view(&list);
    OK(ct_submission_set(w->ct, &text, 1, bytes_of_text(policies), &err));
    builder_clear(&list);
}

/* Logs "NAME OPERATOR" after each other; the temporal interval of each is open. */
static void start(struct world *w, const struct ct_suite *suite, const char *const *logs, size_t count)
{
    *w = (struct world){.event_count = 0};
    OK(algorithms_new(&w->algorithms, &err));
    w->timer = fake_timer_new(NOW_S * 1000);
    w->fetch = fake_fetch_new(w->timer);
    fake_ct_logs_init(&w->logs, w->algorithms, w->timer, w->fetch);
    for (size_t i = 0; i < count; i++) {
        char name[32], operator[32];
        assert_int_equal(sscanf(logs[i], "%31s %31s", name, operator), 2);
        (void)fake_ct_logs_add(&w->logs, suite, name, operator);
    }
    OK(metrics_new(&w->metrics, &err));
    struct ct_submission_config config = {
        .fetch = fake_fetch_port(w->fetch), .timer = fake_timer_port(w->timer), .clock = fake_timer_clock(w->timer),
        .pool = {w->timer, submit}, .events = {w, report}, .metrics = w->metrics, .algorithms = w->algorithms,
        .log_timeout_ms = TIMEOUT_MS, .deadline_ms = DEADLINE_MS,
    };
    OK(ct_submission_new(&config, &w->ct, &err));
    w->port = ct_submission_port(w->ct);
    set_lists(w);
    struct private_key *key;
    OK(private_key_generate(algorithms_by_name(w->algorithms, bytes_of_text(suite->algorithm)), &key, &err));
    builder_init(&w->issuer, 4096);
    builder_init(&w->precert, 4096);
    builder_init(&w->certificate, 4096);
    write_certificate(key, 400 * DAY_S, false, &w->issuer);
    write_certificate(key, 47 * DAY_S, true, &w->precert);
    write_certificate(key, 47 * DAY_S, false, &w->certificate);
    private_key_free(key);
}

static void stop(struct world *w)
{
    ct_submission_stop(w->ct);
    fake_fetch_free(w->fetch);
    (void)fake_timer_run(w->timer);
    metrics_free(w->metrics);
    ct_submission_free(w->ct);
    fake_ct_logs_clear(&w->logs);
    fake_timer_free(w->timer);
    builder_clear(&w->certificate);
    builder_clear(&w->precert);
    builder_clear(&w->issuer);
    algorithms_free(w->algorithms);
}

static void on_done(void *cookie, enum status status, struct bytes scts, const struct error *why)
{
    struct answered *a = cookie;
    a->calls++;
    a->status = status;
    builder_bytes(&a->scts, scts);
    (void)snprintf(a->text, sizeof a->text, "%s", status != STATUS_OK ? why->text : "");
}

static enum status ask(struct world *w, const char *policy, bool is_precert, struct answered *a)
{
    const struct bytes chain[] = {builder_view(is_precert ? &w->precert : &w->certificate), builder_view(&w->issuer)};
    struct sct_request request = {.policy = policy, .is_gm = w->logs.logs[0].suite == &ct_suite_gm, .is_precert = is_precert,
                                  .chain = chain, .chain_count = 2};
    *a = (struct answered){.world = w};
    builder_init(&a->scts, SCT_LIST_SIZE_MAX);
    enum status s = w->port.start(w->port.context, &request, on_done, a, &err);
    assert_int_equal(a->calls, 0);
    return s;
}

static struct answered get(struct world *w, const char *policy, uint64_t wait_ms)
{
    static struct answered a;
    OK(ask(w, policy, true, &a));
    fake_timer_advance(w->timer, wait_ms);
    return a;
}

static struct fake_ct_log *log_of(struct world *w, struct bytes id)
{
    for (size_t i = 0; i < w->logs.count; i++) {
        uint8_t own[HASH_SIZE];
        fake_ct_logs_id(&w->logs.logs[i], own);
        if (bytes_equal(id, BYTES_OF(own)))
            return &w->logs.logs[i];
    }
    return NULL;
}

/* count good SCTs of different logs and of at least so many operators; "-NAME": not of that log. */
static void check_scts(struct world *w, struct answered *a, size_t count, size_t operators, const char *without)
{
    struct sct_list list;
    struct fake_ct_log *seen[SCT_LIST_MAX];
    size_t distinct = 0;
    assert_string_equal(a->text, "");
    assert_int_equal(a->status, STATUS_OK);
    assert_int_equal(a->calls, 1);
    OK(sct_list_parse(builder_view(&a->scts), &list, &err));
    assert_int_equal(list.count, count);
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;
        seen[i] = log_of(w, list.scts[i].log_id);
        assert_non_null(seen[i]);
        assert_true(without == NULL || strcmp(seen[i]->name, without) != 0);
        for (size_t k = 0; k < i; k++) {
            assert_ptr_not_equal(seen[i], seen[k]);
            is_new = is_new && strcmp(seen[i]->operator, seen[k]->operator) != 0;
        }
        distinct += is_new;
    }
    assert_true(distinct >= operators);
    builder_clear(&a->scts);
}

static void check_failed(struct answered *a, const char *const *says, size_t count)
{
    assert_int_equal(a->calls, 1);
    assert_int_equal(a->status, STATUS_AGAIN);
    assert_int_equal(a->scts.len, 0);
    for (size_t i = 0; i < count; i++)
        if (strstr(a->text, says[i]) == NULL)
            fail_msg("\"%s\" is not in: %s", says[i], a->text);
    builder_clear(&a->scts);
}
#define FAILED(a, ...) check_failed(a, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static unsigned asked(const struct world *w)
{
    unsigned count = 0;
    for (size_t i = 0; i < w->logs.count; i++)
        count += w->logs.logs[i].asked_count;
    return count;
}

static struct fake_ct_log *log_named(struct world *w, const char *name)
{
    size_t i = 0;
    while (strcmp(w->logs.logs[i].name, name) != 0)
        i++;
    return &w->logs.logs[i];
}

static const char *const four[] = {"a1 A", "a2 A", "b1 B", "c1 C"};
static const char *const two[] = {"a1 A", "b1 B"};

/* ---- tests ---- */

static void good_logs(void **state)
{
    (void)state;
    static const struct ct_suite *const suites[] = {&ct_suite_gm, &ct_suite_intl};
    for (size_t i = 0; i < LENGTH(suites); i++) {
        struct world w;
        start(&w, suites[i], four, LENGTH(four));
        struct answered a = get(&w, "gm-browser", 0);
        check_scts(&w, &a, 2, 2, NULL);
        assert_int_equal(asked(&w), 2); /* no more than needed */
        /* A final certificate goes to add-chain. */
        OK(ask(&w, "gm-browser", false, &a));
        fake_timer_advance(w.timer, 0);
        check_scts(&w, &a, 2, 2, NULL);
        unsigned chains = 0;
        for (size_t k = 0; k < w.logs.count; k++)
            chains += w.logs.logs[k].chain_count;
        assert_int_equal(chains, 2);
        assert_int_equal(fake_timer_pending(w.timer), 0);
        stop(&w);
    }
}

static void what_is_not_asked(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    assert_says(ask(&w, "other", true, &a), &err, STATUS_USAGE, "no CT policy \"other\"");
    assert_says(ask(&w, "nothing", true, &a), &err, STATUS_USAGE, "asks for no SCTs");
    const struct bytes chain[] = {builder_view(&w.precert), builder_view(&w.issuer)};
    struct sct_request request = {.policy = "one", .is_gm = true, .is_precert = true, .chain = chain, .chain_count = 1};
    assert_int_equal(w.port.start(w.port.context, &request, on_done, &a, &err), STATUS_MALFORMED);
    /* A certificate is no precertificate. */
    const struct bytes final[] = {builder_view(&w.certificate), builder_view(&w.issuer)};
    request = (struct sct_request){.policy = "one", .is_gm = true, .is_precert = true, .chain = final, .chain_count = 2};
    assert_int_equal(w.port.start(w.port.context, &request, on_done, &a, &err), STATUS_REFUSED);
    OK(ct_submission_check_policy(w.ct, "gm-browser", true, NOW_S, NOW_S + 47 * DAY_S, &err));
    assert_int_equal(ct_submission_check_policy(w.ct, "gm-browser", true, NOW_S, NOW_S + 300 * DAY_S, &err), STATUS_NOT_FOUND);
    assert_int_equal(ct_submission_check_policy(w.ct, "gm-browser", false, NOW_S, NOW_S + 47 * DAY_S, &err), STATUS_NOT_FOUND);
    assert_int_equal(ct_submission_check_policy(w.ct, "other", true, NOW_S, NOW_S + 47 * DAY_S, &err), STATUS_USAGE);
    assert_int_equal(asked(&w), 0);
    stop(&w);
}

/* Of another suite, outside the interval, not usable any more. */
static void which_logs(void **state)
{
    (void)state;
    struct world w;
    start(&w, &ct_suite_gm, four, LENGTH(four));
    (void)fake_ct_logs_add(&w.logs, &ct_suite_intl, "i1", "I");
    log_named(&w, "a1")->start_s = NOW_S + 90 * DAY_S;
    log_named(&w, "a1")->end_s = NOW_S + 180 * DAY_S;
    log_named(&w, "b1")->state = LOG_LIST_RETIRED;
    set_lists(&w);
    for (size_t i = 0; i < 20; i++) {
        struct answered a = get(&w, "gm-browser", 0);
        check_scts(&w, &a, 2, 2, NULL);
    }
    assert_int_equal(log_named(&w, "a2")->asked_count, 20);
    assert_int_equal(log_named(&w, "c1")->asked_count, 20);
    assert_int_equal(asked(&w), 40);
    stop(&w);
}

/* Every kind of wrong answer: another log at once, and this one is left alone for a while. */
static void wrong_answers(void **state)
{
    (void)state;
    static const enum fake_ct_trouble troubles[] = {
        FAKE_CT_DEAD, FAKE_CT_WRONG_SIGNATURE, FAKE_CT_WRONG_KEY, FAKE_CT_WRONG_ID, FAKE_CT_FUTURE, FAKE_CT_LONG, FAKE_CT_GARBAGE,
        FAKE_CT_BUSY, FAKE_CT_BROKEN, FAKE_CT_CLOSED, FAKE_CT_GONE,
    };
    for (size_t i = 0; i < LENGTH(troubles); i++) {
        struct world w;
        start(&w, &ct_suite_gm, four, 3); /* both of A, and B: who is wrong is always wanted */
        log_named(&w, "a1")->trouble = troubles[i];
        for (size_t k = 0; k < 12; k++) {
            struct answered a = get(&w, "gm-browser", 0);
            check_scts(&w, &a, 2, 2, "a1");
        }
        /* Chance may have left it out twelve times, once in four thousand; then nothing was seen. */
        if (log_named(&w, "a1")->asked_count > 0 || troubles[i] == FAKE_CT_DEAD) {
            assert_true(log_named(&w, "a1")->asked_count <= 1);
            assert_true(has_event(&w, "ct-log-failing a1"));
        }
        /* After its pause one submission tries it, and it is well again. */
        log_named(&w, "a1")->trouble = FAKE_CT_GOOD;
        log_named(&w, "a2")->trouble = FAKE_CT_DEAD;
        fake_timer_advance(w.timer, CT_SUBMISSION_PAUSE_MIN_MS);
        struct answered a = get(&w, "gm-browser", 2000);
        check_scts(&w, &a, 2, 2, "a2");
        assert_true(has_event(&w, "ct-log-well a1") || !has_event(&w, "ct-log-failing a1"));
        stop(&w);
    }
}

/* What was submitted is refused: the log is well, and is asked for the next one. */
static void refusals(void **state)
{
    (void)state;
    struct world w;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "a1")->trouble = FAKE_CT_REFUSES;
    struct answered a = get(&w, "gm-browser", DEADLINE_MS);
    FAILED(&a, "a1: HTTP 400", "no such root", "1 SCTs are there");
    assert_true(has_event(&w, "ct-refused a1"));
    assert_false(has_event(&w, "ct-log-failing a1"));
    log_named(&w, "a1")->trouble = FAKE_CT_GOOD;
    a = get(&w, "gm-browser", 0);
    check_scts(&w, &a, 2, 2, NULL);
    stop(&w);
}

/* A slow log gets another beside it after log-timeout, and no earlier. */
static void slow_logs(void **state)
{
    (void)state;
    struct world w;
    start(&w, &ct_suite_gm, four, 3);
    log_named(&w, "b1")->delay_ms = TIMEOUT_MS - 1;
    struct answered a = get(&w, "gm-browser", TIMEOUT_MS - 1);
    check_scts(&w, &a, 2, 2, NULL);
    assert_int_equal(asked(&w), 2);
    stop(&w);

    start(&w, &ct_suite_gm, four, 3);
    log_named(&w, "a1")->delay_ms = log_named(&w, "a2")->delay_ms = TIMEOUT_MS + 2000;
    OK(ask(&w, "gm-browser", true, &a));
    fake_timer_advance(w.timer, TIMEOUT_MS - 1);
    assert_int_equal(asked(&w), 2);
    fake_timer_advance(w.timer, 1);
    assert_int_equal(asked(&w), 3); /* the other one of A */
    fake_timer_advance(w.timer, 1999);
    assert_int_equal(a.calls, 0);
    fake_timer_advance(w.timer, 1); /* the first one's, late, and it counts */
    check_scts(&w, &a, 2, 2, NULL);
    fake_timer_advance(w.timer, DEADLINE_MS);
    assert_int_equal(a.calls, 1);
    assert_int_equal(fake_timer_pending(w.timer), 0);
    stop(&w);
}

static void mute_log(void **state)
{
    (void)state;
    struct world w;
    start(&w, &ct_suite_gm, four, 4);
    log_named(&w, "b1")->trouble = FAKE_CT_MUTE;
    while (!has_event(&w, "ct-log-failing b1")) {
        struct answered a = get(&w, "gm-browser", TIMEOUT_MS);
        check_scts(&w, &a, 2, 2, "b1");
    }
    /* It is tried again and again, and nobody waits for that. */
    unsigned before = log_named(&w, "b1")->asked_count;
    for (size_t i = 0; i < 100; i++) {
        struct answered a = get(&w, "gm-browser", 0);
        check_scts(&w, &a, 2, 2, "b1");
        fake_timer_advance(w.timer, DEADLINE_MS + CT_SUBMISSION_PAUSE_MAX_MS);
    }
    assert_true(log_named(&w, "b1")->asked_count > before + 10);
    stop(&w);
}

/* All dead: by the deadline it says who failed how; one comes back in time: it goes on by itself. */
static void all_dead(void **state)
{
    (void)state;
    struct world w;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "a1")->trouble = FAKE_CT_DEAD;
    log_named(&w, "b1")->trouble = FAKE_CT_BROKEN;
    struct answered a = get(&w, "gm-browser", DEADLINE_MS);
    FAILED(&a, "a1: connection refused", "b1: HTTP 503", "0 SCTs are there");
    assert_int_equal(fake_timer_pending(w.timer), 0);
    /* Within one submission a log is asked once. */
    assert_int_equal(log_named(&w, "b1")->asked_count, 1);
    log_named(&w, "a1")->trouble = log_named(&w, "b1")->trouble = FAKE_CT_GOOD;
    a = get(&w, "gm-browser", 0);
    check_scts(&w, &a, 2, 2, NULL);
    stop(&w);
}

/* Many that wait for a log that is tried by one: they go on when it is well. */
static void trial(void **state)
{
    (void)state;
    struct world w;
    struct answered a[20], first;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "b1")->trouble = FAKE_CT_BROKEN;
    OK(ask(&w, "gm-browser", true, &first));
    fake_timer_advance(w.timer, 0);
    assert_int_equal(log_named(&w, "b1")->asked_count, 1);
    for (size_t i = 0; i < LENGTH(a); i++)
        OK(ask(&w, "gm-browser", true, &a[i]));
    fake_timer_advance(w.timer, CT_SUBMISSION_PAUSE_MIN_MS - 1);
    assert_int_equal(log_named(&w, "b1")->asked_count, 1);
    log_named(&w, "b1")->trouble = FAKE_CT_GOOD;
    log_named(&w, "b1")->delay_ms = 100;
    fake_timer_advance(w.timer, 1);
    assert_int_equal(log_named(&w, "b1")->asked_count, 2); /* one alone */
    fake_timer_advance(w.timer, 100);
    assert_int_equal(log_named(&w, "b1")->asked_count, 1 + LENGTH(a));
    fake_timer_advance(w.timer, 100);
    for (size_t i = 0; i < LENGTH(a); i++)
        check_scts(&w, &a[i], 2, 2, NULL);
    assert_true(has_event(&w, "ct-log-well b1"));
    /* It was asked once for the first one, which has failed with it. */
    fake_timer_advance(w.timer, DEADLINE_MS);
    FAILED(&first, "b1: HTTP 503");
    stop(&w);
}

/* Pauses double up to their end; Retry-After counts, and no longer than an hour. */
static void pauses(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w, &ct_suite_gm, two, 1);
    struct fake_ct_log *log = log_named(&w, "a1");
    uint64_t pause_ms = CT_SUBMISSION_PAUSE_MIN_MS;
    log->trouble = FAKE_CT_BROKEN;
    for (unsigned i = 1; i < 10; i++) {
        a = get(&w, "one", 0);
        assert_int_equal(log->asked_count, i);
        fake_timer_advance(w.timer, pause_ms - 1);
        OK(ask(&w, "one", true, &a));
        fake_timer_advance(w.timer, 0);
        assert_int_equal(log->asked_count, i);
        fake_timer_advance(w.timer, 1); /* that one tries it */
        assert_int_equal(log->asked_count, i + 1);
        log->asked_count = i;
        fake_timer_advance(w.timer, (uint64_t)3600 * 1000);
        pause_ms = pause_ms * 4 > CT_SUBMISSION_PAUSE_MAX_MS ? CT_SUBMISSION_PAUSE_MAX_MS : pause_ms * 4; /* two failures */
        builder_clear(&a.scts);
    }
    stop(&w);

    static const struct {
        const char *retry_after;
        uint64_t pause_ms;
    } rows[] = {{"30", 30000}, {"0", CT_SUBMISSION_PAUSE_MIN_MS}, {"soon", CT_SUBMISSION_PAUSE_MIN_MS}, {"86400", 3600000},
                {"Wed, 18 Nov 2026 11:07:10 GMT", 30000}, {"Fri, 31 Dec 9999 23:59:59 GMT", 3600000},
                {"4294967295", 3600000}, {"99999999999999999999", CT_SUBMISSION_PAUSE_MIN_MS}};
    for (size_t i = 0; i < LENGTH(rows); i++) {
        start(&w, &ct_suite_gm, two, 1);
        log = log_named(&w, "a1");
        log->trouble = FAKE_CT_BUSY;
        log->retry_after = rows[i].retry_after;
        a = get(&w, "one", 0);
        log->trouble = FAKE_CT_GOOD;
        fake_timer_advance(w.timer, rows[i].pause_ms - 1);
        struct answered b;
        OK(ask(&w, "one", true, &b));
        fake_timer_advance(w.timer, 0);
        assert_int_equal(log->asked_count, 1);
        fake_timer_advance(w.timer, 1);
        check_scts(&w, &b, 1, 1, NULL);
        stop(&w);
        builder_clear(&a.scts);
    }
}

/* The list is replaced while somebody waits: what has begun goes on, what is known of logs stays. */
static void reload(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "b1")->trouble = FAKE_CT_BROKEN;
    log_named(&w, "b1")->retry_after = "600";
    a = get(&w, "gm-browser", DEADLINE_MS);
    FAILED(&a, "b1: HTTP 503");
    log_named(&w, "a1")->delay_ms = 1000;
    OK(ask(&w, "one", true, &a));
    (void)fake_timer_run(w.timer);
    struct bytes bad = bytes_of_text("{");
    assert_int_equal(ct_submission_set(w.ct, &bad, 1, bytes_of_text(policies), &err), STATUS_MALFORMED);
    (void)fake_ct_logs_add(&w.logs, &ct_suite_gm, "d1", "D");
    set_lists(&w);
    fake_timer_advance(w.timer, 1000);
    check_scts(&w, &a, 1, 1, NULL);
    struct answered b = get(&w, "gm-browser", 1000);
    check_scts(&w, &b, 2, 2, "b1");
    assert_int_equal(log_named(&w, "b1")->asked_count, 1);
    stop(&w);
}

static void stopping(void **state)
{
    (void)state;
    struct world w;
    struct answered a;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "a1")->delay_ms = 1000;
    OK(ask(&w, "gm-browser", true, &a));
    (void)fake_timer_run(w.timer);
    ct_submission_stop(w.ct);
    FAILED(&a, "stopping");
    struct answered b;
    assert_says(ask(&w, "gm-browser", true, &b), &err, STATUS_AGAIN, "stopping");
    fake_timer_advance(w.timer, DEADLINE_MS);
    assert_int_equal(a.calls, 1);
    stop(&w);
}

static void too_many(void **state)
{
    (void)state;
    static struct answered a[CT_SUBMISSION_PENDING_MAX + 1];
    struct world w;
    start(&w, &ct_suite_gm, two, 1);
    for (size_t i = 0; i < CT_SUBMISSION_PENDING_MAX; i++)
        OK(ask(&w, "one", true, &a[i]));
    assert_says(ask(&w, "one", true, &a[CT_SUBMISSION_PENDING_MAX]), &err, STATUS_LIMIT, "4096");
    /* The fetch port has no room: it is asked again soon. */
    fake_fetch_refuse(w.fetch, true);
    fake_timer_advance(w.timer, 0);
    assert_int_equal(asked(&w), 0);
    ct_submission_stop(w.ct);
    for (size_t i = 0; i < CT_SUBMISSION_PENDING_MAX; i++)
        assert_int_equal(a[i].calls, 1);
    stop(&w);

    start(&w, &ct_suite_gm, two, 1);
    fake_fetch_refuse(w.fetch, true);
    OK(ask(&w, "one", true, &a[0]));
    fake_timer_advance(w.timer, 100);
    fake_fetch_refuse(w.fetch, false);
    fake_timer_advance(w.timer, 200);
    check_scts(&w, &a[0], 1, 1, NULL);
    stop(&w);
}

/* Those that came first are asked for first, so many at a time; who waits too long for its turn is told why. */
static void in_turns(void **state)
{
    (void)state;
    static struct answered a[3 * CT_SUBMISSION_ACTIVE_MAX];
    struct world w;
    start(&w, &ct_suite_gm, two, 1);
    struct fake_ct_log *log = log_named(&w, "a1");
    log->delay_ms = 100;
    for (size_t i = 0; i < LENGTH(a); i++)
        OK(ask(&w, "one", true, &a[i]));
    for (size_t turn = 0; turn < 3; turn++) {
        (void)fake_timer_run(w.timer);
        assert_int_equal(log->asked_count, (turn + 1) * CT_SUBMISSION_ACTIVE_MAX);
        assert_int_equal(a[turn * CT_SUBMISSION_ACTIVE_MAX].calls, 0);
        fake_timer_advance(w.timer, 100);
        assert_int_equal(a[(turn + 1) * CT_SUBMISSION_ACTIVE_MAX - 1].calls, 1);
    }
    for (size_t i = 0; i < LENGTH(a); i++)
        check_scts(&w, &a[i], 1, 1, NULL);
    log->trouble = FAKE_CT_MUTE;
    for (size_t i = 0; i < LENGTH(a); i++)
        OK(ask(&w, "one", true, &a[i]));
    log->asked_count = 0;
    fake_timer_advance(w.timer, DEADLINE_MS);
    assert_int_equal(log->asked_count, CT_SUBMISSION_ACTIVE_MAX);
    FAILED(&a[0], "a1: has not answered");
    FAILED(&a[LENGTH(a) - 1], "too many certificates wait");
    /* Nothing is left of them. */
    fake_timer_advance(w.timer, CT_SUBMISSION_PAUSE_MAX_MS);
    log->trouble = FAKE_CT_GOOD;
    struct answered b = get(&w, "one", 100);
    check_scts(&w, &b, 1, 1, NULL);
    stop(&w);
}

/* Those whose logs are away only wait, and are in nobody's way; when the log is back those go on that it has not failed. */
static void waiting_is_no_turn(void **state)
{
    (void)state;
    static struct answered a[3 * CT_SUBMISSION_ACTIVE_MAX];
    struct world w;
    size_t failed_count = 0;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    log_named(&w, "b1")->trouble = FAKE_CT_DEAD;
    for (size_t i = 0; i < LENGTH(a); i++)
        OK(ask(&w, "gm-browser", true, &a[i]));
    fake_timer_advance(w.timer, 100);
    for (size_t i = 0; i < LENGTH(a); i++)
        assert_int_equal(a[i].calls, 0);
    struct answered b = get(&w, "one", 100);
    check_scts(&w, &b, 1, 1, "b1");
    log_named(&w, "b1")->trouble = FAKE_CT_GOOD;
    fake_timer_advance(w.timer, DEADLINE_MS);
    for (size_t i = 0; i < LENGTH(a); i++) {
        assert_int_equal(a[i].calls, 1);
        if (a[i].status == STATUS_OK) {
            check_scts(&w, &a[i], 2, 2, NULL);
        } else {
            failed_count++;
            FAILED(&a[i], "have not answered in time");
        }
    }
    assert_true(failed_count <= CT_SUBMISSION_ACTIVE_MAX);
    stop(&w);
}

static void metrics(void **state)
{
    (void)state;
    struct world w;
    struct builder text;
    start(&w, &ct_suite_gm, two, LENGTH(two));
    struct answered a = get(&w, "gm-browser", 0);
    check_scts(&w, &a, 2, 2, NULL);
    builder_init(&text, 65536);
    metrics_write(w.metrics, &text);
    builder_u8(&text, 0);
    assert_non_null(strstr((const char *)text.data, "cathaya_ct_scts_total{log=\"a1\"} 1\n"));
    assert_non_null(strstr((const char *)text.data, "cathaya_ct_failures_total{log=\"b1\"} 0\n"));
    assert_non_null(strstr((const char *)text.data, "cathaya_ct_answer_seconds_count{log=\"b1\"} 1\n"));
    assert_non_null(strstr((const char *)text.data, "cathaya_ct_submissions 0\n"));
    builder_clear(&text);
    stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_logs), cmocka_unit_test(what_is_not_asked), cmocka_unit_test(which_logs), cmocka_unit_test(wrong_answers),
        cmocka_unit_test(refusals), cmocka_unit_test(slow_logs), cmocka_unit_test(mute_log), cmocka_unit_test(all_dead),
        cmocka_unit_test(trial), cmocka_unit_test(pauses), cmocka_unit_test(reload), cmocka_unit_test(stopping),
        cmocka_unit_test(too_many), cmocka_unit_test(in_turns), cmocka_unit_test(waiting_is_no_turn), cmocka_unit_test(metrics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
