/* From bundles to a trust store, roots and trust anchor IDs. */
#include "unit/rules/bundle_maker.h"
#include "unit/rules/judging.h"

#include "rules/trust_contents.h"

static struct bundle_world world;

static int make_world(void **state)
{
    (void)state;
    bundle_world_init(&world);
    return 0;
}

static int clear_world(void **state)
{
    (void)state;
    bundle_world_clear(&world);
    return 0;
}

static struct trust_contents *contents_of(const struct trust_bundle *more, const struct trust_contents_settings *settings)
{
    const struct trust_bundle *bundles[] = {&world.bundle, more};
    struct trust_contents *c;
    OK(trust_contents_new(bundles, more != NULL ? 2 : 1, maker_algorithms(), settings, &c, &err));
    return c;
}

static const char *ids(const struct array *list)
{
    static char text[512];
    struct builder b;
    builder_init_fixed(&b, text, sizeof text - 1);
    for (size_t i = 0; i < list->count; i++) {
        tai_write_text(array_at(list, i), &b);
        builder_u8(&b, ' ');
    }
    text[b.len] = '\0';
    return text;
}

static void everything(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW, .purpose = TRUST_BUNDLE_TLS};
    struct trust_contents *c = contents_of(NULL, &settings);
    struct tai id = bundle_id("32473.1");
    assert_int_equal(trust_store_subtree_count(c->store), 3);
    assert_non_null(trust_store_find_subtree(c->store, &id, 1, (struct subtree){6, 7}));
    assert_string_equal(ids(&c->gm_ids), "32473.1 32473.1.2.1.4 ");
    assert_int_equal(c->intl_ids.count, 0);
    assert_int_equal(c->anchors.count, 1);
    const struct trust_contents_anchor *anchor = trust_contents_anchor_at(c, 0);
    assert_true(anchor->is_gm && anchor->limits.has_listed_intermediates_only);
    assert_int_equal(anchor->limits.level_max, 3);
    assert_bytes(*(const struct bytes *)array_at(&c->names, anchor->limits.permitted_first + 1), bytes_of_text("example.org"));
    assert_bytes(*(const struct bytes *)array_at(&c->names, anchor->limits.excluded_first), bytes_of_text("bad.example.org"));
    assert_int_equal(((const struct trust_bundle_serials *)array_at(&c->serials, anchor->limits.serial_first + 1))->first[19], 9);
    assert_true(trust_bundle_purposes_have(&anchor->purposes, TRUST_BUNDLE_TLS_INTRANET));
    assert_int_equal(c->cas.count, 1);
    assert_int_equal(c->cosigners.count, world.bundle.cosigners.count);
    assert_int_equal(log_list_count(&c->ct_logs), world.bundle.ct_logs.count);
    assert_int_equal(c->ct_logs.timestamp_s, world.bundle.issued_s);
    /* Ranges 10 to 20 and 22, and what is below the minimum index of log 1. */
    const uint64_t log = (uint64_t)1 << 48;
    assert_true(trust_store_is_revoked(c->store, &id, 20) && trust_store_is_revoked(c->store, &id, 22));
    assert_false(trust_store_is_revoked(c->store, &id, 21));
    assert_true(trust_store_is_revoked(c->store, &id, log) && trust_store_is_revoked(c->store, &id, log + 1));
    assert_false(trust_store_is_revoked(c->store, &id, log + 2));
    trust_contents_free(c);
}

static void expired_landmarks(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW + 101, .purpose = TRUST_BUNDLE_TLS};
    struct trust_contents *c = contents_of(NULL, &settings);
    assert_int_equal(trust_store_subtree_count(c->store), 1);
    trust_contents_free(c);
    settings.now_s = MAKER_NOW + 201;
    c = contents_of(NULL, &settings);
    assert_int_equal(trust_store_subtree_count(c->store), 0);
    assert_string_equal(ids(&c->gm_ids), "32473.1 ");
    trust_contents_free(c);
}

static void without_landmarks(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW, .purpose = TRUST_BUNDLE_TLS, .is_without_landmarks = true};
    struct trust_contents *c = contents_of(NULL, &settings);
    struct tai id = bundle_id("32473.1");
    assert_int_equal(trust_store_subtree_count(c->store), 0);
    assert_string_equal(ids(&c->gm_ids), "32473.1 ");
    assert_true(trust_store_is_revoked(c->store, &id, (uint64_t)1 << 48)); /* what is revoked stays it */
    trust_contents_free(c);
}

static void purposes(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW, .purpose = TRUST_BUNDLE_TLS_INTRANET};
    struct trust_contents *c = contents_of(NULL, &settings);
    assert_int_equal(c->anchors.count, 1);
    assert_int_equal(c->gm_ids.count, 0);
    assert_int_equal(trust_store_subtree_count(c->store), 0);
    trust_contents_free(c);
    settings.purpose = TRUST_BUNDLE_EMAIL;
    c = contents_of(NULL, &settings);
    assert_int_equal(c->anchors.count, 1); /* with what it is for, so that a path can say where it leads */
    assert_false(trust_bundle_purposes_have(&trust_contents_anchor_at(c, 0)->purposes, TRUST_BUNDLE_EMAIL));
    assert_int_equal(c->cas.count, 0);
    trust_contents_free(c);
}

