/* What a distributor publishes, and what it refuses. */
#include "unit/service/trust_publisher/publisher_world.h"

#include <stdio.h>

#include "codec/mtc/ca_certificate.h"
#include "service/trust_publisher/trust_assembly.h"

static struct publisher_world *w;
static struct update_site *site;
static struct error err;

#define FIRST  "1\n700 1795824000\n0 0\n"
#define SECOND "2\n1300 1795824100\n700 1795824000\n0 0\n"

static int open_world(void **state)
{
    (void)state;
    w = publisher_world_new();
    site = &w->net->sites[0];
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    publisher_world_free(w);
    return 0;
}

static void start(void)
{
    OK(publisher_world_open(w, &err));
}

static void build(uint64_t version)
{
    if (publisher_world_build(w) != STATUS_OK)
        fail_msg("%s", w->error.text);
    assert_int_equal(w->version, version);
    publisher_world_take(w);
    assert_int_equal(w->client.version, version);
}

static void hour(void)
{
    fake_timer_advance(w->net->timer, 3600000);
}

/* The newest bundle as the client has it. */
static void read_bundle(struct trust_bundle *out)
{
    trust_bundle_init(out);
    OK(trust_bundle_parse(builder_view(&w->client.contents[w->client.version]), out, &err));
}

static void assert_landmarks(size_t count, uint64_t first)
{
    struct trust_bundle bundle;
    read_bundle(&bundle);
    assert_int_equal(bundle.landmarks.count, count);
    if (count > 0)
        assert_int_equal(trust_bundle_log_at(&bundle, 0)->first_landmark, first);
    trust_bundle_clear(&bundle);
}

static void landmarks_come_and_a_delta_brings_them(void **state)
{
    (void)state;
    start();
    build(1);
    assert_int_equal(w->log_status, STATUS_OK);
    assert_int_equal(w->log_new, 1);
    assert_int_equal(w->delta_count, 0);
    assert_landmarks(1, 1);
    size_t whole = w->envelope_size;
    hour();
    site->size = 1500;
    site->list = SECOND;
    build(2);
    assert_int_equal(w->log_new, 1);
    assert_landmarks(2, 1);
    assert_int_equal(w->delta_count, 1);
    assert_int_equal(w->deltas[0].from, 1);
    assert_true(w->envelope_size > whole && w->deltas[0].size < w->envelope_size);
    /* Nothing new is a version too. */
    hour();
    build(3);
    assert_int_equal(w->log_new, 0);
    assert_int_equal(w->delta_count, 2);
    assert_false(w->is_rotation);
}

static void what_is_too_old_goes(void **state)
{
    (void)state;
    start();
    for (uint64_t n = 1; n <= 6; n++) {
        build(n);
        hour();
    }
    assert_int_equal(w->delta_count, 3);
    static const char *const there[] = {"bundles/6", "bundles/5", "delta/5", "delta/3", "bundle", "latest"};
    static const char *const gone[] = {"bundles/4", "bundles/1", "delta/2", "delta/6", "delta/1"};
    for (size_t i = 0; i < LENGTH(there); i++)
        assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, there[i]));
    for (size_t i = 0; i < LENGTH(gone); i++)
        assert_false(publisher_world_has(w, PUBLISHER_PUBLISHED, gone[i]));
    assert_true(publisher_world_has(w, PUBLISHER_STATE, "contents/3"));
    assert_false(publisher_world_has(w, PUBLISHER_STATE, "contents/2"));
    /* The log of versions is never pruned. */
    assert_true(publisher_world_has(w, PUBLISHER_LOG, "tile/entries/000.p/6"));
}

static void a_restart_goes_on(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_close(w);
    hour();
    fake_fetch_clear(w->net->fetch);
    start();
    build(2);
    assert_int_equal(w->log_new, 0); /* what was verified is held */
    assert_int_equal(update_world_asked(w->net, "/tile/"), 0);
}

