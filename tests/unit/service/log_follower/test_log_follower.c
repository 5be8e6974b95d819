#include "unit/service/log_follower/follower_world.h"

/* An honest log of each kind raises nothing; what is fetched, kept, asked for again. */

static const struct {
    enum log_kind kind;
    const struct ct_suite *suite;
} kinds[] = {{LOG_KIND_RFC6962, &ct_suite_gm}, {LOG_KIND_RFC6962, &ct_suite_intl}, {LOG_KIND_STATIC_CT, &ct_suite_gm},
             {LOG_KIND_STATIC_CT, &ct_suite_intl}, {LOG_KIND_MTC, &ct_suite_gm}};

static void grow(struct follower_world *w, uint64_t count)
{
    int64_t now = fake_loop_now_ms(w->loop);
    follower_world_add(w, 0, count, now - 5000);
    w->log.size += count;
    w->log.timestamp_ms = now - 1000;
}

static void honest_logs_raise_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->entry_count, 300);
        assert_int_equal(w->look_count, 300);
        assert_int_equal(w->verified_size, 300);
        static const uint64_t steps[] = {0, 1, 211, 256, 1, 44};
        for (size_t k = 0; k < LENGTH(steps); k++) {
            grow(w, steps[k]);
            follower_world_round(w);
            follower_world_expect_none(w);
            assert_int_equal(w->entry_count, steps[k]);
            assert_int_equal(w->verified_size, w->log.size);
        }
        assert_int_equal(w->drop_count, 0);
        follower_world_free(w);
    }
}

/* A log may give fewer entries than it is asked for. */
static void short_answers(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_RFC6962, &ct_suite_intl, 1100, 1100);
    w->log.entries_max = 7;
    follower_world_open(w);
    follower_world_round(w);
    follower_world_expect_none(w);
    assert_int_equal(w->verified_size, 1100);
    follower_world_free(w);
}

static void the_empty_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 0, 0);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        grow(w, 3);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->verified_size, 3);
        follower_world_free(w);
    }
}

/* Patience: 429 with Retry-After, 503 and a closed door are no findings, and everything comes in the end. */
static void a_busy_log_is_asked_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        w->followed.mmd_ms = 0;
        w->log.busy_count = 3;
        w->log.busy_status = 429;
        w->log.retry_after = "20";
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->verified_size, 300);
        assert_true(fake_loop_now_ms(w->loop) >= FOLLOWER_NOW_MS + 20000);
        assert_true(w->contact_bad_count >= 1);
        grow(w, 10);
        w->log.busy_count = 2;
        w->log.busy_status = 503;
        w->log.retry_after = NULL;
        follower_world_round(w);
        follower_world_expect_none(w);
        w->log.is_down = true;
        follower_world_round(w);
        assert_int_equal(w->round_status, STATUS_IO);
        assert_int_equal(w->finding_count, 0);
        w->log.is_down = false;
        grow(w, 10);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->verified_size, 320);
        follower_world_free(w);
    }
}

static void a_log_that_stays_away_is_named(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 10, 10);
    w->log.is_down = true;
    follower_world_open(w);
    unsigned told = 0;
    while (fake_loop_now_ms(w->loop) < FOLLOWER_NOW_MS + 2 * 3600 * 1000) {
        follower_world_round(w);
        told += (unsigned)w->finding_count;
        if (w->finding_count > 0)
            follower_world_expect(w, FINDING_UNREACHABLE, false);
    }
    assert_int_equal(told, 1);
    w->log.is_down = false;
    w->log.timestamp_ms = fake_loop_now_ms(w->loop) + 50000;
    follower_world_round(w);
    assert_true(follower_world_expect(w, FINDING_UNREACHABLE, false)->is_over);
    follower_world_free(w);
}

/* ---- what is kept ---- */

static void it_goes_on_where_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_close(w);
        memory_disk_cut_power(w->disk, MEMORY_LOSE_ALL, 0);
        grow(w, 5);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->entry_count, 5);
        assert_int_equal(w->verified_size, 305);
        follower_world_free(w);
    }
}

/* The power goes at every change of the disk, in every way: what comes again is hashed again, and nothing is skipped. */
static void a_crash_at_every_step(void **state)
{
    (void)state;
    static const enum memory_loss losses[] = {MEMORY_LOSE_ALL, MEMORY_KEEP_ALL, MEMORY_TEAR_ALL};
    for (size_t l = 0; l < LENGTH(losses); l++)
        for (uint64_t step = 0; step < 12; step++) {
            struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_intl, 300, 300);
            memory_disk_set_fault(w->disk, step, MEMORY_FAULT_CRASH);
            follower_world_open(w);
            for (unsigned rounds = 0; rounds < 6; rounds++) {
                follower_world_round(w);
                grow(w, 3);
            }
            follower_world_close(w);
            memory_disk_cut_power(w->disk, losses[l], 0);
            follower_world_open(w);
            follower_world_round(w);
            follower_world_expect_none(w);
            assert_int_equal(w->verified_size, w->log.size);
            follower_world_free(w);
        }
}

