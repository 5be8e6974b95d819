/* The judgement of a browser about a server's certificates. */
#include "unit/tls/peer_world.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "codec/pem/pem.h"
#include "crypto/context.h"
#include "tls/tls_credential.h"

static struct peer_verdict found;

static enum status ask(const struct peer_request *request, const struct bytes *chain, size_t count)
{
    struct peer_request asked = *request;
    asked.chain = chain;
    asked.count = count;
    err = (struct error){.status = STATUS_OK};
    return peer_verify(world.trust, judging_hashers(), &asked, &found, &err);
}

/* ---- directly signed chains ---- */

static enum status ask_chain(const struct classic_chain *chain, const struct peer_request *request)
{
    struct bytes certificates[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
    return ask(request, certificates, LENGTH(certificates));
}

static void chains_of_both_worlds(void **state)
{
    (void)state;
    peer_world_trust("");
    struct peer_request gm = peer_world_request(true), intl = peer_world_request(false);
    OK(ask_chain(world.gm_chain, &gm));
    assert_int_equal(found.mode, PEER_MODE_CLASSIC);
    assert_int_equal(found.world, PEER_WORLD_GM);
    assert_int_equal(found.ca_world, PEER_WORLD_GM);
    assert_int_equal(found.chain_count, 2);
    assert_int_equal(found.subject_count, 3);
    assert_non_null(strstr(found.subjects[2], "CN="));
    assert_int_equal(found.sct_count, CLASSIC_CHAIN_SCTS);
    assert_int_equal(found.scts[0].source, PEER_SCT_CERTIFICATE);
    assert_int_equal(found.chain_size, classic_chain_leaf(world.gm_chain).len + classic_chain_intermediate(world.gm_chain).len);
    OK(ask_chain(world.intl_chain, &intl));
    assert_int_equal(found.mode, PEER_MODE_CLASSIC);
    assert_int_equal(found.world, PEER_WORLD_INTL);
    assert_int_equal(found.ca_world, PEER_WORLD_INTL);
    peer_world_distrust();
}

static void chain_time_and_name(void **state)
{
    (void)state;
    peer_world_trust("");
    struct peer_request r = peer_world_request(false);
    r.at_s = AT_S + 91 * INT64_C(86400);
    assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "expired");
    assert_int_equal(found.mode, PEER_MODE_CLASSIC);
    r.at_s = AT_S - INT64_C(86400);
    assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "not yet valid");
    r = peer_world_request(false);
    r.dns_name = bytes_of_text("www.example.org");
    assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "not for the name www.example.org");
    r.dns_name = bytes_of_text("example.com");
    assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "not for the name");
    r.dns_name = bytes_of_text("WWW.example.com.");
    OK(ask_chain(world.intl_chain, &r));
    r.dns_name = bytes_of(NULL, 0);
    r.ip = BYTES_OF("\x7f\0\0\1");
    r.ip.len = 4;
    assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "not for this IP address");
    r.ip.len = 0;
    OK(ask_chain(world.intl_chain, &r));
    peer_world_distrust();
}

static void chain_of_a_stranger(void **state)
{
    (void)state;
    struct classic_chain *other;
    OK(classic_chain_new(CLASSIC_P256, NAME, AT_S, &other, &err));
    peer_world_trust("");
    struct peer_request r = peer_world_request(false);
    assert_says(ask_chain(other, &r), &err, STATUS_REFUSED, "issuer");
    /* With its root in the chain it is no better. */
    struct bytes whole[] = {classic_chain_leaf(other), classic_chain_intermediate(other), classic_chain_root(other)};
    assert_says(ask(&r, whole, 3), &err, STATUS_REFUSED, "self-signed");
    classic_chain_free(other);
    peer_world_distrust();
}

