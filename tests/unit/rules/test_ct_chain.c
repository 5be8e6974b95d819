#include "unit/rules/ct_maker.h"

#include "rules/ct_chain.h"

/* root -> intermediate -> leaf of one kind of key; and what does not belong to it. */
struct world {
    EVP_PKEY *keys[3];
    struct bytes root, intermediate, leaf;
    struct ct_chain_roots *roots;
};

static void make_world(struct world *w, const char *type, const char *group, unsigned bits, const char *digest, bool is_pss,
                       const struct hash_alg *hash)
{
    struct error err;
    for (size_t i = 0; i < 3; i++)
        w->keys[i] = maker_key(type, group, bits);
    w->root = ct_maker_make(&(struct ct_maker){.subject = "Root", .issuer = "Root", .key = w->keys[0],
                                               .signer = w->keys[0], .digest = digest, .is_ca = true, .is_pss = is_pss});
    w->intermediate = ct_maker_make(&(struct ct_maker){.subject = "CA", .issuer = "Root", .key = w->keys[1],
                                                       .signer = w->keys[0], .digest = digest, .is_ca = true,
                                                       .is_pss = is_pss});
    w->leaf = ct_maker_make(&(struct ct_maker){.subject = "www.example", .issuer = "CA", .key = w->keys[2],
                                               .signer = w->keys[1], .digest = digest, .dns = "DNS:www.example",
                                               .is_pss = is_pss});
    OK(ct_chain_roots_new(hash, &w->roots, &err));
    OK(ct_chain_roots_add(w->roots, w->root, &err));
    OK(ct_chain_roots_add(w->roots, w->root, &err));
    assert_int_equal(ct_chain_roots_count(w->roots), 1);
}

static void clear_world(struct world *w)
{
    for (size_t i = 0; i < 3; i++)
        EVP_PKEY_free(w->keys[i]);
    heap_free(w->root);
    heap_free(w->intermediate);
    heap_free(w->leaf);
    ct_chain_roots_free(w->roots);
}

static void leads_to_root(struct world *w)
{
    struct ct_chain chain;
    struct error err;
    const struct bytes all[] = {w->leaf, w->intermediate, w->root};
    for (size_t count = 2; count <= 3; count++) {
        OK(ct_chain_build(w->roots, all, count, NULL, &chain, &err));
        assert_int_equal(chain.issuer_count, 2);
        assert_bytes(chain.issuers[0], w->intermediate);
        assert_bytes(chain.issuers[1], w->root);
        assert_bytes(chain.leaf.der, w->leaf);
        assert_memory_equal(chain.fingerprints[1], ct_chain_roots_fingerprint(w->roots, 0), HASH_SIZE);
        struct certificate ca;
        OK(certificate_parse(w->intermediate, &ca, &err));
        assert_bytes(chain.issuer_spki, ca.spki);
    }
    /* What comes behind a root is left out. */
    const struct bytes more[] = {w->leaf, w->intermediate, w->root, w->leaf};
    OK(ct_chain_build(w->roots, more, 4, NULL, &chain, &err));
    assert_int_equal(chain.issuer_count, 2);
    /* A root below nothing but itself. */
    OK(ct_chain_build(w->roots, &w->root, 1, NULL, &chain, &err));
    assert_int_equal(chain.issuer_count, 1);
    assert_bytes(chain.issuers[0], w->root);
}

