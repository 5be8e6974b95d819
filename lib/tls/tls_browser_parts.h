/* tls_browser_parts.h - the inside of a browser and its connections. Private to tls/. */
#ifndef CATHAYA_TLS_TLS_BROWSER_PARTS_H
#define CATHAYA_TLS_TLS_BROWSER_PARTS_H

#include <openssl/ssl.h>

#include "crypto/hash.h"
#include "rules/client_profiles.h"
#include "rules/dns_name.h"
#include "tls/tls_browser.h"
#include "tls/trust_anchors.h"

/* A list in an extension, and its length. */
#define TLS_BROWSER_SCT_LIST_SIZE_MAX 65537
/* A response has a few KB, with the responder's certificate and with SCTs; its message could have 2^24-1 bytes. Longer ones are as none. */
#define TLS_BROWSER_OCSP_SIZE_MAX 65536
/* A chain as it is kept: opaque<0..2^24-1> each. */
#define TLS_BROWSER_CHAIN_SIZE_MAX (PEER_CHAIN_MAX * (size_t)(CERTIFICATE_SIZE_MAX + 3))

struct tls_browser {
    unsigned count; /* of the one who made it, and of each stream */
    const struct client_profile *profile;
    const struct peer_trust *trust;
    struct peer_scope scope;
    SSL_CTX *ctx;
    struct hasher_set hashers;
};

/* The owner of a stream. */
struct tls_browser_connection {
    struct tls_browser *browser;
    SSL *ssl; /* the stream's */
    char server_name[DNS_NAME_MAX + 2];
    uint8_t ip[16];
    size_t ip_len; /* 0: server_name is a host name */
    int64_t at_s;
    struct trust_anchors anchors;
    struct builder requested; /* the extension */
    struct trust_anchor_list heard;
    struct builder sct_list;  /* as the TLS extension had it */
    struct builder ocsp;      /* what was stapled; empty: nothing */
    struct builder chain;     /* what was judged: opaque<0..2^24-1> each */
    SSL_SESSION *session;     /* the newest */
    bool has_server_hello, has_failed;
    struct tls_browser_report report;
};

struct tls_browser_session {
    SSL_SESSION *session;
    char server_name[DNS_NAME_MAX + 2];
    struct builder chain, sct_list, ocsp; /* of the handshake that began it: nothing of them comes again */
    char signature[TLS_BROWSER_NAME_SIZE];
    uint16_t signature_id;
};

/* tls_browser_connection_of is the connection of ssl: what the callbacks of tls_browser_watch begin with. */
struct tls_browser_connection *tls_browser_connection_of(const SSL *ssl);
MUST_USE bool tls_browser_connection_attach(SSL *ssl, struct tls_browser_connection *c);

/* tls_browser_connection_of_stream: NULL for a stream of another kind. */
struct tls_browser_connection *tls_browser_connection_of_stream(const struct tls_stream *stream);

/* tls_browser_watch installs the callbacks that count, hear and judge. */
MUST_USE enum status tls_browser_watch(SSL_CTX *ctx, struct error *err);

/* tls_browser_ask fills the question about what the connection has heard so far. is_unpaired: of a session, where no suite was
 * agreed on yet. Borrows from the connection and from chain. */
void tls_browser_ask(const struct tls_browser_connection *c, bool is_unpaired, struct bytes chain[PEER_CHAIN_MAX],
                     struct peer_request *out);

/* tls_browser_judge judges that into the report. */
MUST_USE enum status tls_browser_judge(struct tls_browser_connection *c, bool is_unpaired, struct error *err);

/* tls_browser_describe copies what was agreed on into the report. */
void tls_browser_describe(struct tls_browser_connection *c);

#endif
