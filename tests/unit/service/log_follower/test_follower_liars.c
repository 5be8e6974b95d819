#include "unit/service/log_follower/follower_world.h"

#include <inttypes.h>
#include <stdio.h>

/* Each lie is named in the round that meets it, by its own name and no other, with a proof where there is one. */

static const struct {
    enum log_kind kind;
    const struct ct_suite *suite;
} kinds[] = {{LOG_KIND_RFC6962, &ct_suite_gm}, {LOG_KIND_STATIC_CT, &ct_suite_gm}, {LOG_KIND_STATIC_CT, &ct_suite_intl},
             {LOG_KIND_MTC, &ct_suite_gm}};

/* 300 entries, of which the first 200 are the same in both histories; a first round has been honest. */
static struct follower_world *begin(size_t i)
{
    struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 200);
    follower_world_open(w);
    follower_world_round(w);
    follower_world_expect_none(w);
    return w;
}

static void sign_now(struct follower_world *w)
{
    w->log.timestamp_ms = fake_loop_now_ms(w->loop) - 1000;
}

static void grow(struct follower_world *w, uint64_t count)
{
    int64_t now = fake_loop_now_ms(w->loop);
    follower_world_add(w, 0, count, now - 5000);
    follower_world_add(w, 1, count, now - 5000);
    w->log.size += count;
    sign_now(w);
}

/* The lie is told once, and the follower stays on its branch; when the log comes back to it, all is well. */
static void end(struct follower_world *w)
{
    w->finding_count = 0;
    w->log.history = 0;
    w->log.has_wrong_root = w->log.has_wrong_signature = w->log.is_garbage = w->log.has_wrong_entries = false;
    w->log.missing_index = -1;
    if (w->log.size < w->histories[0].count)
        w->log.size = w->histories[0].count;
    sign_now(w);
    follower_world_round(w);
    follower_world_expect_none(w);
    assert_int_equal(w->verified_size, w->log.size);
    follower_world_free(w);
}

static void told_once(struct follower_world *w)
{
    follower_world_round(w);
    assert_int_equal(w->finding_count, 0);
}

static void two_roots_of_one_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        w->log.history = 1;
        sign_now(w);
        follower_world_round(w);
        follower_world_expect(w, FINDING_SPLIT_VIEW, true);
        told_once(w);
        end(w);
    }
}

static void another_history(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        grow(w, 100);
        w->log.history = 1;
        follower_world_round(w);
        follower_world_expect(w, FINDING_NOT_A_PREFIX, true);
        assert_int_equal(w->verified_size, 300);
        told_once(w);
        end(w);
    }
}

static void a_log_that_shrinks(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        w->log.size = 150;
        sign_now(w);
        follower_world_round(w);
        follower_world_expect(w, FINDING_SHRANK, kinds[i].kind != LOG_KIND_MTC);
        told_once(w);
        sign_now(w); /* and again */
        told_once(w);
        /* An old head again, as it was signed before. */
        w->log.timestamp_ms = FOLLOWER_NOW_MS - 20000;
        follower_world_round(w);
        follower_world_expect(w, FINDING_WENT_BACK, false);
        end(w);
    }
}

static void a_forged_head(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        grow(w, 10);
        w->log.has_wrong_signature = true;
        follower_world_round(w);
        follower_world_expect(w, FINDING_BAD_SIGNATURE, false);
        assert_int_equal(w->verified_size, 300);
        w->log.has_wrong_signature = false;
        w->log.is_garbage = true;
        follower_world_round(w);
        follower_world_expect(w, FINDING_BAD_HEAD, false);
        end(w);
    }
}

/* A signed root that no proof leads to. */
static void a_root_of_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        grow(w, 10);
        w->log.has_wrong_root = true;
        follower_world_round(w);
        follower_world_expect(w, FINDING_BAD_CONSISTENCY, false);
        end(w);
    }
}

