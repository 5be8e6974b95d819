/* Which requests an update makes, in which order, and what it has in the end. */
#include "unit/service/landmark_update/update_world.h"

#include <stdio.h>

#include "codec/landmarks/landmarks.h"
#include "merkle/subtree.h"

#define CA "http://ca.example/1/"
#define FIRST "1\n700 1795219300\n0 0\n"
#define SECOND "2\n1300 1795219400\n700 1795219300\n0 0\n"

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

static struct update_site *honest(const char *prefix)
{
    struct update_site *site = update_world_site(w, prefix);
    site->size = 1000;
    site->list = FIRST;
    return site;
}

static void assert_succeeds(void)
{
    if (update_world_run(w) != STATUS_OK)
        fail_msg("%s", w->error.text);
}

/* The hashes are the tree's own. */
static void assert_landmark(size_t i, uint64_t number, uint64_t before, uint64_t size)
{
    const struct trust_bundle_log *log = trust_bundle_log_at(&w->bundle, 0);
    struct subtree cover[2];
    assert_true(i < log->landmark_count);
    assert_int_equal(log->first_landmark + i, number);
    const struct trust_bundle_landmark *l = trust_bundle_landmark_at(&w->bundle, log, i);
    assert_int_equal(l->tree_size, size);
    subtree_cover(before, size, cover);
    for (size_t k = 0; k < 2; k++) {
        uint8_t hash[HASH_SIZE] = {0};
        if (subtree_size(cover[k]) > 0)
            mirror_world_hash(w->log, 0, cover[k], hash);
        assert_memory_equal(l->hashes[k], hash, HASH_SIZE);
    }
}

static void only_what_is_new_is_asked_for(void **state)
{
    (void)state;
    struct update_site *site = honest(CA);
    assert_succeeds();
    assert_landmark(0, 1, 0, 700);
    assert_true(w->is_changed);
    assert_int_equal(w->new_landmarks, 1);
    const char *log = fake_fetch_log(w->fetch);
    assert_non_null(strstr(log, "GET " CA "landmarks -\nGET " CA "checkpoint -\nGET " CA "tile/0/"));
    assert_int_equal(update_world_asked(w, "/landmarks"), 1);
    assert_int_equal(update_world_asked(w, "/checkpoint"), 1);
    assert_int_equal(update_world_asked(w, "/entries/"), 0);
    assert_int_equal(update_world_asked(w, "GET"), 2 + w->tile_count);
    for (const char *line = strstr(log, "GET " CA "tile"); line != NULL; line = strstr(line + 1, "GET " CA "tile")) {
        char url[256];
        (void)snprintf(url, sizeof url, "%.*s", (int)strcspn(line, "\n"), line);
        assert_int_equal(update_world_asked(w, url), 1);
    }
    update_world_hold(w);
    /* Nothing new: two questions. */
    fake_fetch_clear(w->fetch);
    assert_succeeds();
    assert_false(w->is_changed);
    assert_int_equal(w->tile_count, 0);
    assert_int_equal(update_world_asked(w, "GET"), 2);
    /* One more. */
    site->size = 1500;
    site->list = SECOND;
    assert_succeeds();
    assert_int_equal(w->new_landmarks, 1);
    assert_true(w->is_changed);
    assert_landmark(0, 1, 0, 700);
    assert_landmark(1, 2, 700, 1300);
    assert_true(w->bundle.version > w->held_bundle.version);
    /* Larger, without a landmark: the checkpoint has to go on from the one before. */
    update_world_hold(w);
    site->size = 2000;
    assert_succeeds();
    assert_int_equal(w->new_landmarks, 0);
    assert_true(w->is_changed);
    assert_true(w->tile_count > 0);
}

static void expired_ones_are_not_held(void **state)
{
    (void)state;
    struct update_site *site = honest(CA);
    site->size = 1500;
    site->list = "2\n1300 1795219400\n700 1795219199\n0 0\n";
    assert_succeeds();
    assert_int_equal(trust_bundle_log_at(&w->bundle, 0)->landmark_count, 1);
    assert_landmark(0, 2, 700, 1300);
    update_world_hold(w);
    fake_timer_advance(w->timer, UINT64_C(201) * 1000);
    assert_succeeds();
    assert_int_equal(trust_bundle_log_at(&w->bundle, 0)->landmark_count, 0);
    assert_int_equal(trust_bundle_log_at(&w->bundle, 0)->size_before, 0);
    assert_true(w->is_changed);
}

