/* From entries of a log to notifications, rows and the word that they are kept. */
#include "unit/rules/ct_maker.h"

#include <stdio.h>

#include <jansson.h>

#include "fakes/fake_loop.h"
#include "fakes/memory_disk.h"
#include "rules/precert.h"
#include "service/monitor/monitor.h"

#define NOW_MS ((int64_t)CT_MAKER_NOW_S * 1000)
#define LIST "domain www.example.com\ndomain .example.org\nip 192.0.2.0/24\n"

static struct fake_loop *loop;
static struct memory_disk *disk;
static struct metrics *metrics;
static struct monitor *monitor;
static EVP_PKEY *key;
static struct error err;
static size_t log_number;
static uint64_t kept_end;
static struct builder lines; /* what was told */
static unsigned told_count;

/* ---- an index in memory ---- */

static struct builder index_text;
static bool is_index_failing;
static unsigned commits;

static enum status index_add(void *context, const struct domain_index_entry *entries, size_t count, struct error *e)
{
    (void)context;
    if (is_index_failing)
        return error_set(e, STATUS_IO, "the disk is full");
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < entries[i].name_count; k++)
            builder_printf(&index_text, "%s:%u %.*s %.*s\n", entries[i].log, (unsigned)entries[i].index,
                           (int)entries[i].names[k].len, (const char *)entries[i].names[k].data, (int)entries[i].issuer.len,
                           (const char *)entries[i].issuer.data);
    return STATUS_OK;
}

static enum status index_commit(void *context, struct error *e)
{
    (void)context, (void)e;
    commits++;
    return STATUS_OK;
}

static void index_rollback(void *context)
{
    (void)context;
}

static enum status index_stats(void *context, struct domain_index_stats *out, struct error *e)
{
    (void)context, (void)e;
    *out = (struct domain_index_stats){2, 4, 400};
    return STATUS_OK;
}

static const struct domain_index fake_index = {
    .add = index_add, .commit = index_commit, .rollback = index_rollback, .stats = index_stats};

/* ---- a monitor ---- */

struct later {
    void (*done)(void *cookie, enum status status, const struct error *err);
    void *cookie;
};

static void call_done(void *cookie)
{
    struct later *l = cookie;
    l->done(l->cookie, STATUS_OK, NULL);
    free(l);
}

static void act(void *context, const char *json, void (*done)(void *, enum status, const struct error *), void *cookie)
{
    (void)context;
    builder_printf(&lines, "%s\n", json);
    told_count++;
    struct later *l = malloc(sizeof *l);
    assert_non_null(l);
    *l = (struct later){done, cookie};
    fake_loop_later(loop, 1, call_done, l);
}

static void kept(void *context, size_t log, uint64_t end)
{
    (void)context;
    assert_int_equal(log, log_number);
    assert_true(end > kept_end);
    kept_end = end;
}

static void begin(const struct domain_index *index)
{
    static struct notifier_action action = {"test", NULL, act};
    struct watch_list *list;
    struct monitor_watch *watch;
    loop = fake_loop_new(NOW_MS);
    kept_end = 0;
    OK(metrics_new(&metrics, &err));
    const struct monitor_config config = {.clock = fake_loop_clock(loop),
                                          .timer = fake_loop_timer(loop),
                                          .state_work = fake_loop_work(loop),
                                          .index_work = fake_loop_work(loop),
                                          .state = memory_disk_store(disk, 0),
                                          .files = memory_disk_store(disk, 1),
                                          .index = index,
                                          .events = fake_loop_events(loop),
                                          .metrics = metrics,
                                          .actions = &action,
                                          .action_count = 1,
                                          .flush_ms = 60000,
                                          .interval_ms = 1000,
                                          .kept = kept};
    const struct monitor_log_config log = {"log-1", "https://log.example/1", 60};
    OK(monitor_new(&config, &monitor, &err));
    OK(monitor_add_log(monitor, &log, &log_number, &err));
    OK(watch_list_read(bytes_of_text(LIST), NULL, &list, &err));
    OK(monitor_watch_new(list, &watch, &err));
    monitor_set_watch(monitor, watch);
    monitor_start(monitor);
}

static void stopped(void *cookie)
{
    *(bool *)cookie = true;
}

static void end(void)
{
    bool is_stopped = false;
    monitor_stop(monitor, stopped, &is_stopped);
    fake_loop_run(loop, 10000);
    assert_true(is_stopped);
    monitor_free(monitor);
    metrics_free(metrics);
    fake_loop_free(loop);
}

