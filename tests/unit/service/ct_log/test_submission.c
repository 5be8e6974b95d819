/* Submissions: what is taken and what comes of it, and every reason why one is not. */
#include "unit/service/ct_log/ct_checks.h"

#include "rules/precert.h"

/* ---- what is taken ---- */

static void a_certificate_gets_an_sct(void **state)
{
    (void)state;
    const struct ct_world_certificate recipe = {.serial = 7};
    struct builder der;
    struct promise promise;
    builder_init(&der, 65536);
    /* The chain's root may be left out, and may be there. */
    struct builder body;
    builder_init(&body, 65536);
    ct_world_certificate(w, &recipe, &der);
    const struct bytes chain[] = {builder_view(&der), builder_view(&w->issuer.der), builder_view(&w->root.der)};
    OK(ct_json_write_chain(chain, 3, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    assert_false(answer->is_answered);
    fake_loop_run(w->loop, 1000);
    assert_true(answer->is_answered);
    read_promise(answer, &promise);
    assert_int_equal(promise.index, 0);
    struct leaf leaf = {.type = LEAF_X509, .certificate = builder_view(&der)};
    OK(sct_input_verify(private_key_public(w->log_key), &promise.sct, &leaf, &err));
    leaf = sct_input_leaf(&promise.sct, &leaf);
    assert_included(&leaf, 0);
    struct tree_head head;
    get_head(&head);
    assert_int_equal(head.size, 1);
    assert_true(head.timestamp_ms >= promise.sct.timestamp_ms);
    uint8_t log_id[HASH_SIZE];
    OK(ct_suite_hash(w->suite, public_key_spki(private_key_public(w->log_key)), log_id, &err));
    assert_bytes(promise.sct.log_id, BYTES_OF(log_id));
    forget_promise(&promise);
    builder_clear(&der);
    builder_clear(&body);
}

static void a_precertificate_gets_an_sct(void **state)
{
    (void)state;
    const struct ct_world_certificate recipe = {.serial = 8, .is_precertificate = true};
    struct builder der, body, tbs;
    struct certificate parsed;
    struct promise promise;
    uint8_t key_hash[HASH_SIZE];
    builder_init(&der, 65536);
    builder_init(&body, 65536);
    builder_init(&tbs, 65536);
    ct_world_certificate(w, &recipe, &der);
    const struct bytes chain[] = {builder_view(&der), builder_view(&w->issuer.der)};
    OK(ct_json_write_chain(chain, 2, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-pre-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    read_promise(answer, &promise);
    OK(certificate_parse(builder_view(&der), &parsed, &err));
    OK(precert_write_tbs(&parsed, &tbs, &err));
    OK(ct_suite_hash(w->suite, public_key_spki(private_key_public(w->issuer.key)), key_hash, &err));
    struct leaf leaf = {.type = LEAF_PRECERT, .issuer_key_hash = BYTES_OF(key_hash), .tbs = builder_view(&tbs)};
    OK(sct_input_verify(private_key_public(w->log_key), &promise.sct, &leaf, &err));
    leaf = sct_input_leaf(&promise.sct, &leaf);
    assert_included(&leaf, 0);
    forget_promise(&promise);
    builder_clear(&der);
    builder_clear(&body);
    builder_clear(&tbs);
}

static void a_root_alone_is_taken(void **state)
{
    (void)state;
    struct builder body;
    struct promise promise;
    const struct bytes chain[] = {builder_view(&w->root.der)};
    builder_init(&body, 65536);
    OK(ct_json_write_chain(chain, 1, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    read_promise(answer, &promise);
    forget_promise(&promise);
    builder_clear(&body);
}

static void a_batch_waits_for_the_flush(void **state)
{
    (void)state;
    struct ct_world_answer *answers[40];
    struct builder body;
    bool seen[40] = {false};
    for (unsigned i = 0; i < 40; i++) {
        builder_init(&body, 65536);
        ct_world_chain(w, &(struct ct_world_certificate){.serial = 100 + i}, false, &body);
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
        builder_clear(&body);
    }
    fake_loop_run(w->loop, 199);
    assert_false(answers[0]->is_answered);
    assert_int_equal(ct_log_status(w->log).pending_count, 40);
    fake_loop_run(w->loop, 10);
    for (unsigned i = 0; i < 40; i++) {
        struct promise promise;
        assert_true(answers[i]->is_answered);
        read_promise(answers[i], &promise);
        assert_true(promise.index < 40 && !seen[promise.index]);
        seen[promise.index] = true;
        forget_promise(&promise);
    }
    assert_int_equal(head_size(), 40);
    assert_int_equal(ct_log_status(w->log).pending_count, 0);
    assert_int_equal(w->index.commit_count, 2); /* the opening, and one for all of them */
}

static void a_full_batch_does_not_wait(void **state)
{
    (void)state;
    struct ct_world_answer *first = NULL, *last = NULL;
    struct builder body;
    /* Duplicates fill a batch as well as others, and are made faster. */
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    for (unsigned i = 0; i < CT_LOG_BATCH_MAX; i++) {
        last = ct_world_post(w, "add-chain", builder_view(&body));
        if (first == NULL)
            first = last;
        else if (i < CT_LOG_BATCH_MAX - 1)
            fake_loop_run(w->loop, 0);
        if (last != first && i < CT_LOG_BATCH_MAX - 1)
            assert_false(last->is_answered);
        if (i == 0)
            continue;
        last->x.server = first->x.server; /* a list, to forget them */
        first->x.server = last;
    }
    fake_loop_run(w->loop, 0);
    assert_true(first->is_answered);
    assert_int_equal(head_size(), 1);
    while (first->x.server != NULL) {
        struct ct_world_answer *next = first->x.server;
        first->x.server = next->x.server;
        ct_world_forget(next);
    }
    ct_world_forget(first);
    builder_clear(&body);
}

/* ---- what is refused ---- */

static void post_refused(const char *name, const char *body, int status, const char *reason)
{
    struct ct_world_answer *answer = ct_world_post(w, name, bytes_of_text(body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, status, reason);
    assert_int_equal(head_size(), 0);
}

static void bad_bodies_are_refused(void **state)
{
    (void)state;
    post_refused("add-chain", "", 400, "");
    post_refused("add-chain", "{}", 400, "chain");
    post_refused("add-chain", "{\"chain\":[]}", 400, "chain");
    post_refused("add-chain", "{\"chain\":[\"???\"]}", 400, "chain");
    post_refused("add-chain", "{\"chain\":[\"MAA=\"]}", 400, "");
    post_refused("add-chain", "{\"chain\":[1]}", 400, "chain");
    post_refused("add-pre-chain", "[]", 400, "");
}

static void other_paths_and_methods_are_refused(void **state)
{
    (void)state;
    assert_refused(ct_world_post(w, "add-nothing", (struct bytes){0}), 404, "no such resource");
    struct ct_world_answer *answer = ct_world_get(w, "add-chain", "");
    assert_true(ct_world_has_header(answer, "Allow: POST"));
    assert_refused(answer, 405, "only POST");
    answer = ct_world_post(w, "get-sth", (struct bytes){0});
    assert_true(ct_world_has_header(answer, "Allow: GET"));
    assert_refused(answer, 405, "only GET");
    assert_refused(ct_world_post(w, "add-mtc-entries", (struct bytes){0}), 404, "takes no entries");
}

static void chains_to_nowhere_are_refused(void **state)
{
    (void)state;
    struct builder body, der;
    builder_init(&body, 65536);
    builder_init(&der, 65536);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 1, .issuer = &w->stranger}, &der);
    const struct bytes strange[] = {builder_view(&der), builder_view(&w->stranger.der)};
    OK(ct_json_write_chain(strange, 2, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "root");
    builder_reset(&body);
    builder_reset(&der);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 1}, &der);
    OK(ct_json_write_chain(strange, 1, &body, &err)); /* without its issuer */
    answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "");
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .has_bad_signature = true}, 400, "sign");
    assert_int_equal(head_size(), 0);
    builder_clear(&body);
    builder_clear(&der);
}

static void an_issuer_that_is_known_is_verified_no_less(void **state)
{
    (void)state;
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .has_bad_signature = true}, 400, "sign");
    /* Another certificate of the same name and key is another issuer: its own signature counts. */
    struct builder forged, leaf, body;
    builder_init(&forged, 65536);
    builder_init(&leaf, 65536);
    builder_init(&body, 65536);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 9, .issuer = &w->root, .is_ca = true, .subject = w->issuer.name,
                                                           .spki = public_key_spki(private_key_public(w->issuer.key)),
                                                           .has_bad_signature = true}, &forged);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 3}, &leaf);
    const struct bytes chain[] = {builder_view(&leaf), builder_view(&forged)};
    OK(ct_json_write_chain(chain, 2, &body, &err));
    struct ct_world_answer *answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "no accepted root");
    assert_int_equal(head_size(), 1);
    builder_clear(&forged);
    builder_clear(&leaf);
    builder_clear(&body);
}

