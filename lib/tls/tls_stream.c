#include "tls/tls_stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "crypto/context.h"
#include "tls/tls_context_parts.h"

#define REASON_SIZE 160

struct tls_stream {
    struct tls_context *context;
    SSL *ssl;
    bool is_finished; /* after a failure the library may not be asked for anything more */
    char reason[REASON_SIZE];
};

static bool is_address(const char *name)
{
    unsigned char raw[16];
    return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

static bool set_name(struct tls_stream *s, const char *name)
{
    bool is_ip = is_address(name);
    if (!is_ip && SSL_set_tlsext_host_name(s->ssl, (void *)(uintptr_t)name) != 1)
        return false;
    if (!s->context->is_verified)
        return true;
    if (is_ip)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(s->ssl), name) == 1;
    return SSL_set1_dnsname(s->ssl, name) == 1;
}

enum status tls_stream_new(struct tls_context *context, int fd, const char *server_name,
                           struct tls_stream **out, struct error *err)
{
    *out = NULL;
    struct tls_stream *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    s->context = tls_context_keep(context);
    s->ssl = SSL_new(context->ctx);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, fd) != 1 ||
        (!context->is_server && server_name != NULL && !set_name(s, server_name))) {
        tls_stream_free(s);
        return error_set(err, STATUS_NO_MEMORY, "tls: no connection: %s", context_openssl_reason());
    }
    if (context->is_server)
        SSL_set_accept_state(s->ssl);
    else
        SSL_set_connect_state(s->ssl);
    *out = s;
    return STATUS_OK;
}

void tls_stream_free(struct tls_stream *stream)
{
    if (stream == NULL)
        return;
    SSL_free(stream->ssl);
    tls_context_free(stream->context);
    ERR_clear_error();
    free(stream);
}

static void keep_reason(struct tls_stream *s, int system_error)
{
    unsigned long code = ERR_peek_last_error();
    long verdict = SSL_get_verify_result(s->ssl);
    const char *text = ERR_reason_error_string(code);
    if (s->context->is_verified && verdict != X509_V_OK)
        text = X509_verify_cert_error_string(verdict);
    else if (text == NULL && system_error != 0)
        text = strerror(system_error);
    else if (text == NULL)
        text = "the connection was closed";
    struct builder b;
    builder_init_fixed(&b, s->reason, sizeof s->reason);
    builder_printf(&b, "%.*s", REASON_SIZE - 1, text);
    builder_u8(&b, 0);
    ERR_clear_error();
}

static enum tls_result judge(struct tls_stream *s, int result)
{
    int system_error = errno;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_NONE:
        return TLS_DONE;
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_END;
    default:
        s->is_finished = true;
        keep_reason(s, system_error);
        return TLS_FAILED;
    }
}

enum tls_result tls_stream_handshake(struct tls_stream *stream)
{
    if (stream->is_finished)
        return TLS_FAILED;
    ERR_clear_error();
    errno = 0;
    enum tls_result result = judge(stream, SSL_do_handshake(stream->ssl));
    if (result == TLS_END) {
        keep_reason(stream, 0);
        result = TLS_FAILED;
    }
    return result;
}

enum tls_result tls_stream_read(struct tls_stream *stream, void *out, size_t size, size_t *len)
{
    *len = 0;
    if (stream->is_finished)
        return TLS_FAILED;
    ERR_clear_error();
    errno = 0;
    return judge(stream, SSL_read_ex(stream->ssl, out, size, len));
}

enum tls_result tls_stream_write(struct tls_stream *stream, struct bytes data, size_t *len)
{
    *len = 0;
    if (stream->is_finished)
        return TLS_FAILED;
    if (data.len == 0)
        return TLS_DONE;
    ERR_clear_error();
    errno = 0;
    return judge(stream, SSL_write_ex(stream->ssl, data.data, data.len, len));
}

enum tls_result tls_stream_close(struct tls_stream *stream)
{
    if (stream->is_finished || SSL_is_init_finished(stream->ssl) != 1)
        return TLS_DONE;
    ERR_clear_error();
    errno = 0;
    int result = SSL_shutdown(stream->ssl);
    return result >= 0 ? TLS_DONE : judge(stream, result);
}

bool tls_stream_has_pending(const struct tls_stream *stream)
{
    return SSL_pending(stream->ssl) > 0;
}

struct bytes tls_stream_alpn(const struct tls_stream *stream)
{
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(stream->ssl, &name, &len);
    return bytes_of(name, len);
}

enum status tls_stream_peer_certificate(const struct tls_stream *stream, struct builder *der,
                                        struct error *err)
{
    unsigned char *raw = NULL;
    const X509 *cert = SSL_get0_peer_certificate(stream->ssl);
    if (cert == NULL)
        return error_set(err, STATUS_NOT_FOUND, "tls: the peer has shown no certificate");
    int len = i2d_X509(cert, &raw);
    if (len <= 0)
        return error_set(err, STATUS_NO_MEMORY, "tls: %s", context_openssl_reason());
    builder_bytes(der, bytes_of(raw, (size_t)len));
    OPENSSL_free(raw);
    return builder_status(der, "certificate", err);
}

const char *tls_stream_reason(const struct tls_stream *stream)
{
    return stream->reason;
}