static void entries_that_are_not_in_the_tree(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        grow(w, 10);
        w->log.has_wrong_entries = true;
        follower_world_round(w);
        follower_world_expect(w, FINDING_ROOT_MISMATCH, false);
        assert_int_equal(w->verified_size, 300);
        w->next_index = 300; /* they come again */
        told_once(w);
        end(w);
    }
}

static void an_entry_that_is_not_served(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        grow(w, 300);
        w->log.missing_index = 520;
        follower_world_round(w);
        const struct told *t =
            follower_world_expect(w, kinds[i].kind == LOG_KIND_MTC ? FINDING_PRUNED_EARLY : FINDING_MISSING_ENTRY, false);
        assert_true(t->has_index);
        told_once(w);
        w->next_index = 300;
        end(w);
    }
}

/* ---- times ---- */

static void heads_of_wrong_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        w->log.timestamp_ms = fake_loop_now_ms(w->loop) + 3600 * 1000;
        follower_world_round(w);
        assert_false(follower_world_expect(w, FINDING_HEAD_FROM_FUTURE, false)->is_over);
        told_once(w);
        follower_world_free(w);
    }
    struct follower_world *w = begin(0);
    fake_loop_run(w->loop, FOLLOWER_MMD_MS);
    w->finding_count = 0;
    follower_world_round(w);
    follower_world_expect_none(w);
    sign_now(w);
    follower_world_round(w);
    assert_true(follower_world_expect(w, FINDING_HEAD_STALE, false)->is_over);
    follower_world_free(w);
}

static void entries_of_wrong_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds) && kinds[i].kind != LOG_KIND_MTC; i++) {
        /* After the head that has it. */
        struct follower_world *w = begin(i);
        int64_t now = fake_loop_now_ms(w->loop);
        follower_world_add(w, 0, 1, now - 500);
        w->log.size++;
        w->log.timestamp_ms = now - 1000;
        follower_world_round(w);
        const struct told *t = follower_world_expect(w, FINDING_ENTRY_AFTER_HEAD, true);
        assert_int_equal(t->index, 300);
        told_once(w);
        follower_world_free(w);
        /* A second before the MMD is up: in time. Then not. */
        w = begin(i);
        now = fake_loop_now_ms(w->loop);
        follower_world_add(w, 0, 1, FOLLOWER_NOW_MS - 10000 - FOLLOWER_MMD_MS);
        w->log.size++;
        w->log.timestamp_ms = now - 1000;
        follower_world_round(w);
        follower_world_expect_none(w);
        follower_world_add(w, 0, 1, now - 1000 - FOLLOWER_MMD_MS - 1);
        w->log.size++;
        sign_now(w);
        follower_world_round(w);
        assert_int_equal(follower_world_expect(w, FINDING_LATE_MERGE, true)->index, 301);
        follower_world_free(w);
        /* Of the future, with a head that is too: two things. */
        w = begin(i);
        now = fake_loop_now_ms(w->loop);
        follower_world_add(w, 0, 1, now + 300000);
        w->log.size++;
        w->log.timestamp_ms = now + 300000;
        follower_world_round(w);
        assert_int_equal(w->finding_count, 2);
        assert_int_equal(w->findings[0].id, FINDING_HEAD_FROM_FUTURE);
        assert_int_equal(w->findings[1].id, FINDING_ENTRY_FROM_FUTURE);
        follower_world_free(w);
    }
}

/* Nine precertificates that are none stand before an entry that came late: the lie is told. */
static void a_lie_behind_oddities(void **state)
{
    (void)state;
    struct follower_world *w = begin(1);
    uint8_t hash[HASH_SIZE] = {0};
    unsigned late = 0;
    int64_t now = fake_loop_now_ms(w->loop);
    for (unsigned i = 0; i < 9; i++) {
        struct leaf leaf = {.type = LEAF_PRECERT, .timestamp_ms = (uint64_t)now - 5000, .issuer_key_hash = BYTES_OF(hash),
                            .tbs = bytes_of_text("0")};
        follower_world_add_leaf(w, 0, &leaf, bytes_of_text("nothing"));
    }
    follower_world_add(w, 0, 1, FOLLOWER_NOW_MS - 10000 - FOLLOWER_MMD_MS - 1);
    w->log.size += 10;
    sign_now(w);
    follower_world_round(w);
    for (size_t i = 0; i < w->finding_count; i++)
        late += w->findings[i].id == FINDING_LATE_MERGE && w->findings[i].is_proven && w->findings[i].index == 309;
    assert_int_equal(late, 1);
    assert_int_equal(w->finding_count, 9); /* seven, how many more, and the lie */
    follower_world_free(w);
}

