#include "unit/checks.h"

#include "tls/classic_chain.h"

#define AT_S INT64_C(1795000000)
#define DAY_S INT64_C(86400)
#define NAME "www.example.com"

static struct classic_chain *make(enum classic_alg alg)
{
    struct error err;
    struct classic_chain *chain;
    OK(classic_chain_new(alg, NAME, AT_S, &chain, &err));
    return chain;
}

static enum status verify(const struct classic_chain *chain, struct bytes leaf, const char *name,
                          int64_t at_s, struct error *err)
{
    struct bytes certs[] = {leaf, classic_chain_intermediate(chain)};
    return classic_chain_verify(chain, certs, LENGTH(certs), name, at_s, err);
}

static void judged(enum classic_alg alg)
{
    struct error err;
    struct classic_chain *chain = make(alg);
    struct bytes leaf = classic_chain_leaf(chain);
    OK(verify(chain, leaf, NAME, AT_S, &err));
    OK(verify(chain, leaf, NAME, AT_S + 89 * DAY_S, &err));
    assert_says(verify(chain, leaf, NAME, AT_S + 91 * DAY_S, &err), &err, STATUS_REFUSED, "expired");
    assert_says(verify(chain, leaf, NAME, AT_S - DAY_S, &err), &err, STATUS_REFUSED, "not yet valid");
    assert_says(verify(chain, leaf, "www.example.org", AT_S, &err), &err, STATUS_REFUSED, "not for the name");
    assert_true(classic_chain_key_pem(chain).len > 100);
    classic_chain_free(chain);
}

static void sm2(void **state)
{
    (void)state;
    judged(CLASSIC_SM2);
}

static void p256(void **state)
{
    (void)state;
    judged(CLASSIC_P256);
}

static void mldsa44(void **state)
{
    (void)state;
    judged(CLASSIC_MLDSA44);
}

/* Sizes of a real leaf: 900 to 1,200 bytes for an elliptic curve, ML-DSA-44's key and signature on top. */
static void sizes(void **state)
{
    (void)state;
    struct classic_chain *chain = make(CLASSIC_SM2);
    assert_in_range(classic_chain_leaf(chain).len, 850, 1250);
    assert_in_range(classic_chain_intermediate(chain).len, 500, 900);
    assert_in_range(classic_chain_root(chain).len, 350, 700);
    classic_chain_free(chain);
    chain = make(CLASSIC_MLDSA44);
    assert_in_range(classic_chain_leaf(chain).len, 4400, 4950);
    classic_chain_free(chain);
}

static void broken_bytes(void **state)
{
    (void)state;
    struct classic_chain *chain = make(CLASSIC_SM2);
    struct bytes leaf = heap_copy(classic_chain_leaf(chain));
    uint8_t *bytes = (uint8_t *)(uintptr_t)leaf.data;
    struct error err;
    for (size_t i = 0; i < leaf.len; i += 13) {
        bytes[i] ^= 1;
        assert_int_not_equal(verify(chain, leaf, NAME, AT_S, &err), STATUS_OK);
        bytes[i] ^= 1;
    }
    OK(verify(chain, leaf, NAME, AT_S, &err));
    heap_free(leaf);
    classic_chain_free(chain);
}

static void other_chains(void **state)
{
    (void)state;
    struct error err;
    struct classic_chain *chain = make(CLASSIC_SM2), *other = make(CLASSIC_SM2);
    struct bytes leaf = classic_chain_leaf(chain);
    /* whole chain of somebody else; leaf under the wrong intermediate; no intermediate; nothing; no DER */
    struct bytes foreign[] = {classic_chain_leaf(other), classic_chain_intermediate(other)};
    assert_int_equal(classic_chain_verify(chain, foreign, 2, NAME, AT_S, &err), STATUS_REFUSED);
    foreign[0] = leaf;
    assert_int_equal(classic_chain_verify(chain, foreign, 2, NAME, AT_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify(chain, &leaf, 1, NAME, AT_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify(chain, &leaf, 0, NAME, AT_S, &err), STATUS_MALFORMED);
    struct bytes junk = bytes_of_text("no certificate");
    assert_int_equal(classic_chain_verify(chain, &junk, 1, NAME, AT_S, &err), STATUS_MALFORMED);
    /* an intermediate has no SCTs and no name */
    struct bytes ca = classic_chain_intermediate(chain);
    assert_int_equal(classic_chain_verify(chain, &ca, 1, NAME, AT_S, &err), STATUS_REFUSED);
    classic_chain_free(other);
    classic_chain_free(chain);
}

static void below_a_root(void **state)
{
    (void)state;
    struct error err;
    struct classic_chain *chain = make(CLASSIC_SM2), *other = make(CLASSIC_SM2);
    struct bytes certs[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)}, root = classic_chain_root(chain);
    OK(classic_chain_verify_below(root, certs, 2, NAME, AT_S, &err));
    assert_int_equal(classic_chain_verify_below(classic_chain_root(other), certs, 2, NAME, AT_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify_below(root, certs, 2, "other.example.com", AT_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify_below(root, certs, 2, NAME, AT_S + 200 * DAY_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify_below(root, certs, 1, NAME, AT_S, &err), STATUS_REFUSED);
    assert_int_equal(classic_chain_verify_below(root, certs, 0, NAME, AT_S, &err), STATUS_MALFORMED);
    struct bytes junk = bytes_of_text("no certificate");
    assert_int_equal(classic_chain_verify_below(junk, certs, 2, NAME, AT_S, &err), STATUS_MALFORMED);
    classic_chain_free(other);
    classic_chain_free(chain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sm2),   cmocka_unit_test(p256),         cmocka_unit_test(mldsa44),
        cmocka_unit_test(sizes), cmocka_unit_test(broken_bytes), cmocka_unit_test(other_chains),
        cmocka_unit_test(below_a_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
