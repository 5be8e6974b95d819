/* The chain of a credential: certificates and properties from PEM, what kind it is, whom it is for. */
#include "tls/tls_credential_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/reader.h"
#include "codec/asn1/der.h"
#include "codec/mtc/draft.h"
#include "codec/pem/pem.h"
#include "codec/x509/certificate.h"
#include "codec/x509/extensions.h"
#include "crypto/context.h"
#include "crypto/hash.h"
#include "tls/classic_certificate.h"

static enum status unusable(struct error *err, const char *what)
{
    return error_set(err, STATUS_USAGE, "certificate chain: %s", what);
}

/* ---- PEM ---- */

static enum status take_certificate(struct tls_credential *c, struct bytes der, struct error *err)
{
    X509 *one = classic_certificate_parse(der);
    if (one == NULL)
        return error_set(err, STATUS_USAGE, "certificate chain: certificate %d cannot be read: %s",
                         (c->leaf != NULL) + sk_X509_num(c->rest) + 1, context_openssl_reason());
    if (c->leaf == NULL) {
        c->leaf = one;
        return STATUS_OK;
    }
    if (sk_X509_num(c->rest) + 1 < TLS_CREDENTIAL_CHAIN_MAX && sk_X509_push(c->rest, one) > 0)
        return STATUS_OK;
    X509_free(one);
    return unusable(err, "too many certificates");
}

static enum status take_block(struct tls_credential *c, const struct pem_block *block, struct bytes der,
                              struct error *err)
{
    if (bytes_is_text(block->label, PEM_CERTIFICATE))
        return take_certificate(c, der, err);
    if (!bytes_is_text(block->label, PROPERTIES_PEM_LABEL))
        return STATUS_OK; /* a key or parameters in the same file */
    if (c->leaf != NULL || c->properties_der.len > 0)
        return unusable(err, "CERTIFICATE PROPERTIES stand before the leaf, once");
    builder_bytes(&c->properties_der, der);
    return builder_status(&c->properties_der, "certificate properties", err);
}

static enum status read_pem(struct tls_credential *c, struct bytes pem, struct error *err)
{
    struct pem_reader r;
    struct pem_block block;
    struct builder der;
    enum status s = STATUS_OK;
    c->rest = sk_X509_new_null();
    if (c->rest == NULL)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    if (pem.len > TLS_CREDENTIAL_PEM_MAX)
        return unusable(err, "the file is too long");
    pem_reader_init(&r, pem, PEM_LAX);
    builder_init(&der, PEM_DER_MAX);
    while (s == STATUS_OK) {
        bytes_wipe(der.data, der.len); /* the block before may have been a private key */
        builder_reset(&der);
        s = pem_next(&r, &block, &der, err);
        if (s == STATUS_OK)
            s = take_block(c, &block, builder_view(&der), err);
        else if (s != STATUS_NOT_FOUND)
            s = error_prefix(err, STATUS_USAGE, "certificate chain");
    }
    builder_clear(&der);
    if (s != STATUS_NOT_FOUND)
        return s;
    return c->leaf != NULL ? STATUS_OK : unusable(err, "no certificate in it");
}

/* ---- what kind ---- */

static enum status read_properties(struct tls_credential *c, struct error *err)
{
    if (c->properties_der.len == 0)
        return STATUS_OK;
    c->properties = calloc(1, sizeof *c->properties);
    if (c->properties == NULL)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    if (properties_parse(builder_view(&c->properties_der), PROPERTIES_WITH_PATTERNS, c->properties, err) !=
        STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "certificate properties");
    return STATUS_OK;
}