static void chain_order_and_missing_intermediate(void **state)
{
    (void)state;
    peer_world_trust("");
    struct peer_request r = peer_world_request(false);
    struct bytes leaf = classic_chain_leaf(world.intl_chain), between = classic_chain_intermediate(world.intl_chain),
                 root = classic_chain_root(world.intl_chain);
    struct bytes disordered[] = {leaf, root, between}, turned[] = {between, leaf}, doubled[] = {leaf, leaf, between};
    OK(ask(&r, disordered, 3));
    assert_int_equal(found.subject_count, 3);
    OK(ask(&r, doubled, 3));
    assert_int_not_equal(ask(&r, turned, 2), STATUS_OK);
    assert_says(ask(&r, &leaf, 1), &err, STATUS_REFUSED, "issuer");
    OK(peer_trust_add_intermediate(world.trust, between, &err));
    OK(ask(&r, &leaf, 1));
    assert_int_equal(found.subject_count, 3);
    assert_says(ask(&r, NULL, 0), &err, STATUS_REFUSED, "no certificate");
    struct bytes many[PEER_CHAIN_MAX + 1];
    for (size_t i = 0; i < LENGTH(many); i++)
        many[i] = leaf;
    assert_says(ask(&r, many, LENGTH(many)), &err, STATUS_LIMIT, "at most");
    struct bytes rubbish = BYTES_OF("\x30\x03\x02\x01\x00");
    assert_says(ask(&r, &rubbish, 1), &err, STATUS_MALFORMED, "no certificate");
    peer_world_distrust();
}

static void roots_of_a_world(void **state)
{
    (void)state;
    peer_world_trust("");
    assert_says(peer_trust_add_root(world.trust, PEER_WORLD_INTL, classic_chain_root(world.gm_chain), 0, &err), &err,
                STATUS_REFUSED, "not of this world");
    assert_says(peer_trust_add_root(world.trust, PEER_WORLD_GM, classic_chain_root(world.intl_chain), 0, &err), &err,
                STATUS_REFUSED, "not of this world");
    assert_says(peer_trust_add_root(world.trust, PEER_WORLD_GM, BYTES_OF("no certificate"), 0, &err), &err, STATUS_MALFORMED,
                "not a certificate");
    peer_world_distrust();
    /* A client that trusts the GM root alone. */
    world.store = store_of(NULL, NULL, "");
    OK(peer_trust_new(world.store, &world.trust, &err));
    OK(peer_trust_add_root(world.trust, PEER_WORLD_GM, classic_chain_root(world.gm_chain), 0, &err));
    struct peer_request gm = peer_world_request(true), intl = peer_world_request(false);
    OK(ask_chain(world.gm_chain, &gm));
    assert_says(ask_chain(world.intl_chain, &intl), &err, STATUS_REFUSED, "issuer");
    gm.scope.has_gm = false;
    assert_says(ask_chain(world.gm_chain, &gm), &err, STATUS_REFUSED, "no GM");
    peer_world_distrust();
}

static void root_that_is_leaving(void **state)
{
    (void)state;
    struct peer_request r = peer_world_request(false);
    for (int later = 0; later < 2; later++) {
        world.store = store_of(NULL, NULL, "");
        OK(peer_trust_new(world.store, &world.trust, &err));
        OK(peer_trust_add_root(world.trust, PEER_WORLD_INTL, classic_chain_root(world.intl_chain), AT_S + (later ? 1 : -90000), &err));
        if (later)
            OK(ask_chain(world.intl_chain, &r));
        else
            assert_says(ask_chain(world.intl_chain, &r), &err, STATUS_REFUSED, "not trusted any more");
        peer_world_distrust();
    }
}

/* ---- RFC 8998, strictly ---- */

