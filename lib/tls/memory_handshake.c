#include "tls/memory_handshake.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/builder.h"
#include "crypto/context.h"
#include "crypto/evp_key.h"
#include "tls/classic_certificate.h"
#include "tls/proof_name.h"
#include "tls/trust_anchors.h"

/* A full handshake needs three turns; a HelloRetryRequest one more. */
#define TURNS_MAX 8

/* One handshake in progress: the argument of every callback. */
struct run {
    const struct memory_handshake *asked;
    struct memory_handshake_result *out;
    SSL_CTX *client_ctx, *server_ctx;
    SSL *client, *server;
    struct trust_anchors of_client, of_server;
    struct trust_anchor_list heard;
    struct builder requested, available;
    X509 *certs[MEMORY_HANDSHAKE_CHAIN_MAX];
    enum status verdict; /* of the verify callback */
    struct error *err;
};

/* For libssl's macros and callbacks that take what they only read, or what is ours to free, as const or
 * not const against our grain. */
static void *unconst(const void *p)
{
    return (void *)(uintptr_t)p;
}

static uint64_t now_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- the client's judgement ---- */

static enum status judge(struct run *run, STACK_OF(X509) *certs)
{
    unsigned char *der[MEMORY_HANDSHAKE_CHAIN_MAX] = {NULL};
    struct bytes chain[MEMORY_HANDSHAKE_CHAIN_MAX];
    int count = sk_X509_num(certs);
    enum status s = count >= 1 && count <= MEMORY_HANDSHAKE_CHAIN_MAX
                        ? STATUS_OK
                        : error_set(run->err, STATUS_LIMIT, "handshake: %d certificates", count);
    for (int i = 0; s == STATUS_OK && i < count; i++) {
        int len = i2d_X509(sk_X509_value(certs, i), &der[i]);
        chain[i] = bytes_of(der[i], len > 0 ? (size_t)len : 0);
        if (len <= 0)
            s = error_set(run->err, STATUS_NO_MEMORY, "handshake: certificate cannot be encoded");
    }
    if (s == STATUS_OK) {
        uint64_t start = now_ns();
        s = run->asked->verify(run->asked->context, chain, (size_t)count, run->err);
        run->out->verify_ns = now_ns() - start;
    }
    for (int i = 0; i < count && i < MEMORY_HANDSHAKE_CHAIN_MAX; i++)
        OPENSSL_free(der[i]);
    return s;
}

static int verify_chain(X509_STORE_CTX *store, void *argument)
{
    struct run *run = argument;
    run->verdict = judge(run, X509_STORE_CTX_get0_untrusted(store));
    X509_STORE_CTX_set_error(store, run->verdict == STATUS_OK ? X509_V_OK
                                                              : X509_V_ERR_APPLICATION_VERIFICATION);
    return run->verdict == STATUS_OK ? 1 : 0;
}

static void watch_messages(int is_write, int version, int content_type, const void *data, size_t len,
                           SSL *ssl, void *argument)
{
    struct run *run = argument;
    (void)version;
    (void)ssl;
    if (is_write != 0 && content_type == SSL3_RT_HANDSHAKE && len > 0 &&
        *(const uint8_t *)data == SSL3_MT_CERTIFICATE)
        run->out->certificate_message_size = len;
}

/* ---- set-up ---- */

static SSL_CTX *new_context(struct run *run, bool is_server)
{
    const struct memory_handshake *asked = run->asked;
    SSL_CTX *ctx = SSL_CTX_new_ex(context_library(), context_properties(),
                                  is_server ? TLS_server_method() : TLS_client_method());
    if (ctx == NULL)
        return NULL;
    SSL_CTX_set_options(ctx, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION |
                                 SSL_OP_NO_RX_CERTIFICATE_COMPRESSION | SSL_OP_NO_TICKET);
    bool ok = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set_ciphersuites(ctx, asked->suite) == 1 &&
              SSL_CTX_set1_groups_list(ctx, unconst(asked->group)) == 1 &&
              SSL_CTX_set_num_tickets(ctx, 0) == 1;
    if (ok && asked->has_trust_anchors)
        ok = trust_anchors_install(ctx, 0, run->err) == STATUS_OK;
    if (ok)
        return ctx;
    SSL_CTX_free(ctx);
    return NULL;
}