static void a_log_that_lies_gets_nothing_new(void **state)
{
    (void)state;
    start();
    build(1);
    hour();
    site->fork = 1;
    site->size = 1500;
    site->list = SECOND;
    build(2);
    assert_int_equal(w->log_status, STATUS_CONFLICT);
    assert_non_null(strstr(w->log_reason, "not the first ones"));
    assert_true(publisher_world_has(w, PUBLISHER_STATE, w->log_evidence));
    assert_landmarks(1, 1);
    /* Also with a root of the size that was seen. */
    hour();
    site->size = 1000;
    build(3);
    assert_int_equal(w->log_status, STATUS_CONFLICT);
    assert_landmarks(1, 1);
}

static void a_log_that_shrinks_gets_nothing_new(void **state)
{
    (void)state;
    start();
    build(1);
    site->size = 999;
    build(2);
    assert_int_equal(w->log_status, STATUS_REFUSED);
    assert_non_null(strstr(w->log_reason, "never shrinks"));
    assert_landmarks(1, 1);
    site->size = 1000;
    build(3);
    assert_int_equal(w->log_status, STATUS_OK);
}

/* Subtree hashes that do not lead to the root. */
static void tiles_of_another_tree_are_refused(void **state)
{
    (void)state;
    start();
    site->spoiled_bit = 77;
    build(1);
    assert_int_equal(w->log_status, STATUS_REFUSED);
    assert_landmarks(0, 0);
}

static void who_is_away_keeps_what_is_held_until_it_expires(void **state)
{
    (void)state;
    start();
    build(1);
    site->status = -1;
    hour();
    build(2);
    assert_int_equal(w->log_status, STATUS_IO);
    assert_landmarks(1, 1);
    fake_timer_advance(w->net->timer, (UINT64_C(1795824000) - UPDATE_NOW_S - 3600) * 1000);
    build(3); /* the landmark's last second */
    assert_landmarks(1, 1);
    fake_timer_advance(w->net->timer, 1000);
    build(4);
    assert_landmarks(0, 0);
    assert_int_equal(w->landmark_count, 0);
    /* Weeks later it is back. */
    fake_timer_advance(w->net->timer, UINT64_C(21) * 86400000);
    site->status = 0;
    site->size = 1500;
    site->list = "2\n1300 1799999999\n700 1795824000\n0 0\n";
    build(5);
    assert_int_equal(w->log_status, STATUS_OK);
    assert_landmarks(1, 2);
}

/* ---- a web where each answer takes its time ---- */

static struct {
    struct fetch_port fetch;
    struct clock_port clock;
    int64_t each_ms, late_ms;
    unsigned asked[4]; /* by log number; 0: another CA */
} slow;

static int64_t slow_now(void *context)
{
    (void)context;
    return slow.clock.now_ms(slow.clock.context) + slow.late_ms;
}

static enum status slow_start(void *context, const struct fetch_request *request, fetch_done *done, void *cookie, struct error *error)
{
    (void)context;
    bool is_ours = strncmp(request->url, "http://ca", 9) == 0;
    const char *number = is_ours ? strstr(request->url, ".example/") : NULL;
    slow.asked[number != NULL && number[9] >= '1' && number[9] <= '3' ? number[9] - '0' : 0]++;
    slow.late_ms += is_ours ? slow.each_ms : 0;
    return slow.fetch.start(slow.fetch.context, request, done, cookie, error);
}

static void be_slow(int64_t each_ms)
{
    slow.each_ms = each_ms;
    memset(slow.asked, 0, sizeof slow.asked);
}