static void pairing(void **state)
{
    (void)state;
    peer_world_trust("");
    static const struct {
        bool is_gm, is_tls12;
        uint16_t suite, group;
        const char *reason; /* NULL: good */
    } rows[] = {
        {true, false, TLS_SUITE_SM4_GCM_SM3, TLS_GROUP_CURVESM2MLKEM768, NULL},
        {true, false, TLS_SUITE_SM4_CCM_SM3, TLS_GROUP_CURVESM2, NULL},
        {true, false, TLS_SUITE_AES_128_GCM_SHA256, TLS_GROUP_CURVESM2, "suite TLS_AES_128_GCM_SHA256"},
        {true, false, TLS_SUITE_SM4_GCM_SM3, TLS_GROUP_SECP256R1, "group secp256r1"},
        {true, false, TLS_SUITE_SM4_GCM_SM3, 0, "group that has no name"},
        {true, true, TLS_SUITE_SM4_GCM_SM3, TLS_GROUP_CURVESM2, "TLS 1.2"},
        {false, false, TLS_SUITE_AES_128_GCM_SHA256, TLS_GROUP_X25519, NULL},
        {false, true, 0xc02b, 0, NULL},
        {false, false, TLS_SUITE_SM4_GCM_SM3, TLS_GROUP_X25519, "suite TLS_SM4_GCM_SM3"},
        {false, false, TLS_SUITE_AES_256_GCM_SHA384, TLS_GROUP_CURVESM2MLKEM768, "group curveSM2MLKEM768"},
        {false, false, 0x1a1a, TLS_GROUP_X25519, NULL},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        struct peer_request r = peer_world_request(rows[i].is_gm);
        r.is_tls13 = !rows[i].is_tls12;
        r.suite = rows[i].suite;
        r.group = rows[i].group;
        const struct classic_chain *chain = rows[i].is_gm ? world.gm_chain : world.intl_chain;
        if (rows[i].reason == NULL)
            OK(ask_chain(chain, &r));
        else
            assert_says(ask_chain(chain, &r), &err, STATUS_REFUSED, rows[i].reason);
        r.is_unpaired = true;
        OK(ask_chain(chain, &r));
    }
    peer_world_distrust();
}

/* ---- Merkle Tree Certificates; the key of the maker's certificates is not an SM2 key, if not said otherwise ---- */

static void policy_of(const struct maker_cert *cert, const struct maker_cosigner *cosigner, bool has_subtree, struct builder *out)
{
    builder_init(out, MAKER_SIZE_MAX);
    if (cosigner != NULL) {
        maker_cosigner_line(cosigner, out);
        builder_printf(out, "require-cosigners all %s\n", cosigner->id);
    }
    if (has_subtree)
        maker_subtree_line(cert, out);
    builder_u8(out, 0);
}

static enum status ask_mtc(const struct maker_cert *cert, const struct peer_request *request)
{
    struct bytes der = maker_write(cert);
    enum status s = ask(request, &der, 1);
    free((uint8_t *)(uintptr_t)der.data);
    return s;
}

static void landmark(void **state)
{
    (void)state;
    struct maker_cert cert;
    struct builder policy;
    maker_cert_init(&cert, &world.gm_ca, 1, 5, 4, 8);
    policy_of(&cert, NULL, true, &policy);
    peer_world_trust((const char *)policy.data);
    struct peer_request r = peer_world_request(false);
    r.is_unpaired = true;
    OK(ask_mtc(&cert, &r));
    assert_int_equal(found.mode, PEER_MODE_LANDMARK);
    assert_int_equal(found.world, PEER_WORLD_INTL); /* that of its key */
    assert_int_equal(found.ca_world, PEER_WORLD_GM);
    assert_int_equal(found.proof.subtree.start, 4);
    assert_int_equal(found.proof.subtree.end, 8);
    assert_int_equal(found.cosignature_count, 0);
    /* A GM CA may certify another key, which is used as any key of its kind. */
    r.is_unpaired = false;
    OK(ask_mtc(&cert, &r));
    r.is_unpaired = true;
    r.dns_name = bytes_of_text("www.example.org");
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "not for the name");
    r = peer_world_request(false);
    r.is_unpaired = true;
    r.at_s = MAKER_NOW + MAKER_WEEK + 1;
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "expired");
    r.at_s = AT_S;
    r.scope.has_landmarks = false;
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "no good signature");
    assert_int_equal(found.mode, PEER_MODE_LANDMARK);
    r.scope = everything;
    r.scope.has_gm = false;
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "GM CA");
    r.scope.has_mtc = false;
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "Merkle Tree Certificate");
    peer_world_distrust();
    builder_clear(&policy);
    /* Its landmark is not known here. */
    peer_world_trust("");
    r = peer_world_request(false);
    r.is_unpaired = true;
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "not a trusted subtree");
    peer_world_distrust();
}