static void every_algorithm(void **state)
{
    (void)state;
    static const struct {
        const char *type, *group;
        unsigned bits;
        const char *digest;
        bool is_pss;
    } rows[] = {
        {"SM2", NULL, 0, "SM3", false},        {"EC", "P-256", 0, "SHA256", false}, {"EC", "P-384", 0, "SHA384", false},
        {"RSA", NULL, 2048, "SHA256", false},  {"RSA", NULL, 2048, "SHA256", true}, {"ED25519", NULL, 0, NULL, false},
        {"ML-DSA-44", NULL, 0, NULL, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct world w;
        make_world(&w, rows[i].type, rows[i].group, rows[i].bits, rows[i].digest, rows[i].is_pss,
                   i == 0 ? &hash_sm3 : &hash_sha256);
        leads_to_root(&w);
        clear_world(&w);
    }
}

static void assert_refused(struct world *w, const struct bytes *chain, size_t count, enum status status, const char *fragment)
{
    struct ct_chain out;
    struct error err;
    assert_says(ct_chain_build(w->roots, chain, count, NULL, &out, &err), &err, status, fragment);
}

static void refusals(void **state)
{
    (void)state;
    struct world w, other;
    make_world(&w, "EC", "P-256", 0, "SHA256", false, &hash_sha256);
    make_world(&other, "EC", "P-256", 0, "SHA256", false, &hash_sha256);
    const struct bytes no_issuer[] = {w.leaf};
    assert_refused(&w, no_issuer, 1, STATUS_REFUSED, "no accepted root has issued certificate 0");
    /* Same names, other keys: the root is asked first, and a key that it does not vouch for verifies nothing. */
    const struct bytes mixed[] = {w.leaf, other.intermediate};
    assert_refused(&w, mixed, 2, STATUS_REFUSED, "no accepted root has issued certificate 1");
    const struct bytes mixed_leaf[] = {other.leaf, w.intermediate};
    assert_refused(&w, mixed_leaf, 2, STATUS_REFUSED, "certificate 0: certificate: its signature is not by the issuer's key");
    const struct bytes mixed_root[] = {w.leaf, other.intermediate, w.root};
    assert_refused(&w, mixed_root, 3, STATUS_REFUSED, "certificate 1: certificate: its signature is not by the issuer's key");
    const struct bytes foreign[] = {other.leaf, other.intermediate};
    assert_refused(&w, foreign, 2, STATUS_REFUSED, "no accepted root");
    const struct bytes foreign_root[] = {other.leaf, other.intermediate, other.root};
    assert_refused(&w, foreign_root, 3, STATUS_REFUSED, "no accepted root");
    const struct bytes swapped[] = {w.leaf, w.root};
    assert_refused(&w, swapped, 2, STATUS_REFUSED, "other names");
    const struct bytes twice[] = {w.leaf, w.leaf, w.intermediate};
    assert_refused(&w, twice, 3, STATUS_REFUSED, "certificate 1: it is no CA's");
    const struct bytes broken[] = {w.leaf, bytes_of(w.intermediate.data, w.intermediate.len - 1)};
    assert_refused(&w, broken, 2, STATUS_MALFORMED, "certificate 1");
    assert_refused(&w, broken, 0, STATUS_LIMIT, "0 certificates");
    struct bytes long_one[CT_CHAIN_DEPTH_MAX + 1] = {w.leaf};
    for (size_t i = 1; i < LENGTH(long_one); i++)
        long_one[i] = other.intermediate;
    assert_refused(&w, long_one, LENGTH(long_one), STATUS_LIMIT, "certificates");
    /* Every byte of a signature counts. */
    struct bytes bad = heap_copy(w.leaf);
    ((uint8_t *)(uintptr_t)bad.data)[bad.len - 1] ^= 1;
    const struct bytes bent[] = {bad, w.intermediate};
    assert_refused(&w, bent, 2, STATUS_REFUSED, "certificate 0");
    heap_free(bad);
    clear_world(&w);
    clear_world(&other);
}

static void sha1_is_refused(void **state)
{
    (void)state;
    struct world w;
    make_world(&w, "RSA", NULL, 2048, "SHA256", false, &hash_sha256);
    struct bytes leaf = ct_maker_make(&(struct ct_maker){.subject = "x", .issuer = "Root", .key = w.keys[2],
                                                         .signer = w.keys[0], .digest = "SHA1"});
    assert_refused(&w, &leaf, 1, STATUS_REFUSED, "sha1");
    heap_free(leaf);
    clear_world(&w);
}

/* A root whose key was changed: both are accepted, under one name. */
static void roots_of_one_name(void **state)
{
    (void)state;
    struct world a, b;
    struct error err;
    struct ct_chain chain;
    make_world(&a, "EC", "P-256", 0, "SHA256", false, &hash_sha256);
    make_world(&b, "EC", "P-256", 0, "SHA256", false, &hash_sha256);
    OK(ct_chain_roots_add(a.roots, b.root, &err));
    const struct bytes from_a[] = {a.leaf, a.intermediate}, from_b[] = {b.leaf, b.intermediate};
    OK(ct_chain_build(a.roots, from_a, 2, NULL, &chain, &err));
    assert_bytes(chain.issuers[1], a.root);
    OK(ct_chain_build(a.roots, from_b, 2, NULL, &chain, &err));
    assert_bytes(chain.issuers[1], b.root);
    struct bytes junk = heap_hex("3000");
    assert_says(ct_chain_roots_add(a.roots, junk, &err), &err, STATUS_MALFORMED, "root");
    assert_int_equal(ct_chain_roots_count(a.roots), 2);
    heap_free(junk);
    clear_world(&a);
    clear_world(&b);
}

/* ---- what is known from earlier chains ---- */

struct memory {
    size_t count, finds;
    uint8_t fingerprints[4][HASH_SIZE];
    struct ct_chain_issuer issuers[4];
};

static const struct ct_chain_issuer *find(void *context, const uint8_t fingerprint[HASH_SIZE])
{
    struct memory *m = context;
    m->finds++;
    for (size_t i = 0; i < m->count; i++)
        if (memcmp(m->fingerprints[i], fingerprint, HASH_SIZE) == 0)
            return &m->issuers[i];
    return NULL;
}

static void add(void *context, const uint8_t fingerprint[HASH_SIZE], const struct ct_chain_issuer *issuer)
{
    struct memory *m = context;
    assert_true(m->count < 4);
    memcpy(m->fingerprints[m->count], fingerprint, HASH_SIZE);
    m->issuers[m->count++] = *issuer;
}

static void cache(void **state)
{
    (void)state;
    struct world w, other;
    struct ct_chain chain;
    struct error err;
    struct memory m = {.count = 0};
    const struct ct_chain_cache hook = {&m, find, add};
    make_world(&w, "SM2", NULL, 0, "SM3", false, &hash_sm3);
    make_world(&other, "SM2", NULL, 0, "SM3", false, &hash_sm3);
    const struct bytes all[] = {w.leaf, w.intermediate, w.root};
    const struct bytes bad[] = {w.leaf, other.intermediate};
    assert_int_equal(ct_chain_build(w.roots, bad, 2, &hook, &chain, &err), STATUS_REFUSED);
    assert_int_equal(m.count, 0); /* nothing is remembered of a chain that leads nowhere */
    for (size_t i = 0; i < 4; i++) {
        OK(ct_chain_build(w.roots, all, 2 + i % 2, &hook, &chain, &err));
        assert_int_equal(chain.issuer_count, 2);
        assert_int_equal(m.count, 1);
        assert_memory_equal(m.issuers[0].signer, ct_chain_roots_fingerprint(w.roots, 0), HASH_SIZE);
    }
    /* Known below one root is not known below another. */
    const struct bytes elsewhere[] = {other.leaf, w.intermediate, other.root};
    assert_int_equal(ct_chain_build(other.roots, elsewhere, 3, &hook, &chain, &err), STATUS_REFUSED);
    const struct bytes no_root[] = {w.leaf, w.intermediate};
    assert_int_equal(ct_chain_build(other.roots, no_root, 2, &hook, &chain, &err), STATUS_REFUSED);
    for (size_t i = 0; i < m.count; i++)
        certificate_key_free(m.issuers[i].key);
    clear_world(&w);
    clear_world(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm), cmocka_unit_test(refusals), cmocka_unit_test(sha1_is_refused),
        cmocka_unit_test(roots_of_one_name), cmocka_unit_test(cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
