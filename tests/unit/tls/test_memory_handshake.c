#include "unit/checks.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls/classic_chain.h"
#include "tls/memory_handshake.h"

#define AT_S INT64_C(1795000000)
#define NAME "www.example.com"

/* ---- judges ---- */

struct judge {
    const struct classic_chain *chain; /* NULL: whatever it is */
    size_t calls;
    size_t leaf_size;
};

static enum status accept(void *context, const struct bytes *chain, size_t count, struct error *err)
{
    struct judge *judge = context;
    judge->calls++;
    judge->leaf_size = chain[0].len;
    return judge->chain != NULL ? classic_chain_verify(judge->chain, chain, count, NAME, AT_S, err)
                                : STATUS_OK;
}

static enum status refuse(void *context, const struct bytes *chain, size_t count, struct error *err)
{
    struct judge *judge = context;
    (void)chain;
    (void)count;
    judge->calls++;
    return error_set(err, STATUS_REFUSED, "the judge says no");
}

static void assert_between(const char *what, size_t value, size_t low, size_t high)
{
    if (value < low || value > high)
        fail_msg("%s: %zu is not within %zu..%zu", what, value, low, high);
}

static struct memory_handshake gm_handshake(const struct bytes *chain, size_t count,
                                            struct bytes key_pem, struct judge *judge)
{
    return (struct memory_handshake){
        .chain = chain,
        .chain_count = count,
        .key_pem = key_pem,
        .group = "curveSM2MLKEM768",
        .suite = "TLS_SM4_GCM_SM3",
        .server_name = NAME,
        .verify = accept,
        .context = judge,
    };
}

/* ---- an MTC leaf: an SM2 key, id-alg-mtcProof, and bytes in place of a proof ---- */

struct leaf {
    struct builder der, pem;
};

static void *unconst(const void *p)
{
    return (void *)(uintptr_t)p;
}

static void write_leaf(X509 *cert, EVP_PKEY *key, size_t proof_size, struct leaf *out)
{
    uint8_t *proof = calloc(1, proof_size);
    const ASN1_BIT_STRING *signature;
    const X509_ALGOR *algorithm;
    assert_non_null(proof);
    X509_get0_signature(&signature, &algorithm, cert);
    assert_true(ASN1_STRING_set(unconst(signature), proof, (int)proof_size));
    X509_ALGOR_set0(unconst(algorithm), OBJ_txt2obj("1.3.6.1.5.5.7.6.67", 1), V_ASN1_UNDEF, NULL);
    X509_ALGOR_set0(unconst(X509_get0_tbs_sigalg(cert)), OBJ_txt2obj("1.3.6.1.5.5.7.6.67", 1),
                    V_ASN1_UNDEF, NULL);
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    builder_init(&out->der, 8192);
    builder_bytes(&out->der, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    free(proof);
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
    char *pem;
    long pem_len = BIO_get_mem_data(bio, &pem);
    builder_init(&out->pem, 8192);
    builder_bytes(&out->pem, bytes_of(pem, (size_t)pem_len));
    BIO_free(bio);
}

static void make_leaf(size_t proof_size, struct leaf *out)
{
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "SM2");
    X509 *cert = X509_new();
    assert_true(key != NULL && cert != NULL);
    X509_NAME *name = X509_NAME_new();
    assert_true(X509_set_version(cert, X509_VERSION_3) &&
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"32473.1",
                                           -1, -1, 0) &&
                X509_set_issuer_name(cert, name) &&
                ASN1_TIME_set(X509_getm_notBefore(cert), AT_S) != NULL &&
                ASN1_TIME_set(X509_getm_notAfter(cert), AT_S + 1000) != NULL &&
                X509_set_pubkey(cert, key));
    X509_NAME_free(name);
    write_leaf(cert, key, proof_size, out);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void free_leaf(struct leaf *leaf)
{
    builder_clear(&leaf->der);
    builder_clear(&leaf->pem);
}

/* ---- tests ---- */

/* One directly signed SM2 certificate was measured at about 1,455 and 1,848 bytes; ours is larger by a
 * real leaf and an intermediate, and by SNI. */