static void kinds_are_not_mixed_up(void **state)
{
    (void)state;
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    struct ct_world_answer *answer = ct_world_post(w, "add-pre-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "add-chain");
    builder_reset(&body);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1, .is_precertificate = true}, false, &body);
    answer = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 1000);
    assert_refused(answer, 400, "add-pre-chain");
    builder_clear(&body);
}

/* What it would log is not what the final certificate says: other issuer, other key. */
static void precertificates_of_signing_certificates_are_refused(void **state)
{
    (void)state;
    struct ct_world_ca signing = {.name = "Precertificate Signer", .key = w->stranger.key};
    struct builder leaf, body;
    builder_init(&signing.der, 65536);
    builder_init(&leaf, 65536);
    builder_init(&body, 65536);
    ct_world_certificate(w, &(struct ct_world_certificate){.serial = 9, .is_ca = true, .subject = signing.name,
                                                           .signs_precertificates = true}, &signing.der);
    for (int is_pre = 0; is_pre < 2; is_pre++) {
        builder_reset(&leaf);
        builder_reset(&body);
        ct_world_certificate(w, &(struct ct_world_certificate){.serial = 3, .issuer = &signing, .is_precertificate = is_pre}, &leaf);
        const struct bytes chain[] = {builder_view(&leaf), builder_view(&signing.der), builder_view(&w->issuer.der)};
        OK(ct_json_write_chain(chain, 3, &body, &err));
        struct ct_world_answer *answer = ct_world_post(w, is_pre ? "add-pre-chain" : "add-chain", builder_view(&body));
        fake_loop_run(w->loop, 1000);
        if (is_pre) {
            assert_refused(answer, 400, "Precertificate Signing Certificate");
        } else {
            assert_int_equal(answer->status, 200); /* what it should never have signed is logged */
            ct_world_forget(answer);
        }
    }
    assert_int_equal(head_size(), 1);
    builder_clear(&signing.der);
    builder_clear(&leaf);
    builder_clear(&body);
}

