/* What a watcher says of a distributor that is honest, forks, hides or goes back; landmarks are e2e/trust_publish_watch's matter. */
#include "unit/service/trust_publisher/publisher_world.h"

#include <stdio.h>

#include "codec/evidence/evidence.h"
#include "rules/evidence_check.h"
#include "service/bundle_watcher/bundle_watcher.h"

#define URL "http://trust.example/"

static struct publisher_world *w;
static struct fake_fetch *fetch;
static struct bundle_watcher *watcher;
static struct memory_disk *shown, *own; /* what is served; where the watcher keeps its state */
static struct error err;

static struct {
    unsigned counts[FINDING_IDS], total, rounds;
    unsigned proven[EVIDENCE_KINDS];
    struct bundle_watcher_status status;
} seen;

/* ---- the web ---- */

static bool has_full_tiles_alone; /* as a log that has grown over them */
static unsigned asked_logs[3];    /* tiles of issuance logs, which do not answer */

/* A full tile has what was there when it was a partial one, and more. */
static void serve_full_tile(const char *name, void *token)
{
    uint8_t tile[TILE_WIDTH * HASH_SIZE] = {0};
    struct object_store store = memory_disk_store(shown, PUBLISHER_LOG);
    struct builder body;
    char partial[64];
    builder_init_fixed(&body, tile, sizeof tile);
    (void)snprintf(partial, sizeof partial, "%s.p/%llu", name, (unsigned long long)w->version);
    OK(store.get(store.context, partial, &body, &err));
    fake_fetch_answer(fetch, token, 200, "", BYTES_OF(tile));
}

static void serve(void *context, const struct fetch_request *request, void *token)
{
    (void)context;
    static const char issuer[] = "http://ca.example/";
    if (strncmp(request->url, issuer, strlen(issuer)) == 0) {
        asked_logs[request->url[strlen(issuer)] - '0']++;
        fake_fetch_answer(fetch, token, 500, "", bytes_of(NULL, 0));
        return;
    }
    const char *name = request->url + strlen(URL);
    bool is_log = strncmp(name, "log/", 4) == 0;
    bool is_tile = strncmp(name, "log/tile/", 9) == 0;
    if (has_full_tiles_alone && is_tile && strstr(name, ".p/") == NULL) {
        serve_full_tile(name + 4, token);
        return;
    }
    struct object_store store = memory_disk_store(shown, is_log ? PUBLISHER_LOG : PUBLISHER_PUBLISHED);
    struct builder body;
    builder_init(&body, TRUST_ENVELOPE_SIZE_MAX);
    assert_memory_equal(request->url, URL, strlen(URL));
    enum status s = store.get(store.context, is_log ? name + 4 : name, &body, NULL);
    if (has_full_tiles_alone && is_tile)
        s = STATUS_NOT_FOUND;
    fake_fetch_answer(fetch, token, s == STATUS_OK ? 200 : 404, "", builder_view(&body));
    builder_clear(&body);
}

/* ---- what the watcher says ---- */

static void check_evidence(struct bytes file)
{
    struct builder memory, words;
    struct evidence e;
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    builder_init(&words, EVIDENCE_CHECK_TEXT_MAX);
    OK(evidence_parse(file, &memory, &e, &err));
    OK(evidence_check(&e, mirror_world_algorithms(), &words, &err));
    seen.proven[e.kind]++;
    builder_clear(&memory);
    builder_clear(&words);
}

static void finding(void *cookie, const struct log_finding *f)
{
    (void)cookie;
    seen.counts[f->id]++;
    seen.total++;
    if (f->evidence.len > 0)
        check_evidence(f->evidence);
}

static void progress(void *cookie, const struct bundle_watcher_status *status)
{
    (void)cookie;
    seen.status = *status;
    seen.rounds++;
}

/* The logs are followed here too, and their tiles are not to be had. */
static bool log_head(void *cookie, const struct tai *ca_id, uint16_t log_number, struct bundle_watcher_log *out)
{
    static char url[64];
    (void)cookie;
    (void)ca_id;
    (void)snprintf(url, sizeof url, "http://ca.example/%u", log_number);
    *out = (struct bundle_watcher_log){.hash = &hash_sm3, .url = url, .size = 1000};
    return true;
}

