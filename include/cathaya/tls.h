/* cathaya/tls.h - the TLS client of a browser of Merkle Tree Certificates, GM and international, over a
 * descriptor of the caller.
 *
 * In libcathaya-tls, which has everything of cathaya/verify.h too: link one of the two libraries. OpenSSL is
 * inside it and not seen. Nothing waits: a call that cannot go on says which event of the descriptor to
 * wait for, and is made again. Threads: a trust is filled by one thread and is immutable after that; a
 * client with its connections belongs to one thread. The process has to ignore SIGPIPE.
 *
 * Use: fill a cathaya_tls_trust; cathaya_tls_client_new; for each connection cathaya_tls_connect,
 * cathaya_tls_handshake until CATHAYA_TLS_DONE, cathaya_tls_report, then read and write.
 */
#ifndef CATHAYA_TLS_H
#define CATHAYA_TLS_H

#include <cathaya/verify.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what is trusted ---- */

enum cathaya_world {
    CATHAYA_WORLD_NONE = 0,
    CATHAYA_WORLD_GM = 1,  /* SM2 and SM3 */
    CATHAYA_WORLD_INTL = 2 /* the others */
};

struct cathaya_tls_trust;

/* cathaya_tls_trust_new makes an empty trust; cathaya_tls_trust_free takes it back (NULL is fine). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_trust_new(struct cathaya_tls_trust **out,
                                                                       struct cathaya_error *err);
CATHAYA_API void cathaya_tls_trust_free(struct cathaya_tls_trust *trust);

/* cathaya_tls_trust_mtc borrows the part that judges Merkle Tree Certificates, to be filled with the
 * cathaya_trust_* functions of cathaya/verify.h: cosigners, subtrees, revoked ranges. CAs and bundles come through
 * cathaya_tls_trust_add_ca and _add_bundles. Not to be freed. */
CATHAYA_API struct cathaya_trust *cathaya_tls_trust_mtc(struct cathaya_tls_trust *trust);

/* cathaya_tls_trust_add_bundles is cathaya_trust_add_bundles, and takes the roots, the intermediates and the IDs that
 * are sent to servers as well: all that a client needs. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_trust_add_bundles(struct cathaya_tls_trust *trust, const struct cathaya_bundle *bundles, size_t count,
                              int64_t at, struct cathaya_error *err);

/* cathaya_tls_trust_add_ca is cathaya_trust_add_ca, and the CA's ID is sent to servers. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_trust_add_ca(struct cathaya_tls_trust *trust,
                                                                          const uint8_t *der, size_t der_len,
                                                                          struct cathaya_error *err);

/* cathaya_tls_trust_add_landmarks says that the subtrees of the landmarks oldest..newest of a log were added
 * (cathaya_trust_add_subtree): servers are told, and send the short certificates [MTC 8]. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_trust_add_landmarks(struct cathaya_tls_trust *trust, enum cathaya_world world, const char *ca_id,
                                uint16_t log_number, uint64_t oldest, uint64_t newest, struct cathaya_error *err);

/* cathaya_tls_trust_add_anchor adds a further trust anchor ID to send, as "32473.1.2". */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_trust_add_anchor(struct cathaya_tls_trust *trust,
                                                                              enum cathaya_world world, const char *id,
                                                                              struct cathaya_error *err);

/* cathaya_tls_trust_add_root adds the root of directly signed chains, in DER; a root with an SM2 key is for the
 * GM world, all others for the international one. cathaya_tls_trust_add_intermediate adds one that
 * servers may forget to send. CATHAYA_MALFORMED, CATHAYA_REFUSED (the key is not of that world). */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_trust_add_root(struct cathaya_tls_trust *trust,
                                                                            enum cathaya_world world,
                                                                            const uint8_t *der, size_t der_len,
                                                                            struct cathaya_error *err);
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status
cathaya_tls_trust_add_intermediate(struct cathaya_tls_trust *trust, const uint8_t *der, size_t der_len,
                                   struct cathaya_error *err);

/* ---- the client ---- */

struct cathaya_tls_client;

/* Zero it, then fill it. */
struct cathaya_tls_settings {
    const char *profile; /* "gm", "gm-no-landmarks", "intl", "legacy"; NULL: "gm" */
    const char *alpn;    /* the one protocol that is offered, "http/1.1"; NULL: none */
    uint16_t trust_anchors_type; /* code point of the trust_anchors extension; 0: the one in use now */
};

/* cathaya_tls_client_new keeps the pointer to the trust, which must be complete and outlive the client and its
 * connections. CATHAYA_USAGE for an unknown profile. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_client_new(const struct cathaya_tls_trust *trust,
                                                                        const struct cathaya_tls_settings *settings,
                                                                        struct cathaya_tls_client **out,
                                                                        struct cathaya_error *err);
CATHAYA_API void cathaya_tls_client_free(struct cathaya_tls_client *client);

/* ---- connections ---- */

enum cathaya_tls_result {
    CATHAYA_TLS_DONE = 0,
    CATHAYA_TLS_WANT_READ = 1,  /* call again when the descriptor is readable */
    CATHAYA_TLS_WANT_WRITE = 2, /* ... writable */
    CATHAYA_TLS_END = 3,        /* the peer has closed: nothing comes any more */
    CATHAYA_TLS_FAILED = 4      /* for good; cathaya_tls_reason says why */
};

struct cathaya_tls;
struct cathaya_tls_session; /* what is needed to resume a connection */

/* Zero it, then fill it. */
struct cathaya_tls_target {
    const char *server_name; /* host name as A-labels, or IP address: what the certificate has to be for */
    int64_t at;              /* seconds since the Epoch: the caller's clock */
    const char *only_anchor; /* a second attempt, with what cathaya_tls_retry_anchor gave; NULL: the first */
    const struct cathaya_tls_session *session; /* to resume; NULL: none */
};