static void the_interval_is_half_open(void **state)
{
    (void)state;
    const int64_t start_s = CT_WORLD_NOW_S + 10 * CT_WORLD_DAY_S, end_s = CT_WORLD_NOW_S + 20 * CT_WORLD_DAY_S;
    w->config.not_after_start_s = start_s;
    w->config.not_after_end_s = end_s;
    ct_world_restart(w);
    assert_add_refused(&(struct ct_world_certificate){.serial = 1, .not_after_s = start_s - 1}, 400, "interval");
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .not_after_s = end_s}, 400, "interval");
    (void)add_index(&(struct ct_world_certificate){.serial = 3, .not_after_s = start_s}, NULL);
    (void)add_index(&(struct ct_world_certificate){.serial = 4, .not_after_s = end_s - 1}, NULL);
    assert_int_equal(head_size(), 2);
}

static void expired_ones_are_refused_on_demand(void **state)
{
    (void)state;
    const struct ct_world_certificate expired = {.serial = 1, .not_after_s = CT_WORLD_NOW_S - 10};
    (void)add_index(&expired, NULL);
    w->config.refuses_expired = true;
    ct_world_restart(w);
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .not_after_s = CT_WORLD_NOW_S - 10}, 400, "expired");
    (void)add_index(&(struct ct_world_certificate){.serial = 3}, NULL);
}

static void long_chains_are_refused(void **state)
{
    (void)state;
    w->config.limits.chain_bytes_max = 4096;
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    assert_add_refused(&(struct ct_world_certificate){.serial = 2, .padding = 4096}, 413, "4096");
    assert_add_refused(&(struct ct_world_certificate){.serial = 3, .padding = 40960}, 413, "longer");
    assert_int_equal(head_size(), 1);
}

/* ---- floods ---- */

static void an_address_has_a_rate(void **state)
{
    (void)state;
    w->config.limits.submissions_per_address_per_s = 2;
    ct_world_restart(w);
    struct builder body;
    struct ct_world_answer *answers[6];
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    for (size_t i = 0; i < 6; i++)
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 300);
    for (size_t i = 0; i < 4; i++) { /* two seconds' worth */
        assert_int_equal(answers[i]->status, 200);
        ct_world_forget(answers[i]);
    }
    assert_true(ct_world_has_header(answers[4], "Retry-After: 1"));
    assert_refused(answers[4], 429, "address");
    assert_refused(answers[5], 429, "address");
    fake_loop_run(w->loop, 1000);
    answers[0] = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 300);
    assert_int_equal(answers[0]->status, 200);
    ct_world_forget(answers[0]);
    builder_clear(&body);
}

static void long_bodies_count_as_many(void **state)
{
    (void)state;
    w->config.limits.submissions_per_address_per_s = 2;
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1, .padding = 40000}, NULL); /* 54 KB of base64: 4 */
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 2}, false, &body);
    struct ct_world_answer *answers[3];
    for (size_t i = 0; i < 3; i++) /* a second has passed, in which two came back */
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 300);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(answers[i]->status, 200);
        ct_world_forget(answers[i]);
    }
    assert_refused(answers[2], 429, "address");
    builder_clear(&body);
}

