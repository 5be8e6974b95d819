/* Where a client looks for the file of what is revoked, and which one it takes. */
#include "unit/service/landmark_update/update_world.h"

#define CA "http://ca.example/1/"
#define M1 "http://m1.example/1/"
#define FRESH "1795219200 1795392000\nminimum-index 0\n7 9 1 1795219100\n"
#define OVERDUE "1795000000 1795219199\nminimum-index 0\n7 9 1 1795000000\n"

static struct update_world *w;
static struct bytes files[8];
static size_t file_count;

static int open_world(void **state)
{
    (void)state;
    w = update_world_new();
    update_world_url(w, "http://m1.example");
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    update_world_free(w);
    while (file_count > 0)
        heap_free(files[--file_count]);
    return 0;
}

static struct update_site *serving(const char *prefix, const char *text)
{
    struct update_site *site = update_world_site(w, prefix);
    files[file_count] = update_world_revocations(w->ca_key, UPDATE_ORIGIN, text);
    site->revocations = files[file_count++];
    return site;
}

static void the_cas_own_is_enough(void **state)
{
    (void)state;
    serving(CA, "revocations 5 " FRESH);
    serving(M1, "revocations 6 " FRESH);
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_int_equal(w->sequence, 5);
    assert_true(w->is_changed);
    assert_false(w->is_overdue);
    assert_string_equal(fake_fetch_log(w->fetch), "GET " CA "revocations -\n");
    /* The same again is no change. */
    w->asked.held_revocations = files[0];
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_false(w->is_changed);
}

static void the_order_of_questions(void **state)
{
    (void)state;
    assert_int_equal(update_world_run_revocations(w), STATUS_NOT_FOUND);
    assert_string_equal(fake_fetch_log(w->fetch), "GET " CA "revocations -\nGET " M1 "revocations -\n"
                                                  "GET http://m1.example/" UPDATE_ORIGIN_HASH "/revocations -\n");
    update_world_site(w, CA)->status = 410;
    assert_int_equal(update_world_run_revocations(w), STATUS_NOT_FOUND);
}

static void one_that_fails_is_followed_by_the_next(void **state)
{
    (void)state;
    struct update_site *ca = update_world_site(w, CA);
    serving(M1, "revocations 6 " FRESH);
    static const int statuses[] = {404, 410, 503, 302, -1};
    for (size_t i = 0; i < LENGTH(statuses); i++) {
        ca->status = statuses[i];
        assert_int_equal(update_world_run_revocations(w), STATUS_OK);
        assert_int_equal(w->sequence, 6);
    }
    /* A bad one, too. */
    ca->status = 0;
    ca->revocations = BYTES_OF("no note");
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_int_equal(w->sequence, 6);
}

static void what_is_told_when_none_is_good(void **state)
{
    (void)state;
    struct update_site *ca = update_world_site(w, CA), *mirror = update_world_site(w, M1);
    mirror->status = 503;
    (void)update_world_run_revocations(w);
    assert_says(w->status, &w->error, STATUS_IO, "http://m1.example/1: revocations: status 503");
    ca->revocations = BYTES_OF("no note");
    (void)update_world_run_revocations(w);
    assert_says(w->status, &w->error, STATUS_REFUSED, "http://ca.example/1: revocations: ");
}

/* The newest good one counts, be it overdue; a fresh one ends the search. */
static void overdue(void **state)
{
    (void)state;
    struct update_site *ca = serving(CA, "revocations 5 " OVERDUE);
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_true(w->is_overdue);
    assert_int_equal(w->sequence, 5);
    assert_int_equal(update_world_asked(w, "GET"), 3);
    struct update_site *mirror = serving(M1, "revocations 4 " OVERDUE);
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_int_equal(w->sequence, 5);
    files[file_count] = update_world_revocations(w->ca_key, UPDATE_ORIGIN, "revocations 6 " FRESH);
    mirror->revocations = files[file_count++];
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_false(w->is_overdue);
    assert_int_equal(w->sequence, 6);
    /* `next` itself is not past. */
    fake_fetch_clear(w->fetch);
    files[file_count] = update_world_revocations(w->ca_key, UPDATE_ORIGIN, "revocations 7 1795219200 1795219200\nminimum-index 0\n");
    ca->revocations = files[file_count++];
    assert_int_equal(update_world_run_revocations(w), STATUS_OK);
    assert_false(w->is_overdue);
    assert_int_equal(update_world_asked(w, "GET"), 1);
}

static void time_and_room(void **state)
{
    (void)state;
    static char big[REVOCATIONS_SIZE_MAX + 2];
    struct error err;
    struct update_site *ca = update_world_site(w, CA);
    memset(big, 'a', sizeof big - 1);
    ca->revocations = bytes_of_text(big);
    (void)update_world_run_revocations(w);
    assert_says(w->status, &w->error, STATUS_LIMIT, "longer than it can be");
    fake_fetch_fail(w->fetch, CA "revocations", NULL, FETCH_TIMEOUT);
    serving(M1, "revocations 6 " FRESH);
    w->done_count = 0;
    fake_fetch_refuse(w->fetch, true);
    assert_int_equal(revocation_update_start(&w->ports, &w->asked, NULL, NULL, &err), STATUS_LIMIT);
    w->asked.url_count = 0;
    assert_says(revocation_update_start(&w->ports, &w->asked, NULL, NULL, &err), &err, STATUS_USAGE, "no URL");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_cas_own_is_enough), TEST(the_order_of_questions), TEST(one_that_fails_is_followed_by_the_next),
        TEST(what_is_told_when_none_is_good), TEST(overdue), TEST(time_and_room),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mirror_world_end_keys();
    return failed;
}