static void a_final_tree_that_grows(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_intl, 300, 200);
    w->followed.state = FOLLOWED_READONLY;
    w->followed.has_final = true;
    w->followed.final_size = 300;
    follower_world_root(w, 0, 300, w->followed.final_root);
    follower_world_open(w);
    fake_loop_run(w->loop, 100 * FOLLOWER_MMD_MS); /* its head may be old */
    w->finding_count = 0;
    follower_world_round(w);
    follower_world_expect_none(w);
    follower_world_add(w, 0, 1, fake_loop_now_ms(w->loop) - 2000);
    w->log.size++;
    sign_now(w);
    follower_world_round(w);
    follower_world_expect(w, FINDING_READONLY_GREW, false);
    follower_world_free(w);
    /* Less than the final one hides something. */
    w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_intl, 300, 200);
    w->followed.state = FOLLOWED_READONLY;
    w->followed.has_final = true;
    w->followed.final_size = 400;
    follower_world_open(w);
    follower_world_round(w);
    follower_world_expect(w, FINDING_WENT_BACK, false);
    told_once(w);
    follower_world_free(w);
}

/* ---- entries ---- */

static void entries_of_unknown_form(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_RFC6962, &ct_suite_intl, 10, 10);
    struct leaf leaf = {.timestamp_ms = FOLLOWER_NOW_MS - 30000, .type = LEAF_X509, .certificate = bytes_of_text("x")};
    follower_world_add_leaf(w, 0, &leaf, bytes_of("", 0));
    struct history *h = &w->histories[0];
    ((uint8_t *)(uintptr_t)h->entries[10].leaf.data)[11] = 0x77; /* entry_type */
    struct hasher hasher;
    struct error err;
    OK(hasher_init(&hasher, &hash_sha256, &err));
    uint8_t prefix = 0;
    hasher_start(&hasher);
    hasher_update(&hasher, bytes_of(&prefix, 1));
    hasher_update(&hasher, h->entries[10].leaf);
    hasher_finish(&hasher, h->hashes[10]);
    hasher_clear(&hasher);
    w->log.size++;
    follower_world_add(w, 0, 5, FOLLOWER_NOW_MS - 30000);
    w->log.size += 5;
    follower_world_open(w);
    follower_world_round(w);
    assert_int_equal(follower_world_expect(w, FINDING_UNKNOWN_ENTRY_TYPE, false)->index, 10);
    assert_int_equal(w->verified_size, 16);
    follower_world_free(w);
}

static void issuers_that_are_not_served(void **state)
{
    (void)state;
    for (unsigned is_wrong = 0; is_wrong < 2; is_wrong++) {
        struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 300, 300);
        w->log.has_no_issuers = is_wrong == 0;
        w->log.has_wrong_issuers = is_wrong == 1;
        follower_world_open(w);
        follower_world_round(w);
        assert_int_equal(follower_world_expect(w, FINDING_BAD_ISSUER, false)->index, 0);
        assert_int_equal(w->verified_size, 300);
        told_once(w);
        follower_world_free(w);
    }
}

