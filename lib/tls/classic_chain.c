#include "tls/classic_chain.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "rules/precert.h"
#include "tls/classic_certificate.h"
#include "tls/classic_path.h"
#include "tls/classic_sct.h"

#define CERTIFICATE_MAX 16384
#define LIST_MAX 512
#define HOUR_S 3600

struct classic_chain {
    struct algorithms *algorithms;
    struct classic_log logs[CLASSIC_CHAIN_SCTS];
    STACK_OF(X509) *roots; /* one */
    struct builder der[CLASSIC_ROLES];
    struct builder key_pem;
};

static const struct family {
    const char *key_type; /* for EVP_PKEY_Q_keygen */
    const char *group;
    const char *digest;
} families[] = {
    [CLASSIC_SM2] = {"SM2", NULL, "SM3"},
    [CLASSIC_P256] = {"EC", "P-256", "SHA2-256"},
    [CLASSIC_MLDSA44] = {"ML-DSA-44", NULL, NULL},
};

/* What is needed while a chain is made. */
struct workshop {
    const struct family *family;
    const char *dns_name;
    int64_t not_before_s;
    EVP_PKEY *keys[CLASSIC_ROLES];
    X509 *certs[CLASSIC_ROLES];
};

static enum status library_failed(const char *what, struct error *err)
{
    return error_set(err, STATUS_NO_MEMORY, "classic chain: %s: %s", what, context_openssl_reason());
}

static EVP_PKEY *generate(const struct family *f)
{
    return f->group != NULL
               ? EVP_PKEY_Q_keygen(context_library(), context_properties(), f->key_type, f->group)
               : EVP_PKEY_Q_keygen(context_library(), context_properties(), f->key_type);
}

/* SM2 signs with the ID 1234567812345678: the library's default since 4.0. */
static bool sign(const struct workshop *w, X509 *cert, EVP_PKEY *key)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx != NULL &&
              EVP_DigestSignInit_ex(ctx, NULL, w->family->digest, context_library(),
                                    context_properties(), key, NULL) == 1 &&
              X509_sign_ctx(cert, ctx) > 0;
    EVP_MD_CTX_free(ctx);
    return ok;
}

static enum status write_der(X509 *cert, struct builder *out, struct error *err)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len > 0)
        builder_bytes(out, bytes_of(der, (size_t)len));
    OPENSSL_free(der);
    return len > 0 ? builder_status(out, "certificate", err) : library_failed("encoding", err);
}

/* What the SCTs of a leaf sign: its TBSCertificate without them, and its issuer's key. */
struct precert {
    struct builder leaf, issuer, tbs;
    struct sct_check_subject subject;
};

static void free_precert(struct precert *p)
{
    builder_clear(&p->leaf);
    builder_clear(&p->issuer);
    builder_clear(&p->tbs);
}

/* free_precert must follow, after a failure too. */
static enum status make_precert(X509 *leaf, X509 *issuer, struct precert *out, struct error *err)
{
    struct certificate parsed, issuer_parsed;
    builder_init(&out->leaf, CERTIFICATE_MAX);
    builder_init(&out->issuer, CERTIFICATE_MAX);
    builder_init(&out->tbs, CERTIFICATE_MAX);
    enum status s = write_der(leaf, &out->leaf, err);
    if (s == STATUS_OK)
        s = write_der(issuer, &out->issuer, err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&out->leaf), &parsed, err);
    if (s == STATUS_OK)
        s = certificate_parse(builder_view(&out->issuer), &issuer_parsed, err);
    if (s == STATUS_OK)
        s = precert_identity(&parsed, &out->tbs, err);
    if (s == STATUS_OK)
        out->subject = sct_check_precert(builder_view(&out->tbs), issuer_parsed.spki);
    return s;
}

/* The leaf is signed once without SCTs, which puts its signature algorithm in, then the logs sign
 * that, then the whole is signed: the steps that a CA takes with a precertificate. */
