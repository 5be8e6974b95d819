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
#include "tls/tls_stream_parts.h"

/* Small pieces are put together up to a record of the largest size. */
#define RECORD_MAX 16384
/* A client can use a record when it has all of it: so the first ones of an answer are small, as many as the
 * first window of TCP takes anyway (10 segments) [RFC6928]. */
#define FIRST_RECORD_MAX 4096
#define FIRST_RECORDS_SIZE (3 * FIRST_RECORD_MAX)

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

enum status tls_stream_new_kind(SSL *ssl, int fd, const struct tls_stream_kind *kind, void *owner,
                                struct tls_stream **out, struct error *err)
{
    *out = NULL;
    struct tls_stream *s = calloc(1, sizeof *s);
    if (s == NULL) {
        SSL_free(ssl);
        kind->free(owner);
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    }
    *s = (struct tls_stream){.ssl = ssl, .kind = kind, .owner = owner};
    if (SSL_is_server(ssl) == 1)
        s->small_left = FIRST_RECORDS_SIZE;
    if (SSL_set_fd(ssl, fd) != 1) {
        tls_stream_free(s);
        return error_set(err, STATUS_NO_MEMORY, "tls: no connection: %s", context_openssl_reason());
    }
    *out = s;
    return STATUS_OK;
}

void *tls_stream_owner(const struct tls_stream *stream, const struct tls_stream_kind *kind)
{
    return stream->kind == kind ? stream->owner : NULL;
}

void tls_stream_free(struct tls_stream *stream)
{
    if (stream == NULL)
        return;
    SSL_free(stream->ssl);
    if (stream->kind != NULL)
        stream->kind->free(stream->owner);
    tls_context_free(stream->context);
    free(stream->reason);
    ERR_clear_error();
    free(stream);
}

static const char *library_reason(const struct tls_stream *s, int system_error)
{
    long verdict = SSL_get_verify_result(s->ssl);
    if (s->context != NULL && s->context->is_verified && verdict != X509_V_OK)
        return X509_verify_cert_error_string(verdict);
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    if (text == NULL && system_error != 0)
        text = strerror(system_error);
    return text != NULL ? text : "the connection was closed";
}

static void keep_reason(struct tls_stream *s, int system_error)
{
    char text[TLS_STREAM_REASON_SIZE];
    struct builder b;
    builder_init_fixed(&b, text, sizeof text - 1);
    if (s->kind == NULL || !s->kind->explain(s->owner, s->ssl, &b)) {
        builder_reset(&b);
        builder_printf(&b, "%.*s", TLS_STREAM_REASON_SIZE - 2, library_reason(s, system_error));
    }
    text[b.len] = '\0';
    free(s->reason);
    s->reason = strdup(text);
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
    if (stream->is_connected)
        return TLS_DONE;
    ERR_clear_error();
    errno = 0;
    enum tls_result result = judge(stream, SSL_do_handshake(stream->ssl));
    if (result == TLS_END) {
        stream->is_finished = true;
        keep_reason(stream, 0);
        return TLS_FAILED;
    }
    if (result != TLS_DONE)
        return result;
    if (stream->kind != NULL && stream->kind->finished != NULL && !stream->kind->finished(stream->owner, stream->ssl)) {
        stream->is_finished = true;
        keep_reason(stream, 0);
        return TLS_FAILED;
    }
    stream->is_connected = true;
    return TLS_DONE;
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

/* How much of len goes into the next call: one record. What once had to wait is offered whole again, since
 * its record is made. */
static size_t next_len(const struct tls_stream *s, size_t len)
{
    size_t max = s->small_left > 0 ? FIRST_RECORD_MAX : RECORD_MAX;
    if (max < s->pending_len)
        max = s->pending_len;
    return len < max ? len : max;
}

static enum tls_result write_once(struct tls_stream *s, struct bytes data, size_t *len)
{
    *len = 0;
    ERR_clear_error();
    errno = 0;
    enum tls_result result = judge(s, SSL_write_ex(s->ssl, data.data, data.len, len));
    s->pending_len = result == TLS_WANT_WRITE || result == TLS_WANT_READ ? data.len : 0;
    s->small_left -= *len < s->small_left ? *len : s->small_left;
    return result;
}

/* Where a writer is in its pieces. */
struct pieces {
    const struct bytes *at;
    size_t count;
    size_t skipped; /* of the first one */
};

static void skip(struct pieces *p, size_t len)
{
    for (;;) {
        size_t part = p->count > 0 ? p->at->len - p->skipped : 0;
        if (p->count == 0 || part > len) {
            p->skipped += len;
            return;
        }
        len -= part;
        *p = (struct pieces){p->at + 1, p->count - 1, 0};
    }
}

/* The next bytes: the first piece when it fills a record or is the last, else a copy of several. */
static struct bytes next_bytes(const struct pieces *p, uint8_t record[RECORD_MAX])
{
    struct bytes first = bytes_of(p->at->data + p->skipped, p->at->len - p->skipped);
    size_t len = 0, skipped = p->skipped;
    if (p->count == 1 || first.len >= RECORD_MAX)
        return first;
    for (size_t i = 0; i < p->count && len < RECORD_MAX; i++) {
        size_t part = p->at[i].len - skipped;
        if (part > RECORD_MAX - len)
            part = RECORD_MAX - len;
        if (part > 0)
            memcpy(record + len, p->at[i].data + skipped, part);
        len += part;
        skipped = 0;
    }
    return bytes_of(record, len);
}

enum tls_result tls_stream_writev(struct tls_stream *stream, const struct bytes *pieces, size_t count,
                                  size_t *len)
{
    uint8_t record[RECORD_MAX];
    struct pieces p = {pieces, count, 0};
    enum tls_result result = TLS_DONE;
    *len = 0;
    if (stream->is_finished)
        return TLS_FAILED;
    skip(&p, 0);
    while (result == TLS_DONE && p.count > 0) {
        size_t once;
        struct bytes data = next_bytes(&p, record);
        result = write_once(stream, bytes_of(data.data, next_len(stream, data.len)), &once);
        *len += once;
        skip(&p, once);
    }
    return result;
}

enum tls_result tls_stream_write(struct tls_stream *stream, struct bytes data, size_t *len)
{
    enum tls_result result = tls_stream_writev(stream, &data, 1, len);
    /* What has gone out has gone out: the next call hears of the wait again. */
    return *len > 0 && result != TLS_FAILED ? TLS_DONE : result;
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
    return SSL_has_pending(stream->ssl) == 1;
}

uint64_t tls_stream_bytes_read(const struct tls_stream *stream)
{
    return BIO_number_read(SSL_get_rbio(stream->ssl));
}

uint64_t tls_stream_bytes_written(const struct tls_stream *stream)
{
    return BIO_number_written(SSL_get_wbio(stream->ssl));
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
    return stream->reason != NULL ? stream->reason : "";
}
