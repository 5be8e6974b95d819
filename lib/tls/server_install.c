/* How the chosen credential is shown: certificate and key, ALPN, OCSP staple, SCTs. */
#include "tls/tls_server_parts.h"

#include <string.h>

#include "crypto/context.h"

#define EXT_SCT 18

static int install_certificate(SSL *ssl, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    (void)argument;
    if (c->credential == NULL)
        return 0;
    SSL_certs_clear(ssl);
    return SSL_use_cert_and_key(ssl, c->credential->leaf, c->credential->key, c->credential->rest, 1) == 1 ? 1 : 0;
}

static int answer_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                       unsigned in_len, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    (void)in;
    (void)in_len;
    (void)argument;
    if (c->alpn[0] == '\0')
        return SSL_TLSEXT_ERR_NOACK;
    *out = (const unsigned char *)c->alpn;
    *out_len = (unsigned char)strlen(c->alpn);
    return SSL_TLSEXT_ERR_OK;
}

/* Only for who asks: libssl calls it only then. */
static int staple(SSL *ssl, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    const struct tls_credential *credential = c->credential;
    (void)argument;
    if (credential == NULL || !credential->facts.has_ocsp ||
        credential->facts.ocsp_until_s <= c->server->now_s(c->server->context))
        return SSL_TLSEXT_ERR_NOACK;
    struct bytes response = builder_view(&credential->ocsp);
    unsigned char *copy = OPENSSL_memdup(response.data, response.len);
    if (copy == NULL || SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)response.len) != 1)
        return SSL_TLSEXT_ERR_NOACK;
    c->is_stapled = true;
    return SSL_TLSEXT_ERR_OK;
}

static int add_scts(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *out_len,
                    X509 *cert, size_t index, int *alert, void *argument)
{
    const struct server_connection *c = server_connection_of(ssl);
    (void)type;
    (void)cert;
    (void)alert;
    (void)argument;
    if (context == SSL_EXT_CLIENT_HELLO || index != 0 || c->credential == NULL || c->credential->sct_list.len == 0)
        return 0;
    *out = c->credential->sct_list.data;
    *out_len = c->credential->sct_list.len;
    return 1;
}

enum status server_install_add(SSL_CTX *ctx, struct error *err)
{
    SSL_CTX_set_cert_cb(ctx, install_certificate, NULL);
    SSL_CTX_set_alpn_select_cb(ctx, answer_alpn, NULL);
    unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE;
    if (SSL_CTX_set_tlsext_status_cb(ctx, staple) == 1 &&
        SSL_CTX_add_custom_ext(ctx, EXT_SCT, where, add_scts, NULL, NULL, NULL, NULL) == 1)
        return STATUS_OK;
    return error_set(err, STATUS_USAGE, "tls: OCSP or SCTs: %s", context_openssl_reason());
}
