#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "tls/tls_context_parts.h"

static enum status unusable(const char *what, struct error *err)
{
    return error_set(err, STATUS_USAGE, "tls: %s: %s", what, context_openssl_reason());
}

SSL_CTX *tls_context_new_library(bool is_server)
{
    SSL_CTX *ctx = SSL_CTX_new_ex(context_library(), context_properties(),
                                  is_server ? TLS_server_method() : TLS_client_method());
    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                    SSL_MODE_RELEASE_BUFFERS);
    return ctx;
}

static enum status new_context(bool is_server, struct tls_context **out, struct error *err)
{
    *out = NULL;
    struct tls_context *c = calloc(1, sizeof *c);
    if (c == NULL)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    c->count = 1;
    c->is_server = is_server;
    c->ctx = tls_context_new_library(is_server);
    if (c->ctx == NULL) {
        tls_context_free(c);
        return unusable("no context", err);
    }
    *out = c;
    return STATUS_OK;
}

struct tls_context *tls_context_keep(struct tls_context *context)
{
    if (context != NULL)
        context->count++;
    return context;
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL || --context->count > 0)
        return;
    SSL_CTX_free(context->ctx);
    free(context);
}

/* ---- server ---- */

static STACK_OF(X509) *read_certificates(struct bytes pem)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    BIO *in = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
    bool ok = all != NULL && in != NULL;
    while (ok) {
        X509 *one = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (one == NULL)
            break;
        ok = sk_X509_num(all) < TLS_CONTEXT_CHAIN_MAX && sk_X509_push(all, one) > 0;
        if (!ok)
            X509_free(one);
    }
    /* No start line is how it ends; anything else is damage. */
    ok = ok && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE && sk_X509_num(all) > 0;
    BIO_free(in);
    if (ok) {
        ERR_clear_error();
        return all;
    }
    sk_X509_pop_free(all, X509_free);
    return NULL;
}

static enum status use_certificate(SSL_CTX *ctx, struct bytes chain_pem, struct bytes key_pem,
                                   struct error *err)
{
    ERR_clear_error();
    STACK_OF(X509) *chain = read_certificates(chain_pem);
    if (chain == NULL)
        return unusable("certificate chain cannot be read", err);
    EVP_PKEY *key = evp_key_read_pem(key_pem);
    if (key == NULL) {
        sk_X509_pop_free(chain, X509_free);
        return unusable("private key cannot be read", err);
    }
    X509 *leaf = sk_X509_shift(chain);
    bool ok = SSL_CTX_use_cert_and_key(ctx, leaf, key, chain, 1) == 1;
    X509_free(leaf);
    EVP_PKEY_free(key);
    sk_X509_pop_free(chain, X509_free);
    return ok ? STATUS_OK : unusable("certificate and key do not belong together", err);
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *argument)
{
    static const unsigned char http[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    (void)ssl;
    (void)argument;
    if (SSL_select_next_proto(&chosen, out_len, http, sizeof http - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

enum status tls_context_new_server(struct bytes chain_pem, struct bytes key_pem,
                                   struct tls_context **out, struct error *err)
{
    static const unsigned char session_id[] = "cathaya";
    enum status s = new_context(true, out, err);
    if (s == STATUS_OK)
        s = use_certificate((*out)->ctx, chain_pem, key_pem, err);
    if (s != STATUS_OK) {
        tls_context_free(*out);
        *out = NULL;
        return s;
    }
    SSL_CTX_set_alpn_select_cb((*out)->ctx, choose_protocol, NULL);
    (void)SSL_CTX_set_session_id_context((*out)->ctx, session_id, sizeof session_id - 1);
    return STATUS_OK;
}

/* ---- client ---- */

static enum status trust(SSL_CTX *ctx, struct bytes ca_pem, struct error *err)
{
    ERR_clear_error();
    STACK_OF(X509) *all = read_certificates(ca_pem);
    if (all == NULL)
        return unusable("trusted certificates cannot be read", err);
    bool ok = true;
    for (int i = 0; ok && i < sk_X509_num(all); i++)
        ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), sk_X509_value(all, i)) == 1;
    sk_X509_pop_free(all, X509_free);
    return ok ? STATUS_OK : unusable("trusted certificates cannot be used", err);
}

enum status tls_context_offer_protocol(SSL_CTX *ctx, const char *alpn, struct error *err)
{
    unsigned char list[256];
    size_t len = strlen(alpn);
    if (len == 0 || len > 255)
        return error_set(err, STATUS_USAGE, "tls: a protocol name of %zu bytes", len);
    list[0] = (unsigned char)len;
    memcpy(list + 1, alpn, len);
    /* 0 is success, for once. */
    return SSL_CTX_set_alpn_protos(ctx, list, (unsigned)len + 1) == 0 ? STATUS_OK
                                                                      : unusable("ALPN", err);
}

enum status tls_context_new_client(const struct tls_client_settings *settings,
                                   struct tls_context **out, struct error *err)
{
    enum status s = new_context(false, out, err);
    if (s == STATUS_OK && settings->alpn != NULL)
        s = tls_context_offer_protocol((*out)->ctx, settings->alpn, err);
    if (s == STATUS_OK && settings->is_verified)
        s = trust((*out)->ctx, settings->ca_pem, err);
    if (s != STATUS_OK) {
        tls_context_free(*out);
        *out = NULL;
        return s;
    }
    (*out)->is_verified = settings->is_verified;
    SSL_CTX_set_verify((*out)->ctx, settings->is_verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    return STATUS_OK;
}
