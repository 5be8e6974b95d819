#include "unit/service/log_follower/follower_world.h"

#include <stdio.h>

#include "merkle/node.h"

/* SCTs: included, not yet, not at all; and the delay. */

static const struct {
    enum log_kind kind;
    const struct ct_suite *suite;
} kinds[] = {{LOG_KIND_RFC6962, &ct_suite_gm}, {LOG_KIND_STATIC_CT, &ct_suite_gm}, {LOG_KIND_STATIC_CT, &ct_suite_intl}};

struct answer {
    unsigned count;
    struct follower_answered what;
    char text[200];
};

static void on_answered(void *cookie, const struct follower_answered *answered)
{
    struct answer *a = cookie;
    a->count++;
    a->what = *answered;
    (void)snprintf(a->text, sizeof a->text, "%s", answered->text);
}

/* An SCT of the log's key over the leaf; the leaf is at `index` in no tree yet. */
struct promise {
    struct builder leaf, sct, extensions;
    struct follower_check check;
};

static void promise(struct follower_world *w, uint64_t index, uint64_t timestamp_ms, const char *text, bool has_index, struct promise *p)
{
    struct error err;
    struct builder signature;
    struct hasher h;
    uint8_t log_id[HASH_SIZE];
    builder_init(&p->leaf, 4096);
    builder_init(&p->sct, 4096);
    builder_init(&p->extensions, 64);
    builder_init(&signature, 4096);
    if (has_index)
        OK(sct_write_leaf_index(index, &p->extensions, &err));
    struct leaf leaf = {.timestamp_ms = timestamp_ms, .type = LEAF_X509, .certificate = bytes_of_text(text),
                        .extensions = builder_view(&p->extensions)};
    OK(leaf_write_merkle(&leaf, &p->leaf, &err));
    OK(private_key_sign(w->key, builder_view(&p->leaf), &signature, &err));
    OK(ct_suite_hash(w->suite, public_key_spki(private_key_public(w->key)), log_id, &err));
    struct sct sct = {.version = SCT_V1, .log_id = BYTES_OF(log_id), .timestamp_ms = timestamp_ms,
                      .extensions = builder_view(&p->extensions), .algorithm = w->suite->signature, .signature = builder_view(&signature)};
    OK(sct_write(&sct, &p->sct, &err));
    p->check = (struct follower_check){.name = "a.pem", .timestamp_ms = timestamp_ms, .has_index = has_index, .index = index,
                                       .sct = builder_view(&p->sct), .leaf = builder_view(&p->leaf)};
    OK(hasher_init(&h, w->suite->hash, &err));
    node_leaf_hash(&h, builder_view(&p->leaf), p->check.leaf_hash);
    hasher_clear(&h);
    builder_clear(&signature);
}

static void forget(struct promise *p)
{
    builder_clear(&p->leaf);
    builder_clear(&p->sct);
    builder_clear(&p->extensions);
}

static void ask(struct follower_world *w, const struct promise *p, struct answer *a)
{
    struct error err;
    *a = (struct answer){.count = 0};
    OK(log_follower_check(w->follower, &p->check, on_answered, a, &err));
}

/* What follower_world_add appends at this index has this text. */
static void promise_of(struct follower_world *w, uint64_t index, uint64_t timestamp_ms, struct promise *p)
{
    char text[64];
    (void)snprintf(text, sizeof text, "certificate %u of history 0", (unsigned)index);
    promise(w, index, timestamp_ms, text, true, p);
}

static void what_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        struct promise first, later;
        struct answer a, b;
        follower_world_open(w);
        promise_of(w, 123, FOLLOWER_NOW_MS - 30000, &first);
        ask(w, &first, &a);
        int64_t then = FOLLOWER_NOW_MS + 5000;
        promise_of(w, 301, (uint64_t)then, &later);
        ask(w, &later, &b);
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(a.count, 1);
        assert_int_equal(a.what.answer, FOLLOWER_INCLUDED);
        assert_int_equal(a.what.index, 123);
        assert_int_equal(a.what.delay_ms, 20000);
        assert_int_equal(b.count, 0);
        /* Nothing is said before it is due. */
        follower_world_round(w);
        assert_int_equal(b.count, 0);
        follower_world_add(w, 0, 2, then);
        w->log.size += 2;
        w->log.timestamp_ms = then + 3456;
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(b.count, 1);
        assert_int_equal(b.what.answer, FOLLOWER_INCLUDED);
        assert_int_equal(b.what.delay_ms, 3456);
        /* The same again, when a newer head has come: the delay is that of the first. */
        w->log.timestamp_ms += 10000;
        follower_world_round(w);
        ask(w, &later, &b);
        follower_world_round(w);
        assert_int_equal(b.what.delay_ms, 3456);
        forget(&first);
        forget(&later);
        follower_world_free(w);
    }
}

