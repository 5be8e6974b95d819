/* tls_server.h - the server's side of TLS for many sites with several certificates each. TLS 1.3, and 1.2 for
 * clients that are not GM.
 *
 * Which credential a client gets, and with it suites and groups, is decided when its ClientHello has been
 * read (rules/certificate_choice.h). One server belongs to one thread; sites and credentials are shared.
 *
 * Session tickets: a session is resumed only at the site that it began at, while the certificate that it
 * began with is valid, and only when the client's ClientHello would get a credential of the same kind today:
 * a client that no longer asks for a trust anchor makes a full handshake. All that a ticket needs is in it.
 */
#ifndef CATHAYA_TLS_TLS_SERVER_H
#define CATHAYA_TLS_TLS_SERVER_H

#include "tls/tls_sites.h"
#include "tls/tls_stream.h"

/* ---- ticket keys ---- */

/* The one that is used, the one before, and one that comes next (so that a server that hears of a rotation
 * late still opens the tickets of one that heard early). */
#define TLS_TICKET_KEYS_MAX 3
#define TLS_TICKET_KEY_NAME_SIZE 16
/* What a client may resume at most: two hours after the full handshake, also where keys rotate seldom. A resumption
 * in TLS 1.3 brings a new ticket, which lasts no longer than the first would have. */
#define TLS_TICKET_LIFETIME_S 7200

/* AES-256-CBC and HMAC-SHA-256. A secret. */
struct tls_ticket_key {
    uint8_t name[TLS_TICKET_KEY_NAME_SIZE];
    uint8_t cipher[32];
    uint8_t mac[32];
};

/* keys[0] makes tickets, each of them opens tickets. count 0: there are no tickets. */
struct tls_ticket_keys {
    struct tls_ticket_key keys[TLS_TICKET_KEYS_MAX];
    size_t count;
};

/* tls_ticket_keys_rotate puts a new random key in front, and wipes the oldest when there are three. */
MUST_USE enum status tls_ticket_keys_rotate(struct tls_ticket_keys *keys, struct error *err);
/* tls_ticket_keys_add puts this one in front, which others have too. */
void tls_ticket_keys_add(struct tls_ticket_keys *keys, const struct tls_ticket_key *key);
void tls_ticket_keys_wipe(struct tls_ticket_keys *keys);

/* ---- the server ---- */

struct tls_server;

struct tls_server_settings {
    uint16_t trust_anchors_code_point;            /* 0: TRUST_ANCHOR_LIST_CODE_POINT */
    const struct tls_ticket_keys *ticket_keys;    /* copied; NULL: no tickets */
    int64_t (*now_s)(void *context);              /* seconds since the Epoch; required */
    void *context;
};

/* tls_server_new keeps sites, which may be NULL: then every handshake fails until there are some.
 * STATUS_USAGE when the code point is taken or this OpenSSL lacks something. */
MUST_USE enum status tls_server_new(const struct tls_server_settings *settings, struct tls_sites *sites,
                                    struct tls_server **out, struct error *err);

/* tls_server_free: streams that are open keep what they need, and may live longer. NULL is fine. */
void tls_server_free(struct tls_server *server);

/* tls_server_set_sites takes effect for handshakes whose ClientHello has not come yet; the others go on with
 * what they have. Keeps sites; costs two additions. */
void tls_server_set_sites(struct tls_server *server, struct tls_sites *sites);

/* tls_server_set_ticket_keys copies keys; what was there is wiped. */
void tls_server_set_ticket_keys(struct tls_server *server, const struct tls_ticket_keys *keys);

/* ---- connections ---- */

/* tls_stream_new_server borrows the descriptor; all else is as with tls_stream_new (tls/tls_stream.h). */
MUST_USE enum status tls_stream_new_server(struct tls_server *server, int fd, struct tls_stream **out,
                                           struct error *err);

/* Why a handshake came to nothing, for counters; tls_stream_reason says it in words. */
enum tls_failure {
    TLS_FAILURE_NONE,
    TLS_FAILURE_CLOSED,         /* the client went away, or the descriptor failed */
    TLS_FAILURE_UNKNOWN_NAME,   /* no site has the SNI, and there is no default */
    TLS_FAILURE_NO_CREDENTIAL,  /* the site has none that this client can be given */
    TLS_FAILURE_NO_PROTOCOL,    /* ALPN: nothing in common */
    TLS_FAILURE_NO_CHALLENGE,   /* acme-tls/1 for a name that has none */
    TLS_FAILURE_NOT_NEGOTIATED, /* version, suite or group: nothing in common */
    TLS_FAILURE_CLIENT_ALERT,   /* the client refused, the certificate most often */
    TLS_FAILURE_MALFORMED,      /* what the client sends is not TLS */
    TLS_FAILURE_INTERNAL,       /* memory, a key that does not sign */
    TLS_FAILURES
};

/* tls_failure_name is a short name for metrics: "unknown_name". */
const char *tls_failure_name(enum tls_failure failure);

/* What a handshake came to. Pointers borrow from the stream, or are constants; names are OpenSSL's, and NULL
 * where nothing was agreed. */
struct tls_server_report {
    enum tls_failure failure;
    bool has_site;
    size_t site;                  /* its index (struct tls_site) */
    bool is_acme_challenge;       /* tls-alpn-01: nothing else may go over this connection */
    bool has_kind;
    enum credential_kind kind;    /* of a resumed session: the kind that it began with */
    const char *choice;           /* why this credential, in words; never NULL */
    const char *version;          /* "TLSv1.3" */
    const char *group;            /* "curveSM2MLKEM768" */
    const char *suite;            /* "TLS_SM4_GCM_SM3" */
    const char *signature;        /* "sm2sig_sm3"; NULL when resumed */
    const char *sni;              /* as the client sent it; NULL: none */
    const char *alpn;             /* NULL: none */
    bool is_resumed;
    bool is_retried;              /* by a HelloRetryRequest */
    bool has_trust_anchors;       /* the client asked with the extension */
    bool is_anchor_confirmed;     /* the server said that the chain is for one of them */
    bool is_stapled;              /* an OCSP response went along */
    size_t client_hello_len;      /* bytes on the wire, both ClientHellos of a retried handshake */
    size_t server_flight_len;     /* ServerHello to Finished (TLS 1.2: to ServerHelloDone) */
    int64_t certificate_until_s;  /* notAfter of the leaf; 0: none */
};

/* tls_server_report is for a stream of tls_stream_new_server, once its handshake is done or has failed. */
void tls_server_report(const struct tls_stream *stream, struct tls_server_report *out);

#endif