/* A CA that has many logs and answers slowly costs the others minutes, whatever it does. */
static void a_slow_log_does_not_stop_the_round(void **state)
{
    (void)state;
    static const char *const urls[] = {"http://ca1.example", "http://ca2.example", "http://ca3.example", "http://ca4.example",
                                       "http://ca5.example", "http://ca6.example", "http://ca7.example"};
    slow.fetch = w->config.fetch;
    slow.clock = w->config.clock;
    w->config.fetch.start = slow_start;
    w->config.clock = (struct clock_port){NULL, slow_now};
    slow.late_ms = 0;
    struct builder note;
    builder_init(&note, NOTE_SIZE_MAX);
    update_world_note(w->net, 0, 1000, false, "oid/1.3.6.1.4.1.32473.1.0.2", &note);
    builder_u8(&note, 0);
    struct update_site *second = update_world_site(w->net, "http://ca.example/2/");
    second->note = (const char *)note.data;
    second->list = FIRST;
    be_slow(0);
    start();
    build(1);
    assert_true(slow.asked[2] > 0 && w->landmark_count == 2);
    struct trust_bundle_ca *ca = array_at(&w->registry.cas, 0);
    for (size_t i = 0; i < LENGTH(urls); i++) {
        const struct bytes url = bytes_of_text(urls[i]);
        OK(array_insert(&w->registry.urls, ca->url_count++, &url, "urls", &err));
    }
    site->size = 2000;
    site->list = SECOND;
    int64_t before_ms = slow.late_ms;
    be_slow(50000);
    build(2);
    assert_int_equal(w->log_status, STATUS_IO);
    assert_landmarks(2, 1); /* what was held stays */
    assert_true(slow.asked[1] > 0);
    assert_true(slow.late_ms - before_ms <= LANDMARK_UPDATE_ALL_MS + LANDMARK_UPDATE_TOTAL_MS + REVOCATION_UPDATE_ALL_MS + 4 * slow.each_ms);
    assert_int_equal(slow.asked[2], 0);
    be_slow(1000);
    build(3);
    assert_int_equal(w->log_status, STATUS_OK);
    assert_landmarks(3, 1);
    assert_true(slow.asked[2] > 0);
    builder_clear(&note);
}

static void a_mirror_helps(void **state)
{
    (void)state;
    static const struct bytes url = {(const uint8_t *)"http://mirror.example", 21};
    OK(array_insert(&w->registry.urls, 1, &url, "urls", &err));
    struct trust_bundle_ca *ca = array_at(&w->registry.cas, 0);
    ca->url_count = 2;
    struct update_site *mirror = update_world_site(w->net, "http://mirror.example/1/");
    mirror->size = 1000;
    mirror->list = FIRST;
    site->status = -1;
    start();
    build(1);
    /* The mirror has landmarks; what is revoked only the CA could say. */
    assert_int_equal(w->log_status, STATUS_IO);
    assert_non_null(strstr(w->log_reason, "revocations"));
    assert_landmarks(1, 1);
}

static void what_is_revoked_is_the_registry_s_and_the_log_s(void **state)
{
    (void)state;
    const uint64_t base = UINT64_C(1) << 48;
    const struct trust_bundle_revoked ours[] = {{w->net->ca.id, base + 5, base + 9}, {w->net->ca.id, base + 100, base + 100}};
    const struct trust_bundle_log minimum = {.ca_id = w->net->ca.id, .log_number = 1, .minimum_index = 3};
    for (size_t i = 0; i < LENGTH(ours); i++)
        OK(array_insert(&w->registry.revoked, i, &ours[i], "revoked", &err));
    OK(array_insert(&w->registry.logs, 0, &minimum, "logs", &err));
    site->revocations = update_world_revocations(w->net->ca_key, UPDATE_ORIGIN,
                                                 "revocations 1 1795219000 1795900000\nminimum-index 2\n10 12 1 1\n50 50 1 1\n");
    start();
    if (publisher_world_build(w) != STATUS_OK || w->log_status != STATUS_OK)
        fail_msg("%s %s", w->error.text, w->log_reason);
    publisher_world_take(w);
    struct trust_bundle bundle;
    read_bundle(&bundle);
    assert_int_equal(trust_bundle_log_at(&bundle, 0)->minimum_index, 3);
    assert_int_equal(bundle.revoked.count, 3);
    assert_true(trust_bundle_revoked_at(&bundle, 0)->first == base + 5 && trust_bundle_revoked_at(&bundle, 0)->last == base + 12);
    assert_true(trust_bundle_revoked_at(&bundle, 1)->first == base + 50 && trust_bundle_revoked_at(&bundle, 1)->last == base + 50);
    assert_true(trust_bundle_revoked_at(&bundle, 2)->first == base + 100);
    trust_bundle_clear(&bundle);
    heap_free(site->revocations);
    site->revocations = bytes_of(NULL, 0);
}