static void the_state_of_another_log_is_refused(void **state)
{
    (void)state;
    struct error err;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 5, 5);
    follower_world_open(w);
    follower_world_round(w);
    follower_world_close(w);
    struct follower_ports ports = {.clock = fake_loop_clock(w->loop), .state = memory_disk_store(w->disk, 0)};
    struct follower_callbacks callbacks = {.look = NULL};
    struct log_follower *f;
    w->followed.origin = "another.test/log";
    assert_int_equal(log_follower_new(&w->followed, &w->options, &ports, &callbacks, NULL, &f, &err), STATUS_USAGE);
    follower_world_free(w);
}

/* One copy is torn by a crash; of two that are, nobody begins anew in silence. */
static void a_damaged_state(void **state)
{
    (void)state;
    struct error err;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 5, 5);
    struct object_store store = memory_disk_store(w->disk, 0);
    for (unsigned i = 0; i < 2; i++) {
        follower_world_open(w);
        w->log.timestamp_ms++; /* something to keep */
        follower_world_round(w);
        follower_world_close(w);
    }
    OK(store.put(store.context, "test/state-0", bytes_of_text("torn"), &err));
    follower_world_open(w);
    follower_world_close(w);
    OK(store.put(store.context, "test/state-0", bytes_of_text("torn"), &err));
    OK(store.put(store.context, "test/state-1", bytes_of_text("torn"), &err));
    struct follower_ports ports = {.clock = fake_loop_clock(w->loop), .state = store};
    struct follower_callbacks callbacks = {.look = NULL};
    struct log_follower *f;
    assert_int_equal(log_follower_new(&w->followed, &w->options, &ports, &callbacks, NULL, &f, &err), STATUS_IO);
    follower_world_free(w);
}

/* A listener that keeps nothing: nothing of what it got is skipped after a restart, and it is not flooded. */
static void what_is_not_kept_comes_again(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 300, 300);
    w->options.is_keeping = true;
    follower_world_open(w);
    follower_world_round(w);
    assert_int_equal(w->entry_count, 300);
    follower_world_close(w);
    follower_world_open(w);
    assert_int_equal(w->next_index, 0);
    follower_world_round(w);
    assert_int_equal(w->entry_count, 300);
    log_follower_kept(w->follower, 300);
    follower_world_round(w);
    follower_world_close(w);
    follower_world_open(w);
    assert_int_equal(w->next_index, 300);
    follower_world_round(w);
    assert_int_equal(w->entry_count, 0);
    follower_world_expect_none(w);
    follower_world_free(w);
}

static void heads_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 200);
        w->options.is_heads_only = true;
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        grow(w, 100);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->entry_count, 0);
        assert_null(strstr(w->requests, "entries"));
        assert_null(strstr(w->requests, "data"));
        /* Another history, and it is seen all the same. */
        follower_world_add(w, 1, 300, FOLLOWER_NOW_MS);
        w->log.history = 1;
        w->log.size += 50;
        w->log.timestamp_ms = fake_loop_now_ms(w->loop);
        follower_world_round(w);
        follower_world_expect(w, FINDING_NOT_A_PREFIX, true);
        follower_world_free(w);
    }
}

static void from_now_on(void **state)
{
    (void)state;
    for (size_t i = 2; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 333, 333);
        w->options.is_from_now = true;
        w->next_index = 333;
        follower_world_open(w);
        w->next_index = 333;
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->entry_count, 0);
        grow(w, 300);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->entry_count, 300);
        follower_world_free(w);
    }
}

/* What is before the minimum index may be pruned: it is not asked for, in the middle of a life as well. */
static void a_pruned_log(void **state)
{
    (void)state;
    for (size_t i = 2; i < LENGTH(kinds); i++)
        for (unsigned is_late = 0; is_late < 2; is_late++) {
            struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 700, 700);
            if (is_late == 1) {
                w->log.size = 100;
                follower_world_open(w);
                follower_world_round(w);
                follower_world_expect_none(w);
                follower_world_close(w);
                w->log.size = 700;
            }
            w->log.missing_index = 300;
            w->followed.minimum_index = 520;
            follower_world_open(w);
            w->next_index = 512;
            follower_world_round(w);
            follower_world_expect_none(w);
            assert_int_equal(w->entry_count, 700 - 512);
            assert_int_equal(w->verified_size, 700);
            follower_world_free(w);
        }
}

/* Stopping in the middle of anything leaves nothing behind (the sanitizer looks), and answers nothing any more. */
static void stopping_at_every_step(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++)
        for (unsigned steps = 0; steps < 40; steps++) {
            struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 600, 600);
            follower_world_open(w);
            for (unsigned k = 0; k < steps; k++)
                (void)fake_loop_step(w->loop, 1000000);
            follower_world_close(w);
            follower_world_free(w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_logs_raise_nothing),
        cmocka_unit_test(short_answers),
        cmocka_unit_test(the_empty_log),
        cmocka_unit_test(a_busy_log_is_asked_later),
        cmocka_unit_test(a_log_that_stays_away_is_named),
        cmocka_unit_test(it_goes_on_where_it_was),
        cmocka_unit_test(a_crash_at_every_step),
        cmocka_unit_test(the_state_of_another_log_is_refused),
        cmocka_unit_test(a_damaged_state),
        cmocka_unit_test(what_is_not_kept_comes_again),
        cmocka_unit_test(heads_alone),
        cmocka_unit_test(from_now_on),
        cmocka_unit_test(a_pruned_log),
        cmocka_unit_test(stopping_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
