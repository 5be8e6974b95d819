#include "tls/tls_server_parts.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "crypto/context.h"
#include "tls/proof_name.h"

/* Of both worlds; a connection is restricted to the group that is chosen for it. */
#define GROUPS "curveSM2MLKEM768:curveSM2:X25519MLKEM768:SecP256r1MLKEM768:SecP384r1MLKEM1024:X25519:secp256r1:secp384r1:X448:secp521r1"
/* International: a GM connection gets its own. In the client's order, who knows its hardware. */
#define SUITES "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define SUITES_TLS12                                                                                                  \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"                      \
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305"
/* A ticket costs 15 microseconds, a tenth of a P-256 handshake; every resumption brings another. */
#define TICKETS 1

static enum status unusable(const char *what, struct error *err)
{
    return error_set(err, STATUS_USAGE, "tls: %s: %s", what, context_openssl_reason());
}

/* ---- the server ---- */

static enum status make_context(struct tls_server *server, struct error *err)
{
    if (!proof_name_register())
        return unusable("name of id-alg-mtcProof", err);
    SSL_CTX *ctx = server->ctx = tls_context_new_library(true);
    if (ctx == NULL || SSL_CTX_set_ciphersuites(ctx, SUITES) != 1 || SSL_CTX_set_cipher_list(ctx, SUITES_TLS12) != 1 ||
        SSL_CTX_set1_groups_list(ctx, (char *)(uintptr_t)GROUPS) != 1 || SSL_CTX_set_num_tickets(ctx, TICKETS) != 1)
        return unusable("suites and groups", err);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    /* A tenth less for each record that is read, and no more memory for an idle connection: measured. */
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_client_hello_cb(ctx, server_hello_choose, NULL);
    enum status s = trust_anchors_install(ctx, server->code_point, err);
    if (s == STATUS_OK)
        s = server_install_add(ctx, err);
    return s == STATUS_OK ? server_tickets_add(server, err) : s;
}

enum status tls_server_new(const struct tls_server_settings *settings, struct tls_sites *sites,
                           struct tls_server **out, struct error *err)
{
    *out = NULL;
    struct tls_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return error_set(err, STATUS_NO_MEMORY, "tls: out of memory");
    server->count = 1;
    server->now_s = settings->now_s;
    server->context = settings->context;
    server->code_point = settings->trust_anchors_code_point != 0 ? settings->trust_anchors_code_point
                                                                 : TRUST_ANCHOR_LIST_CODE_POINT;
    server->sites = tls_sites_keep(sites);
    tls_server_set_ticket_keys(server, settings->ticket_keys);
    enum status s = make_context(server, err);
    if (s != STATUS_OK) {
        tls_server_free(server);
        return s;
    }
    *out = server;
    return STATUS_OK;
}

void tls_server_free(struct tls_server *server)
{
    if (server == NULL || --server->count > 0)
        return;
    SSL_CTX_free(server->ctx);
    EVP_CIPHER_free(server->ticket_cipher);
    tls_sites_free(server->sites);
    tls_ticket_keys_wipe(&server->ticket_keys);
    free(server);
}

void tls_server_set_sites(struct tls_server *server, struct tls_sites *sites)
{
    struct tls_sites *old = server->sites;
    server->sites = tls_sites_keep(sites);
    tls_sites_free(old);
}

/* ---- a connection ---- */

/* What only the handshake needs. */
static void let_go(struct server_connection *c)
{
    tls_credential_free(c->credential);
    c->credential = NULL;
    c->site = NULL;
    tls_sites_free(c->sites);
    c->sites = NULL;
    free(c->available);
    c->available = NULL;
    c->anchors.available = bytes_of(NULL, 0);
}

static void free_connection(void *owner)
{
    struct server_connection *c = owner;
    let_go(c);
    free(c->detail);
    free(c->sni);
    tls_server_free(c->server);
    free(c);
}

static bool explain(void *owner, SSL *ssl, struct builder *reason)
{
    return server_failure_explain(owner, ssl, reason);
}

/* The server's flight is out when the client's answer comes: Finished, or in TLS 1.2 its key. */
static void watch(int is_write, int version, int content_type, const void *data, size_t len, SSL *ssl, void *argument)
{
    struct server_connection *c = server_connection_of(ssl);
    (void)version;
    (void)argument;
    if (is_write != 0 || content_type != SSL3_RT_HANDSHAKE || len == 0 || c->flight_len != 0)
        return;
    uint8_t type = *(const uint8_t *)data;
    if (type == SSL3_MT_FINISHED || type == SSL3_MT_CLIENT_KEY_EXCHANGE)
        c->flight_len = BIO_number_written(SSL_get_wbio(ssl)) - c->retry_len;
}

static bool finished(void *owner, SSL *ssl)
{
    struct server_connection *c = owner;
    c->is_done = true;
    c->is_resumed = SSL_session_reused(ssl) == 1;
    if (c->is_resumed) {
        c->choice = "resumed";
        c->until_s = c->recalled.until_s;
        c->is_anchor_confirmed = false;
    }
    SSL_set_msg_callback(ssl, NULL);
    let_go(c);
    return true;
}

static const struct tls_stream_kind server_kind = {free_connection, explain, finished};

enum status tls_stream_new_server(struct tls_server *server, int fd, struct tls_stream **out, struct error *err)
{
    *out = NULL;
    struct server_connection *c = calloc(1, sizeof *c);
    SSL *ssl = SSL_new(server->ctx);
    if (c == NULL || ssl == NULL || SSL_set_app_data(ssl, c) != 1) {
        free(c);
        SSL_free(ssl);
        return error_set(err, STATUS_NO_MEMORY, "tls: no connection: %s", context_openssl_reason());
    }
    c->server = server;
    server->count++;
    c->choice = "nothing was chosen";
    SSL_set_accept_state(ssl);
    SSL_set_msg_callback(ssl, watch);
    return tls_stream_new_kind(ssl, fd, &server_kind, c, out, err);
}

/* ---- the report ---- */

void tls_server_report(const struct tls_stream *stream, struct tls_server_report *out)
{
    const struct server_connection *c = tls_stream_owner(stream, &server_kind);
    *out = (struct tls_server_report){.choice = "no stream of a server"};
    if (c == NULL)
        return;
    *out = (struct tls_server_report){
        .failure = c->failure,
        .has_site = c->has_site,
        .site = c->site_index,
        .is_acme_challenge = c->is_acme,
        .has_kind = c->has_kind,
        .kind = c->kind,
        .choice = c->choice,
        .sni = c->sni,
        .alpn = c->alpn[0] != '\0' ? c->alpn : NULL,
        .is_resumed = c->is_resumed,
        .is_retried = c->is_retried,
        .has_trust_anchors = c->has_trust_anchors,
        .is_anchor_confirmed = c->is_anchor_confirmed,
        .is_stapled = c->is_stapled,
        .client_hello_len = (size_t)c->hello_len,
        .server_flight_len = (size_t)c->flight_len,
        .certificate_until_s = c->until_s,
    };
    if (!c->is_done)
        return;
    out->version = SSL_get_version(stream->ssl);
    out->group = SSL_get0_group_name(stream->ssl);
    out->suite = SSL_CIPHER_standard_name(SSL_get_current_cipher(stream->ssl));
    if (!c->is_resumed && SSL_get0_signature_name(stream->ssl, &out->signature) != 1)
        out->signature = NULL;
}
