#include "tls/tls_credential_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "codec/ct/sct_list.h"
#include "tls/proof_name.h"

static struct tls_credential *new_empty(void)
{
    struct tls_credential *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    atomic_init(&c->count, 1);
    builder_init(&c->properties_der, PROPERTIES_SIZE_MAX);
    builder_init(&c->name_text, (size_t)TLS_CREDENTIAL_NAMES_MAX * 256);
    builder_init(&c->sct_list, TLS_CREDENTIAL_SCTS_MAX);
    builder_init(&c->ocsp, TLS_CREDENTIAL_OCSP_MAX);
    return c;
}

static enum status take_scts(struct tls_credential *c, struct bytes list, struct error *err)
{
    struct sct_list scts;
    if (list.len == 0 && c->properties != NULL && c->properties->has_sct_list)
        list = c->properties->sct_list;
    if (list.len == 0)
        return STATUS_OK;
    if (sct_list_parse(list, &scts, err) != STATUS_OK)
        return error_prefix(err, STATUS_USAGE, "SCT list");
    builder_bytes(&c->sct_list, list);
    c->facts.has_scts = true;
    return builder_status(&c->sct_list, "SCT list", err);
}

static enum status fill(struct tls_credential *c, const struct tls_credential_settings *settings,
                        struct error *err)
{
    c->is_tls13_only = settings->key_remote != NULL && settings->key_remote->is_tls13_only;
    enum status s = credential_chain_read(c, settings->chain_pem, settings->properties, err);
    if (s == STATUS_OK)
        s = credential_key_open(c, settings, err);
    if (s == STATUS_OK)
        s = take_scts(c, settings->sct_list, err);
    if (s == STATUS_OK && settings->ocsp.len > 0)
        s = credential_ocsp_take(c, settings->ocsp, settings->now_s, err);
    return s;
}

/* Gives c away when all is well. */
static enum status finish(struct tls_credential *c, enum status s, struct tls_credential **out)
{
    ERR_clear_error();
    if (s != STATUS_OK) {
        tls_credential_free(c);
        return s;
    }
    *out = c;
    return STATUS_OK;
}

enum status tls_credential_new(const struct tls_credential_settings *settings, struct tls_credential **out,
                               struct error *err)
{
    *out = NULL;
    /* OpenSSL looks at a certificate's signature algorithm once, and keeps what it made of it. */
    struct tls_credential *c = proof_name_register() ? new_empty() : NULL;
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    return finish(c, fill(c, settings, err), out);
}

enum status tls_credential_new_public(struct bytes chain_pem, struct bytes properties, struct tls_credential **out,
                                      struct error *err)
{
    *out = NULL;
    struct tls_credential *c = proof_name_register() ? new_empty() : NULL;
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    return finish(c, credential_chain_read(c, chain_pem, properties, err), out);
}

/* What OpenSSL counts is shared with the copy; the rest is derived again. */
static enum status copy(const struct tls_credential *from, struct tls_credential *c, struct error *err)
{
    if (X509_up_ref(from->leaf) == 1)
        c->leaf = from->leaf;
    if (from->issuer != NULL && X509_up_ref(from->issuer) == 1)
        c->issuer = from->issuer;
    if (from->rest != NULL)
        c->rest = X509_chain_up_ref(from->rest);
    /* One of tls_credential_new_public has none, nor has its copy. */
    if (from->key != NULL && EVP_PKEY_up_ref(from->key) == 1)
        c->key = from->key;
    c->is_tls13_only = from->is_tls13_only;
    builder_bytes(&c->properties_der, builder_view(&from->properties_der));
    if (c->leaf == NULL || (from->key != NULL && c->key == NULL) || (from->rest != NULL && c->rest == NULL))
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    enum status s = credential_chain_describe(c, err);
    return s == STATUS_OK ? take_scts(c, builder_view(&from->sct_list), err) : s;
}

enum status tls_credential_with_ocsp(const struct tls_credential *credential, struct bytes ocsp,
                                     int64_t now_s, struct tls_credential **out, struct error *err)
{
    *out = NULL;
    struct tls_credential *c = new_empty();
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "credential: out of memory");
    enum status s = copy(credential, c, err);
    if (s == STATUS_OK && ocsp.len > 0)
        s = credential_ocsp_take(c, ocsp, now_s, err);
    return finish(c, s, out);
}

struct tls_credential *tls_credential_keep(struct tls_credential *credential)
{
    if (credential != NULL)
        (void)atomic_fetch_add_explicit(&credential->count, 1, memory_order_relaxed);
    return credential;
}

void tls_credential_free(struct tls_credential *c)
{
    if (c == NULL || atomic_fetch_sub_explicit(&c->count, 1, memory_order_acq_rel) > 1)
        return;
    X509_free(c->leaf);
    X509_free(c->issuer);
    sk_X509_pop_free(c->rest, X509_free);
    EVP_PKEY_free(c->key);
    free(c->properties);
    builder_clear(&c->properties_der);
    builder_clear(&c->name_text);
    builder_clear(&c->sct_list);
    builder_clear(&c->ocsp);
    OPENSSL_free((void *)(uintptr_t)c->leaf_der.data);
    free(c->ocsp_url);
    free(c);
}

const struct tls_credential_facts *tls_credential_facts(const struct tls_credential *credential)
{
    return &credential->facts;
}