/* A log's own bundle: newer landmarks, a higher minimum index, and a CA that nobody trusts. */
static void a_log_of_its_own(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW, .purpose = TRUST_BUNDLE_TLS};
    struct trust_bundle more;
    trust_bundle_init(&more);
    struct trust_bundle_log log = {.ca_id = bundle_id("32473.1"), .log_number = 1, .minimum_index = 3, .first_landmark = 4,
                                   .size_before = 7, .landmark_count = 2};
    struct trust_bundle_landmark l = {.tree_size = 8, .expiry_s = MAKER_NOW + 200};
    memset(l.hashes[0], 0x33, HASH_SIZE);
    bundle_push(&more.landmarks, &l);
    l = (struct trust_bundle_landmark){.tree_size = 9, .expiry_s = MAKER_NOW + 300};
    bundle_push(&more.landmarks, &l);
    bundle_push(&more.logs, &log);
    log.ca_id = bundle_id("32473.99");
    bundle_push(&more.logs, &log);
    struct trust_contents *c = contents_of(&more, &settings);
    assert_int_equal(trust_store_subtree_count(c->store), 4);
    assert_string_equal(ids(&c->gm_ids), "32473.1 32473.1.2.1.5 ");
    assert_true(trust_store_is_revoked(c->store, &log.ca_id, ((uint64_t)1 << 48) + 2));
    trust_contents_free(c);
    /* The same subtree with another hash: one of the two is wrong, and nobody knows which. */
    ((struct trust_bundle_landmark *)array_at(&more.landmarks, 0))->hashes[0][0] ^= 1;
    const struct trust_bundle *bundles[] = {&world.bundle, &more};
    assert_says(trust_contents_new(bundles, 2, maker_algorithms(), &settings, &c, &err), &err, STATUS_CONFLICT, "two hashes");
    assert_null(c);
    trust_bundle_clear(&more);
}

/* Two mirrors of one operator are one, and the CA's own is none [GM-45]. */
static void operators(void **state)
{
    (void)state;
    struct trust_contents_settings settings = {.now_s = MAKER_NOW, .purpose = TRUST_BUNDLE_TLS};
    struct trust_bundle_rule *rule = array_at(&world.bundle.rules, 0);
    struct trust_contents *c = contents_of(NULL, &settings);
    struct maker_cert cert;
    maker_cert_init(&cert, &world.ca, 1, 40, 32, 48);
    maker_ca_sign(&cert);
    REFUSED(c->store, &cert, "cosigner policy");
    maker_cosign(&cert, &world.mirrors[2]);
    REFUSED(c->store, &cert, "cosigner policy");
    maker_cosign(&cert, &world.mirrors[0]);
    ACCEPTED(c->store, &cert);
    trust_contents_free(c);
    rule->needed = 2;
    c = contents_of(NULL, &settings);
    maker_cosign(&cert, &world.mirrors[1]);
    REFUSED(c->store, &cert, "cosigner policy");
    trust_contents_free(c);
    rule->kind = TRUST_BUNDLE_SIGNATURES;
    c = contents_of(NULL, &settings);
    ACCEPTED(c->store, &cert);
    trust_contents_free(c);
    rule->kind = TRUST_BUNDLE_OPERATORS;
    rule->needed = 1;
}

/* A rule speaks of its own CA alone. */
static void rules_of_one_ca(void **state)
{
    (void)state;
    struct maker_ca other;
    struct trust_store *store = store_of(&world.ca, NULL, "");
    struct tai ca = bundle_id("32473.1"), mirror = bundle_id("32473.21");
    maker_ca_init(&other, &maker_gm, "32473.5", "sm2_sm3");
    OK(trust_store_add_ca(store, other.der, &err));
    OK(trust_store_add_cosigner(store, &mirror, bytes_of_text("ed25519"), maker_cosigner_spki(&world.mirrors[0]), &err));
    OK(trust_store_require_for(store, &ca, 1, &mirror, NULL, 1, &err));
    struct maker_cert cert;
    maker_cert_init(&cert, &other, 1, 40, 32, 48);
    maker_ca_sign(&cert);
    ACCEPTED(store, &cert);
    maker_cert_init(&cert, &world.ca, 1, 40, 32, 48);
    maker_ca_sign(&cert);
    REFUSED(store, &cert, "cosigner policy");
    trust_store_free(store);
    maker_ca_clear(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),       cmocka_unit_test(expired_landmarks), cmocka_unit_test(without_landmarks),
        cmocka_unit_test(purposes),         cmocka_unit_test(a_log_of_its_own),  cmocka_unit_test(operators),
        cmocka_unit_test(rules_of_one_ca),
    };
    return cmocka_run_group_tests(tests, make_world, clear_world);
}