static void promises_that_are_not_kept(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        /* Another entry stands at the index. */
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        struct promise p;
        struct answer a;
        follower_world_open(w);
        promise(w, 100, FOLLOWER_NOW_MS - 10000 - FOLLOWER_MMD_MS - 1, "not this one", true, &p);
        ask(w, &p, &a);
        follower_world_round(w);
        assert_int_equal(follower_world_expect(w, FINDING_SCT_NOT_HONOURED, true)->index, 100);
        assert_int_equal(a.what.answer, FOLLOWER_NOT_INCLUDED);
        forget(&p);
        /* The tree has no such index: said when the MMD is over, and not before. */
        int64_t now = fake_loop_now_ms(w->loop);
        promise(w, 300, (uint64_t)now, "never", true, &p);
        ask(w, &p, &a);
        w->log.timestamp_ms = now + FOLLOWER_MMD_MS;
        fake_loop_run(w->loop, FOLLOWER_MMD_MS);
        w->finding_count = 0;
        follower_world_round(w);
        follower_world_expect_none(w);
        assert_int_equal(a.count, 0);
        w->log.timestamp_ms++;
        follower_world_round(w);
        follower_world_expect(w, FINDING_SCT_NOT_HONOURED, true);
        assert_int_equal(a.what.answer, FOLLOWER_NOT_INCLUDED);
        forget(&p);
        follower_world_free(w);
    }
}

static void without_an_index(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_RFC6962, &ct_suite_intl, 30, 30);
    struct promise p, q;
    struct answer a, b;
    follower_world_open(w);
    promise_of(w, 17, FOLLOWER_NOW_MS - 30000, &p);
    p.check.has_index = false; /* it is found by its hash */
    ask(w, &p, &a);
    promise(w, 0, FOLLOWER_NOW_MS - 1000000, "unknown", false, &q);
    ask(w, &q, &b);
    follower_world_round(w);
    follower_world_expect(w, FINDING_SCT_NOT_HONOURED, false);
    assert_int_equal(a.what.answer, FOLLOWER_INCLUDED);
    assert_int_equal(a.what.index, 17);
    assert_int_equal(b.what.answer, FOLLOWER_NOT_INCLUDED);
    forget(&p);
    forget(&q);
    follower_world_free(w);

    w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_intl, 30, 30);
    follower_world_open(w);
    promise(w, 0, FOLLOWER_NOW_MS - 30000, "x", false, &p);
    ask(w, &p, &a);
    follower_world_round(w);
    follower_world_expect_none(w);
    assert_int_equal(a.what.answer, FOLLOWER_UNKNOWN);
    forget(&p);
    follower_world_free(w);
}

static void one_round_answers_everything(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 30, 30);
    struct promise p;
    struct answer a;
    w->options.interval_ms = 0;
    follower_world_open(w);
    promise(w, 77, FOLLOWER_NOW_MS, "later", true, &p);
    ask(w, &p, &a);
    follower_world_round(w);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.what.answer, FOLLOWER_NOT_YET);
    assert_false(fake_loop_step(w->loop, 1000000));
    follower_world_close(w);
    w->log.is_down = true;
    follower_world_open(w);
    ask(w, &p, &a);
    follower_world_round(w);
    assert_int_equal(a.what.answer, FOLLOWER_UNKNOWN);
    forget(&p);
    follower_world_free(w);
}

/* A log that shows its head and no proof has not answered: that is not "not yet". */
static void no_answer_is_not_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i].kind, kinds[i].suite, 300, 300);
        struct promise p;
        struct answer a;
        w->options.interval_ms = 0;
        w->options.is_heads_only = true;
        w->log.is_head_only = true;
        follower_world_open(w);
        promise(w, 20, FOLLOWER_NOW_MS - 30000, "what it promised", true, &p);
        ask(w, &p, &a);
        follower_world_round(w);
        assert_int_equal(a.what.answer, FOLLOWER_UNKNOWN);
        assert_non_null(strstr(a.text, "503"));
        forget(&p);
        follower_world_free(w);
    }
}

/* Many at once are no deep recursion; who stops answers all. */
static void many_checks(void **state)
{
    (void)state;
    struct follower_world *w = follower_world_new(LOG_KIND_STATIC_CT, &ct_suite_gm, 300, 300);
    struct promise p;
    struct answer a;
    struct error err;
    follower_world_open(w);
    promise_of(w, 5, FOLLOWER_NOW_MS - 30000, &p);
    a.count = 0;
    for (unsigned i = 0; i < LOG_FOLLOWER_CHECKS_MAX; i++)
        OK(log_follower_check(w->follower, &p.check, on_answered, &a, &err));
    assert_int_equal(log_follower_check(w->follower, &p.check, on_answered, &a, &err), STATUS_LIMIT);
    follower_world_round(w);
    assert_int_equal(a.count, LOG_FOLLOWER_CHECKS_MAX);
    a.count = 0;
    OK(log_follower_check(w->follower, &p.check, on_answered, &a, &err));
    follower_world_close(w);
    assert_int_equal(a.count, 1);
    assert_int_equal(a.what.answer, FOLLOWER_UNKNOWN);
    forget(&p);
    follower_world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there),
        cmocka_unit_test(promises_that_are_not_kept),
        cmocka_unit_test(without_an_index),
        cmocka_unit_test(one_round_answers_everything),
        cmocka_unit_test(no_answer_is_not_later),
        cmocka_unit_test(many_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
