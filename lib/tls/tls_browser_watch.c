/* tls_browser_watch.c - what a browser hears and counts during a handshake, and its judgement. */
#include <stdlib.h>
#include <string.h>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include "base/reader.h"
#include "crypto/context.h"
#include "tls/tls_browser_parts.h"

#define RECORD_HEADER_SIZE 5
/* Where a HelloRetryRequest differs from a ServerHello: the first bytes of its random [RFC8446 4.1.3]. */
#define RANDOM_OFFSET 6

static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static int slot = -1; /* of the connection; written once */

static void take_slot(void)
{
    slot = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

struct tls_browser_connection *tls_browser_connection_of(const SSL *ssl)
{
    return SSL_get_ex_data(ssl, slot);
}

bool tls_browser_connection_attach(SSL *ssl, struct tls_browser_connection *c)
{
    return slot >= 0 && SSL_set_ex_data(ssl, slot, c) == 1;
}

/* ---- what was agreed on ---- */

static void copy_name(char out[TLS_BROWSER_NAME_SIZE], const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;
    if (len >= TLS_BROWSER_NAME_SIZE)
        len = TLS_BROWSER_NAME_SIZE - 1;
    if (len > 0)
        memcpy(out, name, len);
    out[len] = '\0';
}

void tls_browser_describe(struct tls_browser_connection *c)
{
    struct tls_browser_report *r = &c->report;
    const char *signature = NULL;
    const char *group_name = c->has_server_hello ? SSL_get0_group_name(c->ssl) : NULL;
    const SSL_CIPHER *suite = SSL_get_current_cipher(c->ssl);
    const struct tls_group_name *group = group_name != NULL ? tls_names_group_by_name(bytes_of_text(group_name)) : NULL;
    r->group_id = group != NULL ? group->code : 0;
    copy_name(r->group, group != NULL ? group->name : group_name);
    r->suite_id = suite != NULL ? SSL_CIPHER_get_protocol_id(suite) : 0;
    copy_name(r->suite, suite != NULL ? SSL_CIPHER_standard_name(suite) : NULL);
    copy_name(r->version, c->has_server_hello ? SSL_get_version(c->ssl) : NULL);
    if (c->report.is_resumed || SSL_get0_peer_signature_name(c->ssl, &signature) != 1 || signature == NULL)
        return;
    const struct tls_scheme_name *scheme = tls_names_scheme_by_name(bytes_of_text(signature));
    r->signature_id = scheme != NULL ? scheme->code : 0;
    copy_name(r->signature, scheme != NULL ? scheme->name : signature);
}

/* ---- the judgement ---- */

static size_t split(struct bytes chain, struct bytes *out)
{
    struct reader r, one;
    size_t count = 0;
    reader_init(&r, chain);
    while (count < PEER_CHAIN_MAX && !reader_is_at_end(&r) && reader_vector_u24(&r, &one))
        out[count++] = reader_rest(&one);
    return count;
}

void tls_browser_ask(const struct tls_browser_connection *c, bool is_unpaired, struct bytes chain[PEER_CHAIN_MAX],
                     struct peer_request *out)
{
    *out = (struct peer_request){
        .chain = chain, .count = split(builder_view(&c->chain), chain), .at_s = c->at_s, .scope = c->browser->scope,
        .is_unpaired = is_unpaired, .is_tls13 = SSL_version(c->ssl) == TLS1_3_VERSION, .suite = c->report.suite_id,
        .group = c->report.group_id, .is_anchor_confirmed = c->anchors.is_confirmed,
        .sct_list = builder_view(&c->sct_list),
        .ocsp_response = builder_view(&c->ocsp)};
    if (c->ip_len > 0)
        out->ip = bytes_of(c->ip, c->ip_len);
    else
        out->dns_name = bytes_of_text(c->server_name);
}

enum status tls_browser_judge(struct tls_browser_connection *c, bool is_unpaired, struct error *err)
{
    struct bytes chain[PEER_CHAIN_MAX];
    struct peer_request request;
    tls_browser_ask(c, is_unpaired, chain, &request);
    c->report.is_judged = true;
    c->report.verdict = peer_verify(c->browser->trust, &c->browser->hashers, &request, &c->report.peer, err);
    if (c->report.verdict != STATUS_OK) {
        c->has_failed = true;
        memcpy(c->report.reason, err->text, sizeof c->report.reason);
    }
    return c->report.verdict;
}

static enum status keep_chain(struct tls_browser_connection *c, const STACK_OF(X509) *certs, struct error *err)
{
    int count = sk_X509_num(certs);
    if (count > PEER_CHAIN_MAX)
        return error_set(err, STATUS_LIMIT, "%d certificates; a chain has at most %d", count, PEER_CHAIN_MAX);
    builder_reset(&c->chain);
    for (int i = 0; i < count; i++) {
        unsigned char *der = NULL;
        int len = i2d_X509(sk_X509_value(certs, i), &der);
        size_t mark = builder_open_vector(&c->chain, 3);
        builder_bytes(&c->chain, bytes_of(der, len > 0 ? (size_t)len : 0));
        builder_close_vector(&c->chain, mark, 3);
        OPENSSL_free(der);
    }
    return builder_status(&c->chain, "certificate chain", err);
}

/* What the alert to the server says follows from the code. */
static int verdict_code(enum status s)
{
    if (s == STATUS_OK)
        return X509_V_OK;
    return s == STATUS_NOT_FOUND ? X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY : X509_V_ERR_CERT_REJECTED;
}

static int verify_chain(X509_STORE_CTX *store, void *argument)
{
    struct error err = {.status = STATUS_OK};
    const SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tls_browser_connection *c = tls_browser_connection_of(ssl);
    (void)argument;
    tls_browser_describe(c);
    enum status s = keep_chain(c, X509_STORE_CTX_get0_untrusted(store), &err);
    if (s == STATUS_OK)
        s = tls_browser_judge(c, false, &err);
    else
        c->has_failed = true;
    if (s != STATUS_OK)
        memcpy(c->report.reason, err.text, sizeof c->report.reason);
    X509_STORE_CTX_set_error(store, verdict_code(s));
    return s == STATUS_OK ? 1 : 0;
}

/* The leaf's response: TLS 1.3 has one for each certificate, TLS 1.2 one in a message of its own. */
static unsigned char *copy_response(SSL *ssl, size_t *len)
{
    unsigned char *der = NULL;
    const unsigned char *raw = NULL;
    STACK_OF(OCSP_RESPONSE) *all = NULL;
    *len = 0;
    (void)SSL_get0_tlsext_status_ocsp_resp_ex(ssl, &all);
    if (all != NULL && sk_OCSP_RESPONSE_num(all) > 0 && sk_OCSP_RESPONSE_value(all, 0) != NULL) {
        int size = i2d_OCSP_RESPONSE(sk_OCSP_RESPONSE_value(all, 0), &der);
        *len = size > 0 ? (size_t)size : 0;
        return der;
    }
    long size = SSL_get_tlsext_status_ocsp_resp(ssl, &raw);
    if (size <= 0 || raw == NULL || (der = OPENSSL_memdup(raw, (size_t)size)) == NULL)
        return NULL;
    *len = (size_t)size;
    return der;
}

/* Comes after the certificates were judged; when something is stapled, they are judged with that. */
static int hear_staple(SSL *ssl, void *argument)
{
    struct error err = {.status = STATUS_OK};
    struct tls_browser_connection *c = tls_browser_connection_of(ssl);
    size_t len;
    (void)argument;
    unsigned char *der = SSL_session_reused(ssl) == 1 ? NULL : copy_response(ssl, &len);
    if (der == NULL)
        return 1;
    builder_reset(&c->ocsp);
    builder_bytes(&c->ocsp, bytes_of(der, len));
    if (!builder_is_good(&c->ocsp))
        builder_reset(&c->ocsp);
    OPENSSL_free(der);
    return tls_browser_judge(c, false, &err) == STATUS_OK ? 1 : 0;
}

/* ---- SCTs ---- */

static int ask_for_scts(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *out_len, X509 *cert,
                        size_t index, int *alert, void *argument)
{
    (void)ssl;
    (void)type;
    (void)cert;
    (void)index;
    (void)alert;
    (void)argument;
    *out = NULL;
    *out_len = 0;
    return context == SSL_EXT_CLIENT_HELLO ? 1 : 0;
}

static int hear_scts(SSL *ssl, unsigned type, unsigned context, const unsigned char *in, size_t in_len, X509 *cert,
                     size_t index, int *alert, void *argument)
{
    struct tls_browser_connection *c = tls_browser_connection_of(ssl);
    (void)type;
    (void)context;
    (void)cert;
    (void)alert;
    (void)argument;
    if (index != 0)
        return 1; /* about another certificate than the leaf */
    builder_reset(&c->sct_list);
    builder_bytes(&c->sct_list, bytes_of(in, in_len));
    return 1;
}

/* ---- sizes ---- */

static void count_record(struct tls_browser_connection *c, bool is_write, const uint8_t *header)
{
    size_t size = RECORD_HEADER_SIZE + ((size_t)header[3] << 8 | header[4]);
    if (c->report.is_done)
        return;
    if (!is_write)
        c->report.server_flight_size += size;
    else if (c->has_server_hello)
        c->report.client_finish_size += size;
    else
        c->report.client_hello_size += size;
}

static void look_at_message(struct tls_browser_connection *c, const uint8_t *message, size_t len)
{
    static const uint8_t retry_random[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11};
    if (message[0] == SSL3_MT_CERTIFICATE)
        c->report.certificate_message_size = len;
    if (message[0] != SSL3_MT_SERVER_HELLO || len < RANDOM_OFFSET + sizeof retry_random)
        return;
    if (memcmp(message + RANDOM_OFFSET, retry_random, sizeof retry_random) == 0)
        c->report.is_hello_retried = true;
    else
        c->has_server_hello = true;
}

static void watch(int is_write, int version, int content_type, const void *data, size_t len, SSL *ssl, void *argument)
{
    struct tls_browser_connection *c = tls_browser_connection_of(ssl);
    (void)version;
    (void)argument;
    if (c == NULL)
        return;
    if (content_type == SSL3_RT_HEADER && len >= RECORD_HEADER_SIZE)
        count_record(c, is_write != 0, data);
    else if (content_type == SSL3_RT_HANDSHAKE && is_write == 0 && len > 0)
        look_at_message(c, data, len);
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls_browser_connection *c = tls_browser_connection_of(ssl);
    if (c == NULL)
        return 0;
    SSL_SESSION_free(c->session);
    c->session = session;
    return 1; /* the reference is ours now */
}

enum status tls_browser_watch(SSL_CTX *ctx, struct error *err)
{
    if (CRYPTO_THREAD_run_once(&once, take_slot) != 1 || slot < 0)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(ctx, verify_chain, NULL);
    SSL_CTX_set_msg_callback(ctx, watch);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    if (SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp) != 1 ||
        SSL_CTX_set_tlsext_status_cb(ctx, hear_staple) != 1 ||
        SSL_CTX_add_custom_ext(ctx, TLSEXT_TYPE_signed_certificate_timestamp,
                               SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE,
                               ask_for_scts, NULL, NULL, hear_scts, NULL) != 1)
        return error_set(err, STATUS_USAGE, "tls: %s", context_openssl_reason());
    return STATUS_OK;
}