static int set_up(void **state)
{
    (void)state;
    disk = memory_disk_new();
    key = EVP_EC_gen("P-256");
    assert_non_null(key);
    builder_init(&lines, 1 << 24);
    builder_init(&index_text, 1 << 24);
    told_count = commits = 0;
    is_index_failing = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_disk_free(disk);
    EVP_PKEY_free(key);
    builder_clear(&lines);
    builder_clear(&index_text);
    return 0;
}

static struct bytes make(const char *dns, bool is_ca, bool has_poison, bool has_scts)
{
    const struct ct_maker m = {.subject = "Somebody", .issuer = "Some CA", .key = key, .signer = key, .digest = "SHA256",
                               .is_ca = is_ca, .has_poison = has_poison, .dns = dns,
                               .sct_list_hex = has_scts ? "04020000" : NULL};
    return ct_maker_make(&m);
}

/* Scans entries [start, start + count) and gives them to the monitor. */
static void give(uint64_t start, struct followed_entry *entries, size_t count, bool is_mtc)
{
    static const uint8_t leaf_hash[HASH_SIZE];
    struct monitor_watch *watch = monitor_watch_of(monitor);
    struct monitor_found *found;
    for (size_t i = 0; i < count; i++) {
        entries[i].index = start + i;
        entries[i].leaf_hash = leaf_hash;
        entries[i].timestamp_ms = (uint64_t)NOW_MS;
    }
    const struct followed_batch batch = {.start = start, .count = count, .entries = entries, .hash = &hash_sha256};
    const struct monitor_scan_input input = {.watch = watch, .log = "log-1", .url = "https://log.example/1", .is_mtc = is_mtc,
                                             .now_ms = NOW_MS, .batch = &batch, .wants_index = true};
    OK(monitor_scan(&input, &found, &err));
    monitor_watch_release(watch);
    monitor_take(monitor, log_number, start + count, found);
}

static const char *told(void)
{
    builder_u8(&lines, '\0');
    lines.len--;
    return (const char *)lines.data;
}

/* ---- tests ---- */

static void a_precertificate_and_its_certificate_are_one(void **state)
{
    (void)state;
    struct bytes pre = make("DNS:www.example.com", false, true, false), final = make("DNS:www.example.com", false, false, true);
    struct bytes other = make("DNS:other.example.net", false, false, true);
    struct certificate parsed;
    struct builder tbs;
    builder_init(&tbs, 10000);
    OK(certificate_parse(pre, &parsed, &err));
    OK(precert_write_tbs(&parsed, &tbs, &err));
    begin(&fake_index);
    struct followed_entry entries[] = {{.type = 0, .certificate = other},
                                       {.type = 1, .certificate = pre, .tbs = builder_view(&tbs)},
                                       {.type = 0, .certificate = final}};
    give(0, entries, 2, false);
    assert_int_equal(kept_end, 0); /* not before it is durable */
    give(2, entries + 2, 1, false);
    fake_loop_run(loop, 1000);
    assert_int_equal(kept_end, 3);
    assert_int_equal(told_count, 1);
    assert_non_null(strstr(told(), "\"event\":\"certificate\""));
    assert_non_null(strstr(told(), "\"watch\":[\"domain www.example.com\"]"));
    assert_non_null(strstr(told(), "\"entry_type\":\"precert_entry\""));
    assert_non_null(strstr(told(), "\"index\":1"));
    assert_non_null(strstr(told(), "\"issuer\":\"CN=Some CA\""));
    builder_u8(&index_text, '\0');
    assert_string_equal((const char *)index_text.data, "log-1:0 other.example.net CN=Some CA\nlog-1:1 www.example.com CN=Some CA\n"
                                                       "log-1:2 www.example.com CN=Some CA\n");
    end();
    begin(NULL); /* and after a restart that looks at it again */
    give(0, entries, 3, false);
    fake_loop_run(loop, 1000);
    assert_int_equal(told_count, 1);
    assert_int_equal(kept_end, 3);
    end();
    heap_free(pre);
    heap_free(final);
    heap_free(other);
    builder_clear(&tbs);
}

