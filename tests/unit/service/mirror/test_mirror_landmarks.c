#include "unit/service/mirror/mirror_checks.h"

#include <inttypes.h>

/* Landmarks of the CA, passed on: what lies in the mirrored tree and changes nothing. */

static int64_t now_s(const struct mirror_test *t)
{
    return t->w->now_ms / 1000;
}

/* Landmarks 0 (expired), 1, 2... of these sizes; the newest is good for an hour. */
static void write_list(struct mirror_test *t, const uint64_t *sizes, unsigned count, int64_t expiry_s)
{
    builder_reset(&t->body);
    builder_printf(&t->body, "%u\n", count);
    for (unsigned i = count; i > 0; i--)
        builder_printf(&t->body, "%" PRIu64 " %" PRId64 "\n", sizes[i - 1], expiry_s);
    builder_printf(&t->body, "0 0\n");
}

static void take(struct mirror_test *t)
{
    struct error err;
    t->w->event_count = 0;
    t->w->last_event[0] = '\0';
    OK(mirror_take_landmarks(t->w->mirror, bytes_of_text(WORLD_ORIGIN), builder_view(&t->body), &err));
    world_run(t->w);
}

static void assert_served(struct mirror_test *t)
{
    assert_true(test_object(t, WORLD_TILES, "landmarks"));
    assert_bytes(builder_view(&t->memory), builder_view(&t->body));
    assert_string_equal(t->w->last_event, "");
}

static void good_ones_are_served(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, false);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 700), 200);
    write_list(&t, (uint64_t[]){300}, 1, now_s(&t) + 3600);
    take(&t);
    assert_served(&t);
    write_list(&t, (uint64_t[]){300, 700}, 2, now_s(&t) + 3600);
    take(&t);
    assert_served(&t);
    /* The same again writes nothing; after a restart neither. */
    uint64_t before = memory_disk_operations(t.w->disk);
    take(&t);
    assert_int_equal(memory_disk_operations(t.w->disk), before);
    test_reopen(&t);
    write_list(&t, (uint64_t[]){300, 700}, 2, now_s(&t) + 3600);
    take(&t);
    assert_served(&t);
    test_close(&t);
}

static void what_is_ahead_waits(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, false);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 700), 200);
    write_list(&t, (uint64_t[]){701}, 1, now_s(&t) + 3600);
    take(&t);
    assert_false(test_object(&t, WORLD_TILES, "landmarks"));
    assert_string_equal(t.w->last_event, "");
    assert_int_equal(mirror_world_update(t.w, 0, 700, 701), 200);
    write_list(&t, (uint64_t[]){701}, 1, now_s(&t) + 3600);
    take(&t);
    assert_served(&t);
    test_close(&t);
}

static void assert_refused(struct mirror_test *t, const uint64_t *sizes, unsigned count, int64_t expiry_s)
{
    write_list(t, sizes, count, expiry_s);
    take(t);
    assert_string_equal(t->w->last_event, "landmarks-refused");
    write_list(t, (uint64_t[]){300, 600}, 2, now_s(t) + 3600);
    assert_true(test_object(t, WORLD_TILES, "landmarks"));
    assert_bytes(builder_view(&t->memory), builder_view(&t->body));
}

static void changes_are_refused(void **state)
{
    (void)state;
    struct mirror_test t;
    test_open(&t, &hash_sm3, WORLD_FAST, false);
    assert_int_equal(mirror_world_update(t.w, 0, 0, 700), 200);
    write_list(&t, (uint64_t[]){300, 600}, 2, now_s(&t) + 3600);
    take(&t);
    assert_served(&t);
    assert_refused(&t, (uint64_t[]){300, 601}, 2, now_s(&t) + 3600);      /* another size */
    assert_refused(&t, (uint64_t[]){299, 600, 700}, 3, now_s(&t) + 3600); /* an older one has */
    assert_refused(&t, (uint64_t[]){300, 600}, 2, now_s(&t) + 3601);      /* another expiry */
    assert_refused(&t, (uint64_t[]){300}, 1, now_s(&t) + 3600);           /* fewer than before */
    builder_reset(&t.body);
    builder_text(&t.body, "no landmarks\n");
    take(&t);
    assert_string_equal(t.w->last_event, "landmarks-refused");
    test_close(&t);
}

static void unknown_logs_are_not_opened(void **state)
{
    (void)state;
    struct mirror_test t;
    struct error err;
    test_open(&t, &hash_sm3, WORLD_FAST, false);
    assert_int_equal(mirror_take_landmarks(t.w->mirror, bytes_of_text("oid/1.3.6.1.4.1.32473.7.0.1"), bytes_of_text("0\n0 0\n"),
                                           &err),
                     STATUS_NOT_FOUND);
    test_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_are_served),
        cmocka_unit_test(what_is_ahead_waits),
        cmocka_unit_test(changes_are_refused),
        cmocka_unit_test(unknown_logs_are_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, end_keys);
}
