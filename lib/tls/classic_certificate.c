#include "tls/classic_certificate.h"

#include <openssl/conf.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "crypto/context.h"

/* [BR 7.1.2.7] asks for 64 random bits; most CAs take more. */
#define SERIAL_SIZE 16
#define DAY_S ((int64_t)24 * 3600)

struct extension_text {
    int nid;
    const char *value;
};

#define EXTENSIONS_MAX 10

/* What each certificate of a public CA has; SCTs and subjectAltName come on top in the leaf. */
static const struct profile {
    const char *common_name; /* NULL: the DNS name */
    int64_t lifetime_s;
    struct extension_text extensions[EXTENSIONS_MAX];
} profiles[CLASSIC_ROLES] = {
    [CLASSIC_ROOT] = {"Classic Root R1", 3650 * DAY_S, {
        {NID_basic_constraints, "critical,CA:TRUE"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}}},
    [CLASSIC_INTERMEDIATE] = {"Classic TLS CA 1", 1825 * DAY_S, {
        {NID_key_usage, "critical,digitalSignature,keyCertSign,cRLSign"},
        {NID_ext_key_usage, "serverAuth,clientAuth"},
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
        {NID_info_access, "caIssuers;URI:http://ca.classic.example/root-r1.cer"},
        {NID_certificate_policies, "2.23.140.1.2.1"},
        {NID_crl_distribution_points, "URI:http://crl.classic.example/root-r1.crl"}}},
    [CLASSIC_LEAF] = {NULL, 90 * DAY_S, {
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth,clientAuth"},
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
        {NID_info_access, "OCSP;URI:http://ocsp.classic.example,"
                          "caIssuers;URI:http://ca.classic.example/tls-ca-1.cer"},
        {NID_certificate_policies, "2.23.140.1.2.1"}}},
};

static bool set_name(X509 *cert, const char *common_name, bool is_issuer)
{
    X509_NAME *name = X509_NAME_new();
    bool ok = name != NULL &&
              X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const unsigned char *)"CN", -1, -1, 0) == 1 &&
              X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const unsigned char *)"Classic Trust", -1, -1, 0) == 1 &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
              (is_issuer ? X509_set_issuer_name(cert, name) : X509_set_subject_name(cert, name)) == 1;
    X509_NAME_free(name);
    return ok;
}

/* A domain-validated subject has the name alone. */
static bool set_leaf_subject(X509 *cert, const char *dns_name)
{
    X509_NAME *name = X509_NAME_new();
    bool ok = name != NULL &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)dns_name, -1, -1, 0) == 1 &&
              X509_set_subject_name(cert, name) == 1;
    X509_NAME_free(name);
    return ok;
}

static bool set_serial(X509 *cert)
{
    unsigned char bytes[SERIAL_SIZE];
    if (RAND_bytes_ex(context_library(), bytes, sizeof bytes, 0) != 1)
        return false;
    bytes[0] = (bytes[0] & 0x3f) | 0x40; /* positive, and always as long */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
    BN_free(number);
    return ok;
}

static bool add_text_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
    bool ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool add_dns_name(X509 *cert, const char *dns_name)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    bool ok = false;
    if (names != NULL && name != NULL && text != NULL && ASN1_STRING_set(text, dns_name, -1) == 1) {
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        text = NULL;
        if (sk_GENERAL_NAME_push(names, name) > 0) {
            name = NULL;
            ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
        }
    }
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    return ok;
}

/* Some extensions can only be made with a configuration at hand, be it an empty one. */
static bool add_extensions(X509 *cert, X509 *issuer, const struct profile *profile)
{
    CONF *conf = NCONF_new(NULL);
    bool ok = conf != NULL;
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509V3_set_nconf(&ctx, conf);
    for (size_t i = 0; ok && i < EXTENSIONS_MAX && profile->extensions[i].value != NULL; i++)
        ok = add_text_extension(cert, &ctx, profile->extensions[i].nid, profile->extensions[i].value);
    NCONF_free(conf);
    return ok;
}

static bool set_validity(X509 *cert, int64_t not_before_s, int64_t lifetime_s)
{
    return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before_s) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)(not_before_s + lifetime_s - 1)) != NULL;
}

X509 *classic_certificate_make(enum classic_role role, const char *dns_name, int64_t not_before_s,
                               EVP_PKEY *key, X509 *issuer)
{
    const struct profile *profile = &profiles[role];
    const char *issuer_name = profiles[classic_certificate_issuer(role)].common_name;
    bool is_leaf = role == CLASSIC_LEAF;
    X509 *cert = X509_new_ex(context_library(), context_properties());
    if (cert == NULL)
        return NULL;
    if (X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
        set_name(cert, issuer_name, true) &&
        set_validity(cert, not_before_s, profile->lifetime_s) &&
        (is_leaf ? set_leaf_subject(cert, dns_name) : set_name(cert, profile->common_name, false)) &&
        X509_set_pubkey(cert, key) == 1 && (!is_leaf || add_dns_name(cert, dns_name)) &&
        add_extensions(cert, issuer != NULL ? issuer : cert, profile))
        return cert;
    X509_free(cert);
    return NULL;
}

bool classic_certificate_add_scts(X509 *leaf, struct bytes list)
{
    ASN1_OCTET_STRING *inner = ASN1_OCTET_STRING_new(), *outer = ASN1_OCTET_STRING_new();
    unsigned char *der = NULL;
    int len = 0;
    if (inner != NULL && ASN1_OCTET_STRING_set(inner, list.data, (int)list.len) == 1)
        len = i2d_ASN1_OCTET_STRING(inner, &der);
    bool ok = len > 0 && outer != NULL && ASN1_OCTET_STRING_set(outer, der, len) == 1;
    X509_EXTENSION *e = ok ? X509_EXTENSION_create_by_NID(NULL, NID_ct_precert_scts, 0, outer) : NULL;
    ok = e != NULL && X509_add_ext(leaf, e, -1) == 1;
    X509_EXTENSION_free(e);
    OPENSSL_free(der);
    ASN1_OCTET_STRING_free(inner);
    ASN1_OCTET_STRING_free(outer);
    return ok;
}

/* extnValue holds an OCTET STRING, which holds the list. */
ASN1_OCTET_STRING *classic_certificate_scts(const X509 *leaf)
{
    int at = X509_get_ext_by_NID(leaf, NID_ct_precert_scts, -1);
    if (at < 0)
        return NULL;
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509_get_ext(leaf, at));
    const unsigned char *der = ASN1_STRING_get0_data(value);
    return d2i_ASN1_OCTET_STRING(NULL, &der, ASN1_STRING_length(value));
}

X509 *classic_certificate_parse(struct bytes der)
{
    const unsigned char *at = der.data;
    X509 *cert = X509_new_ex(context_library(), context_properties());
    /* d2i_X509 frees cert and sets it to NULL when it fails. */
    if (cert != NULL && (d2i_X509(&cert, &at, (long)der.len) == NULL || at != der.data + der.len)) {
        X509_free(cert);
        cert = NULL;
    }
    return cert;
}
