/* What a client makes of a revocations file, against what it holds. */
#include "unit/service/landmark_update/update_world.h"

static struct error err;
static struct update_world *w;

static int open_world(void **state)
{
    (void)state;
    w = update_world_new();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    update_world_free(w);
    return 0;
}

static enum status check(const char *text, const char *origin, const struct private_key *key)
{
    struct bytes file = update_world_revocations(key, origin, text);
    struct revocations r;
    revocations_init(&r);
    err = (struct error){.status = STATUS_OK};
    enum status s = revocation_check_file(&w->asked, file, UPDATE_NOW_S, &r, &err);
    revocations_clear(&r);
    heap_free(file);
    return s;
}

static enum status good(const char *text)
{
    return check(text, UPDATE_ORIGIN, w->ca_key);
}

static void who_and_what(void **state)
{
    (void)state;
    static const char text[] = "revocations 5 1795219200 1795392000\nminimum-index 3\n7 9 1 1795219100\n";
    OK(good(text));
    assert_says(check(text, UPDATE_ORIGIN, w->mirror_key), &err, STATUS_REFUSED, "not signed by the CA");
    assert_says(check(text, "oid/1.3.6.1.4.1.32473.1.0.2", w->ca_key), &err, STATUS_REFUSED, "another log");
    OK(good("revocations 5 1795305600 1795392000\nminimum-index 0\n")); /* a day ahead */
    assert_says(good("revocations 5 1795305601 1795392000\nminimum-index 0\n"), &err, STATUS_REFUSED, "future");
    OK(good("revocations 5 1000 2000\nminimum-index 0\n")); /* what it says holds */
    assert_says(good("revocations 5 1000 2000\n"), &err, STATUS_REFUSED, "minimum-index");
    assert_says(good("revocations 5 1000 2000\nminimum-index 281474976710656\n"), &err, STATUS_REFUSED, "larger than a log");
}

/* A bundle of the log, with ranges of indices. */
static void make_bundle(struct trust_bundle *b, uint64_t minimum, const uint64_t (*ranges)[2], size_t count)
{
    struct trust_bundle_log log = {.ca_id = w->ca.id, .log_number = 1, .minimum_index = minimum};
    trust_bundle_init(b);
    b->version = 1;
    OK(array_insert(&b->logs, 0, &log, "logs", &err));
    for (size_t i = 0; i < count; i++) {
        struct trust_bundle_revoked r = {w->ca.id, (UINT64_C(1) << 48) + ranges[i][0], (UINT64_C(1) << 48) + ranges[i][1]};
        OK(array_insert(&b->revoked, i, &r, "ranges", &err));
    }
}

static void never_back(void **state)
{
    (void)state;
    struct trust_bundle held;
    static const char text[] = "revocations 5 1795219200 1795392000\nminimum-index 3\n7 9 1 1795219100\n";
    struct bytes file = update_world_revocations(w->ca_key, UPDATE_ORIGIN, text);
    make_bundle(&held, 3, NULL, 0);
    w->asked.held = &held;
    w->asked.held_revocations = file;
    OK(good(text)); /* another signature of the same text */
    assert_says(good("revocations 5 1795219200 1795392000\nminimum-index 3\n7 8 1 1795219100\n"), &err, STATUS_REFUSED, "two files");
    assert_says(good("revocations 4 1795219200 1795392000\nminimum-index 3\n"), &err, STATUS_REFUSED, "5 was there before");
    assert_says(good("revocations 6 1795219200 1795392000\nminimum-index 2\n"), &err, STATUS_REFUSED, "3 was there before");
    OK(good("revocations 6 1795219200 1795392000\nminimum-index 3\n"));
    /* The minimum index counts by itself, too: a bundle may have raised it. */
    w->asked.held_revocations = bytes_of(NULL, 0);
    assert_says(good("revocations 1 1795219200 1795392000\nminimum-index 2\n"), &err, STATUS_REFUSED, "3 was there before");
    w->asked.held = NULL;
    heap_free(file);
    trust_bundle_clear(&held);
}

