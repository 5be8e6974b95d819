/* From a registry to a bundle: what is in it on a day, and that clients can read it. */
#include "unit/registry/registry_maker.h"

#include "registry/registry_bundle.h"

static struct maker base;

struct made {
    struct registry *r;
    struct trust_bundle bundle;
    struct array left_out;
};

static void make(const struct maker *m, const char *day, struct made *out)
{
    struct error err;
    out->r = maker_read(m);
    out->left_out = array_of(sizeof(struct registry_thing *), 100);
    trust_bundle_init(&out->bundle);
    OK(registry_to_bundle(out->r, m->algorithms, maker_day(day), &out->bundle, &out->left_out, &err));
}

/* A bundle that was made has to be one that can be read. */
static void finish(struct made *made)
{
    struct builder bytes;
    struct trust_bundle again;
    struct error err;
    made->bundle.version = 1;
    made->bundle.issued_s = 1000;
    made->bundle.expires_s = 2000;
    builder_init(&bytes, TRUST_BUNDLE_SIZE_MAX);
    OK(trust_bundle_write(&made->bundle, &bytes, &err));
    trust_bundle_init(&again);
    OK(trust_bundle_parse(builder_view(&bytes), &again, &err));
    trust_bundle_clear(&again);
    builder_clear(&bytes);
    trust_bundle_clear(&made->bundle);
    array_clear(&made->left_out);
    registry_free(made->r);
}

static const struct trust_bundle_anchor *anchor_of(const struct made *made, const char *id)
{
    const struct registry_thing *thing = registry_find_certificate(made->r, id);
    for (size_t i = 0; i < made->bundle.anchors.count; i++)
        if (bytes_equal(trust_bundle_anchor_at(&made->bundle, i)->certificate, thing->der))
            return trust_bundle_anchor_at(&made->bundle, i);
    return NULL;
}

static void test_all(void **state)
{
    (void)state;
    struct made made;
    make(&base, MAKER_AT, &made);
    const struct trust_bundle *b = &made.bundle;
    assert_int_equal(b->anchors.count, 2);
    assert_int_equal(b->ct_logs.count, 1);
    assert_int_equal(b->cosigners.count, 1);
    assert_int_equal(b->cas.count, 1);
    assert_int_equal(b->keys.count, 2);
    assert_int_equal(b->signers.count, 1);
    assert_int_equal(made.left_out.count, 0);
    assert_int_equal(anchor_of(&made, "rsa")->limits.level_max, 3);
    assert_int_equal(anchor_of(&made, "rsa")->purposes.count, 2);
    assert_int_equal(anchor_of(&made, "sm2")->kind, TRUST_BUNDLE_ROOT);
    assert_null(anchor_of(&made, "i1")); /* disclosed, and trusted for nothing by itself */
    assert_int_equal(trust_bundle_ct_log_at(b, 0)->state, TRUST_BUNDLE_CT_USABLE);
    assert_int_equal(trust_bundle_ct_log_at(b, 0)->since_s, maker_day("2026-01-10"));
    assert_true(bytes_is_text(trust_bundle_ct_log_at(b, 0)->operator_name, "Mirrors"));
    const struct trust_bundle_ca *ca = trust_bundle_ca_at(b, 0);
    assert_int_equal(ca->rule_count, 1);
    assert_int_equal(trust_bundle_rule_at(b, ca, 0)->kind, TRUST_BUNDLE_OPERATORS);
    assert_true(bytes_is_text(trust_bundle_url(b, ca, 0), "https://mtc.ca.test"));
    assert_true(bytes_equal(b->policy.policy, policy_set_default_text()));
    finish(&made);
}

/* Each thing is there from its day on. */
static void test_days(void **state)
{
    (void)state;
    static const struct {
        const char *day;
        size_t anchors, cas, cosigners, logs;
        enum trust_bundle_ct_state state;
    } rows[] = {
        {"2025-09-30", 0, 0, 0, 0, TRUST_BUNDLE_CT_PENDING}, {"2025-10-01", 0, 0, 0, 1, TRUST_BUNDLE_CT_PENDING},
        {"2026-01-09", 0, 0, 0, 1, TRUST_BUNDLE_CT_PENDING}, {"2026-01-10", 0, 0, 0, 1, TRUST_BUNDLE_CT_USABLE},
        {"2026-02-28", 0, 0, 1, 1, TRUST_BUNDLE_CT_USABLE},  {"2026-03-01", 2, 1, 1, 1, TRUST_BUNDLE_CT_USABLE},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct made made;
        make(&base, rows[i].day, &made);
        assert_int_equal(made.bundle.anchors.count, rows[i].anchors);
        assert_int_equal(made.bundle.cas.count, rows[i].cas);
        assert_int_equal(made.bundle.cosigners.count, rows[i].cosigners);
        assert_int_equal(made.bundle.ct_logs.count, rows[i].logs);
        if (rows[i].logs > 0)
            assert_int_equal(trust_bundle_ct_log_at(&made.bundle, 0)->state, rows[i].state);
        finish(&made);
    }
}