static enum status embed_scts(struct classic_chain *chain, struct workshop *w, struct error *err)
{
    uint8_t memory[LIST_MAX];
    struct builder list;
    struct precert precert;
    builder_init_fixed(&list, memory, sizeof memory);
    if (!sign(w, w->certs[CLASSIC_LEAF], w->keys[CLASSIC_INTERMEDIATE]))
        return library_failed("signing", err);
    enum status s = make_precert(w->certs[CLASSIC_LEAF], w->certs[CLASSIC_INTERMEDIATE], &precert, err);
    if (s == STATUS_OK)
        s = classic_sct_write_list(chain->logs, CLASSIC_CHAIN_SCTS, &precert.subject,
                                   (uint64_t)w->not_before_s * 1000, &list, err);
    free_precert(&precert);
    if (s == STATUS_OK && !classic_certificate_add_scts(w->certs[CLASSIC_LEAF], builder_view(&list)))
        s = library_failed("SCT extension", err);
    return s;
}

static enum status make_certificate(struct classic_chain *chain, struct workshop *w,
                                    enum classic_role role, struct error *err)
{
    enum classic_role issuer = classic_certificate_issuer(role);
    w->keys[role] = generate(w->family);
    if (w->keys[role] == NULL)
        return library_failed("key generation", err);
    w->certs[role] = classic_certificate_make(role, w->dns_name, w->not_before_s, w->keys[role],
                                              w->certs[issuer]);
    if (w->certs[role] == NULL)
        return library_failed("certificate", err);
    enum status s = role == CLASSIC_LEAF ? embed_scts(chain, w, err) : STATUS_OK;
    if (s != STATUS_OK)
        return s;
    if (!sign(w, w->certs[role], w->keys[issuer]))
        return library_failed("signing", err);
    return write_der(w->certs[role], &chain->der[role], err);
}

static enum status write_key(EVP_PKEY *key, struct builder *out, struct error *err)
{
    return evp_key_write_pem(key, out) ? builder_status(out, "private key", err)
                                       : library_failed("private key", err);
}

/* A stack of one, with a reference of its own. */
static enum status stack_of(X509 *cert, STACK_OF(X509) **out, struct error *err)
{
    *out = sk_X509_new_null();
    if (*out == NULL || X509_add_cert(*out, cert, X509_ADD_FLAG_UP_REF) != 1)
        return library_failed("roots", err);
    return STATUS_OK;
}

static enum status make_all(struct classic_chain *chain, struct workshop *w, bool is_gm,
                            struct error *err)
{
    enum status s = algorithms_new(&chain->algorithms, err);
    for (size_t i = 0; s == STATUS_OK && i < CLASSIC_CHAIN_SCTS; i++)
        s = classic_log_init(&chain->logs[i], chain->algorithms, is_gm, err);
    for (int i = 0; s == STATUS_OK && i < CLASSIC_ROLES; i++)
        s = make_certificate(chain, w, (enum classic_role)i, err);
    if (s == STATUS_OK)
        s = write_key(w->keys[CLASSIC_LEAF], &chain->key_pem, err);
    if (s != STATUS_OK)
        return s;
    return stack_of(w->certs[CLASSIC_ROOT], &chain->roots, err);
}