/* In a data tile nothing behind it can be read: what is there is verified by its hashes, and the follower goes on. */
static void a_tile_with_an_unknown_type(void **state)
{
    (void)state;
    for (uint64_t at = 0; at < 300; at += 100) {
        struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_intl, 300, 300);
        struct history *h = &w->histories[0];
        struct hasher hasher;
        struct error err;
        uint8_t prefix = 0;
        ((uint8_t *)(uintptr_t)h->entries[at].tile.data)[9] = 0x77; /* entry_type, behind the time */
        ((uint8_t *)(uintptr_t)h->entries[at].leaf.data)[11] = 0x77;
        OK(hasher_init(&hasher, &hash_sha256, &err));
        hasher_start(&hasher);
        hasher_update(&hasher, bytes_of(&prefix, 1));
        hasher_update(&hasher, h->entries[at].leaf);
        hasher_finish(&hasher, h->hashes[at]);
        hasher_clear(&hasher);
        w->log.size = 290;
        follower_world_open(w);
        follower_world_round(w);
        assert_int_equal(follower_world_expect(w, FINDING_UNKNOWN_ENTRY_TYPE, false)->index, at);
        assert_int_equal(w->entry_count, 290);
        assert_int_equal(w->verified_size, 290);
        w->log.size = 300; /* from the middle of its tile on */
        sign_now(w);
        follower_world_round(w);
        assert_int_equal(w->finding_count, 0);
        assert_int_equal(w->verified_size, 300);
        follower_world_free(w);
    }
}

/* ---- mirrors, and what others tell ---- */

static struct follower_world *begin_with_mirror(size_t i)
{
    static const char *const mirrors[] = {FOLLOWER_MIRROR_URL};
    struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 200);
    w->followed.mirrors = mirrors;
    w->followed.mirror_count = 1;
    follower_world_open(w);
    follower_world_round(w);
    follower_world_expect_none(w);
    return w;
}

static void a_mirror_that_lags(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin_with_mirror(i);
        unsigned told = 0;
        for (unsigned round = 0; round < 12; round++) {
            grow(w, 3);
            follower_world_round(w);
            told += (unsigned)w->finding_count;
            if (w->finding_count > 0)
                assert_string_equal(follower_world_expect(w, FINDING_MIRROR_STALE, false)->source, FOLLOWER_MIRROR_URL);
        }
        assert_int_equal(told, 1);
        w->mirror.size = w->log.size;
        w->mirror.timestamp_ms = w->log.timestamp_ms;
        follower_world_round(w);
        assert_true(follower_world_expect(w, FINDING_MIRROR_STALE, false)->is_over);
        follower_world_free(w);
    }
}

static void a_split_between_log_and_mirror(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++)
        for (int larger = -1; larger <= 1; larger++) {
            struct follower_world *w = begin_with_mirror(i);
            grow(w, 40);
            follower_world_add(w, 1, 40, FOLLOWER_NOW_MS);
            w->mirror = w->log;
            w->mirror.history = 1;
            w->mirror.size = (uint64_t)((int64_t)w->log.size + larger * 10);
            follower_world_round(w);
            const struct told *t = follower_world_expect(w, larger == 0 ? FINDING_SPLIT_VIEW : FINDING_NOT_A_PREFIX, true);
            assert_string_equal(t->source, FOLLOWER_MIRROR_URL);
            told_once(w);
            follower_world_free(w);
        }
}

/* A mirror that cannot be asked when it shows another tree is asked in the next round. */
static void a_mirror_that_is_asked_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin_with_mirror(i);
        follower_world_add(w, 1, 40, FOLLOWER_NOW_MS);
        w->mirror.history = 1;
        w->mirror.size = 330;
        w->mirror.timestamp_ms = fake_loop_now_ms(w->loop);
        w->mirror.is_head_only = true;
        sign_now(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        w->mirror.is_head_only = false;
        follower_world_round(w);
        follower_world_expect(w, FINDING_NOT_A_PREFIX, true);
        follower_world_free(w);
    }
}

static void a_mirror_of_something_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin_with_mirror(i);
        w->mirror.has_wrong_signature = true;
        follower_world_round(w);
        follower_world_expect(w, FINDING_MIRROR_DISAGREES, false);
        w->mirror.has_wrong_signature = false;
        /* One that does not answer keeps nobody from anything. */
        w->mirror.is_down = true;
        grow(w, 5);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(w->verified_size, 305);
        follower_world_free(w);
    }
}