/* ---- life ---- */

static void start(void)
{
    static const struct bundle_watcher_callbacks callbacks = {.finding = finding, .progress = progress, .log_head = log_head};
    const struct bundle_watcher_config config = {.name = "program", .url = "http://trust.example", .keys = &w->registry,
                                                 .algorithms = mirror_world_algorithms(), .interval_ms = 60000, .late_ms = 7200000,
                                                 .fetch = fake_fetch_port(fetch), .timer = fake_timer_port(w->net->timer),
                                                 .clock = w->config.clock, .state = memory_disk_store(own, 0)};
    OK(bundle_watcher_new(&config, &callbacks, NULL, &watcher, &err));
    bundle_watcher_start(watcher);
}

static void stop(void)
{
    if (watcher == NULL)
        return;
    bundle_watcher_stop(watcher, NULL, NULL);
    (void)fake_timer_run(w->net->timer);
    bundle_watcher_free(watcher);
    watcher = NULL;
}

static void look(void)
{
    unsigned before = seen.rounds;
    fake_timer_advance(w->net->timer, 60000);
    assert_true(seen.rounds > before);
}

static void build(void)
{
    if (publisher_world_build(w) != STATUS_OK)
        fail_msg("%s", w->error.text);
}

static int open_world(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof seen);
    has_full_tiles_alone = false;
    w = publisher_world_new();
    fetch = fake_fetch_new(w->net->timer);
    fake_fetch_serve(fetch, serve, NULL);
    shown = w->disk;
    own = memory_disk_new();
    OK(publisher_world_open(w, &err));
    build();
    start();
    (void)fake_timer_run(w->net->timer);
    assert_int_equal(seen.status.version, 1);
    assert_int_equal(seen.total, 0);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    stop();
    fake_fetch_free(fetch);
    memory_disk_free(own);
    publisher_world_free(w);
    return 0;
}

/* ---- tests ---- */

static void an_honest_one_is_followed(void **state)
{
    (void)state;
    for (uint64_t n = 2; n <= 4; n++) {
        build();
        look();
        assert_int_equal(seen.status.version, n);
        assert_int_equal(seen.status.log_size, n);
    }
    /* New keys, while nobody looks. */
    publisher_world_close(w);
    w->config.signer_count = w->config.log_signer_count = 4;
    publisher_world_name_keys(w, 1);
    OK(publisher_world_open(w, &err));
    for (unsigned i = 0; i < 6; i++)
        build();
    stop();
    publisher_world_name_keys(w, 0);
    start(); /* the pins are those of before; the state knows more */
    publisher_world_name_keys(w, 1);
    look();
    assert_int_equal(seen.status.version, 10);
    assert_int_equal(seen.total, 0);
}

/* Whoever has the keys makes another history from the same state. */
static void two_histories_are_proven(void **state)
{
    (void)state;
    publisher_world_close(w);
    struct memory_disk *fork = memory_disk_copy(w->disk);
    OK(publisher_world_open(w, &err));
    build();
    look();
    publisher_world_close(w);
    w->config.state = memory_disk_store(fork, PUBLISHER_STATE);
    w->config.record = memory_disk_record(fork);
    w->config.log = memory_disk_store(fork, PUBLISHER_LOG);
    w->config.published = memory_disk_store(fork, PUBLISHER_PUBLISHED);
    OK(publisher_world_open(w, &err));
    build();
    shown = fork;
    look();
    assert_int_equal(seen.proven[EVIDENCE_TWO_ROOTS], 1);
    assert_int_equal(seen.proven[EVIDENCE_TWO_VERSIONS], 1);
    build();
    look();
    assert_int_equal(seen.proven[EVIDENCE_NOT_A_PREFIX], 1);
    /* It stays where it was, and says so again. */
    assert_int_equal(seen.status.log_size, 2);
    shown = w->disk;
    look();
    assert_int_equal(seen.status.log_size, 2);
    publisher_world_close(w);
    memory_disk_free(fork);
}