/* cathaya_tls_connect begins TLS on a non-blocking descriptor, which stays the caller's. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_status cathaya_tls_connect(struct cathaya_tls_client *client, int fd,
                                                                     const struct cathaya_tls_target *target,
                                                                     struct cathaya_tls **out,
                                                                     struct cathaya_error *err);
CATHAYA_API void cathaya_tls_free(struct cathaya_tls *connection);

/* cathaya_tls_handshake has to be CATHAYA_TLS_DONE before anything is read or written. It fails when the
 * server's certificate is not trusted. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_tls_result cathaya_tls_handshake(struct cathaya_tls *connection);
CATHAYA_API CATHAYA_MUST_USE enum cathaya_tls_result cathaya_tls_read(struct cathaya_tls *connection, void *out,
                                                                      size_t size, size_t *len);
/* cathaya_tls_write may write a part. */
CATHAYA_API CATHAYA_MUST_USE enum cathaya_tls_result cathaya_tls_write(struct cathaya_tls *connection,
                                                                       const void *data, size_t data_len, size_t *len);
/* cathaya_tls_close says that nothing more comes; it does not wait for an answer. */
CATHAYA_API enum cathaya_tls_result cathaya_tls_close(struct cathaya_tls *connection);

/* cathaya_tls_has_pending is not 0 when read gives something without the descriptor becoming readable. */
CATHAYA_API int cathaya_tls_has_pending(const struct cathaya_tls *connection);

/* cathaya_tls_reason is why it failed; never NULL. */
CATHAYA_API const char *cathaya_tls_reason(const struct cathaya_tls *connection);

/* cathaya_tls_retry_anchor: after a failure not 0 when the server has a certificate that would be trusted: open
 * a new connection, with id as only_anchor. At most once [TAI 6.3]. */
CATHAYA_API CATHAYA_MUST_USE int cathaya_tls_retry_anchor(const struct cathaya_tls *connection,
                                                          char id[CATHAYA_ID_SIZE]);

/* cathaya_tls_session is the newest session that the server has offered, NULL when there is none;
 * in TLS 1.3 it comes with the first bytes that are read, and is used once; in TLS 1.2 it is the one that was resumed
 * when no other came. To be freed. */
CATHAYA_API struct cathaya_tls_session *cathaya_tls_session(const struct cathaya_tls *connection);
CATHAYA_API void cathaya_tls_session_free(struct cathaya_tls_session *session);

/* ---- what was found ---- */

#define CATHAYA_TLS_NAME_SIZE 64
#define CATHAYA_TLS_SUBJECT_SIZE 160
#define CATHAYA_TLS_CHAIN_MAX 10
#define CATHAYA_TLS_SCTS_MAX 32
#define CATHAYA_TLS_ANCHORS_SIZE 2048

enum cathaya_tls_mode {
    CATHAYA_TLS_MODE_NONE = 0,
    CATHAYA_TLS_MODE_LANDMARK = 1,   /* a Merkle Tree Certificate without cosignatures, for who knows a landmark */
    CATHAYA_TLS_MODE_STANDALONE = 2, /* with cosignatures; mtc.mode says what it was good by */
    CATHAYA_TLS_MODE_CLASSIC = 3     /* a directly signed chain */
};

enum cathaya_sct_source {
    CATHAYA_SCT_CERTIFICATE = 0,
    CATHAYA_SCT_TLS = 1,
    CATHAYA_SCT_OCSP = 2,
    CATHAYA_SCT_PROPERTY = 3 /* beside a Merkle Tree Certificate in a file */
};

/* A signed certificate timestamp, as it was found: not judged. */
struct cathaya_sct {
    enum cathaya_sct_source source;
    uint8_t log_id[CATHAYA_HASH_SIZE];
    uint64_t timestamp_ms;
};

/* As far as the handshake came; strings are NUL-terminated, empty when unknown. Sizes are bytes on the wire
 * with record headers. */
struct cathaya_tls_report {
    int is_done;    /* the handshake is finished */
    int is_trusted; /* the server's certificate was judged, and is good */
    int is_resumed, is_hello_retried, is_retry;
    char version[CATHAYA_TLS_NAME_SIZE], group[CATHAYA_TLS_NAME_SIZE], suite[CATHAYA_TLS_NAME_SIZE];
    char signature[CATHAYA_TLS_NAME_SIZE]; /* of the handshake: "sm2sig_sm3" */
    size_t client_hello_size, server_flight_size, client_finish_size;
    enum cathaya_tls_mode mode;
    enum cathaya_world world;      /* of the certificate's key; mtc.hash says that of its CA */
    size_t certificate_size;       /* DER of all certificates sent */
    struct cathaya_result mtc;     /* of a Merkle Tree Certificate */
    size_t subject_count;          /* leaf first; of a classic chain that was found good up to the root */
    char subjects[CATHAYA_TLS_CHAIN_MAX][CATHAYA_TLS_SUBJECT_SIZE];
    int64_t not_before, not_after;
    size_t sct_count;
    struct cathaya_sct scts[CATHAYA_TLS_SCTS_MAX];
    int is_anchor_confirmed;       /* the certificate is for an ID that was sent */
    char sent[CATHAYA_TLS_ANCHORS_SIZE];      /* trust anchor IDs that were sent, space between */
    char available[CATHAYA_TLS_ANCHORS_SIZE]; /* those of the server's list */
    char reason[CATHAYA_REASON_SIZE];         /* why not, when anything failed */
};

/* cathaya_tls_report fills *out, at any time. */
CATHAYA_API void cathaya_tls_report(const struct cathaya_tls *connection, struct cathaya_tls_report *out);

#ifdef __cplusplus
}
#endif

#endif