static enum status find_kind(struct tls_credential *c, bool is_mtc, bool is_gm, struct error *err)
{
    bool has_anchor = c->properties != NULL &&
                      (c->properties->trust_anchor_id.len > 0 || c->properties->group_count > 0);
    bool is_landmark = c->properties != NULL && c->properties->has_negotiation;
    if (is_mtc && !has_anchor)
        return unusable(err, "a Merkle Tree Certificate without the trust anchor in its properties");
    if (is_mtc && is_landmark)
        c->facts.kind = is_gm ? CREDENTIAL_GM_LANDMARK : CREDENTIAL_INTL_LANDMARK;
    else if (is_mtc)
        c->facts.kind = is_gm ? CREDENTIAL_GM_STANDALONE : CREDENTIAL_INTL_STANDALONE;
    else
        c->facts.kind = is_gm ? CREDENTIAL_GM_CLASSIC : CREDENTIAL_INTL_CLASSIC;
    return STATUS_OK;
}

/* What the key can do in TLS. */
static enum status describe_key(struct tls_credential *c, const struct certificate *cert, struct error *err)
{
    char group[64] = "";
    EVP_PKEY *key = X509_get0_pubkey(c->leaf);
    const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
    if (type == NULL)
        return unusable(err, "the leaf's public key cannot be read");
    (void)EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    subject_key_describe(cert->spki, c->key_type, sizeof c->key_type);
    c->facts.key_type = c->key_type;
    c->candidate.schemes13 = tls_names_key_schemes(type, group, true);
    if (!c->is_tls13_only)
        c->candidate.schemes12 = tls_names_key_schemes(type, group, false);
    if (c->candidate.schemes13.count == 0 && c->candidate.schemes12.count == 0)
        return error_set(err, STATUS_USAGE, "certificate chain: TLS has no signature for a key of type %s",
                         c->key_type);
    return find_kind(c, bytes_equal(cert->signature_algorithm, draft_07.proof_identifier),
                     EVP_PKEY_is_a(key, "SM2") == 1, err);
}

/* ---- the certificates behind the leaf ---- */

static bool is_self_issued(const X509 *cert)
{
    return X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0;
}

/* An MTC is sent alone, and nobody needs to be sent a root. Otherwise each has issued the one before it. */
static enum status tidy(struct tls_credential *c, struct error *err)
{
    if (credential_kind_is_mtc(c->facts.kind)) {
        sk_X509_pop_free(c->rest, X509_free);
        c->rest = NULL;
        return STATUS_OK;
    }
    X509 *below = c->leaf;
    for (int i = 0; i < sk_X509_num(c->rest); i++) {
        X509 *above = sk_X509_value(c->rest, i);
        int verdict = X509_check_issued(above, below);
        if (verdict != X509_V_OK)
            return error_set(err, STATUS_USAGE,
                             "certificate chain: certificate %d has not issued certificate %d: %s", i + 2,
                             i + 1, X509_verify_cert_error_string(verdict));
        below = above;
    }
    if (sk_X509_num(c->rest) > 0 && c->issuer == NULL && X509_up_ref(sk_X509_value(c->rest, 0)) == 1)
        c->issuer = sk_X509_value(c->rest, 0);
    if (sk_X509_num(c->rest) > 0 && is_self_issued(below))
        X509_free(sk_X509_pop(c->rest));
    return STATUS_OK;
}

static uint16_t certificate_scheme(const X509 *cert)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *oid = NULL;
    X509_get0_signature(NULL, &algorithm, cert);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    return oid != NULL ? tls_names_certificate_scheme(bytes_of(OBJ_get0_data(oid), OBJ_length(oid))) : 0;
}

static void add_to_chain(struct tls_credential *c, const X509 *cert)
{
    int len = i2d_X509(cert, NULL);
    c->facts.chain_len += len > 0 ? (size_t)len : 0;
    if (!credential_kind_is_mtc(c->facts.kind))
        c->chain_schemes[c->candidate.chain_schemes.count++] = certificate_scheme(cert);
    c->facts.chain_count++;
}

static void describe_chain(struct tls_credential *c)
{
    c->facts.chain_len = c->facts.chain_count = 0;
    c->candidate.chain_schemes = (struct tls_codes){c->chain_schemes, 0};
    add_to_chain(c, c->leaf);
    for (int i = 0; i < sk_X509_num(c->rest); i++)
        add_to_chain(c, sk_X509_value(c->rest, i));
}