static void assert_ranges(const struct trust_bundle *b, uint64_t minimum, const uint64_t (*ranges)[2], size_t count)
{
    assert_int_equal(trust_bundle_log_at(b, 0)->minimum_index, minimum);
    assert_int_equal(b->revoked.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(trust_bundle_revoked_at(b, i)->first, (UINT64_C(1) << 48) + ranges[i][0]);
        assert_int_equal(trust_bundle_revoked_at(b, i)->last, (UINT64_C(1) << 48) + ranges[i][1]);
    }
    /* It can be written, and read again. */
    struct builder out;
    struct trust_bundle again;
    builder_init(&out, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(b, &out, &err));
    trust_bundle_init(&again);
    OK(trust_bundle_parse(builder_view(&out), &again, &err));
    assert_int_equal(again.revoked.count, count);
    trust_bundle_clear(&again);
    builder_clear(&out);
}

/* What was revoked stays so, whatever a newer file says. */
static void what_is_held_from_now_on(void **state)
{
    (void)state;
    static const uint64_t before[][2] = {{2, 4}, {10, 20}, {40, 40}};
    static const uint64_t after[][2] = {{5, 6}, {10, 30}, {40, 41}, {50, 50}};
    struct trust_bundle held, bundle;
    struct bytes file = update_world_revocations(
        w->ca_key, UPDATE_ORIGIN, "revocations 6 1795219200 1795392000\nminimum-index 5\n3 6 1 1\n15 30 1 1\n41 41 1 1\n50 50 4 1\n");
    make_bundle(&held, 1, before, LENGTH(before));
    make_bundle(&bundle, 0, NULL, 0);
    OK(revocation_check_apply(&held, bytes_of(NULL, 0), &bundle, &err));
    assert_ranges(&bundle, 1, before, LENGTH(before));
    OK(revocation_check_apply(&held, file, &bundle, &err));
    assert_ranges(&bundle, 5, after, LENGTH(after));
    OK(revocation_check_apply(&bundle, file, &held, &err));
    assert_ranges(&held, 5, after, LENGTH(after));
    trust_bundle_clear(&held);
    /* Nothing is held. */
    static const uint64_t alone[][2] = {{5, 6}, {15, 30}, {41, 41}, {50, 50}};
    OK(revocation_check_apply(NULL, file, &bundle, &err));
    assert_ranges(&bundle, 5, alone, LENGTH(alone));
    trust_bundle_clear(&bundle);
    heap_free(file);
}

static void the_ends_of_a_log(void **state)
{
    (void)state;
    static const uint64_t last[][2] = {{UINT64_C(281474976710655), UINT64_C(281474976710655)}};
    struct trust_bundle bundle;
    struct bytes file = update_world_revocations(w->ca_key, UPDATE_ORIGIN,
                                                 "revocations 6 1 2\nminimum-index 1\n0 0 1 1\n281474976710655 281474976710655 1 1\n");
    make_bundle(&bundle, 0, NULL, 0);
    OK(revocation_check_apply(NULL, file, &bundle, &err));
    assert_ranges(&bundle, 1, last, 1);
    /* The last serial number of the last log, revoked before and now: one range, which can be read again. */
    struct trust_bundle held;
    make_bundle(&held, 1, NULL, 0);
    ((struct trust_bundle_log *)array_at(&held.logs, 0))->log_number = UINT16_MAX;
    ((struct trust_bundle_log *)array_at(&bundle.logs, 0))->log_number = UINT16_MAX;
    OK(revocation_check_apply(NULL, file, &held, &err));
    OK(revocation_check_apply(&held, file, &bundle, &err));
    assert_int_equal(bundle.revoked.count, 1);
    assert_true(trust_bundle_revoked_at(&bundle, 0)->last == UINT64_MAX);
    trust_bundle_clear(&held);
    trust_bundle_clear(&bundle);
    heap_free(file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(who_and_what), TEST(never_back), TEST(what_is_held_from_now_on), TEST(the_ends_of_a_log)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