static void test_limits(void **state)
{
    (void)state;
    struct maker m;
    struct made made;
    maker_copy(&base, &m);
    maker_add(&m, "roots/rsa.conf", "state tls restricted 2026-05-01 x");
    maker_add(&m, "roots/rsa.conf", "state email removed 2026-05-01 x");
    maker_add(&m, "roots/rsa.conf", "distrust-after 2026-09-01");
    maker_add(&m, "roots/rsa.conf", "sct-distrust-after 2026-10-01");
    maker_add(&m, "roots/rsa.conf", "permit-name cn");
    maker_add(&m, "roots/rsa.conf", "permit-name a.test");
    maker_add(&m, "roots/rsa.conf", "permit-name cn");
    maker_add(&m, "roots/rsa.conf", "exclude-name gov.cn");
    maker_add(&m, "roots/rsa.conf", "revoked 10 1f x");
    maker_add(&m, "roots/rsa.conf", "revoked 01 01 x");
    maker_add(&m, "roots/rsa.conf", "revoked 20 ff x"); /* behind 1f without a gap */
    maker_add(&m, "roots/rsa.conf", "revoked 0101 0101 x");
    maker_add(&m, "mtc-cas/mtc.conf", "revoked 1:5 1:9 x");
    maker_add(&m, "mtc-cas/mtc.conf", "revoked 1:10 1:10 x");
    maker_add(&m, "mtc-cas/mtc.conf", "minimum-index 2 50 x");
    maker_add(&m, "intermediates/i1.conf", "state tls accepted 2026-03-01 x");
    make(&m, MAKER_AT, &made);
    const struct trust_bundle *b = &made.bundle;
    const struct trust_bundle_anchor *root = anchor_of(&made, "rsa");
    assert_int_equal(root->purposes.count, 1);
    assert_int_equal(root->limits.distrust_after_s, maker_day("2026-09-01"));
    assert_int_equal(root->limits.sct_distrust_after_s, maker_day("2026-10-01"));
    assert_int_equal(root->limits.permitted_count, 2);
    assert_int_equal(root->limits.excluded_count, 1);
    assert_int_equal(root->limits.serial_count, 3);
    const struct trust_bundle_serials *serials = array_at(&b->serials, root->limits.serial_first);
    assert_int_equal(serials[1].first[19], 0x10);
    assert_int_equal(serials[1].last[19], 0xff);
    assert_int_equal(serials[2].first[18], 1);
    assert_int_equal(anchor_of(&made, "i1")->kind, TRUST_BUNDLE_INTERMEDIATE);
    assert_int_equal(b->revoked.count, 1);
    assert_int_equal(trust_bundle_revoked_at(b, 0)->first, (UINT64_C(1) << 48) + 5);
    assert_int_equal(trust_bundle_revoked_at(b, 0)->last, (UINT64_C(1) << 48) + 10);
    assert_int_equal(trust_bundle_log_at(b, 0)->minimum_index, 50);
    finish(&made);
    maker_clear_copy(&m);
}

/* A CA whose rules cannot be met is left out, with its revoked ranges; a cosigner that is not trusted is no member. */
static void test_cosigners(void **state)
{
    (void)state;
    struct maker m;
    struct made made;
    maker_copy(&base, &m);
    maker_text(&m, "cosigners/m2.conf", "operator ca\nid 32473.3\nrole witness\nalgorithm ed25519\nstate accepted 2026-01-01 x\nstate removed 2026-05-01 x\n");
    maker_public_key(&m, "cosigners/m2.pem", "ed25519");
    maker_cut(&m, "mtc-cas/mtc.conf", "require");
    maker_add(&m, "mtc-cas/mtc.conf", "require signatures 1 m2 m1");
    maker_add(&m, "mtc-cas/mtc.conf", "revoked 1:5 1:9 x");
    make(&m, "2026-04-30", &made);
    assert_int_equal(trust_bundle_rule_at(&made.bundle, trust_bundle_ca_at(&made.bundle, 0), 0)->member_count, 2);
    finish(&made);
    make(&m, "2026-05-01", &made);
    assert_int_equal(trust_bundle_rule_at(&made.bundle, trust_bundle_ca_at(&made.bundle, 0), 0)->member_count, 1);
    finish(&made);
    maker_add(&m, "cosigners/m1.conf", "state removed 2026-05-20 x");
    make(&m, "2026-05-20", &made);
    assert_int_equal(made.bundle.cas.count, 0);
    assert_int_equal(made.bundle.revoked.count, 0);
    assert_int_equal(made.left_out.count, 1);
    assert_string_equal((*(const struct registry_thing **)array_at(&made.left_out, 0))->head.id, "mtc");
    finish(&made);
    maker_clear_copy(&m);
}