/* What landmarks say does not touch what is known as revoked. */
static void the_minimum_index_stays(void **state)
{
    (void)state;
    honest(CA);
    assert_succeeds();
    update_world_hold(w);
    ((struct trust_bundle_log *)array_at(&w->held_bundle.logs, 0))->minimum_index = 77;
    assert_succeeds();
    assert_int_equal(trust_bundle_log_at(&w->bundle, 0)->minimum_index, 77);
}

static void few_at_once(void **state)
{
    (void)state;
    struct update_site *site = honest(CA);
    site->size = 2600;
    site->list = "6\n2590 1795219300\n2110 1795219300\n1590 1795219300\n1070 1795219300\n555 1795219300\n300 1795219300\n0 0\n";
    w->is_holding = true;
    update_world_begin(w);
    (void)fake_timer_run(w->timer);
    size_t most = 0, rounds = 0;
    while (w->done_count == 0 && rounds++ < 100) {
        most = w->held_count > most ? w->held_count : most;
        update_world_let_go(w); /* the last question first */
        (void)fake_timer_run(w->timer);
    }
    assert_int_equal(w->status, STATUS_OK);
    assert_int_equal(most, LANDMARK_UPDATE_PARALLEL);
    assert_landmark(5, 6, 2110, 2590);
}

static void a_full_tile_in_place_of_a_partial_one(void **state)
{
    (void)state;
    honest(CA)->has_full_tiles_alone = true;
    assert_succeeds();
    assert_landmark(0, 1, 0, 700);
    assert_true(update_world_asked(w, ".p/") > 0);
}

/* ---- other prefixes ---- */

static void a_mirror_by_number_and_by_origin(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example/mirror");
    update_world_url(w, "http://m2.example");
    update_world_site(w, CA)->status = -1;
    honest("http://m2.example/" UPDATE_ORIGIN_HASH "/");
    assert_succeeds();
    assert_string_equal(w->url, "http://m2.example/" UPDATE_ORIGIN_HASH);
    assert_landmark(0, 1, 0, 700);
    assert_int_equal(strncmp(fake_fetch_log(w->fetch),
                             "GET " CA "landmarks -\n"
                             "GET http://m1.example/mirror/1/landmarks -\n"
                             "GET http://m1.example/mirror/" UPDATE_ORIGIN_HASH "/landmarks -\n"
                             "GET http://m2.example/1/landmarks -\n"
                             "GET http://m2.example/" UPDATE_ORIGIN_HASH "/landmarks -\n", 5 * 30), 0);
    assert_int_equal(update_world_asked(w, "GET"), 5 + 1 + w->tile_count);
}

/* The CA has the landmarks, and the mirror the checkpoint that is signed as it has to be. */
static void a_mirrors_checkpoint(void **state)
{
    (void)state;
    update_world_require_mirror(w);
    update_world_url(w, "http://m1.example");
    honest(CA);
    struct update_site *mirror = update_world_site(w, "http://m1.example/" UPDATE_ORIGIN_HASH "/");
    mirror->size = 900;
    mirror->is_cosigned = true;
    assert_succeeds();
    assert_string_equal(w->url, "http://m1.example/" UPDATE_ORIGIN_HASH);
    assert_landmark(0, 1, 0, 700);
    assert_int_equal(update_world_asked(w, CA "tile"), 0);
    /* One that has not got so far is no help. */
    mirror->size = 600;
    assert_int_equal(update_world_run(w), STATUS_AGAIN);
    assert_non_null(strstr(w->error.text, "cosigner policy is not satisfied"));
}

static void nobody_has_it(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example");
    assert_int_equal(update_world_run(w), STATUS_NOT_FOUND);
    assert_int_equal(update_world_asked(w, "GET"), 3);
    /* The first that says more than "not there" is the one that is told. */
    update_world_site(w, "http://m1.example/1/")->status = 503;
    assert_int_equal(update_world_run(w), STATUS_IO);
    assert_non_null(strstr(w->error.text, "http://m1.example/1: landmarks: status 503"));
}