static void odd_entries_are_told(void **state)
{
    (void)state;
    struct bytes ca = make(NULL, true, false, false), good = make("DNS:a.b.example.org,IP:192.0.2.9", false, false, false);
    begin(NULL);
    struct followed_entry entries[] = {
        {.type = 0, .certificate = ca},
        {.type = 0, .certificate = bytes_of_text("no certificate")},
        {.type = 7, .leaf = bytes_of_text("something new")},
        {.type = 1, .leaf = bytes_of_text("half"), .is_malformed = true},
        {.type = 0, .certificate = good},
    };
    give(0, entries, 5, false);
    fake_loop_run(loop, 1000);
    assert_int_equal(told_count, 5);
    assert_non_null(strstr(told(), "\"event\":\"ca-certificate\""));
    assert_non_null(strstr(told(), "\"event\":\"unreadable\""));
    assert_non_null(strstr(told(), "\"event\":\"unknown-entry\""));
    assert_non_null(strstr(told(), "\"entry_type\":\"unknown 7\""));
    assert_non_null(strstr(told(), "\"watch\":[\"domain .example.org\",\"ip 192.0.2.0/24\"]"));
    assert_int_equal(kept_end, 5);
    end();
    begin(NULL); /* of an issuance log the null entry is not odd; other types are */
    struct followed_entry mtc[] = {{.type = 0}, {.type = 3, .leaf = bytes_of_text("a later draft's")}};
    give(0, mtc, 2, true);
    fake_loop_run(loop, 1000);
    assert_int_equal(told_count, 6);
    end();
    begin(NULL); /* in a CT log the entry of a Merkle Tree CA that cannot be read */
    struct followed_entry inner = {.type = 0xff01, .leaf = bytes_of_text("rubbish")};
    give(0, &inner, 1, false);
    fake_loop_run(loop, 1000);
    assert_int_equal(told_count, 7);
    end();
    heap_free(ca);
    heap_free(good);
}

static void many_odd_entries_are_told_as_one(void **state)
{
    (void)state;
    char texts[300][32];
    struct followed_entry entries[300] = {{0}};
    for (size_t i = 0; i < 300; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "no certificate %zu", i);
        entries[i].certificate = bytes_of_text(texts[i]);
    }
    struct bytes good = make("DNS:www.example.com", false, false, false);
    entries[299].certificate = good; /* what is watched for is told all the same */
    begin(NULL);
    give(0, entries, 300, false);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, MONITOR_ODD_MAX + 2);
    assert_non_null(strstr(told(), "\"event\":\"suppressed\""));
    assert_non_null(strstr(told(), "\"index\":100"));
    assert_non_null(strstr(told(), "\"index\":299"));
    assert_int_equal(kept_end, 300);
    end();
    heap_free(good);
}

static void authorized(void **state)
{
    (void)state;
    struct bytes mine = make("DNS:www.example.com", false, false, false);
    struct bytes other = make("DNS:www.example.com", false, true, false);
    struct certificate parsed;
    struct builder tbs;
    builder_init(&tbs, 10000);
    OK(certificate_parse(other, &parsed, &err));
    OK(precert_write_tbs(&parsed, &tbs, &err));
    char text[200], hex[2 * HASH_SIZE + 1];
    struct hasher h;
    uint8_t hash[HASH_SIZE];
    struct watch_list *list;
    struct monitor_watch *watch;
    for (int i = 0; i < 2; i++) {
        OK(hasher_init(&h, i == 0 ? &hash_sha256 : &hash_sm3, &err));
        hasher_one(&h, mine, hash);
        hasher_clear(&h);
        text_hex(BYTES_OF(hash), hex);
        (void)snprintf(text, sizeof text, "domain www.example.com\nauthorized %s\n", hex);
        begin(NULL);
        OK(watch_list_read(bytes_of_text(text), NULL, &list, &err));
        OK(monitor_watch_new(list, &watch, &err));
        monitor_set_watch(monitor, watch);
        struct followed_entry entry = {.type = 0, .certificate = mine};
        give(0, &entry, 1, false);
        fake_loop_run(loop, 1000);
        assert_int_equal(told_count, (unsigned)i);
        assert_int_equal(kept_end, 1);
        /* The log shows it beside a precertificate's leaf that is another's: that one is told. */
        entry = (struct followed_entry){.type = 1, .certificate = mine, .tbs = builder_view(&tbs), .is_other = true};
        give(1, &entry, 1, false);
        fake_loop_run(loop, 1000);
        assert_int_equal(told_count, 1); /* once */
        end();
    }
    builder_clear(&tbs);
    heap_free(mine);
    heap_free(other);
}