static enum status tell(struct follower_world *w, const struct shown *s)
{
    struct builder signature;
    struct error err;
    struct followed_head head = {.size = s->size, .timestamp_ms = (uint64_t)s->timestamp_ms};
    builder_init(&signature, NOTE_SIZE_MAX);
    follower_world_sign(w, s, &signature, head.root);
    head.signature = builder_view(&signature);
    enum status status = log_follower_view(w->follower, &head, "monitor2", &err);
    builder_clear(&signature);
    return status;
}

static void what_another_monitor_saw(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        struct shown told = w->log;
        assert_int_equal(tell(w, &told), STATUS_OK);
        told.size = 123;
        assert_int_equal(tell(w, &told), STATUS_OK);
        told.has_wrong_signature = true;
        assert_int_equal(tell(w, &told), STATUS_REFUSED);
        follower_world_round(w);
        follower_world_expect_none(w);
        told.has_wrong_signature = false;
        told.history = 1;
        told.size = 250;
        assert_int_equal(tell(w, &told), STATUS_OK);
        follower_world_round(w);
        assert_string_equal(follower_world_expect(w, FINDING_NOT_A_PREFIX, true)->source, "monitor2");
        told.size = 300;
        assert_int_equal(tell(w, &told), STATUS_OK);
        follower_world_round(w);
        follower_world_expect(w, FINDING_SPLIT_VIEW, true);
        /* A larger one that the log does not show: it waits, and then the log hides it. */
        follower_world_add(w, 1, 50, FOLLOWER_NOW_MS);
        told.size = 333;
        assert_int_equal(tell(w, &told), STATUS_OK);
        unsigned hidden = 0;
        for (unsigned round = 0; round < 10; round++) {
            sign_now(w);
            follower_world_round(w);
            if (w->finding_count > 0)
                follower_world_expect(w, FINDING_BAD_CONSISTENCY, false);
            hidden += (unsigned)w->finding_count;
        }
        assert_int_equal(hidden, 1);
        follower_world_free(w);
    }
}

/* While a log makes us wait its head grows old in these tests, which is told too. */
static unsigned count_of(const struct follower_world *w, enum finding_id id)
{
    unsigned count = 0;
    for (size_t i = 0; i < w->finding_count; i++)
        count += w->findings[i].id == id && !w->findings[i].is_over;
    return count;
}

/* A log that says nothing of what another monitor saw is asked again, and hides it when it never answers. */
static void what_the_log_does_not_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        struct shown told = w->log;
        told.history = 1;
        told.size = 250;
        w->log.is_head_only = true;
        assert_int_equal(tell(w, &told), STATUS_OK);
        sign_now(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        w->log.is_head_only = false;
        sign_now(w);
        follower_world_round(w);
        assert_int_equal(count_of(w, FINDING_NOT_A_PREFIX), 1);
        told.size = 249;
        w->log.is_head_only = true;
        assert_int_equal(tell(w, &told), STATUS_OK);
        unsigned hidden = 0, shown = 0;
        for (int64_t end = fake_loop_now_ms(w->loop) + 4000000; fake_loop_now_ms(w->loop) < end;) {
            sign_now(w);
            follower_world_round(w);
            hidden += count_of(w, FINDING_BAD_CONSISTENCY);
            shown += count_of(w, FINDING_NOT_A_PREFIX);
        }
        /* Tiles that are there already say it themselves. */
        bool has_tiles = kinds[i].kind != LOG_KIND_RFC6962;
        assert_int_equal(hidden, has_tiles ? 0 : 1);
        assert_int_equal(shown, has_tiles ? 1 : 0);
        follower_world_free(w);
    }
}