static void sm2_chain(void **state)
{
    (void)state;
    struct error err;
    struct classic_chain *chain;
    OK(classic_chain_new(CLASSIC_SM2, NAME, AT_S, &chain, &err));
    struct judge judge = {.chain = chain};
    struct bytes certs[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
    struct memory_handshake h = gm_handshake(certs, 2, classic_chain_key_pem(chain), &judge);
    struct memory_handshake_result r;
    OK(memory_handshake_run(&h, &r, &err));
    assert_int_equal(judge.calls, 1);
    assert_string_equal(r.group, "curveSM2MLKEM768");
    assert_string_equal(r.suite, "TLS_SM4_GCM_SM3");
    assert_string_equal(r.signature, "sm2sig_sm3");
    assert_between("ClientHello", r.client_hello_size, 1400, 1550);
    /* message header, empty context, list length; per certificate its length and no extensions */
    assert_int_equal(r.certificate_message_size, 4 + 1 + 3 + 2 * (3 + 2) + certs[0].len + certs[1].len);
    size_t rest = r.server_flight_size - r.certificate_message_size;
    assert_between("server flight without Certificate", rest, 1400, 1600);
    assert_between("client's last flight", r.client_finish_size, 50, 90);
    assert_true(r.handshake_ns > r.verify_ns && r.verify_ns > 0);
    classic_chain_free(chain);
}

static void international(void **state)
{
    (void)state;
    static const enum classic_alg algs[] = {CLASSIC_P256, CLASSIC_MLDSA44};
    static const char *const signatures[] = {"ecdsa_secp256r1_sha256", "mldsa44"};
    for (size_t i = 0; i < LENGTH(algs); i++) {
        struct error err;
        struct classic_chain *chain;
        OK(classic_chain_new(algs[i], NAME, AT_S, &chain, &err));
        struct judge judge = {.chain = chain};
        struct bytes certs[] = {classic_chain_leaf(chain), classic_chain_intermediate(chain)};
        struct memory_handshake h = gm_handshake(certs, 2, classic_chain_key_pem(chain), &judge);
        struct memory_handshake_result r;
        h.group = "X25519MLKEM768";
        h.suite = "TLS_AES_128_GCM_SHA256";
        OK(memory_handshake_run(&h, &r, &err));
        assert_string_equal(r.group, "X25519MLKEM768");
        assert_string_equal(r.suite, "TLS_AES_128_GCM_SHA256");
        assert_string_equal(r.signature, signatures[i]);
        classic_chain_free(chain);
    }
}

static void mtc_leaf(void **state)
{
    (void)state;
    struct leaf leaf;
    struct error err;
    make_leaf(700, &leaf);
    struct judge judge = {.calls = 0};
    struct bytes der = builder_view(&leaf.der);
    struct memory_handshake h = gm_handshake(&der, 1, builder_view(&leaf.pem), &judge);
    struct memory_handshake_result r;
    OK(memory_handshake_run(&h, &r, &err));
    assert_int_equal(judge.calls, 1);
    assert_int_equal(judge.leaf_size, der.len);
    assert_string_equal(r.signature, "sm2sig_sm3");
    assert_false(r.is_confirmed);
    h.verify = refuse;
    assert_says(memory_handshake_run(&h, &r, &err), &err, STATUS_REFUSED, "the judge says no");
    assert_int_equal(judge.calls, 2);
    free_leaf(&leaf);
}

/* The extension costs exactly what its encoding says. */
static void trust_anchors(void **state)
{
    (void)state;
    struct leaf leaf;
    struct error err;
    make_leaf(700, &leaf);
    struct judge judge = {.calls = 0};
    struct bytes der = builder_view(&leaf.der);
    struct memory_handshake h = gm_handshake(&der, 1, builder_view(&leaf.pem), &judge);
    struct memory_handshake_result without, with;
    OK(memory_handshake_run(&h, &without, &err));

    struct tai ids[2];
    OK(tai_parse_text(bytes_of_text("32473.1"), &ids[0], &err));
    OK(tai_parse_text(bytes_of_text("32473.2.3"), &ids[1], &err));
    h.has_trust_anchors = true;
    h.requested = (struct memory_handshake_ids){ids, 2};
    h.available = (struct memory_handshake_ids){ids, 1};
    h.is_requested_chain = true;
    OK(memory_handshake_run(&h, &with, &err));
    assert_true(with.is_confirmed);
    assert_int_equal(with.available_count, 1);
    assert_int_equal(with.client_hello_size, without.client_hello_size + 4 + 2 + 5 + 6);
    assert_int_equal(with.certificate_message_size, without.certificate_message_size + 4);

    h.is_requested_chain = false;
    h.available.count = 0;
    OK(memory_handshake_run(&h, &with, &err));
    assert_false(with.is_confirmed);
    assert_int_equal(with.available_count, 0);
    assert_int_equal(with.certificate_message_size, without.certificate_message_size);
    free_leaf(&leaf);
}

static void unusable(void **state)
{
    (void)state;
    struct leaf leaf, other;
    struct error err;
    make_leaf(100, &leaf);
    make_leaf(100, &other);
    struct judge judge = {.calls = 0};
    struct bytes der = builder_view(&leaf.der);
    struct memory_handshake h = gm_handshake(&der, 1, builder_view(&other.pem), &judge), bad;
    struct memory_handshake_result r;
    assert_says(memory_handshake_run(&h, &r, &err), &err, STATUS_USAGE, "certificate and key");
    h.key_pem = builder_view(&leaf.pem);
    bad = h;
    bad.group = "curveSM5";
    assert_says(memory_handshake_run(&bad, &r, &err), &err, STATUS_USAGE, "group");
    bad = h;
    bad.suite = "TLS_NO_SUCH";
    assert_says(memory_handshake_run(&bad, &r, &err), &err, STATUS_USAGE, "suite");
    bad = h;
    bad.key_pem = bytes_of_text("no key");
    assert_says(memory_handshake_run(&bad, &r, &err), &err, STATUS_USAGE, "private key");
    bad = h;
    bad.chain_count = 0;
    assert_says(memory_handshake_run(&bad, &r, &err), &err, STATUS_USAGE, "0 certificates");
    struct bytes junk = bytes_of_text("no certificate");
    bad = h;
    bad.chain = &junk;
    assert_says(memory_handshake_run(&bad, &r, &err), &err, STATUS_USAGE, "certificate cannot be read");
    assert_int_equal(judge.calls, 0);
    free_leaf(&leaf);
    free_leaf(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sm2_chain),     cmocka_unit_test(international), cmocka_unit_test(mtc_leaf),
        cmocka_unit_test(trust_anchors), cmocka_unit_test(unusable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
