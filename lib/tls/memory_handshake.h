/* memory_handshake.h - one TLS 1.3 handshake between a client and a server of ours in memory, to weigh
 * and to time what goes over the wire. Certificate compression and session tickets are off. */
#ifndef CATHAYA_TLS_MEMORY_HANDSHAKE_H
#define CATHAYA_TLS_MEMORY_HANDSHAKE_H

#include "codec/tai/tai.h"

#define MEMORY_HANDSHAKE_CHAIN_MAX 8
#define MEMORY_HANDSHAKE_NAME_SIZE 64

/* Trust anchor IDs that a side sends. */
struct memory_handshake_ids {
    const struct tai *ids;
    size_t count;
};

struct memory_handshake {
    /* The server: its chain in DER, the leaf first, and the leaf's private key in PKCS#8 PEM. */
    const struct bytes *chain;
    size_t chain_count;
    struct bytes key_pem;

    /* Both sides, by OpenSSL's names: "curveSM2MLKEM768", "TLS_SM4_GCM_SM3". */
    const char *group;
    const char *suite;

    const char *server_name; /* what the client dials, sent as SNI; NULL: none is sent */

    /* trust_anchors: requested by the client, and what the server has, for EncryptedExtensions (empty:
     * not sent there). The empty extension in Certificate says that the chain is for one of the
     * client's IDs: it is sent when is_requested_chain. [TAI 6] */
    bool has_trust_anchors;
    struct memory_handshake_ids requested;
    struct memory_handshake_ids available;
    bool is_requested_chain;

    /* The client's judgement of the server's chain; STATUS_OK is the only yes. Required. */
    enum status (*verify)(void *context, const struct bytes *chain, size_t count, struct error *err);
    void *context;
};

/* Sizes in bytes, as on the wire with record headers where nothing else is said. */
struct memory_handshake_result {
    size_t client_hello_size;
    size_t server_flight_size;       /* ServerHello to Finished */
    size_t client_finish_size;       /* the client's last flight */
    size_t certificate_message_size; /* the server's Certificate message, without record header */
    char group[MEMORY_HANDSHAKE_NAME_SIZE];
    char suite[MEMORY_HANDSHAKE_NAME_SIZE];
    char signature[MEMORY_HANDSHAKE_NAME_SIZE]; /* of CertificateVerify: "sm2sig_sm3" */
    bool is_confirmed;   /* the client saw the empty trust_anchors in Certificate */
    size_t available_count; /* IDs that the client saw in EncryptedExtensions */
    uint64_t handshake_ns;  /* both sides together, verification included */
    uint64_t verify_ns;     /* of it, in the verify callback */
};

/* memory_handshake_run makes keys and contexts ready, then does the handshake. STATUS_USAGE when the
 * chain, key, group or suite is not usable; what verify said when it refused; STATUS_REFUSED when the
 * handshake fails otherwise. */
MUST_USE enum status memory_handshake_run(const struct memory_handshake *handshake,
                                          struct memory_handshake_result *out, struct error *err);

#endif