/* A head alone is no log: who shows new ones and nothing of what they need is told of. */
static void a_log_that_gives_its_head_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = begin(i);
        unsigned begun = 0, over = 0;
        grow(w, 5);
        w->log.is_head_only = true;
        for (int64_t end = fake_loop_now_ms(w->loop) + 4200000; fake_loop_now_ms(w->loop) < end;) {
            sign_now(w);
            follower_world_round(w);
            begun += count_of(w, FINDING_UNREACHABLE);
            assert_true(begun == 0 || fake_loop_now_ms(w->loop) > end - 4200000 + 3600000);
        }
        assert_int_equal(begun, 1);
        w->log.is_head_only = false;
        sign_now(w);
        follower_world_round(w);
        for (size_t k = 0; k < w->finding_count; k++)
            over += w->findings[k].id == FINDING_UNREACHABLE && w->findings[k].is_over;
        assert_int_equal(over, 1);
        follower_world_free(w);
    }
}

/* ---- landmarks ---- */

static void landmarks_that_change(void **state)
{
    (void)state;
    int64_t now_s = FOLLOWER_NOW_MS / 1000;
    char first[200], second[200], other[200], far[200], back[200];
    (void)snprintf(first, sizeof first, "1\n100 %" PRId64 "\n0 0\n", now_s + 5000);
    (void)snprintf(second, sizeof second, "2\n300 %" PRId64 "\n100 %" PRId64 "\n0 0\n", now_s + 6000, now_s + 5000);
    (void)snprintf(other, sizeof other, "3\n300 %" PRId64 "\n290 %" PRId64 "\n90 %" PRId64 "\n0 0\n", now_s + 7000, now_s + 6000, now_s + 5000);
    (void)snprintf(far, sizeof far, "3\n400 %" PRId64 "\n300 %" PRId64 "\n100 %" PRId64 "\n0 0\n", now_s + 7000, now_s + 6000, now_s + 5000);
    (void)snprintf(back, sizeof back, "1\n100 %" PRId64 "\n0 0\n", now_s + 5000);
    struct follower_world *w = follower_world_new(LOG_KIND_MTC, &ct_suite_gm, 300, 300);
    follower_world_open(w);
    static const struct {
        int text;
        int id;
    } steps[] = {{0, -1}, {1, -1}, {1, -1}, {2, FINDING_LANDMARK_CHANGED}, {3, FINDING_BAD_LANDMARKS}, {4, FINDING_BAD_LANDMARKS},
                 {5, FINDING_BAD_LANDMARKS}, {1, -1}, {6, -1}};
    const char *texts[] = {first, second, other, far, back, "2\n", NULL};
    for (size_t i = 0; i < LENGTH(steps); i++) {
        w->log.landmarks = texts[steps[i].text];
        follower_world_round(w);
        if (steps[i].id < 0)
            follower_world_expect_none(w);
        else
            follower_world_expect(w, (enum finding_id)steps[i].id, false);
    }
    follower_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_roots_of_one_size),
        cmocka_unit_test(another_history),
        cmocka_unit_test(a_log_that_shrinks),
        cmocka_unit_test(a_forged_head),
        cmocka_unit_test(a_root_of_nothing),
        cmocka_unit_test(entries_that_are_not_in_the_tree),
        cmocka_unit_test(an_entry_that_is_not_served),
        cmocka_unit_test(heads_of_wrong_times),
        cmocka_unit_test(entries_of_wrong_times),
        cmocka_unit_test(a_final_tree_that_grows),
        cmocka_unit_test(entries_of_unknown_form),
        cmocka_unit_test(a_tile_with_an_unknown_type),
        cmocka_unit_test(issuers_that_are_not_served),
        cmocka_unit_test(a_mirror_that_lags),
        cmocka_unit_test(a_split_between_log_and_mirror),
        cmocka_unit_test(a_mirror_that_is_asked_again),
        cmocka_unit_test(a_mirror_of_something_else),
        cmocka_unit_test(what_another_monitor_saw),
        cmocka_unit_test(what_the_log_does_not_answer),
        cmocka_unit_test(a_log_that_gives_its_head_alone),
        cmocka_unit_test(a_lie_behind_oddities),
        cmocka_unit_test(landmarks_that_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