static enum status unusable(const char *what, struct error *err)
{
    return error_set(err, STATUS_USAGE, "handshake: %s: %s", what, context_openssl_reason());
}

static enum status install_chain(struct run *run)
{
    const struct memory_handshake *asked = run->asked;
    if (asked->chain_count < 1 || asked->chain_count > MEMORY_HANDSHAKE_CHAIN_MAX)
        return error_set(run->err, STATUS_USAGE, "handshake: a chain of %zu certificates",
                         asked->chain_count);
    for (size_t i = 0; i < asked->chain_count; i++) {
        run->certs[i] = classic_certificate_parse(asked->chain[i]);
        if (run->certs[i] == NULL)
            return unusable("certificate cannot be read", run->err);
    }
    EVP_PKEY *key = evp_key_read_pem(asked->key_pem);
    if (key == NULL)
        return unusable("private key cannot be read", run->err);
    STACK_OF(X509) *rest = sk_X509_new_null();
    bool ok = rest != NULL;
    for (size_t i = 1; ok && i < asked->chain_count; i++)
        ok = sk_X509_push(rest, run->certs[i]) > 0;
    ok = ok && SSL_CTX_use_cert_and_key(run->server_ctx, run->certs[0], key, rest, 1) == 1;
    sk_X509_free(rest);
    EVP_PKEY_free(key);
    return ok ? STATUS_OK : unusable("certificate and key cannot be used", run->err);
}

/* What both sides say in trust_anchors, and where the client keeps what it hears. */
static enum status prepare_trust_anchors(struct run *run)
{
    const struct memory_handshake *asked = run->asked;
    if (!asked->has_trust_anchors)
        return STATUS_OK;
    enum status s = trust_anchor_list_write(asked->requested.ids, asked->requested.count,
                                            TRUST_ANCHOR_REQUESTED, &run->requested, run->err);
    if (s == STATUS_OK && asked->available.count > 0)
        s = trust_anchor_list_write(asked->available.ids, asked->available.count, TRUST_ANCHOR_AVAILABLE,
                                    &run->available, run->err);
    run->of_client = (struct trust_anchors){
        .is_requesting = true, .requested = builder_view(&run->requested), .heard = &run->heard};
    run->of_server = (struct trust_anchors){.available = builder_view(&run->available),
                                            .is_confirmed = asked->is_requested_chain};
    if (s == STATUS_OK && (!trust_anchors_attach(run->client, &run->of_client) ||
                           !trust_anchors_attach(run->server, &run->of_server)))
        s = unusable("connection", run->err);
    return s;
}

static bool connect_in_memory(struct run *run)
{
    BIO *to_server = BIO_new(BIO_s_mem()), *to_client = BIO_new(BIO_s_mem());
    run->client = SSL_new(run->client_ctx);
    run->server = SSL_new(run->server_ctx);
    if (to_server == NULL || to_client == NULL || run->client == NULL || run->server == NULL ||
        BIO_up_ref(to_server) != 1) {
        BIO_free(to_server);
        BIO_free(to_client);
        return false;
    }
    SSL_set_bio(run->client, to_client, to_server);
    if (BIO_up_ref(to_client) != 1) {
        BIO_free(to_server);
        return false;
    }
    SSL_set_bio(run->server, to_server, to_client);
    SSL_set_connect_state(run->client);
    SSL_set_accept_state(run->server);
    const char *name = run->asked->server_name;
    return name == NULL || SSL_set_tlsext_host_name(run->client, unconst(name)) == 1;
}