/* One CA that revokes without end costs itself, and no version. */
static void more_revoked_ranges_than_fit_are_joined(void **state)
{
    (void)state;
    const uint64_t base = UINT64_C(1) << 48;
    struct trust_bundle bundle;
    for (size_t i = 0; i < TRUST_BUNDLE_REVOKED_MAX; i++) {
        const struct trust_bundle_revoked range = {w->net->ca.id, base + 10 + 4 * i, base + 10 + 4 * i + i % 2};
        OK(array_insert(&w->registry.revoked, i, &range, "revoked", &err));
    }
    start();
    build(1);
    read_bundle(&bundle);
    assert_int_equal(bundle.revoked.count, TRUST_BUNDLE_REVOKED_MAX); /* so many fit as they are */
    trust_bundle_clear(&bundle);
    site->revocations = update_world_revocations(w->net->ca_key, UPDATE_ORIGIN,
                                                 "revocations 1 1795219000 1795900000\nminimum-index 0\n3 4 1 1\n6 6 1 1\n");
    w->config.delta_count = 0;
    build(2);
    read_bundle(&bundle);
    assert_true(bundle.revoked.count <= TRUST_BUNDLE_REVOKED_MAX && bundle.revoked.count >= TRUST_BUNDLE_REVOKED_MAX / 2);
    size_t at = 0;
    for (size_t i = 0; i < w->registry.revoked.count; i++) {
        const struct trust_bundle_revoked *ought = trust_bundle_revoked_at(&w->registry, i);
        while (trust_bundle_revoked_at(&bundle, at)->last < ought->last)
            at++;
        assert_true(trust_bundle_revoked_at(&bundle, at)->first <= ought->first);
    }
    assert_true(trust_bundle_revoked_at(&bundle, 0)->first <= base + 3 && trust_bundle_revoked_at(&bundle, 0)->first > base);
    const struct trust_bundle_revoked *last = trust_bundle_revoked_at(&bundle, bundle.revoked.count - 1);
    assert_true(last->last == trust_bundle_revoked_at(&w->registry, TRUST_BUNDLE_REVOKED_MAX - 1)->last);
    trust_bundle_clear(&bundle);
    heap_free(site->revocations);
    site->revocations = bytes_of(NULL, 0);
}

/* A log of the CA with as many landmarks as one may have. */
static void hold_full_log(struct trust_state *held, uint16_t number)
{
    struct trust_bundle bundle;
    struct trust_bundle_log log = {.ca_id = w->net->ca.id, .log_number = number, .first_landmark = 7, .size_before = 90};
    trust_bundle_init(&bundle);
    bundle.version = 1;
    bundle.issued_s = 1795219200;
    for (size_t i = 0; i < TRUST_BUNDLE_LANDMARKS_PER_LOG_MAX; i++) {
        const struct trust_bundle_landmark landmark = {.tree_size = 100 + 10 * i, .expiry_s = 1795824000};
        OK(array_insert(&bundle.landmarks, i, &landmark, "landmarks", &err));
    }
    log.landmark_count = bundle.landmarks.count;
    OK(array_insert(&bundle.logs, 0, &log, "logs", &err));
    OK(trust_state_set(held, &bundle, bytes_of(NULL, 0), bytes_of(NULL, 0), &err));
    trust_bundle_clear(&bundle);
}