/* What another monitor has seen. */
static void gossip_is_compared(void **state)
{
    (void)state;
    struct followed_head head;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    publisher_world_close(w);
    struct memory_disk *fork = memory_disk_copy(w->disk);
    OK(publisher_world_open(w, &err));
    build();
    look();
    assert_true(bundle_watcher_head(watcher, &head));
    builder_bytes(&note, head.signature);
    OK(bundle_watcher_view(watcher, builder_view(&note), "http://other.example", &err));
    look();
    assert_int_equal(seen.total, 0);
    publisher_world_close(w);
    w->config.state = memory_disk_store(fork, PUBLISHER_STATE);
    w->config.record = memory_disk_record(fork);
    w->config.log = memory_disk_store(fork, PUBLISHER_LOG);
    w->config.published = memory_disk_store(fork, PUBLISHER_PUBLISHED);
    OK(publisher_world_open(w, &err));
    build();
    publisher_world_close(w);
    struct object_store store = memory_disk_store(fork, PUBLISHER_LOG);
    builder_reset(&note);
    OK(store.get(store.context, "checkpoint", &note, &err));
    OK(bundle_watcher_view(watcher, builder_view(&note), "http://other.example", &err));
    look();
    assert_int_equal(seen.proven[EVIDENCE_TWO_ROOTS], 1);
    note.data[0] ^= 1;
    assert_int_equal(bundle_watcher_view(watcher, builder_view(&note), "http://other.example", &err), STATUS_REFUSED);
    builder_clear(&note);
    memory_disk_free(fork);
}

static void what_is_not_as_signed_is_told(void **state)
{
    (void)state;
    struct builder file;
    builder_init(&file, TRUST_ENVELOPE_SIZE_MAX);
    build();
    assert_true(publisher_world_get(w, PUBLISHER_PUBLISHED, "bundles/2", &file));
    file.data[60] ^= 1;
    struct bytes damaged = builder_view(&file);
    assert_true(memory_disk_damage(w->disk, PUBLISHER_PUBLISHED, "bundles/2", &damaged));
    look();
    assert_true(seen.counts[FINDING_BAD_VERSION] > 0);
    assert_int_equal(seen.status.version, 1);
    assert_true(memory_disk_damage(w->disk, PUBLISHER_PUBLISHED, "bundles/2", NULL));
    look();
    assert_true(seen.counts[FINDING_MISSING_ENTRY] > 0);
    builder_clear(&file);
}

static void a_partial_tile_that_is_full_now_is_no_finding(void **state)
{
    (void)state;
    has_full_tiles_alone = true;
    for (uint64_t n = 2; n <= 4; n++) {
        build();
        look();
        assert_int_equal(seen.status.log_size, n);
    }
    assert_int_equal(seen.total, 0);
}

static void a_log_that_is_away_hides_no_other(void **state)
{
    (void)state;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    update_world_note(w->net, 0, 1000, false, "oid/1.3.6.1.4.1.32473.1.0.2", &note);
    builder_u8(&note, 0);
    struct update_site *second = update_world_site(w->net, "http://ca.example/2/");
    second->note = (const char *)note.data;
    second->list = w->net->sites[0].list;
    build();
    assert_int_equal(w->landmark_count, 2);
    memset(asked_logs, 0, sizeof asked_logs);
    look();
    assert_true(asked_logs[1] > 0);
    assert_true(asked_logs[2] > 0);
    builder_clear(&note);
}

static void who_goes_back_or_is_late_is_told(void **state)
{
    (void)state;
    publisher_world_close(w);
    struct memory_disk *old = memory_disk_copy(w->disk);
    OK(publisher_world_open(w, &err));
    build();
    look();
    shown = old;
    look();
    assert_true(seen.counts[FINDING_WENT_BACK] > 0);
    shown = w->disk;
    assert_int_equal(seen.counts[FINDING_VERSION_LATE], 0);
    fake_timer_advance(w->net->timer, 7200000);
    assert_true(seen.counts[FINDING_VERSION_LATE] > 0);
    memory_disk_free(old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(an_honest_one_is_followed), TEST(two_histories_are_proven),       TEST(gossip_is_compared),
        TEST(what_is_not_as_signed_is_told), TEST(who_goes_back_or_is_late_is_told),
        TEST(a_partial_tile_that_is_full_now_is_no_finding), TEST(a_log_that_is_away_hides_no_other),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
