/* peer_path.h - the path from a leaf to a listed root, for a purpose: candidates are put together here from what was sent and
 * what is listed, the best comes first, and each is validated as a whole by OpenSSL [RFC5280 6].
 *
 * Nothing is fetched and no clock is read. The order of candidates, for which the first that is good is taken:
 *   1. nothing is to be said against it by dates, limits and purposes that can be seen without a signature
 *   2. its root is listed for the purpose that was asked for; then for its neighbour (below)
 *   3. its root may give the higher level
 *   4. all its intermediates are listed
 *   5. fewer certificates
 *   6. its root is valid for longer; then, the order in which certificates were sent and listed
 *
 * A root is what is listed as one, whether it has signed itself or not. A CA is its name with its key: what the list says of its serial
 * numbers holds below each of its certificates; all other limits hold in paths through the certificate that they are listed with.
 *
 * The worlds never mix: all keys of a path are SM2 keys, or none is. TLS and TLS-intranet are neighbours: when the leaf leads to no
 * root of the one, the root of the other that it leads to is found and said, for a public root with internal names below it is a
 * matter of policy (who judges gets both), and no path mixes the two: every listed certificate in it is for the root's purpose.
 */
#ifndef CATHAYA_TLS_PEER_PATH_H
#define CATHAYA_TLS_PEER_PATH_H

#include "tls/peer_trust.h"

/* Leaf, six between, root: the longest public paths have five. */
#define PEER_PATH_CERTIFICATES_MAX 8
/* Steps of the search, each a look at an issuer that may fit: a sender who repeats one name has to end somewhere. */
#define PEER_PATH_STEPS_MAX 2048
/* Complete candidates that are kept and put in order. Cross-signed CAs of today give four. */
#define PEER_PATH_CANDIDATES_MAX 32
/* Signatures that are verified for one leaf: eight paths of the longest kind. */
#define PEER_PATH_SIGNATURES_MAX 64
/* Certificates that are sent beside the leaf and looked at. */
#define PEER_PATH_SENT_MAX 16

/* Why there is no path; of several candidates, of the one that came farthest. In that order: later ones came farther. */
enum peer_path_reason {
    PEER_PATH_GOOD = 0,
    PEER_PATH_NO_ISSUER,     /* nobody who is known has issued the last certificate that was found */
    PEER_PATH_UNLISTED_ROOT, /* it ends in a self-signed certificate that is not listed */
    PEER_PATH_OTHER_WORLD,   /* SM2 and other keys in one path */
    PEER_PATH_BAD_SIGNATURE, /* names fit, a signature does not */
    PEER_PATH_OTHER_PURPOSE, /* it leads to a listed root, of another purpose: root and purposes say which */
    PEER_PATH_MIXED,         /* an intermediate is listed for the intranet, its root for the public network, or the other way round */
    PEER_PATH_REMOVED,       /* the root is listed as not trusted any more, for no certificate */
    PEER_PATH_UNLISTED_INTERMEDIATE, /* under a root that has only listed ones */
    PEER_PATH_DISTRUSTED,    /* newer than its root or intermediate is trusted for */
    PEER_PATH_SCT_DISTRUSTED, /* logged later than its root or intermediate is trusted for */
    PEER_PATH_NAME_LIMIT,    /* a name outside what the list permits below a root or intermediate */
    PEER_PATH_SERIAL,        /* its serial number is in a range that the list revokes */
    PEER_PATH_LIMIT,         /* a limit of ours ended the search */
    PEER_PATH_NOT_YET,       /* leaf, intermediate or root: `at` says which */
    PEER_PATH_EXPIRED,
    PEER_PATH_WEAK,          /* a key or a hash is too weak */
    PEER_PATH_USE,           /* key usage or extended key usage is for something else */
    PEER_PATH_CONSTRAINTS,   /* the CA's own: path length, name constraints, critical extensions, policies */
    PEER_PATH_NAME,          /* it is not for the name that was asked for */
    PEER_PATH_INVALID        /* what else OpenSSL finds */
};
#define PEER_PATH_REASONS (PEER_PATH_INVALID + 1)

/* peer_path_reason_name is the word for machines: "good", "no-issuer", "unlisted-intermediate"... */
const char *peer_path_reason_name(enum peer_path_reason reason);

/* All borrowed. */
struct peer_path_request {
    const struct peer_trust *trust;
    const struct bytes *chain; /* DER, the leaf first, then in any order */
    size_t count;
    uint16_t purpose;          /* enum trust_bundle_purpose */
    struct bytes dns_name;     /* what the leaf has to be for: a name, or */
    struct bytes ip;           /* an address; both empty: not checked */
    int64_t at_s;
    /* When was the leaf logged first, by SCTs that verify with this issuer's key? INT64_MAX: no good one. NULL: not known here, and
     * sct_distrust_after is not applied. */
    int64_t (*first_logged_s)(void *context, struct bytes issuer_spki);
    void *context;
};

struct peer_path_certificate {
    struct bytes der;                  /* borrowed from the request's chain or from the trust */
    const struct peer_anchor *anchor;  /* its row of the trust when it is listed; NULL */
    bool is_sent;
};

/* A value. After a failure the certificates are those of the candidate that came farthest, at least the leaf. */
struct peer_path {
    enum peer_path_reason reason;
    uint16_t purpose;        /* of the root, for which the path is good: the one asked for, or its neighbour */
    size_t count;            /* leaf to root */
    struct peer_path_certificate certificates[PEER_PATH_CERTIFICATES_MAX];
    size_t at;               /* the certificate that reason is about */
    const struct peer_anchor *elsewhere; /* PEER_PATH_OTHER_PURPOSE: the root that it leads to */
    size_t candidate_count, signature_count, step_count;
};

/* peer_path_find is STATUS_OK when there is a good path. STATUS_REFUSED with path->reason, in words in err; STATUS_MALFORMED when one
 * of the chain is no certificate, STATUS_USAGE for no leaf, STATUS_NO_MEMORY. Thread-safe on one trust. */
MUST_USE enum status peer_path_find(const struct peer_path_request *request, struct peer_path *path, struct error *err);

#endif
