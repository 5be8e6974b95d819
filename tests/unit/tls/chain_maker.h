/* chain_maker.h - directly signed certificates of all kinds, made by OpenSSL on the spot: what tests of paths and policies begin with. */
#ifndef CATHAYA_TESTS_UNIT_TLS_CHAIN_MAKER_H
#define CATHAYA_TESTS_UNIT_TLS_CHAIN_MAKER_H

#include <openssl/conf.h>
#include <openssl/x509v3.h>

#include "unit/checks.h"

#include "codec/ct/sct_list.h"
#include "crypto/context.h"
#include "rules/precert.h"
#include "tls/classic_certificate.h"
#include "tls/classic_sct.h"

#define CHAIN_EXTENSIONS_MAX 12
#define CHAIN_DAY ((int64_t)86400)

enum chain_alg { CHAIN_SM2, CHAIN_RSA, CHAIN_P256 };

struct chain_cert {
    X509 *x509;
    EVP_PKEY *key;
    enum chain_alg alg;
    struct bytes der; /* on the heap */
};

/* What is not given has a default that is right. */
struct chain_spec {
    const char *subject; /* "C=CN/O=Example/CN=www.example.com"; "": empty */
    enum chain_alg alg;
    int64_t not_before_s, not_after_s;
    uint64_t serial;               /* 0: one that counts up */
    const struct chain_cert *key_of; /* the same key as that one */
    bool is_ca;
    /* As OpenSSL's configuration has them; NULL: none. */
    const char *san, *eku, *key_usage, *policies, *aia, *crl, *constraints, *policy_constraints, *basic;
    bool is_without_aki;
    const char *digest, *sm2_id; /* NULL: SHA-256, or SM3 and the default ID */
    /* Embedded SCTs */
    const struct classic_log *logs;
    size_t log_count;
    uint64_t sct_ms;
};

static inline EVP_PKEY *chain_key(enum chain_alg alg)
{
    static EVP_PKEY *rsa; /* one is enough for leaves: they take long */
    EVP_PKEY *key = NULL;
    if (alg == CHAIN_SM2)
        key = EVP_PKEY_Q_keygen(context_library(), context_properties(), "SM2");
    else if (alg == CHAIN_P256)
        key = EVP_PKEY_Q_keygen(context_library(), context_properties(), "EC", "P-256");
    else {
        if (rsa == NULL)
            rsa = EVP_PKEY_Q_keygen(context_library(), context_properties(), "RSA", (size_t)2048);
        if (rsa != NULL && EVP_PKEY_up_ref(rsa) == 1)
            key = rsa;
    }
    assert_non_null(key);
    return key;
}

static inline X509_NAME *chain_name(const char *text)
{
    char copy[256];
    X509_NAME *name = X509_NAME_new();
    assert_true(name != NULL && strlen(text) < sizeof copy);
    memcpy(copy, text, strlen(text) + 1);
    for (char *at = copy; *at != '\0';) {
        char *end = strchr(at, '/'), *equals = strchr(at, '=');
        assert_non_null(equals);
        if (end != NULL)
            *end = '\0';
        *equals = '\0';
        assert_int_equal(X509_NAME_add_entry_by_txt(name, at, MBSTRING_UTF8, (const unsigned char *)equals + 1, -1, -1, 0), 1);
        at = end != NULL ? end + 1 : equals + 1 + strlen(equals + 1);
    }
    return name;
}

static inline void chain_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    CONF *conf = NCONF_new(NULL);
    if (value != NULL) {
        X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
        X509V3_set_nconf(&ctx, conf);
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
        assert_non_null(e);
        assert_int_equal(X509_add_ext(cert, e, -1), 1);
        X509_EXTENSION_free(e);
    }
    NCONF_free(conf);
}