static void watched_keys(void **state)
{
    (void)state;
    struct bytes good = make("DNS:nobody.example.net", false, false, false);
    unsigned char *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    for (int i = 0; i < 2; i++) {
        char text[200], hex[2 * HASH_SIZE + 1];
        uint8_t hash[HASH_SIZE];
        struct hasher h;
        struct watch_list *list;
        struct monitor_watch *watch;
        struct memory_disk *fresh = memory_disk_new();
        memory_disk_free(disk);
        disk = fresh;
        OK(hasher_init(&h, i == 0 ? &hash_sha256 : &hash_sm3, &err));
        hasher_one(&h, bytes_of(spki, (size_t)len), hash);
        hasher_clear(&h);
        text_hex(BYTES_OF(hash), hex);
        (void)snprintf(text, sizeof text, "spki %s\n", hex);
        begin(NULL);
        OK(watch_list_read(bytes_of_text(text), NULL, &list, &err));
        OK(monitor_watch_new(list, &watch, &err));
        monitor_set_watch(monitor, watch);
        struct followed_entry entry = {.type = 0, .certificate = good};
        give(0, &entry, 1, false);
        fake_loop_run(loop, 1000);
        assert_int_equal(told_count, i + 1);
        assert_non_null(strstr(told(), hex));
        end();
    }
    OPENSSL_free(spki);
    heap_free(good);
}

/* What is not durable is not kept, and nothing behind it. */
static void a_failed_index_holds_back(void **state)
{
    (void)state;
    struct bytes good = make("DNS:www.example.net", false, false, false);
    begin(&fake_index);
    is_index_failing = true;
    struct followed_entry entry = {.type = 0, .certificate = good};
    give(0, &entry, 1, false);
    struct followed_entry empty = {.type = 0, .certificate = good};
    fake_loop_run(loop, 1000);
    give(1, &empty, 1, false);
    fake_loop_run(loop, 1000);
    assert_int_equal(kept_end, 0);
    assert_string_equal(monitor_why_not_ready(monitor), "the disk is full");
    monitor_take(monitor, log_number, 3, NULL);
    end();
    heap_free(good);
}

static void findings_and_uptime(void **state)
{
    (void)state;
    struct log_finding finding = {.id = FINDING_HEAD_STALE, .severity = FINDING_WARNING, .log = "log-1", .source = "x",
                                  .text = "a head of 100 s", .seen_ms = NOW_MS};
    struct followed_contact contact = {.endpoint = "checkpoint", .source = "https://log.example/1", .is_good = true, .status = 200};
    begin(NULL);
    monitor_finding(monitor, log_number, &finding);
    finding.text = "a head of 110 s"; /* the same state, told again after a restart */
    monitor_finding(monitor, log_number, &finding);
    monitor_contact(monitor, log_number, &contact);
    fake_loop_run(loop, 1500);
    contact.is_good = false;
    monitor_contact(monitor, log_number, &contact);
    contact.source = "https://mirror.example/1"; /* a mirror's failure is not the log's */
    monitor_contact(monitor, log_number, &contact);
    fake_loop_run(loop, 1000);
    assert_int_equal(told_count, 1);
    end();
    begin(NULL); /* figures are kept */
    json_t *status = monitor_status(monitor), *log = json_array_get(json_object_get(status, "logs"), 0);
    const json_t *endpoint = json_array_get(json_object_get(log, "endpoints"), 0);
    assert_int_equal(json_integer_value(json_object_get(endpoint, "good")), 1);
    assert_int_equal(json_integer_value(json_object_get(endpoint, "bad")), 1);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(log, "findings"), "head-stale")), 1);
    assert_true(json_is_true(json_object_get(status, "ready")));
    json_decref(status);
    end();
}

/* A log whose every entry breaks a rule fills no mailbox, and hides nothing that is worse behind that. */
static void many_findings_are_told_as_one(void **state)
{
    (void)state;
    struct log_finding finding = {.id = FINDING_OUTSIDE_INTERVAL, .severity = FINDING_WARNING, .log = "log-1", .source = "x",
                                  .text = "outside", .has_index = true, .seen_ms = NOW_MS};
    begin(NULL);
    for (finding.index = 0; finding.index < 3 * MONITOR_ODD_MAX; finding.index++)
        monitor_finding(monitor, log_number, &finding);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, MONITOR_ODD_MAX + 1);
    assert_non_null(strstr(told(), "\"event\":\"suppressed\""));
    finding.id = FINDING_LATE_MERGE;
    finding.severity = FINDING_CRITICAL;
    monitor_finding(monitor, log_number, &finding);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, MONITOR_ODD_MAX + 2);
    json_t *status = monitor_status(monitor), *log = json_array_get(json_object_get(status, "logs"), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(log, "findings"), "outside-interval")), 3 * MONITOR_ODD_MAX);
    json_decref(status);
    end();
}