/* Two mirrors of one operator cannot be two operators: nobody could check such a CA's certificates. */
static void test_operators(void **state)
{
    (void)state;
    struct maker m;
    struct made made;
    maker_copy(&base, &m);
    maker_text(&m, "cosigners/m2.conf", "operator mirror\nid 32473.3\nrole mirror\nalgorithm sm2_sm3\nstate accepted 2026-02-01 x\n");
    maker_public_key(&m, "cosigners/m2.pem", "sm2_sm3");
    maker_cut(&m, "mtc-cas/mtc.conf", "require");
    maker_add(&m, "mtc-cas/mtc.conf", "require operators 2 m1 m2");
    make(&m, MAKER_AT, &made);
    assert_int_equal(made.bundle.cas.count, 0);
    assert_int_equal(made.left_out.count, 1);
    finish(&made);
    maker_text(&m, "operators/third.conf", "name en Third\n");
    maker_cut(&m, "cosigners/m2.conf", "operator");
    maker_add(&m, "cosigners/m2.conf", "operator third");
    make(&m, MAKER_AT, &made);
    assert_int_equal(made.bundle.cas.count, 1);
    finish(&made);
    maker_cut(&m, "cosigners/m2.conf", "operator");
    maker_add(&m, "cosigners/m2.conf", "operator ca");
    make(&m, MAKER_AT, &made);
    assert_int_equal(made.bundle.cas.count, 0);
    finish(&made);
    maker_clear_copy(&m);
}

static void test_ct_logs(void **state)
{
    (void)state;
    struct maker m;
    struct made made;
    maker_copy(&base, &m);
    maker_add(&m, "ct-logs/l1.conf", "state readonly 2026-04-01 frozen");
    maker_add(&m, "ct-logs/l1.conf", "final-tree-head 7 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    maker_add(&m, "ct-logs/l1.conf", "previous-operator ca before 2025-12-01");
    maker_add(&m, "ct-logs/l1.conf", "interval from 2026-01-01 before 2027-01-01");
    make(&m, "2026-03-31", &made);
    assert_false(trust_bundle_ct_log_at(&made.bundle, 0)->has_final_head);
    finish(&made);
    make(&m, "2026-04-01", &made);
    const struct trust_bundle_ct_log *log = trust_bundle_ct_log_at(&made.bundle, 0);
    assert_true(log->has_final_head);
    assert_int_equal(log->final_size, 7);
    assert_int_equal(log->final_root[31], 0x1f);
    assert_int_equal(log->covers_until_s, maker_day("2027-01-01"));
    assert_int_equal(log->previous_count, 1);
    finish(&made);
    maker_clear_copy(&m);
}

static void test_same_key(void **state)
{
    (void)state;
    struct maker m;
    struct error err;
    maker_copy(&base, &m);
    maker_text(&m, "roots/rsa2.conf", "operator ca\nstate tls accepted 2026-01-01 x\n");
    maker_put(&m, "roots/rsa2.pem", builder_view(&maker_find(&m, "roots/rsa.pem")->content));
    struct registry *r = maker_read(&m);
    struct trust_bundle bundle;
    trust_bundle_init(&bundle);
    assert_int_equal(registry_to_bundle(r, m.algorithms, maker_day(MAKER_AT), &bundle, NULL, &err), STATUS_REFUSED);
    assert_non_null(strstr(err.text, "same certificate"));
    trust_bundle_clear(&bundle);
    registry_free(r);
    maker_clear_copy(&m);
}

static void test_versions_key(void **state)
{
    (void)state;
    struct maker m;
    struct made made;
    maker_copy(&base, &m);
    maker_text(&m, "bundle-keys/v1.conf", "role versions trust.test/versions trust.test/versions\nalgorithm mldsa44\nstate accepted 2026-01-01 x\n");
    maker_public_key(&m, "bundle-keys/v1.pem", "mldsa44");
    make(&m, MAKER_AT, &made);
    const struct trust_bundle_key *key = trust_bundle_key_at(&made.bundle, 2);
    assert_int_equal(key->role, TRUST_BUNDLE_KEY_VERSIONS);
    assert_int_equal(key->note_type, 0x06);
    assert_true(bytes_is_text(key->origin, "trust.test/versions"));
    finish(&made);
    maker_clear_copy(&m);
}

static int set_up(void **state)
{
    (void)state;
    maker_init(&base);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    maker_clear(&base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all),       cmocka_unit_test(test_days),    cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_cosigners), cmocka_unit_test(test_ct_logs), cmocka_unit_test(test_same_key),
                                       cmocka_unit_test(test_versions_key), cmocka_unit_test(test_operators)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