static void standalone(void **state)
{
    (void)state;
    struct maker_cert cert;
    struct maker_cosigner mirror;
    struct builder policy;
    maker_cosigner_init(&mirror, "32473.9", "mldsa44");
    maker_cert_init(&cert, &world.intl_ca, 1, 5, 4, 8);
    policy_of(&cert, &mirror, false, &policy);
    peer_world_trust((const char *)policy.data);
    struct peer_request r = peer_world_request(false);
    r.is_unpaired = true;
    maker_ca_sign(&cert);
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "0 of 1 cosigners");
    assert_int_equal(found.mode, PEER_MODE_STANDALONE);
    maker_cosign(&cert, &mirror);
    OK(ask_mtc(&cert, &r));
    assert_int_equal(found.mode, PEER_MODE_STANDALONE);
    assert_int_equal(found.world, PEER_WORLD_INTL);
    assert_int_equal(found.cosignature_count, 2);
    assert_true(found.proof.has_ca_signature);
    /* Nothing stands beside it in a chain that was asked for. */
    struct bytes der = maker_write(&cert), two[] = {der, world.intl_ca.der};
    OK(ask(&r, two, 2));
    r.is_unpaired = false;
    OK(ask(&r, two, 2));
    r.is_unpaired = true;
    r.is_anchor_confirmed = true;
    assert_says(ask(&r, two, 2), &err, STATUS_REFUSED, "whole path");
    OK(ask(&r, two, 1));
    free((uint8_t *)(uintptr_t)der.data);
    peer_world_distrust();
    /* To a client that knows its subtree it is good by that; and one that is revoked is not. */
    builder_clear(&policy);
    policy_of(&cert, &mirror, true, &policy);
    peer_world_trust((const char *)policy.data);
    r.is_anchor_confirmed = false;
    OK(ask_mtc(&cert, &r));
    assert_int_equal(found.mode, PEER_MODE_STANDALONE);
    assert_int_equal(found.proof.basis, PROOF_BY_TRUSTED_SUBTREE);
    r.scope.has_landmarks = false;
    OK(ask_mtc(&cert, &r));
    assert_int_equal(found.mode, PEER_MODE_STANDALONE);
    assert_int_equal(found.proof.basis, PROOF_BY_COSIGNERS);
    peer_world_distrust();
    builder_clear(&policy);
    peer_world_trust("revoked 32473.2 281474976710656 281474976710700\n");
    assert_says(ask_mtc(&cert, &r), &err, STATUS_REFUSED, "revoked");
    peer_world_distrust();
    maker_cosigner_clear(&mirror);
}

/* ---- what the server takes a certificate for ---- */

static struct bytes pem_of_key(EVP_PKEY *key, BIO *bio)
{
    char *pem;
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    long len = BIO_get_mem_data(bio, &pem);
    return bytes_of(pem, (size_t)len);
}

/* The kind that a gateway says of this certificate, with the properties of a standalone one. */
static enum credential_kind kind_of(struct bytes der, const char *ca, EVP_PKEY *key)
{
    static struct properties properties;
    struct tls_credential *credential = NULL;
    struct builder chain, list;
    struct tai id;
    BIO *bio = BIO_new(BIO_s_mem());
    builder_init(&chain, MAKER_SIZE_MAX);
    builder_init(&list, PROPERTIES_SIZE_MAX);
    OK(tai_parse_text(bytes_of_text(ca), &id, &err));
    OK(properties_standalone(&id, &properties, &err));
    OK(properties_write(&properties, PROPERTIES_WITH_PATTERNS, &list, &err));
    OK(pem_write(PEM_CERTIFICATE, der, &chain, &err));
    struct tls_credential_settings settings = {.chain_pem = builder_view(&chain), .key_pem = pem_of_key(key, bio),
                                               .properties = builder_view(&list), .now_s = AT_S};
    OK(tls_credential_new(&settings, &credential, &err));
    enum credential_kind kind = tls_credential_facts(credential)->kind;
    tls_credential_free(credential);
    builder_clear(&chain);
    builder_clear(&list);
    BIO_free(bio);
    return kind;
}

