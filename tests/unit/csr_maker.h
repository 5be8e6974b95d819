/* csr_maker.h - keys and certification requests made by OpenSSL's own functions: nothing here is
 * shared with what is tested. */
#ifndef CATHAYA_TESTS_UNIT_CSR_MAKER_H
#define CATHAYA_TESTS_UNIT_CSR_MAKER_H

#include "unit/checks.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define MAKER_SIZE_MAX ((size_t)1 << 20)

/* A new key: "EC" with a group, "RSA" with bits, or any type without either. */
static inline EVP_PKEY *maker_key(const char *type, const char *group, unsigned bits)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (group != NULL)
        params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)group, 0);
    if (bits != 0)
        params[0] = OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    assert_non_null(ctx);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_params(ctx, params), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* Takes the library's memory; gives a copy to heap_free. */
static inline struct bytes maker_take(unsigned char *der, int len)
{
    assert_true(len > 0);
    struct bytes copy = heap_copy(bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    return copy;
}

static inline struct bytes maker_spki(EVP_PKEY *key)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    return maker_take(der, len);
}

/* The same EC or SM2 key, written with this form of the point or encoding of the curve. */
static inline struct bytes maker_spki_as(EVP_PKEY *key, const char *param, const char *value)
{
    EVP_PKEY *copy = EVP_PKEY_dup(key);
    assert_non_null(copy);
    assert_int_equal(EVP_PKEY_set_utf8_string_param(copy, param, value), 1);
    struct bytes spki = maker_spki(copy);
    EVP_PKEY_free(copy);
    return spki;
}

/* SubjectPublicKeyInfo of RSA from its numbers; takes both. */
static inline struct bytes maker_rsa_spki(BIGNUM *modulus, BIGNUM *exponent)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus), 1);
    assert_int_equal(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent), 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    struct bytes spki = maker_spki(key);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return spki;
}

/* An unsigned X509_REQ for the key; names is OpenSSL's notation ("DNS:a.example,IP:10.0.0.1") or NULL. */
static inline X509_REQ *maker_request(EVP_PKEY *key, const char *names)
{
    X509_REQ *req = X509_REQ_new();
    X509_NAME *subject = X509_NAME_new();
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"www.example.com", -1, -1, 0), 1);
    assert_int_equal(X509_REQ_set_subject_name(req, subject), 1);
    X509_NAME_free(subject);
    assert_int_equal(X509_REQ_set_pubkey(req, key), 1);
    if (names != NULL) {
        X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        assert_non_null(ext);
        STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
        sk_X509_EXTENSION_push(list, ext);
        assert_int_equal(X509_REQ_add_extensions(req, list), 1);
        sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    }
    return req;
}

/* How a request is signed. */
struct maker_signing {
    const char *digest;   /* NULL: the algorithm has its own */
    const char *sm2_id;   /* NULL: the library's default */
    const char *pss_mgf1; /* not NULL: RSA-PSS, with this digest in MGF1 */
};

/* A DER request signed by X509_REQ_sign_ctx; takes req. Gives bytes to heap_free. */
static inline struct bytes maker_sign(X509_REQ *req, EVP_PKEY *key, struct maker_signing how)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pctx = NULL;
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    if (how.sm2_id != NULL)
        params[0] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_DIST_ID, (char *)(uintptr_t)how.sm2_id,
                                                      strlen(how.sm2_id));
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pctx, how.digest, NULL, NULL, key, params), 1);
    if (how.pss_mgf1 != NULL) {
        assert_true(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, EVP_get_digestbyname(how.pss_mgf1)) > 0);
        assert_true(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
    }
    assert_true(X509_REQ_sign_ctx(req, ctx) > 0);
    EVP_MD_CTX_free(ctx);
    unsigned char *der = NULL;
    int len = i2d_X509_REQ(req, &der);
    X509_REQ_free(req);
    return maker_take(der, len);
}

static inline struct bytes maker_csr(EVP_PKEY *key, const char *names, struct maker_signing how)
{
    return maker_sign(maker_request(key, names), key, how);
}

/* One DER element on the heap. */
static inline struct bytes maker_der(uint8_t tag, struct bytes contents)
{
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_u8(&b, tag);
    if (contents.len < 0x80) {
        builder_u8(&b, (uint8_t)contents.len);
    } else if (contents.len < 0x100) {
        builder_u8(&b, 0x81);
        builder_u8(&b, (uint8_t)contents.len);
    } else {
        builder_u8(&b, 0x82);
        builder_u16(&b, (uint16_t)contents.len);
    }
    builder_bytes(&b, contents);
    assert_true(builder_is_good(&b));
    struct bytes out = heap_copy(builder_view(&b));
    builder_clear(&b);
    return out;
}

/* A request signed as `how` says, but with this DER AlgorithmIdentifier in it. */
static inline struct bytes maker_csr_labelled(EVP_PKEY *key, struct maker_signing how,
                                              struct bytes identifier)
{
    X509_REQ *req = maker_request(key, "DNS:www.example.com");
    unsigned char *info = NULL;
    int info_len = i2d_re_X509_REQ_tbs(req, &info);
    assert_true(info_len > 0);
    X509_REQ_free(req);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[8192];
    size_t signature_len = sizeof signature - 1;
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, how.digest, NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, signature + 1, &signature_len, info, (size_t)info_len), 1);
    EVP_MD_CTX_free(ctx);
    signature[0] = 0;
    struct bytes bits = maker_der(0x03, bytes_of(signature, signature_len + 1));
    struct builder b;
    builder_init(&b, MAKER_SIZE_MAX);
    builder_bytes(&b, bytes_of(info, (size_t)info_len));
    builder_bytes(&b, identifier);
    builder_bytes(&b, bits);
    struct bytes csr = maker_der(0x30, builder_view(&b));
    builder_clear(&b);
    heap_free(bits);
    OPENSSL_free(info);
    return csr;
}

#endif