static void a_ca_has_its_share_of_landmarks(void **state)
{
    (void)state;
    struct trust_state held;
    struct trust_bundle bundle;
    struct builder contents;
    struct trust_assembly assembly = {.version = 1, .issued_s = 1795219200, .expires_s = 1795305600, .registry = &w->registry, .state = &held};
    assert_int_equal(w->registry.cas.count, 1);
    assert_int_equal(trust_assembly_share(1), 100000);
    assert_int_equal(trust_assembly_share(591), 169);
    assert_int_equal(trust_assembly_share(1024), 169);
    OK(trust_state_load(&w->config.state, &held, &err));
    for (uint16_t number = 1; number <= 99; number++)
        hold_full_log(&held, number);
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_assembly_write(&assembly, &contents, &err));
    assert_int_equal(assembly.landmark_count, 100000);
    assert_int_equal(assembly.left_out_count, 99 * 1024 - 100000);
    trust_bundle_init(&bundle);
    OK(trust_bundle_parse(builder_view(&contents), &bundle, &err));
    assert_int_equal(bundle.logs.count, 98); /* nothing of the oldest one is left... */
    const struct trust_bundle_log *second = trust_bundle_log_at(&bundle, 0), *third = trust_bundle_log_at(&bundle, 1);
    assert_int_equal(second->log_number, 2);
    assert_int_equal(second->landmark_count, 100000 - 97 * 1024); /* ... the newest ones of the next one, and all of the others */
    assert_int_equal(second->first_landmark, 7 + 1024 - second->landmark_count);
    assert_int_equal(second->size_before, 100 + 10 * (1024 - second->landmark_count - 1));
    assert_int_equal(trust_bundle_landmark_at(&bundle, second, second->landmark_count - 1)->tree_size, 100 + 10 * 1023);
    assert_int_equal(third->landmark_count, 1024);
    trust_bundle_clear(&bundle);
    builder_clear(&contents);
    trust_state_clear(&held);
}

/* ---- keys ---- */

static void keys_change_by_the_keys_before(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_name_keys(w, 1);
    hour();
    /* Nobody could sign what comes after it. */
    assert_int_equal(publisher_world_build(w), STATUS_USAGE);
    assert_non_null(strstr(w->error.text, "no configured key"));
    publisher_world_close(w);
    w->config.signer_count = w->config.log_signer_count = 4;
    start();
    build(2);
    assert_true(w->is_rotation);
    hour();
    build(3); /* the client has the new keys alone now */
    assert_false(w->is_rotation);
    assert_int_equal(w->delta_count, 1); /* from 2: from 1 it would be by keys that are not known there */
    /* The old keys are not needed any more. */
    publisher_world_close(w);
    w->config.signers += 2;
    w->config.log_signers += 2;
    w->config.signer_count = w->config.log_signer_count = 2;
    start();
    for (uint64_t n = 4; n <= 7; n++) {
        hour();
        build(n);
    }
    assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, "bundles/2"));
    assert_false(publisher_world_has(w, PUBLISHER_PUBLISHED, "bundles/4"));
    /* A client of the first version finds its way. */
    bundle_keys_clear(&w->client.keys);
    struct trust_bundle first;
    trust_bundle_init(&first);
    OK(trust_bundle_parse(builder_view(&w->client.contents[1]), &first, &err));
    OK(bundle_keys_read(&first, w->config.algorithms, &w->client.keys, &err));
    trust_bundle_clear(&first);
    w->client.version = 1;
    publisher_world_take(w);
    assert_int_equal(w->client.version, 7);
}

static void keys_that_clients_have_cannot_be_left_out(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_close(w);
    w->config.signers += 2;
    w->config.log_signers += 2;
    publisher_world_name_keys(w, 1);
    struct builder before, after;
    builder_init(&before, NOTE_SIZE_MAX);
    builder_init(&after, NOTE_SIZE_MAX);
    assert_true(publisher_world_get(w, PUBLISHER_LOG, "checkpoint", &before));
    assert_says(publisher_world_open(w, &err), &err, STATUS_USAGE, "no configured key");
    /* The log has not lost the keys that clients know either. */
    assert_true(publisher_world_get(w, PUBLISHER_LOG, "checkpoint", &after));
    assert_bytes(builder_view(&after), builder_view(&before));
    builder_clear(&before);
    builder_clear(&after);
    publisher_world_take(w);
    assert_int_equal(w->client.version, 1);
}

