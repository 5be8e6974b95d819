/* peer_trust.h - what a client trusts: Merkle Tree CAs, roots and intermediates of directly signed chains in each world with what
 * each is trusted for and how far, CT logs, and the trust anchor IDs that go with the CAs. Filled once, then immutable and shared
 * by threads.
 *
 * The two worlds are kept apart: a GM chain (SM2 keys) has to end at a GM root, an international chain at
 * an international one. The world of a Merkle Tree CA is that of its hash.
 */
#ifndef CATHAYA_TLS_PEER_TRUST_H
#define CATHAYA_TLS_PEER_TRUST_H

#include "codec/ct/log_list.h"
#include "codec/tai/tai.h"
#include "rules/trust_contents.h"

enum peer_world {
    PEER_WORLD_NONE,
    PEER_WORLD_GM,  /* SM2, SM3 */
    PEER_WORLD_INTL /* everything else */
};

/* peer_world_name is "gm", "intl" or "". */
const char *peer_world_name(enum peer_world world);

/* Root programs of browsers have below 200 roots and some thousand intermediates. */
#define PEER_TRUST_CERTIFICATES_MAX 8192
/* One entry for each Merkle Tree CA, and one for each of its logs with landmarks. */
#define PEER_TRUST_ANCHORS_MAX 2048

struct peer_trust;

/* peer_trust_new borrows the store for its life; it may be filled after, before the first connection.
 * peer_trust_free takes it back (NULL is fine). */
MUST_USE enum status peer_trust_new(const struct trust_store *store, struct peer_trust **out, struct error *err);
void peer_trust_free(struct peer_trust *trust);

/* peer_trust_set_store takes another store in place of the one of peer_trust_new. */
void peer_trust_set_store(struct peer_trust *trust, const struct trust_store *store);

/* A listed root or intermediate, and how far it is trusted (struct trust_bundle_limits says what the limits mean). */
struct peer_anchor {
    struct bytes der;
    enum peer_world world; /* of its key. To be added: NONE is any */
    bool is_root;
    struct trust_bundle_purposes purposes; /* count 0: added by hand, for every purpose */
    bool has_listed_intermediates_only;
    uint8_t level_max;                              /* 1 to 4; 0: no limit */
    int64_t distrust_after_s, sct_distrust_after_s; /* 0: no such time */
    const struct bytes *permitted, *excluded;
    size_t permitted_count, excluded_count;
    const struct trust_bundle_serials *serials;
    size_t serial_count;
};

/* peer_anchor_is_for: is it listed for that purpose? */
bool peer_anchor_is_for(const struct peer_anchor *anchor, uint16_t purpose);

/* peer_trust_add_listed copies an anchor; one whose certificate is there already takes its place. STATUS_MALFORMED, STATUS_LIMIT;
 * STATUS_REFUSED when the key is not of that world. */
MUST_USE enum status peer_trust_add_listed(struct peer_trust *trust, const struct peer_anchor *anchor, struct error *err);

/* peer_trust_add_root adds a root certificate in DER (copied) of a world by hand, for every purpose; certificates below it that are
 * valid from later than distrust_after_s (0: no such time) are not good. peer_trust_add_intermediate adds one that is not
 * trusted by itself but helps to find the way to a root when a server forgets it. Statuses of peer_trust_add_listed. */
MUST_USE enum status peer_trust_add_root(struct peer_trust *trust, enum peer_world world, struct bytes der,
                                         int64_t distrust_after_s, struct error *err);
MUST_USE enum status peer_trust_add_intermediate(struct peer_trust *trust, struct bytes der, struct error *err);

/* peer_trust_set_logs takes a copy of a list of CT logs in place of the one before, and reads all their keys once; algorithms is
 * borrowed for the trust's life. A key that cannot be read is no failure: SCTs of that log are not good. */
MUST_USE enum status peer_trust_set_logs(struct peer_trust *trust, const struct log_list *logs, const struct algorithms *algorithms,
                                         struct error *err);

/* peer_trust_add_ca says that the store has this Merkle Tree CA (its certificate in DER), whose ID is sent to servers for
 * standalone certificates [MTC 8]. STATUS_LIMIT; STATUS_MALFORMED. The store itself is not changed. */
MUST_USE enum status peer_trust_add_ca(struct peer_trust *trust, struct bytes der, struct error *err);

/* peer_trust_add_landmarks says that the store has the subtrees of the landmarks oldest..newest of a log: the group
 * CA.2.N.newest is sent, and CA.1.N.L of each of them is trusted when a server offers it [MTC 8.2]. */
MUST_USE enum status peer_trust_add_landmarks(struct peer_trust *trust, enum peer_world world, const struct tai *ca,
                                              uint16_t log_number, uint64_t oldest, uint64_t newest, struct error *err);

/* peer_trust_add_anchor adds a further ID, such as a group that several CAs share: sent as it is. */
MUST_USE enum status peer_trust_add_anchor(struct peer_trust *trust, enum peer_world world, const struct tai *id,
                                           struct error *err);

/* peer_trust_add_contents adds the roots, the intermediates and the IDs of a bundle, what it says of MTC CAs and cosigners, and takes
 * its CT logs. Everything is copied. Its store is not looked at. */
MUST_USE enum status peer_trust_add_contents(struct peer_trust *trust, const struct trust_contents *contents,
                                             struct error *err);

/* ---- questions ---- */

/* What a kind of client makes use of. */
struct peer_scope {
    bool has_gm;        /* the GM world */
    bool has_mtc;       /* Merkle Tree Certificates at all */
    bool has_landmarks; /* hashes of landmarks */
};

/* What a bundle says of a Merkle Tree CA and of a cosigner. */
struct peer_ca {
    struct tai id;
    struct trust_bundle_purposes purposes;
    uint8_t level_max; /* 1 to 4 */
    char operator_name[TRUST_BUNDLE_TEXT_MAX + 1];
};
struct peer_cosigner {
    struct tai id;
    enum trust_bundle_cosigner_role role;
    char operator_name[TRUST_BUNDLE_TEXT_MAX + 1];
};

/* peer_trust_ca and peer_trust_cosigner are NULL when no bundle has said anything: then it was added by hand. */
const struct peer_ca *peer_trust_ca(const struct peer_trust *trust, const struct tai *id);
const struct peer_cosigner *peer_trust_cosigner(const struct peer_trust *trust, const struct tai *id);

/* peer_trust_logs borrows the list of CT logs, NULL when none was given; peer_trust_log_key the key of a row of it, NULL when it
 * cannot be read. */
const struct log_list *peer_trust_logs(const struct peer_trust *trust);
const struct public_key *peer_trust_log_key(const struct peer_trust *trust, const struct log_list_log *log);

/* peer_trust_store borrows the store. */
const struct trust_store *peer_trust_store(const struct peer_trust *trust);

/* peer_trust_anchors gives at most max IDs to send, GM ones first and landmarks before CAs; how many. */
size_t peer_trust_anchors(const struct peer_trust *trust, const struct peer_scope *scope, struct tai *ids, size_t max);

/* peer_trust_has_anchor: would a certificate for this ID of a server's list be trusted? */
bool peer_trust_has_anchor(const struct peer_trust *trust, const struct peer_scope *scope, const struct tai *id);

#endif
