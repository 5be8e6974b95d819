#include "unit/service/log_follower/follower_world.h"

#include "rules/precert.h"
#include "unit/rules/ct_maker.h"

/* What leaves say about real certificates: precertificates, and the temporal interval. */

#define TBS_MAX ((size_t)1 << 16)

struct precert {
    struct bytes der;
    struct builder tbs;
    struct certificate parsed;
};

static void make(struct precert *p)
{
    struct error err;
    EVP_PKEY *key = maker_key("EC", "P-256", 0);
    struct ct_maker m = {.subject = "www.example", .issuer = "CA", .key = key, .signer = key, .digest = "SHA256", .has_poison = true,
                         .dns = "DNS:www.example"};
    p->der = ct_maker_make(&m);
    EVP_PKEY_free(key);
    builder_init(&p->tbs, TBS_MAX);
    OK(certificate_parse(p->der, &p->parsed, &err));
    OK(precert_write_tbs(&p->parsed, &p->tbs, &err));
}

static void forget(struct precert *p)
{
    heap_free(p->der);
    builder_clear(&p->tbs);
}

static void add(struct follower_world *w, struct bytes tbs, struct bytes precertificate)
{
    uint8_t key_hash[HASH_SIZE] = {1}, extensions[16];
    struct error err;
    struct builder b;
    builder_init_fixed(&b, extensions, sizeof extensions);
    OK(sct_write_leaf_index(w->histories[0].count, &b, &err));
    struct leaf leaf = {.timestamp_ms = FOLLOWER_NOW_MS - 20000, .type = LEAF_PRECERT, .issuer_key_hash = BYTES_OF(key_hash), .tbs = tbs,
                        .extensions = builder_view(&b)};
    follower_world_add_leaf(w, 0, &leaf, precertificate);
    w->log.size++;
}

static const enum log_kind kinds[] = {LOG_KIND_RFC6962, LOG_KIND_STATIC_CT};

static void precertificates_and_their_leaves(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i], &ct_suite_intl, 5, 5);
        struct precert p;
        make(&p);
        add(w, builder_view(&p.tbs), p.der);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect_none(w);
        /* Another TBSCertificate than that of the precertificate beside it. */
        p.tbs.data[p.tbs.len - 1] ^= 1;
        add(w, builder_view(&p.tbs), p.der);
        follower_world_round(w);
        assert_int_equal(follower_world_expect(w, FINDING_PRECERT_MISMATCH, false)->index, 6);
        assert_int_equal(w->verified_size, 7);
        forget(&p);
        follower_world_free(w);
    }
}

static void what_is_no_precertificate(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        struct follower_world *w = follower_world_new(kinds[i], &ct_suite_intl, 5, 5);
        EVP_PKEY *key = maker_key("EC", "P-256", 0);
        struct ct_maker m = {.subject = "a", .issuer = "CA", .key = key, .signer = key, .digest = "SHA256"};
        struct bytes der = ct_maker_make(&m);
        add(w, bytes_of_text("tbs"), der);
        follower_world_open(w);
        follower_world_round(w);
        follower_world_expect(w, FINDING_PRECERT_MISMATCH, false);
        heap_free(der);
        EVP_PKEY_free(key);
        follower_world_free(w);
    }
}

static void the_temporal_interval(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(kinds); i++)
        for (int64_t shift = 0; shift < 2; shift++) {
            struct follower_world *w = follower_world_new(kinds[i], &ct_suite_intl, 0, 0);
            struct precert p;
            make(&p);
            w->followed.has_interval = true;
            w->followed.not_after_start_s = p.parsed.not_after_s;
            w->followed.not_after_end_s = p.parsed.not_after_s + 1;
            add(w, builder_view(&p.tbs), p.der);
            if (shift == 1) {
                w->followed.not_after_start_s--; /* [start, end) */
                w->followed.not_after_end_s--;
            }
            follower_world_open(w);
            follower_world_round(w);
            if (shift == 0)
                follower_world_expect_none(w);
            else
                follower_world_expect(w, FINDING_OUTSIDE_INTERVAL, false);
            forget(&p);
            follower_world_free(w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precertificates_and_their_leaves),
        cmocka_unit_test(what_is_no_precertificate),
        cmocka_unit_test(the_temporal_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
