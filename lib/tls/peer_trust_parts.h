/* peer_trust_parts.h - the inside of a trust. Private to tls/. */
#ifndef CATHAYA_TLS_PEER_TRUST_PARTS_H
#define CATHAYA_TLS_PEER_TRUST_PARTS_H

#include <openssl/x509.h>

#include "tls/peer_anchors.h"

/* An ID that goes into a ClientHello. */
struct peer_id {
    struct tai id;
    enum peer_world world;
    /* A group of landmarks, CA.2.N.L: the landmarks oldest..newest of a log. */
    bool is_landmarks;
    struct tai ca;
    uint16_t log_number;
    uint64_t oldest, newest;
};

struct peer_trust {
    const struct trust_store *store;
    struct peer_anchors anchors;
    struct array ids;       /* struct peer_id */
    struct array cas;       /* struct peer_ca */
    struct array cosigners; /* struct peer_cosigner */
    struct log_list *logs;  /* NULL: none was given */
    struct public_key **log_keys; /* one for each of logs */
};

/* peer_trust_listed borrows the listed roots and intermediates. */
const struct peer_anchors *peer_trust_listed(const struct peer_trust *trust);

/* peer_trust_key_world is the world of a certificate's key. */
enum peer_world peer_trust_key_world(const X509 *cert);

/* peer_trust_clear_lists frees what peer_trust_lists.c has made. */
void peer_trust_clear_lists(struct peer_trust *trust);

#endif
