/* Logs that say what they must not: nothing of it is taken, and what is a proof is kept. */
#include "unit/service/landmark_update/update_world.h"

#include <stdio.h>

#include "codec/evidence/evidence.h"
#include "codec/note/checkpoint.h"

#define CA "http://ca.example/1/"
#define FIRST "1\n500 1795219300\n0 0\n"
#define SECOND "2\n1300 1795219400\n500 1795219300\n0 0\n"

static struct update_world *w;
static struct update_site *site;

/* A client that has landmark 1 and the checkpoint of 1,000 entries. */
static int open_world(void **state)
{
    (void)state;
    w = update_world_new();
    site = update_world_site(w, CA);
    site->size = 1000;
    site->list = FIRST;
    assert_int_equal(update_world_run(w), STATUS_OK);
    update_world_hold(w);
    site->size = 1500;
    site->list = SECOND;
    fake_fetch_clear(w->fetch);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    assert_int_equal(trust_bundle_log_at(&w->held_bundle, 0)->landmark_count, 1);
    update_world_free(w);
    return 0;
}

static void assert_refused(enum status status, const char *says)
{
    (void)update_world_run(w);
    assert_says(w->status, &w->error, status, says);
    assert_int_equal(w->evidence.len, 0);
}

/* Every byte of a tile counts: a changed bit anywhere in any of them, and the next prefix is asked. */
static void spoiled_tiles(void **state)
{
    (void)state;
    for (unsigned bit = 1; bit < 64 * 8; bit += 37) {
        site->spoiled_bit = bit;
        assert_refused(STATUS_REFUSED, "do not lead to the signed root");
    }
    site->spoiled_bit = 0;
    static const size_t lengths[] = {1, 31, 32, 8191, 8193};
    for (size_t i = 0; i < LENGTH(lengths); i++) {
        site->tile_len = lengths[i];
        assert_refused(lengths[i] > 8192 ? STATUS_LIMIT : STATUS_REFUSED, "tile");
    }
    site->tile_len = 0;
    assert_int_equal(update_world_run(w), STATUS_OK);
}

/* A log without its tiles is a broken one, not one that is not there. */
static void no_tiles(void **state)
{
    (void)state;
    site->has_no_tiles = true;
    assert_refused(STATUS_REFUSED, "tile: not there");
}

static void tiles_of_another_history(void **state)
{
    (void)state;
    char note[4096];
    struct builder b;
    builder_init_fixed(&b, note, sizeof note - 1);
    update_world_note(w, 0, 1500, false, UPDATE_ORIGIN, &b);
    note[b.len] = '\0';
    site->note = note;
    site->fork = 1;
    assert_refused(STATUS_REFUSED, "do not lead to the signed root");
}

/* ---- lies with a signature ---- */

static void assert_proven(enum evidence_kind kind)
{
    struct evidence e;
    struct error err = {.status = STATUS_OK};
    assert_int_equal(w->status, STATUS_CONFLICT);
    struct builder memory;
    builder_init(&memory, EVIDENCE_SIZE_MAX);
    OK(evidence_parse(builder_view(&w->evidence), &memory, &e, &err));
    assert_int_equal(e.kind, kind);
    assert_true(bytes_is_text(e.origin, UPDATE_ORIGIN));
    builder_clear(&memory);
    /* It ends there: nobody else is asked. */
    assert_int_equal(update_world_asked(w, "m1.example"), 0);
}

static void two_histories(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example");
    site->fork = 1;
    (void)update_world_run(w);
    assert_proven(EVIDENCE_NOT_A_PREFIX);
    assert_non_null(strstr(w->error.text, "not the first ones"));
    /* A wrong list does not hide it. */
    site->list = "<html>";
    (void)update_world_run(w);
    assert_proven(EVIDENCE_NOT_A_PREFIX);
}

static void two_roots(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example");
    site->fork = 1;
    site->size = 1000;
    (void)update_world_run(w);
    assert_proven(EVIDENCE_TWO_ROOTS);
    assert_int_equal(update_world_asked(w, "/tile/"), 0);
}

/* Below the fork point both histories are one. */
static void the_same_beginning(void **state)
{
    (void)state;
    struct update_world *other = update_world_new();
    struct update_site *there = update_world_site(other, CA);
    there->size = UPDATE_FORK_POINT;
    there->list = FIRST;
    assert_int_equal(update_world_run(other), STATUS_OK);
    update_world_hold(other);
    there->fork = 1;
    there->size = 1500;
    there->list = SECOND;
    assert_int_equal(update_world_run(other), STATUS_OK);
    update_world_free(other);
}