/* ---- time and room ---- */

static void silence(void **state)
{
    (void)state;
    update_world_url(w, "http://m1.example");
    honest(CA);
    honest("http://m1.example/1/");
    fake_fetch_fail(w->fetch, CA "checkpoint", NULL, FETCH_TIMEOUT);
    update_world_begin(w);
    fake_timer_advance(w->timer, LANDMARK_UPDATE_FETCH_MS - 1);
    assert_int_equal(w->done_count, 0);
    fake_timer_advance(w->timer, 1);
    assert_int_equal(w->done_count, 1);
    assert_int_equal(w->status, STATUS_OK);
    assert_string_equal(w->url, "http://m1.example/1");
}

/* Each answer comes in time, and all of them together do not. */
static void too_slow(void **state)
{
    (void)state;
    honest(CA);
    w->is_holding = true;
    update_world_begin(w);
    (void)fake_timer_run(w->timer);
    assert_true(w->held_count > 0);
    fake_timer_advance(w->timer, LANDMARK_UPDATE_TOTAL_MS + 1);
    update_world_let_go(w);
    (void)fake_timer_run(w->timer);
    assert_int_equal(w->done_count, 1);
    assert_int_equal(w->status, STATUS_IO);
    assert_non_null(strstr(w->error.text, "too slow"));
}

static void too_long(void **state)
{
    (void)state;
    static char list[LANDMARKS_SIZE_MAX + 2], note[NOTE_SIZE_MAX + 2];
    struct update_site *site = honest(CA);
    memset(list, '9', sizeof list - 1);
    memset(note, 'a', sizeof note - 1);
    site->list = list;
    assert_int_equal(update_world_run(w), STATUS_LIMIT);
    site->list = FIRST;
    site->note = note;
    assert_int_equal(update_world_run(w), STATUS_LIMIT);
    assert_int_equal(update_world_asked(w, "/tile/"), 0);
}

static void no_more_requests(void **state)
{
    (void)state;
    struct error err;
    honest(CA);
    fake_fetch_refuse(w->fetch, true);
    assert_int_equal(landmark_update_start(&w->ports, &w->asked, NULL, NULL, &err), STATUS_LIMIT);
    fake_fetch_refuse(w->fetch, false);
    update_world_begin(w);
    fake_fetch_refuse(w->fetch, true);
    (void)fake_timer_run(w->timer);
    assert_int_equal(w->done_count, 1);
    assert_int_equal(w->status, STATUS_LIMIT);
}

/* The program ends while tiles are under way: each is told, and nothing is left. */
static void stopped(void **state)
{
    (void)state;
    honest(CA);
    w->is_holding = true;
    update_world_begin(w);
    (void)fake_timer_run(w->timer);
    fake_fetch_refuse(w->fetch, true);
    fake_fetch_free(w->fetch);
    w->fetch = NULL;
    assert_int_equal(w->done_count, 1);
    assert_int_equal(w->status, STATUS_IO);
}

static void no_url(void **state)
{
    (void)state;
    static char url[LANDMARK_UPDATE_URL_MAX];
    struct error err;
    w->asked.url_count = 0;
    assert_says(landmark_update_start(&w->ports, &w->asked, NULL, NULL, &err), &err, STATUS_USAGE, "no URL");
    memset(url, 'a', sizeof url - 1);
    memcpy(url, "http://", 7);
    update_world_url(w, url);
    assert_says(landmark_update_start(&w->ports, &w->asked, NULL, NULL, &err), &err, STATUS_USAGE, "too long");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_what_is_new_is_asked_for), TEST(expired_ones_are_not_held), TEST(the_minimum_index_stays), TEST(few_at_once),
        TEST(a_full_tile_in_place_of_a_partial_one), TEST(a_mirror_by_number_and_by_origin), TEST(a_mirrors_checkpoint),
        TEST(nobody_has_it), TEST(silence), TEST(too_slow), TEST(too_long), TEST(no_more_requests), TEST(stopped), TEST(no_url),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