static void all_together_have_a_rate(void **state)
{
    (void)state;
    w->config.limits.submissions_per_s = 1;
    ct_world_restart(w);
    (void)add_index(&(struct ct_world_certificate){.serial = 1}, NULL);
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    struct ct_world_answer *a = ct_world_post(w, "add-chain", builder_view(&body)),
                           *b = ct_world_post(w, "add-chain", builder_view(&body)),
                           *c = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 300);
    assert_int_equal(a->status, 200);
    assert_int_equal(b->status, 200);
    assert_refused(c, 429, "all clients");
    ct_world_forget(a);
    ct_world_forget(b);
    builder_clear(&body);
}

static void what_waits_is_bounded(void **state)
{
    (void)state;
    w->config.limits.pending_max = 3;
    ct_world_restart(w);
    struct ct_world_answer *answers[4];
    struct builder body;
    builder_init(&body, 65536);
    for (unsigned i = 0; i < 4; i++) {
        builder_reset(&body);
        ct_world_chain(w, &(struct ct_world_certificate){.serial = i}, false, &body);
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
    }
    assert_true(ct_world_has_header(answers[3], "Retry-After: "));
    assert_refused(answers[3], 503, "waiting");
    fake_loop_run(w->loop, 1000);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(answers[i]->status, 200);
        ct_world_forget(answers[i]);
    }
    (void)add_index(&(struct ct_world_certificate){.serial = 4}, NULL);
    builder_clear(&body);
}

/* What a slow log still takes; as it stands in ct_log_internal.h. */
#define CT_LOG_SLOW_PENDING_WANTED 256

static const int64_t *slow_offset_ms;

static int64_t slow_clock(void *context)
{
    (void)context;
    return fake_loop_now_ms(w->loop) + *slow_offset_ms;
}

/* A log that cannot keep up answers what it has, rather than everything too late. */
static void a_slow_log_takes_less(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct ct_world_answer *answers[MANY];
    static int64_t offset_ms;
    struct builder body;
    builder_init(&body, 65536);
    ct_world_chain(w, &(struct ct_world_certificate){.serial = 1}, false, &body);
    offset_ms = 0;
    slow_offset_ms = &offset_ms;
    w->config.clock = (struct clock_port){.now_ms = slow_clock};
    ct_world_restart(w);
    for (size_t round = 0; round < 3; round++) {
        /* In round 1 the answers take 4 s, so that round 2 is refused in part. */
        size_t want = round == 2 ? CT_LOG_SLOW_PENDING_WANTED : MANY;
        for (size_t i = 0; i < MANY; i++)
            answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
        fake_loop_run(w->loop, 100);
        offset_ms += round == 1 ? 4000 : 0;
        fake_loop_run(w->loop, 400);
        for (size_t i = 0; i < MANY; i++) {
            if (i < want) {
                assert_int_equal(answers[i]->status, 200);
                ct_world_forget(answers[i]);
            } else {
                assert_true(ct_world_has_header(answers[i], "Retry-After: "));
                assert_refused(answers[i], 503, "waiting");
            }
        }
    }
    (void)add_index(&(struct ct_world_certificate){.serial = 2}, NULL);
    for (size_t i = 0; i < MANY; i++) /* it is quick again: all of them */
        answers[i] = ct_world_post(w, "add-chain", builder_view(&body));
    fake_loop_run(w->loop, 500);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(answers[i]->status, 200);
        ct_world_forget(answers[i]);
    }
    ct_world_close(w);
    builder_clear(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GM_TEST(a_certificate_gets_an_sct),
        INTL_TEST(a_certificate_gets_an_sct),
        GM_TEST(a_precertificate_gets_an_sct),
        INTL_TEST(a_precertificate_gets_an_sct),
        GM_TEST(a_root_alone_is_taken),
        GM_TEST(a_batch_waits_for_the_flush),
        INTL_TEST(a_full_batch_does_not_wait),
        GM_TEST(bad_bodies_are_refused),
        GM_TEST(other_paths_and_methods_are_refused),
        GM_TEST(chains_to_nowhere_are_refused),
        INTL_TEST(an_issuer_that_is_known_is_verified_no_less),
        GM_TEST(kinds_are_not_mixed_up),
        INTL_TEST(precertificates_of_signing_certificates_are_refused),
        GM_TEST(the_interval_is_half_open),
        GM_TEST(expired_ones_are_refused_on_demand),
        GM_TEST(long_chains_are_refused),
        GM_TEST(an_address_has_a_rate),
        GM_TEST(long_bodies_count_as_many),
        GM_TEST(all_together_have_a_rate),
        GM_TEST(what_waits_is_bounded),
        INTL_TEST(a_slow_log_takes_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