static void whose_failure_it_is(void **state)
{
    (void)state;
    const struct monitor_log_config other = {"log-2", "https://other.example/2", 60};
    struct followed_contact here = {.endpoint = "get-sth", .source = "https://log.example/1", .is_good = true, .status = 200};
    struct followed_contact there = {.endpoint = "get-sth", .source = "https://other.example/2", .is_good = true, .status = 200};
    size_t number;
    begin(NULL);
    OK(monitor_add_log(monitor, &other, &number, &err));
    assert_int_equal(monitor_add_log(monitor, &other, &number, &err), STATUS_CONFLICT);
    monitor_contact(monitor, 0, &here);
    monitor_contact(monitor, 1, &there);
    here.is_good = false;
    fake_loop_run(loop, 10000);
    monitor_contact(monitor, 0, &here); /* the other one answered ten seconds ago */
    fake_loop_run(loop, 600000);
    monitor_contact(monitor, 0, &here); /* nobody has, for ten minutes: it may be us */
    there.is_good = true;
    monitor_contact(monitor, 1, &there);
    fake_loop_run(loop, 10000);
    here.status = 429; /* it is there, and busy */
    monitor_contact(monitor, 0, &here);
    json_t *status = monitor_status(monitor);
    const json_t *endpoint = json_array_get(json_object_get(json_array_get(json_object_get(status, "logs"), 0), "endpoints"), 0);
    assert_int_equal(json_integer_value(json_object_get(endpoint, "good")), 2);
    assert_int_equal(json_integer_value(json_object_get(endpoint, "bad")), 10); /* the intervals since the answer before */
    json_decref(status);
    end();
}

/* Whose website it is, as somebody says. */
static void website_identities(void **state)
{
    (void)state;
    struct website_identity_entry e = {.whole = bytes_of_text("entry 0"),
                                       .record = {.serial = 7, .domain = bytes_of_text("www.example.com"), .level = 4,
                                                  .name_zh = bytes_of_text("示例公司"), .name_en = bytes_of_text("Example Co."),
                                                  .country = {'C', 'N'}, .registration = bytes_of_text("9XX"),
                                                  .issued_s = CT_MAKER_NOW_S, .until_s = CT_MAKER_NOW_S + 86400}};
    begin(NULL);
    monitor_identity(monitor, log_number, 3, &e);
    monitor_identity(monitor, log_number, 3, &e); /* once */
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 1);
    assert_non_null(strstr(told(), "\"event\":\"identity\""));
    assert_non_null(strstr(told(), "\"index\":3,\"subject\":\"示例公司 / Example Co.\",\"registration\":\"CN 9XX\",\"level\":\"T4\",\"scope\":\"exact\""));
    assert_non_null(strstr(told(), "\"watch\":[\"domain www.example.com\"],\"names\":[\"www.example.com\"]"));
    /* Not that name; then with all below it. */
    e.whole = bytes_of_text("entry 1");
    e.record.domain = bytes_of_text("example.com");
    monitor_identity(monitor, log_number, 4, &e);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 1);
    e.record.scope = WEBSITE_IDENTITY_SUBDOMAINS;
    monitor_identity(monitor, log_number, 5, &e);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 2);
    e.is_revocation = true;
    e.whole = bytes_of_text("entry 2");
    monitor_identity(monitor, log_number, 6, &e);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 2);
    end();
}

/* An organisation that is watched, at a domain that is not. */
static void an_organisation_elsewhere(void **state)
{
    (void)state;
    struct watch_list *list;
    struct monitor_watch *watch;
    struct website_identity_entry e = {.whole = bytes_of_text("entry 0"),
                                       .record = {.serial = 7, .domain = bytes_of_text("else.example"), .level = 4,
                                                  .name_en = bytes_of_text("EXAMPLE  Co."), .country = {'C', 'N'},
                                                  .registration = bytes_of_text("9XX")}};
    begin(NULL);
    monitor_identity(monitor, log_number, 3, &e);
    OK(watch_list_read(bytes_of_text("org \"Example Co.\"\n"), NULL, &list, &err));
    OK(monitor_watch_new(list, &watch, &err));
    monitor_set_watch(monitor, watch);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 0);
    monitor_identity(monitor, log_number, 3, &e);
    fake_loop_run(loop, 5000);
    assert_int_equal(told_count, 1);
    end();
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_precertificate_and_its_certificate_are_one),
        TEST(odd_entries_are_told),
        TEST(many_odd_entries_are_told_as_one),
        TEST(authorized),
        TEST(watched_keys),
        TEST(a_failed_index_holds_back),
        TEST(findings_and_uptime),
        TEST(many_findings_are_told_as_one),
        TEST(whose_failure_it_is),
        TEST(website_identities),
        TEST(an_organisation_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
