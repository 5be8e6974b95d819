/* tls_server_parts.h - the inside of a TLS server and of its connections. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_SERVER_PARTS_H
#define CATHAYA_TLS_TLS_SERVER_PARTS_H

#include <openssl/ssl.h>

#include "rules/client_hello.h"
#include "tls/tls_server.h"
#include "tls/tls_sites_parts.h"
#include "tls/tls_stream_parts.h"
#include "tls/trust_anchors.h"

/* The protocol of tls-alpn-01 [RFC8737 6.2]. */
#define SERVER_ACME_PROTOCOL "acme-tls/1"

/* One for each thread. Its connections keep it: a count for one thread is enough. */
struct tls_server {
    size_t count;
    SSL_CTX *ctx;
    struct tls_sites *sites; /* for new handshakes; NULL: none yet */
    struct tls_ticket_keys ticket_keys;
    EVP_CIPHER *ticket_cipher;
    uint16_t code_point;
    int64_t (*now_s)(void *context);
    void *context;
    /* For the ClientHello that is being looked at: too large for every connection and for the stack. */
    struct client_hello hello;
    struct choice choice;
};

/* What a ticket carries of the full handshake that it goes back to. */
struct ticket_note {
    int64_t until_s; /* last second of the certificate */
    int64_t began_s;
};

/* What a handshake has come to, from ClientHello to report. */
struct server_connection {
    struct tls_server *server;
    /* From the choice until the handshake is done. */
    struct tls_sites *sites;
    const struct site *site;
    struct tls_credential *credential;
    struct trust_anchors anchors;
    uint8_t *available; /* the contents of trust_anchors for EncryptedExtensions */

    bool is_chosen, is_done;
    bool has_site, is_acme, is_retried, is_stapled, has_trust_anchors, is_ticketless;
    bool has_kind, is_resumed, is_anchor_confirmed;
    size_t site_index;
    enum credential_kind kind;
    enum tls_failure failure;
    const char *choice;      /* why, in words */
    char *detail;            /* why not, in words; NULL: nothing more to say */
    int64_t until_s;         /* last second of the certificate */
    struct ticket_note recalled; /* of the client's ticket, if it could go on; counts once it is resumed */
    char *sni;
    char alpn[SITE_ALPN_NAME_MAX + 1];
    uint64_t hello_len, retry_len, flight_len;
};

static inline struct server_connection *server_connection_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

/* server_hello_choose is libssl's client_hello_cb: it reads what the client offers, finds site and
 * credential, and restricts the connection to what goes with them. */
int server_hello_choose(SSL *ssl, int *alert, void *argument);

/* server_install_add tells a context how certificate, ALPN, OCSP and SCTs of the choice are shown. */
MUST_USE enum status server_install_add(SSL_CTX *ctx, struct error *err);

/* server_tickets_add makes a context ask for the server's ticket keys. */
MUST_USE enum status server_tickets_add(struct tls_server *server, struct error *err);

/* server_failure_explain says in words why a handshake failed, and keeps the kind of failure. False: the
 * library's words will do. */
bool server_failure_explain(struct server_connection *c, const SSL *ssl, struct builder *reason);

#endif
