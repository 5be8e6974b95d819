/* tls_browser.h - the client side of TLS as a browser has it: what is offered, what is trusted, and how the
 * server's certificate is judged (peer_verify.h).
 *
 * A browser is made once for a profile and a trust; each connection then is a tls_stream over a descriptor of
 * the caller. It belongs to one thread. Profiles by name (rules/client_profiles.h says what each offers):
 *   gm               curveSM2MLKEM768, curveSM2 and SM4 first, international ones behind them; trust_anchors
 *   gm-no-landmarks  the same, knowing no landmark hashes
 *   intl             no GM; trust_anchors for international Merkle Tree CAs
 *   legacy           no GM, no trust_anchors, TLS 1.2 alone, directly signed chains only
 *
 * Retry [TAI 6.3]: when a connection has failed and tls_browser_retry_anchor gives an ID, the caller opens a
 * new connection to the same endpoint and dials with that single ID; once.
 */
#ifndef CATHAYA_TLS_TLS_BROWSER_H
#define CATHAYA_TLS_TLS_BROWSER_H

#include "tls/peer_verify.h"
#include "tls/tls_stream.h"

/* IDs in a ClientHello: 256 of some 6 bytes are 2 KB, more than a first flight should carry. */
#define TLS_BROWSER_ANCHORS_MAX 256
/* IDs that are kept of a server's list; a site has a few certificates. */
#define TLS_BROWSER_AVAILABLE_MAX 64
#define TLS_BROWSER_NAME_SIZE 64

struct tls_browser;

struct tls_browser_settings {
    const char *profile;
    const struct peer_trust *trust; /* borrowed for the browser's life; complete */
    uint16_t trust_anchors_type;    /* code point of the extension; 0: the one in use now, 0xca34 */
    const char *alpn;               /* the one protocol that is offered; NULL: none is */
};

/* tls_browser_new: STATUS_USAGE for an unknown profile or when OpenSSL lacks something it offers. Streams keep
 * what they need: tls_browser_free (NULL is fine) may come before theirs, the trust's end may not. */
MUST_USE enum status tls_browser_new(const struct tls_browser_settings *settings, struct tls_browser **out,
                                     struct error *err);
void tls_browser_free(struct tls_browser *browser);

/* tls_browser_profile is the name of profile i; NULL behind the last one. */
const char *tls_browser_profile(size_t i);

/* What is needed to resume a connection later; it has its own copy of the judged certificates. */
struct tls_browser_session;
void tls_browser_session_free(struct tls_browser_session *session);

struct tls_browser_dial {
    const char *server_name;                   /* host name (A-labels) or IP address in text */
    int64_t at_s;                              /* the caller's clock */
    const struct tai *only_anchor;             /* a retry: this ID alone is sent; NULL: the first attempt */
    const struct tls_browser_session *session; /* to resume; NULL: none */
};

/* tls_browser_dial gives a stream over a non-blocking descriptor, connected or connecting (borrowed). The
 * stream is then handled with tls_stream_*; its handshake fails when the server is not to be trusted. */
MUST_USE enum status tls_browser_dial(struct tls_browser *browser, int fd, const struct tls_browser_dial *dial,
                                      struct tls_stream **out, struct error *err);

/* Sizes in bytes as on the wire, with record headers; names are OpenSSL's. */
struct tls_browser_report {
    const char *profile;
    bool is_done;                  /* the handshake is finished */
    bool is_judged;                /* the server's certificate was judged, with this outcome: */
    enum status verdict;
    struct peer_verdict peer;
    char reason[ERROR_TEXT_MAX];   /* why not, when anything failed */
    char version[TLS_BROWSER_NAME_SIZE], group[TLS_BROWSER_NAME_SIZE], suite[TLS_BROWSER_NAME_SIZE];
    char signature[TLS_BROWSER_NAME_SIZE]; /* of the server's CertificateVerify: "sm2sig_sm3" */
    uint16_t group_id, suite_id, signature_id;
    size_t client_hello_size;      /* both of them after a HelloRetryRequest */
    size_t server_flight_size;     /* ServerHello to Finished */
    size_t client_finish_size;
    size_t certificate_message_size; /* without record header */
    bool is_hello_retried, is_resumed;
    bool is_retry;                 /* dialled with only_anchor */
    bool is_anchor_confirmed;      /* the server says that its certificate is for an ID that was sent */
    struct tai sent[TLS_BROWSER_ANCHORS_MAX], available[TLS_BROWSER_AVAILABLE_MAX];
    size_t sent_count, available_count;
    bool has_trust_anchors;        /* the extension was sent, perhaps empty */
};

/* tls_browser_report borrows what is known about a stream of tls_browser_dial; lives as long as the stream. */
const struct tls_browser_report *tls_browser_report(const struct tls_stream *stream);

/* tls_browser_chain is the chain that was judged, each certificate as opaque<0..2^24-1>; tls_browser_sct_list the SCTs that came
 * in TLS beside it, as their extension had them. Empty when there is none; borrowed from the stream. */
struct bytes tls_browser_chain(const struct tls_stream *stream);
struct bytes tls_browser_sct_list(const struct tls_stream *stream);

/* tls_browser_request is the question that was judged last, for tls/peer_subject.h; it borrows from the stream and from chain. Of a
 * resumed connection: with what came beside the certificates when the session began. False when nothing was judged. */
MUST_USE bool tls_browser_request(const struct tls_stream *stream, struct bytes chain[PEER_CHAIN_MAX], struct peer_request *out);

/* tls_browser_retry_anchor: after a failure, the ID of the server's list that is worth a new connection. False
 * when there is none, or when this was the retry. */
MUST_USE bool tls_browser_retry_anchor(const struct tls_stream *stream, struct tai *id);

/* tls_browser_take_session gives the newest session that the server has offered (in TLS 1.3 it comes after
 * the handshake, with the first bytes that are read), in TLS 1.2 else the one that was resumed; NULL when there is
 * none. To be freed. */
struct tls_browser_session *tls_browser_take_session(const struct tls_stream *stream);

#endif