/* Any key below any CA: what TLS pairs follows the leaf's key on both sides, whom the client trusts follows the CA. */
static void any_key_below_any_ca(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool is_ca_gm = i / 2 == 0, is_key_gm = i % 2 == 0;
        const struct maker_ca *ca = is_ca_gm ? &world.gm_ca : &world.intl_ca;
        struct maker_cert cert;
        struct builder policy;
        unsigned char *spki = NULL;
        EVP_PKEY *key = is_key_gm ? EVP_PKEY_Q_keygen(context_library(), NULL, "SM2") : EVP_EC_gen("P-256");
        int len = i2d_PUBKEY(key, &spki);
        assert_true(len > 0);
        maker_cert_init(&cert, ca, 1, 5, 4, 8);
        cert.spki = bytes_of(spki, (size_t)len);
        maker_ca_sign(&cert);
        policy_of(&cert, NULL, true, &policy);
        peer_world_trust((const char *)policy.data);
        struct bytes der = maker_write(&cert);
        assert_int_equal(kind_of(der, is_ca_gm ? "32473.1" : "32473.2", key), is_key_gm ? CREDENTIAL_GM_STANDALONE : CREDENTIAL_INTL_STANDALONE);
        struct peer_request right = peer_world_request(is_key_gm), wrong = peer_world_request(!is_key_gm);
        OK(ask(&right, &der, 1));
        assert_int_equal(found.world, is_key_gm ? PEER_WORLD_GM : PEER_WORLD_INTL);
        assert_int_equal(found.ca_world, is_ca_gm ? PEER_WORLD_GM : PEER_WORLD_INTL);
        assert_says(ask(&wrong, &der, 1), &err, STATUS_REFUSED, is_key_gm ? "an SM2 certificate under" : "not an SM2 certificate under");
        /* Neither suite nor group of the other world, one without the other. */
        wrong = right;
        wrong.group = is_key_gm ? TLS_GROUP_X25519 : TLS_GROUP_CURVESM2;
        assert_says(ask(&wrong, &der, 1), &err, STATUS_REFUSED, "group");
        /* Who has no GM takes neither the hash nor the key of it. */
        right.scope.has_gm = false;
        if (is_ca_gm || is_key_gm)
            assert_says(ask(&right, &der, 1), &err, STATUS_REFUSED, is_ca_gm ? "a GM CA" : "an SM2 certificate");
        else
            OK(ask(&right, &der, 1));
        peer_world_distrust();
        builder_clear(&policy);
        free((uint8_t *)(uintptr_t)der.data);
        OPENSSL_free(spki);
        EVP_PKEY_free(key);
    }
}

static void mtc_of_a_stranger(void **state)
{
    (void)state;
    struct maker_ca other;
    struct maker_cert cert;
    maker_ca_init(&other, &maker_gm, "32473.77", "sm2_sm3");
    maker_cert_init(&cert, &other, 1, 5, 4, 8);
    maker_ca_sign(&cert);
    peer_world_trust("");
    struct peer_request r = peer_world_request(true);
    assert_says(ask_mtc(&cert, &r), &err, STATUS_NOT_FOUND, "no trusted CA");
    /* A directly signed certificate with a Merkle Tree CA's name is not one, and no chain either. */
    peer_world_distrust();
    maker_ca_clear(&other);
}

/* ---- SCTs in the TLS extension ---- */

static void scts_of_tls(void **state)
{
    (void)state;
    uint8_t list[2 + 2 + 47] = {0, 49, 0, 47, 0};
    peer_world_trust("");
    for (size_t i = 0; i < 32; i++)
        list[5 + i] = (uint8_t)i;
    list[5 + 32 + 7] = 9; /* milliseconds */
    /* no extensions; algorithm 0708; an empty signature */
    list[5 + 32 + 8 + 2] = 7;
    list[5 + 32 + 8 + 3] = 8;
    struct peer_request r = peer_world_request(false);
    r.sct_list = BYTES_OF(list);
    OK(ask_chain(world.intl_chain, &r));
    assert_int_equal(found.sct_count, CLASSIC_CHAIN_SCTS + 1);
    const struct peer_sct *sct = &found.scts[CLASSIC_CHAIN_SCTS];
    assert_int_equal(sct->source, PEER_SCT_TLS);
    assert_int_equal(sct->sct.timestamp_ms, 9);
    assert_memory_equal(sct->sct.log_id.data, list + 5, 32);
    /* What cannot be read is no SCT, and no reason to refuse the certificate. */
    r.sct_list = BYTES_OF("\0\5\0\1");
    OK(ask_chain(world.intl_chain, &r));
    assert_int_equal(found.sct_count, CLASSIC_CHAIN_SCTS);
    peer_world_distrust();
}