static enum status prepare(struct run *run)
{
    if (!proof_name_register())
        return unusable("name of id-alg-mtcProof", run->err);
    run->client_ctx = new_context(run, false);
    run->server_ctx = new_context(run, true);
    if (run->client_ctx == NULL || run->server_ctx == NULL)
        return unusable("group or suite is not available", run->err);
    SSL_CTX_set_verify(run->client_ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(run->client_ctx, verify_chain, run);
    SSL_CTX_set_msg_callback(run->server_ctx, watch_messages);
    SSL_CTX_set_msg_callback_arg(run->server_ctx, run);
    enum status s = install_chain(run);
    if (s == STATUS_OK && !connect_in_memory(run))
        s = unusable("connection", run->err);
    return s == STATUS_OK ? prepare_trust_anchors(run) : s;
}

/* ---- the handshake ---- */

/* One side goes as far as it can. *written is what it has sent, in bytes. False: it failed. */
static bool step(SSL *ssl, size_t *written)
{
    uint64_t before = BIO_number_written(SSL_get_wbio(ssl));
    int result = SSL_do_handshake(ssl);
    *written = (size_t)(BIO_number_written(SSL_get_wbio(ssl)) - before);
    return result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

static enum status failed(struct run *run)
{
    if (run->verdict != STATUS_OK)
        return run->verdict; /* the callback has given its reason */
    return error_set(run->err, STATUS_REFUSED, "handshake failed: %s", context_openssl_reason());
}

static enum status shake_hands(struct run *run)
{
    struct memory_handshake_result *out = run->out;
    size_t from_client, from_server;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        if (!step(run->client, &from_client))
            return failed(run);
        if (turn == 0)
            out->client_hello_size = from_client;
        else
            out->client_finish_size += from_client;
        if (!step(run->server, &from_server))
            return failed(run);
        out->server_flight_size += from_server;
        if (SSL_is_init_finished(run->client) == 1 && SSL_is_init_finished(run->server) == 1)
            return STATUS_OK;
    }
    return error_set(run->err, STATUS_REFUSED, "handshake does not come to an end");
}

static void copy_name(char out[MEMORY_HANDSHAKE_NAME_SIZE], const char *name)
{
    size_t len = name != NULL ? strlen(name) : 0;
    if (len >= MEMORY_HANDSHAKE_NAME_SIZE)
        len = MEMORY_HANDSHAKE_NAME_SIZE - 1;
    if (len > 0)
        memcpy(out, name, len);
    out[len] = '\0';
}

static void report(struct run *run)
{
    const char *signature = NULL;
    copy_name(run->out->group, SSL_get0_group_name(run->client));
    copy_name(run->out->suite, SSL_get_cipher_name(run->client));
    if (SSL_get0_peer_signature_name(run->client, &signature) == 1)
        copy_name(run->out->signature, signature);
    run->out->is_confirmed = run->of_client.is_confirmed;
    run->out->available_count = run->of_client.has_heard ? run->heard.count : 0;
}

static void clear(struct run *run)
{
    SSL_free(run->client);
    SSL_free(run->server);
    builder_clear(&run->requested);
    builder_clear(&run->available);
    SSL_CTX_free(run->client_ctx);
    SSL_CTX_free(run->server_ctx);
    for (size_t i = 0; i < MEMORY_HANDSHAKE_CHAIN_MAX; i++)
        X509_free(run->certs[i]);
    ERR_clear_error();
}

enum status memory_handshake_run(const struct memory_handshake *handshake,
                                 struct memory_handshake_result *out, struct error *err)
{
    struct run run = {.asked = handshake, .out = out, .err = err};
    *out = (struct memory_handshake_result){.client_hello_size = 0};
    builder_init(&run.requested, TRUST_ANCHOR_LIST_SIZE_MAX);
    builder_init(&run.available, TRUST_ANCHOR_LIST_SIZE_MAX);
    enum status s = prepare(&run);
    if (s == STATUS_OK) {
        uint64_t start = now_ns();
        s = shake_hands(&run);
        out->handshake_ns = now_ns() - start;
    }
    if (s == STATUS_OK)
        report(&run);
    clear(&run);
    return s;
}