static inline void chain_sign(X509 *cert, const struct chain_spec *spec, const struct chain_cert *issuer)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *digest = spec->digest != NULL ? spec->digest : issuer->alg == CHAIN_SM2 ? "SM3" : "SHA2-256";
    OSSL_PARAM id[] = {OSSL_PARAM_construct_octet_string("distid", (void *)(uintptr_t)spec->sm2_id, spec->sm2_id != NULL ? strlen(spec->sm2_id) : 0),
                       OSSL_PARAM_construct_end()};
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, digest, context_library(), context_properties(), issuer->key, spec->sm2_id != NULL ? id : NULL), 1);
    assert_true(X509_sign_ctx(cert, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

static inline struct bytes chain_der(X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    assert_true(len > 0);
    struct bytes copy = heap_copy(bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    return copy;
}

/* Real SCTs over the leaf as it is so far. */
static inline void chain_embed(const struct chain_spec *spec, struct chain_cert *leaf, const struct chain_cert *issuer)
{
    struct certificate parsed, issuer_parsed;
    struct builder tbs, list;
    struct error err = {.status = STATUS_OK};
    if (spec->log_count == 0)
        return;
    chain_sign(leaf->x509, spec, issuer);
    struct bytes der = chain_der(leaf->x509);
    builder_init(&tbs, 65536);
    builder_init(&list, 65536);
    assert_ok(certificate_parse(der, &parsed, &err), &err, "leaf");
    assert_ok(certificate_parse(issuer->der, &issuer_parsed, &err), &err, "issuer");
    assert_ok(precert_identity(&parsed, &tbs, &err), &err, "tbs");
    struct sct_check_subject subject = sct_check_precert(builder_view(&tbs), issuer_parsed.spki);
    assert_ok(classic_sct_write_list(spec->logs, spec->log_count, &subject, spec->sct_ms, &list, &err), &err, "SCTs");
    assert_true(classic_certificate_add_scts(leaf->x509, builder_view(&list)));
    builder_clear(&tbs);
    builder_clear(&list);
    heap_free(der);
}

/* issuer NULL: by itself. */
static inline void chain_make(struct chain_cert *out, const struct chain_spec *spec, const struct chain_cert *issuer)
{
    static uint64_t last_serial = 0x4000000000000000;
    X509 *cert = X509_new_ex(context_library(), context_properties());
    *out = (struct chain_cert){.x509 = cert, .alg = spec->key_of != NULL ? spec->key_of->alg : spec->alg};
    if (spec->key_of != NULL && EVP_PKEY_up_ref(spec->key_of->key) == 1)
        out->key = spec->key_of->key;
    else
        out->key = spec->is_ca && spec->alg == CHAIN_RSA
                       ? EVP_PKEY_Q_keygen(context_library(), context_properties(), "RSA", (size_t)2048)
                       : chain_key(spec->alg);
    const struct chain_cert *by = issuer != NULL ? issuer : out;
    X509_NAME *subject = chain_name(spec->subject);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), spec->serial != 0 ? spec->serial : ++last_serial), 1);
    assert_int_equal(X509_set_subject_name(cert, subject), 1);
    assert_int_equal(X509_set_issuer_name(cert, issuer != NULL ? X509_get_subject_name(issuer->x509) : subject), 1);
    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)spec->not_before_s));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)spec->not_after_s));
    assert_int_equal(X509_set_pubkey(cert, out->key), 1);
    X509_NAME_free(subject);
    chain_extension(cert, by->x509, NID_basic_constraints, spec->basic != NULL ? spec->basic : spec->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    chain_extension(cert, by->x509, NID_key_usage, spec->key_usage != NULL ? spec->key_usage : spec->is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
    chain_extension(cert, by->x509, NID_subject_key_identifier, "hash");
    if (issuer != NULL && !spec->is_without_aki)
        chain_extension(cert, by->x509, NID_authority_key_identifier, "keyid:always");
    chain_extension(cert, by->x509, NID_subject_alt_name, spec->san);
    chain_extension(cert, by->x509, NID_ext_key_usage, spec->eku);
    chain_extension(cert, by->x509, NID_certificate_policies, spec->policies);
    chain_extension(cert, by->x509, NID_info_access, spec->aia);
    chain_extension(cert, by->x509, NID_crl_distribution_points, spec->crl);
    chain_extension(cert, by->x509, NID_name_constraints, spec->constraints);
    chain_extension(cert, by->x509, NID_policy_constraints, spec->policy_constraints);
    chain_embed(spec, out, by);
    chain_sign(cert, spec, by);
    out->der = chain_der(cert);
}

static inline void chain_clear(struct chain_cert *cert)
{
    X509_free(cert->x509);
    EVP_PKEY_free(cert->key);
    heap_free(cert->der);
}

#endif