static void another_key_of_a_ca_forgets_landmarks_and_keeps_what_is_revoked(void **state)
{
    (void)state;
    site->revocations = update_world_revocations(w->net->ca_key, UPDATE_ORIGIN,
                                                 "revocations 1 1795219000 1795900000\nminimum-index 0\n10 12 1 1\n");
    start();
    build(1);
    assert_landmarks(1, 1);
    assert_int_equal(w->revoked_count, 1);
    /* The registry has another certificate of the CA: what the other key had signed counts for nothing. */
    struct private_key *other;
    OK(private_key_generate(public_key_alg(private_key_public(w->net->ca_key)), &other, &err));
    const struct ca_certificate ca = {.draft = &draft_gm, .id = w->net->ca.id, .spki = public_key_spki(private_key_public(other)),
                                      .sig_alg = algorithm_identifier(public_key_alg(private_key_public(other))),
                                      .min_serial = UINT64_C(1) << 48, .max_serial = (UINT64_C(4) << 48) - 1,
                                      .not_before_s = UPDATE_NOW_S - 86400, .not_after_s = UPDATE_NOW_S + 86400};
    builder_reset(&w->certificate);
    OK(ca_certificate_write(&ca, &w->certificate, &err));
    struct trust_bundle_ca *row = array_at(&w->registry.cas, 0);
    row->certificate = builder_view(&w->certificate);
    hour();
    build(2);
    assert_int_equal(w->log_status, STATUS_REFUSED);
    assert_landmarks(0, 0);
    assert_int_equal(w->revoked_count, 1);
    private_key_free(other);
    heap_free(site->revocations);
    site->revocations = bytes_of(NULL, 0);
}

static void landmarks_are_held_to_the_rules_of_today(void **state)
{
    (void)state;
    start();
    build(1);
    /* A mirror has to have signed from now on. */
    const struct public_key *key = private_key_public(w->net->mirror_key);
    struct trust_bundle_cosigner mirror = {.role = TRUST_BUNDLE_MIRROR, .algorithm = algorithm_identifier(public_key_alg(key)),
                                           .spki = public_key_spki(key), .operator_name = bytes_of_text("Mirror")};
    const struct trust_bundle_rule rule = {TRUST_BUNDLE_SIGNATURES, 1, 0, 1};
    OK(tai_parse_text(bytes_of_text(UPDATE_MIRROR_ID), &mirror.id, &err));
    OK(array_insert(&w->registry.cosigners, 0, &mirror, "cosigners", &err));
    OK(array_insert(&w->registry.rules, 0, &rule, "rules", &err));
    OK(array_insert(&w->registry.members, 0, &mirror.id, "members", &err));
    struct trust_bundle_ca *row = array_at(&w->registry.cas, 0);
    row->rule_count = 1;
    hour();
    build(2);
    assert_int_equal(w->log_status, STATUS_AGAIN);
    assert_landmarks(0, 0);
    site->is_cosigned = true;
    hour();
    build(3);
    assert_int_equal(w->log_status, STATUS_OK);
    assert_landmarks(1, 1);
}

/* ---- state, time ---- */

/* A backup of the state, while clients have seen more. */
static void an_older_state_signs_nothing(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_close(w);
    struct memory_disk *old = memory_disk_copy(w->disk);
    start();
    hour();
    build(2);
    publisher_world_close(w);
    w->config.state = memory_disk_store(old, PUBLISHER_STATE);
    w->config.record = memory_disk_record(old);
    assert_int_equal(publisher_world_open(w, &err), STATUS_REFUSED);
    /* Also with a log folder of that age: `latest` says it. */
    w->config.log = memory_disk_store(old, PUBLISHER_LOG);
    assert_says(publisher_world_open(w, &err), &err, STATUS_REFUSED, "older than what clients");
    /* And a folder without its state. */
    struct memory_disk *empty = memory_disk_new();
    w->config.state = memory_disk_store(empty, PUBLISHER_STATE);
    w->config.record = memory_disk_record(empty);
    assert_says(publisher_world_open(w, &err), &err, STATUS_REFUSED, "there is no record");
    memory_disk_free(empty);
    memory_disk_free(old);
}

static void damaged_contents_are_not_signed(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_close(w);
    struct builder contents;
    builder_init(&contents, TRUST_BUNDLE_SIZE_MAX);
    assert_true(publisher_world_get(w, PUBLISHER_STATE, "contents/1", &contents));
    contents.data[30] ^= 1; /* a bit of `issued` */
    struct bytes damaged = builder_view(&contents);
    assert_true(memory_disk_damage(w->disk, PUBLISHER_STATE, "contents/1", &damaged));
    assert_says(publisher_world_open(w, &err), &err, STATUS_REFUSED, "not what the log of versions has");
    builder_clear(&contents);
}