enum status classic_chain_new(enum classic_alg alg, const char *dns_name, int64_t at_s,
                              struct classic_chain **out, struct error *err)
{
    *out = NULL;
    struct classic_chain *chain = calloc(1, sizeof *chain);
    if (chain == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (int i = 0; i < CLASSIC_ROLES; i++)
        builder_init(&chain->der[i], CERTIFICATE_MAX);
    builder_init(&chain->key_pem, KEY_PEM_MAX);
    struct workshop w = {.family = &families[alg], .dns_name = dns_name, .not_before_s = at_s - HOUR_S};
    enum status s = make_all(chain, &w, alg == CLASSIC_SM2, err);
    for (int i = 0; i < CLASSIC_ROLES; i++) {
        EVP_PKEY_free(w.keys[i]);
        X509_free(w.certs[i]);
    }
    if (s == STATUS_OK)
        *out = chain;
    else
        classic_chain_free(chain);
    return s;
}

void classic_chain_free(struct classic_chain *chain)
{
    if (chain == NULL)
        return;
    for (size_t i = 0; i < CLASSIC_CHAIN_SCTS; i++)
        classic_log_clear(&chain->logs[i]);
    for (int i = 0; i < CLASSIC_ROLES; i++)
        builder_clear(&chain->der[i]);
    builder_clear(&chain->key_pem);
    sk_X509_pop_free(chain->roots, X509_free);
    algorithms_free(chain->algorithms);
    free(chain);
}

struct bytes classic_chain_root(const struct classic_chain *chain)
{
    return builder_view(&chain->der[CLASSIC_ROOT]);
}

struct bytes classic_chain_intermediate(const struct classic_chain *chain)
{
    return builder_view(&chain->der[CLASSIC_INTERMEDIATE]);
}

struct bytes classic_chain_leaf(const struct classic_chain *chain)
{
    return builder_view(&chain->der[CLASSIC_LEAF]);
}

struct bytes classic_chain_key_pem(const struct classic_chain *chain)
{
    return builder_view(&chain->key_pem);
}

/* ---- the client's side ---- */

/* *issuer is the certificate whose key signed the leaf; the caller frees it. */
static enum status verify_path(STACK_OF(X509) *roots, STACK_OF(X509) *certs, const char *dns_name,
                               int64_t at_s, X509 **issuer, struct error *err)
{
    STACK_OF(X509) *path;
    enum status s = classic_path_verify(&(struct classic_path){.roots = roots, .sent = certs, .at_s = at_s, .purpose = TRUST_BUNDLE_TLS,
                                                               .dns_name = bytes_of_text(dns_name)}, &path, NULL, err);
    if (s != STATUS_OK)
        return error_prefix(err, s, "classic chain");
    *issuer = sk_X509_num(path) > 1 ? sk_X509_value(path, 1) : NULL;
    if (*issuer == NULL || X509_up_ref(*issuer) != 1) {
        *issuer = NULL;
        s = error_set(err, STATUS_REFUSED, "classic chain: no issuer");
    }
    sk_X509_pop_free(path, X509_free);
    return s;
}

static enum status verify_scts(const struct classic_chain *chain, X509 *leaf, X509 *issuer,
                               int64_t at_s, struct error *err)
{
    ASN1_OCTET_STRING *list = classic_certificate_scts(leaf);
    if (list == NULL)
        return error_set(err, STATUS_REFUSED, "classic chain: no SCT list in the certificate");
    struct precert precert;
    enum status s = make_precert(leaf, issuer, &precert, err);
    if (s == STATUS_OK)
        s = classic_sct_verify_list(
            chain->logs, CLASSIC_CHAIN_SCTS, &precert.subject,
            bytes_of(ASN1_STRING_get0_data(list), (size_t)ASN1_STRING_length(list)),
            (uint64_t)at_s * 1000, err);
    free_precert(&precert);
    ASN1_OCTET_STRING_free(list);
    return s;
}

enum status classic_chain_verify(const struct classic_chain *chain, const struct bytes *certificates,
                                 size_t count, const char *dns_name, int64_t at_s, struct error *err)
{
    STACK_OF(X509) *certs = classic_path_parse(certificates, count);
    if (certs == NULL || count == 0) {
        sk_X509_free(certs);
        return error_set(err, STATUS_MALFORMED, "classic chain: not certificates: %s",
                         context_openssl_reason());
    }
    X509 *issuer = NULL;
    enum status s = verify_path(chain->roots, certs, dns_name, at_s, &issuer, err);
    if (s == STATUS_OK)
        s = verify_scts(chain, sk_X509_value(certs, 0), issuer, at_s, err);
    X509_free(issuer);
    sk_X509_pop_free(certs, X509_free);
    return s;
}

enum status classic_chain_verify_below(struct bytes root, const struct bytes *certificates, size_t count,
                                       const char *dns_name, int64_t at_s, struct error *err)
{
    STACK_OF(X509) *certs = classic_path_parse(certificates, count);
    X509 *anchor = classic_certificate_parse(root), *issuer = NULL;
    STACK_OF(X509) *roots = NULL;
    enum status s;
    if (certs == NULL || count == 0 || anchor == NULL)
        s = error_set(err, STATUS_MALFORMED, "classic chain: not certificates: %s", context_openssl_reason());
    else
        s = stack_of(anchor, &roots, err);
    if (s == STATUS_OK)
        s = verify_path(roots, certs, dns_name, at_s, &issuer, err);
    X509_free(issuer);
    X509_free(anchor);
    sk_X509_pop_free(roots, X509_free);
    sk_X509_pop_free(certs, X509_free);
    return s;
}