/* ---- trust anchor IDs ---- */

static struct tai id_of(const char *text)
{
    struct tai id;
    OK(tai_parse_text(bytes_of_text(text), &id, &err));
    return id;
}

static bool has(const struct peer_scope *scope, const char *text)
{
    struct tai id = id_of(text);
    return peer_trust_has_anchor(world.trust, scope, &id);
}

static void anchors(void **state)
{
    (void)state;
    static const struct peer_scope no_landmarks = {.has_gm = true, .has_mtc = true},
                                   intl = {.has_mtc = true, .has_landmarks = true}, legacy = {.has_gm = false};
    struct tai ids[8], gm = id_of("32473.1"), group = id_of("32473.2.2.1.7");
    peer_world_trust("");
    OK(peer_trust_add_landmarks(world.trust, PEER_WORLD_GM, &gm, 2, 10, 20, &err));
    OK(peer_trust_add_anchor(world.trust, PEER_WORLD_INTL, &group, &err));
    assert_int_equal(peer_trust_anchors(world.trust, &everything, ids, 8), 4);
    struct tai wanted = id_of("32473.1.2.2.20");
    assert_true(tai_equal(&ids[0], &wanted));
    assert_true(tai_equal(&ids[1], &gm));
    assert_true(tai_equal(&ids[2], &group));
    assert_int_equal(peer_trust_anchors(world.trust, &everything, ids, 3), 3);
    assert_int_equal(peer_trust_anchors(world.trust, &no_landmarks, ids, 8), 2);
    assert_int_equal(peer_trust_anchors(world.trust, &intl, ids, 8), 2);
    assert_int_equal(peer_trust_anchors(world.trust, &legacy, ids, 8), 0);
    assert_true(has(&everything, "32473.1"));
    assert_true(has(&everything, "32473.1.1.2.10"));
    assert_true(has(&everything, "32473.1.1.2.20"));
    assert_false(has(&everything, "32473.1.1.2.21"));
    assert_false(has(&everything, "32473.1.1.2.9"));
    assert_false(has(&everything, "32473.1.1.3.15"));
    assert_false(has(&everything, "32473.1.0.2.15"));
    assert_false(has(&everything, "32473.1.1.2"));
    assert_false(has(&everything, "32473.1.1.2.15.1"));
    assert_false(has(&everything, "32473"));
    assert_false(has(&everything, "32473.7"));
    assert_true(has(&everything, "32473.2.1.1.7"));
    assert_true(has(&intl, "32473.2.1.1.1"));
    assert_false(has(&intl, "32473.2.1.1.8"));
    assert_false(has(&intl, "32473.1"));
    assert_false(has(&no_landmarks, "32473.2.1.1.7"));
    assert_true(has(&no_landmarks, "32473.2"));
    assert_false(has(&legacy, "32473.2"));
    assert_says(peer_trust_add_landmarks(world.trust, PEER_WORLD_GM, &gm, 2, 3, 2, &err), &err, STATUS_USAGE, "3 to 2");
    assert_says(peer_trust_add_landmarks(world.trust, PEER_WORLD_GM, &gm, 0, 1, 2, &err), &err, STATUS_USAGE, "");
    peer_world_distrust();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_both_worlds),
        cmocka_unit_test(chain_time_and_name),
        cmocka_unit_test(chain_of_a_stranger),
        cmocka_unit_test(chain_order_and_missing_intermediate),
        cmocka_unit_test(roots_of_a_world),
        cmocka_unit_test(root_that_is_leaving),
        cmocka_unit_test(pairing),
        cmocka_unit_test(landmark),
        cmocka_unit_test(standalone),
        cmocka_unit_test(any_key_below_any_ca),
        cmocka_unit_test(mtc_of_a_stranger),
        cmocka_unit_test(scts_of_tls),
        cmocka_unit_test(anchors),
    };
    return cmocka_run_group_tests(tests, peer_world_make, peer_world_clear);
}