static void a_clock_that_goes_back_is_refused(void **state)
{
    (void)state;
    start();
    build(1);
    publisher_world_close(w);
    struct fake_timer *early = fake_timer_new((UPDATE_NOW_S - 1) * 1000);
    struct clock_port clock = w->config.clock;
    w->config.clock = fake_timer_clock(early);
    start();
    assert_int_equal(publisher_world_build(w), STATUS_REFUSED);
    assert_non_null(strstr(w->error.text, "clock"));
    assert_false(trust_publisher_has_failed(w->publisher));
    publisher_world_close(w);
    w->config.clock = clock;
    start();
    build(2); /* the same second is fine */
    fake_timer_free(early);
}

/* A version that was made with a clock of years ahead was taken by nobody whose own is right, and is not waited for. */
static void a_clock_that_was_far_ahead_is_survived(void **state)
{
    (void)state;
    const int64_t ahead_s = INT64_C(3) * 365 * 86400;
    struct clock_port clock = w->config.clock;
    struct fake_timer *ahead = fake_timer_new((UPDATE_NOW_S + ahead_s) * 1000);
    struct fake_timer *day = fake_timer_new((UPDATE_NOW_S + ahead_s - BUNDLE_SIGNATURE_SKEW_S) * 1000);
    start();
    build(1);
    publisher_world_close(w);
    w->config.clock = fake_timer_clock(ahead);
    start();
    OK(publisher_world_build(w));
    assert_int_equal(w->version, 2);
    publisher_world_close(w);
    w->config.clock = fake_timer_clock(day);
    start();
    assert_int_equal(publisher_world_build(w), STATUS_REFUSED); /* that one may have been taken */
    publisher_world_close(w);
    w->config.clock = clock;
    start();
    build(3);
    fake_timer_free(ahead);
    fake_timer_free(day);
}

static void files_of_others_come_and_go(void **state)
{
    (void)state;
    const struct trust_publisher_file files[] = {{"index.html", bytes_of_text("<p>program</p>\n")},
                                                 {"identity/aa/0", bytes_of_text("record")},
                                                 {"identity/aa/1", bytes_of_text("record")},
                                                 {"identity/bb/0", bytes_of_text("another")}};
    w->input.files = files;
    w->input.file_count = LENGTH(files);
    start();
    build(1);
    assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, "index.html"));
    assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, "identity/bb/0"));
    w->input.file_count = 3;
    for (uint64_t n = 2; n <= 4; n++)
        build(n);
    assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, "identity/bb/0")); /* who holds version 1 may ask for it */
    build(5);
    assert_true(publisher_world_has(w, PUBLISHER_PUBLISHED, "identity/aa/1"));
    assert_false(publisher_world_has(w, PUBLISHER_PUBLISHED, "identity/bb/0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
        TEST(landmarks_come_and_a_delta_brings_them),
        TEST(what_is_too_old_goes),
        TEST(a_restart_goes_on),
        TEST(a_log_that_lies_gets_nothing_new),
        TEST(a_log_that_shrinks_gets_nothing_new),
        TEST(tiles_of_another_tree_are_refused),
        TEST(who_is_away_keeps_what_is_held_until_it_expires),
        TEST(a_slow_log_does_not_stop_the_round),
        TEST(a_mirror_helps),
        TEST(what_is_revoked_is_the_registry_s_and_the_log_s),
        TEST(more_revoked_ranges_than_fit_are_joined),
        TEST(a_ca_has_its_share_of_landmarks),
        TEST(keys_change_by_the_keys_before),
        TEST(keys_that_clients_have_cannot_be_left_out),
        TEST(another_key_of_a_ca_forgets_landmarks_and_keeps_what_is_revoked),
        TEST(landmarks_are_held_to_the_rules_of_today),
        TEST(an_older_state_signs_nothing),
        TEST(damaged_contents_are_not_signed),
        TEST(a_clock_that_goes_back_is_refused),
        TEST(a_clock_that_was_far_ahead_is_survived),
        TEST(files_of_others_come_and_go),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
