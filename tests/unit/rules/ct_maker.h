/* ct_maker.h - certificates made by OpenSSL's own functions, for tests of CT: nothing here is shared with what is tested. */
#ifndef CATHAYA_TESTS_UNIT_RULES_CT_MAKER_H
#define CATHAYA_TESTS_UNIT_RULES_CT_MAKER_H

#include "unit/csr_maker.h"

#define CT_MAKER_POISON "1.3.6.1.4.1.11129.2.4.3"
#define CT_MAKER_SCT_LIST "1.3.6.1.4.1.11129.2.4.2"
/* 2026-01-01T00:00:00Z. */
#define CT_MAKER_NOW_S INT64_C(1767225600)

/* What a certificate is to be; NULL and 0 leave things out. */
struct ct_maker {
    const char *subject, *issuer; /* common names */
    EVP_PKEY *key, *signer;
    const char *digest; /* "SM3", "SHA256", NULL: as the key has it */
    bool is_ca;
    bool has_poison;
    const char *sct_list_hex; /* contents of the extension */
    const char *dns;          /* subjectAltName as of openssl.cnf: "DNS:a,IP:192.0.2.1" */
    long serial;
    bool is_pss;
    bool is_first; /* the extensions of CT come first */
};

static inline void ct_maker_add(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, NULL, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static inline void ct_maker_add_raw(X509 *cert, const char *oid, bool is_critical, const char *hex)
{
    struct bytes value = heap_hex(hex);
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
    assert_int_equal(ASN1_OCTET_STRING_set(octets, value.data, (int)value.len), 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, object, is_critical, octets);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(octets);
    ASN1_OBJECT_free(object);
    heap_free(value);
}

static inline void ct_maker_name(X509_NAME *name, const char *text)
{
    assert_int_equal(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0),
                     1);
}

static inline void ct_maker_add_ct(X509 *cert, const struct ct_maker *m)
{
    if (m->has_poison)
        ct_maker_add_raw(cert, CT_MAKER_POISON, true, "0500");
    if (m->sct_list_hex != NULL)
        ct_maker_add_raw(cert, CT_MAKER_SCT_LIST, false, m->sct_list_hex);
}

static inline void ct_maker_sign(X509 *cert, const struct ct_maker *m)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &key_ctx, m->digest, NULL, NULL, m->signer, NULL), 1);
    if (m->is_pss)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
    assert_true(X509_sign_ctx(cert, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

/* DER, to heap_free. */
static inline struct bytes ct_maker_make(const struct ct_maker *m)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_NAME_new(), *issuer = X509_NAME_new();
    ct_maker_name(subject, m->subject);
    ct_maker_name(issuer, m->issuer);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), m->serial != 0 ? m->serial : 77), 1);
    assert_int_equal(X509_set_subject_name(cert, subject), 1);
    assert_int_equal(X509_set_issuer_name(cert, issuer), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(CT_MAKER_NOW_S - 3600)));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(CT_MAKER_NOW_S + 90L * 86400)));
    assert_int_equal(X509_set_pubkey(cert, m->key), 1);
    if (m->is_first)
        ct_maker_add_ct(cert, m);
    if (m->is_ca)
        ct_maker_add(cert, NID_basic_constraints, "critical,CA:TRUE");
    if (m->dns != NULL)
        ct_maker_add(cert, NID_subject_alt_name, m->dns);
    if (!m->is_first)
        ct_maker_add_ct(cert, m);
    ct_maker_sign(cert, m);
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    struct bytes out = maker_take(der, len);
    X509_NAME_free(subject);
    X509_NAME_free(issuer);
    X509_free(cert);
    return out;
}

#endif