/* ---- names ---- */

static void add_name(struct tls_credential *c, const struct san_name *name)
{
    char text[INET6_ADDRSTRLEN];
    size_t before = c->name_text.len;
    if (name->tag == SAN_DNS_NAME)
        builder_bytes(&c->name_text, name->value);
    else if (name->tag == SAN_IP_ADDRESS &&
             inet_ntop(name->value.len == 4 ? AF_INET : AF_INET6, name->value.data, text, sizeof text) != NULL)
        builder_text(&c->name_text, text);
    else
        return;
    c->names[c->facts.name_count++] = bytes_of(NULL, c->name_text.len - before);
}

static enum status read_names(struct tls_credential *c, struct bytes list, struct error *err)
{
    struct extensions extensions;
    struct reader r;
    struct san_name name;
    if (extensions_parse(list, &extensions, err) != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "certificate");
    reader_init(&r, extensions.subject_alt_name);
    while (c->facts.name_count < TLS_CREDENTIAL_NAMES_MAX && san_next(&r, &name))
        add_name(c, &name);
    /* Where the text stands is known now that it does not move any more. */
    size_t at = 0;
    for (size_t i = 0; i < c->facts.name_count; i++) {
        c->names[i].data = c->name_text.data + at;
        at += c->names[i].len;
    }
    c->facts.names = c->names;
    return builder_status(&c->name_text, "names", err);
}

static void find_ocsp_url(struct tls_credential *c)
{
    STACK_OF(OPENSSL_STRING) *all = X509_get1_ocsp(c->leaf);
    if (sk_OPENSSL_STRING_num(all) > 0)
        c->ocsp_url = strdup(sk_OPENSSL_STRING_value(all, 0));
    c->facts.ocsp_url = c->ocsp_url;
    X509_email_free(all);
}

/* ---- all of it ---- */

static enum status describe_leaf(struct tls_credential *c, struct certificate *cert, struct error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(c->leaf, &der);
    if (len <= 0)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    c->leaf_der = c->facts.leaf = bytes_of(der, (size_t)len);
    if (certificate_parse(c->leaf_der, cert, err) != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "certificate");
    c->facts.not_before_s = c->candidate.not_before_s = cert->not_before_s;
    c->facts.not_after_s = c->candidate.not_after_s = cert->not_after_s;
    if (!hash_label_sha256(&c->leaf_der, 1, c->facts.fingerprint))
        return error_set(err, STATUS_NO_MEMORY, "credential: no SHA-256");
    /* OpenSSL reads the extensions once and keeps what it found: before threads share the certificate. */
    (void)X509_check_purpose(c->leaf, -1, 0);
    return STATUS_OK;
}

enum status credential_chain_describe(struct tls_credential *c, struct error *err)
{
    struct certificate cert;
    enum status s = describe_leaf(c, &cert, err);
    if (s == STATUS_OK)
        s = read_properties(c, err);
    if (s == STATUS_OK)
        s = describe_key(c, &cert, err);
    if (s == STATUS_OK)
        s = read_names(c, cert.extensions, err);
    if (s == STATUS_OK)
        s = tidy(c, err);
    if (s != STATUS_OK)
        return s;
    describe_chain(c);
    find_ocsp_url(c);
    c->facts.candidate = &c->candidate;
    c->candidate.kind = c->facts.kind;
    c->candidate.properties = c->facts.properties = c->properties;
    return STATUS_OK;
}

enum status credential_chain_read(struct tls_credential *c, struct bytes pem, struct bytes properties,
                                  struct error *err)
{
    enum status s = read_pem(c, pem, err);
    if (s != STATUS_OK)
        return s;
    if (c->properties_der.len == 0)
        builder_bytes(&c->properties_der, properties);
    else if (properties.len > 0 && !bytes_equal(properties, builder_view(&c->properties_der)))
        return unusable(err, "its properties are not those that stand beside it");
    s = builder_status(&c->properties_der, "certificate properties", err);
    return s == STATUS_OK ? credential_chain_describe(c, err) : s;
}