static void a_log_that_shrinks(void **state)
{
    (void)state;
    site->size = 999;
    site->list = FIRST;
    assert_refused(STATUS_REFUSED, "never shrinks");
}

/* ---- checkpoints ---- */

static void checkpoints(void **state)
{
    (void)state;
    static const char *const origins[] = {"oid/1.3.6.1.4.1.32473.1.0.2", "oid/1.3.6.1.4.1.32473.2.0.1", "ca.example/1"};
    char note[4096];
    struct builder b;
    for (size_t i = 0; i < LENGTH(origins); i++) {
        builder_init_fixed(&b, note, sizeof note - 1);
        update_world_note(w, 0, 1500, false, origins[i], &b);
        note[b.len] = '\0';
        site->note = note;
        assert_refused(STATUS_REFUSED, "of another log");
    }
    /* Each byte of a good one changed: the list of what may happen is short. */
    builder_init_fixed(&b, note, sizeof note - 1);
    update_world_note(w, 0, 1500, false, UPDATE_ORIGIN, &b);
    for (size_t i = 0; i < b.len; i += 3) {
        note[b.len] = '\0';
        note[i] ^= 1;
        enum status s = update_world_run(w);
        if (s != STATUS_REFUSED && s != STATUS_MALFORMED)
            fail_msg("byte %zu: %s: %s", i, status_name(s), w->error.text);
        note[i] ^= 1;
    }
    assert_int_equal(update_world_run(w), STATUS_OK);
}

static void a_mirror_that_has_not_signed(void **state)
{
    (void)state;
    update_world_require_mirror(w);
    assert_refused(STATUS_AGAIN, "cosigner policy is not satisfied yet: 0 of 1");
    /* One that does not fit is not one that is still to come. */
    static char note[4096];
    struct builder b;
    builder_init_fixed(&b, note, sizeof note - 1);
    update_world_note(w, 0, 1500, true, UPDATE_ORIGIN, &b);
    note[b.len] = '\0';
    note[b.len - 20] = note[b.len - 20] == 'A' ? 'B' : 'A';
    site->note = note;
    assert_refused(STATUS_REFUSED, "signature of a cosigner");
    site->note = NULL;
    site->is_cosigned = true;
    assert_int_equal(update_world_run(w), STATUS_OK);
}

/* ---- landmarks ---- */

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *list, *says;
        enum status status;
    } rows[] = {
        {"2\n1501 1795219400\n500 1795219300\n0 0\n", "the checkpoint has 1500", STATUS_REFUSED},
        {"2\n1300 1795219400\n501 1795219300\n0 0\n", "number 1 has another size or expiry", STATUS_REFUSED},
        {"2\n1300 1795219400\n500 1795219301\n0 0\n", "number 1 has another size or expiry", STATUS_REFUSED},
        {"1\n500 1795219300\n1 0\n", "landmark", STATUS_MALFORMED},
        {"0\n0 0\n", "1 was there before", STATUS_REFUSED},
        {"2 2\n1300\n500\n0\n", "without expiries", STATUS_REFUSED},
        {"2\n1300 1795219400\n500 1795219300\n", "not expired", STATUS_MALFORMED},
        {"2\n1300 1795219400\n", "", STATUS_MALFORMED},
        {"x", "", STATUS_MALFORMED},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        site->list = rows[i].list;
        (void)update_world_run(w);
        if (w->status != rows[i].status || strstr(w->error.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s: %s", i, status_name(w->status), w->error.text);
    }
}

/* A prefix that lies without proof is left for the next one, and named. */
static void the_next_prefix(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example");
    struct update_site *mirror = update_world_site(w, "http://m1.example/1/");
    mirror->size = 1400;
    mirror->list = SECOND;
    site->spoiled_bit = 5;
    assert_int_equal(update_world_run(w), STATUS_OK);
    assert_string_equal(w->url, "http://m1.example/1");
    mirror->spoiled_bit = 9;
    assert_refused(STATUS_REFUSED, "http://ca.example/1: ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(spoiled_tiles), TEST(no_tiles), TEST(tiles_of_another_history), TEST(two_histories), TEST(two_roots), TEST(the_same_beginning),
        TEST(a_log_that_shrinks), TEST(checkpoints), TEST(a_mirror_that_has_not_signed), TEST(lists), TEST(the_next_prefix),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
