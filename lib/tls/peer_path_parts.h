/* peer_path_parts.h - the search for a path, in OpenSSL's words. Private to tls/. */
#ifndef CATHAYA_TLS_PEER_PATH_PARTS_H
#define CATHAYA_TLS_PEER_PATH_PARTS_H

#include "codec/x509/certificate.h"
#include "tls/peer_path.h"
#include "tls/peer_trust_parts.h"

/* A certificate that may stand in a path. */
struct peer_node {
    X509 *cert;
    const struct peer_entry *entry; /* when it is listed */
    int sent;                       /* its place among those that were sent; -1: it was not */
};

/* Leaf to root, as far as it goes. */
struct peer_candidate {
    size_t count;
    struct peer_node nodes[PEER_PATH_CERTIFICATES_MAX];
    enum peer_path_reason reason; /* what can be said against it without a signature; PEER_PATH_GOOD: nothing */
    size_t at;                    /* the certificate that it is about */
    uint16_t purpose;             /* of the root, for this use; 0: none */
    size_t unlisted_count;        /* intermediates */
    size_t number;                /* in the order of finding */
};

static inline const struct peer_node *peer_candidate_root(const struct peer_candidate *c)
{
    return &c->nodes[c->count - 1];
}

/* A signature that does not verify is not verified again in another candidate. */
struct peer_bad_link {
    const X509 *cert, *issuer;
};

struct peer_search {
    const struct peer_path_request *request;
    const struct peer_anchors *listed;
    struct certificate leaf;
    enum peer_world world;
    struct peer_node sent[PEER_PATH_SENT_MAX]; /* the leaf first, nothing twice */
    size_t sent_count;
    struct peer_candidate path; /* as it grows */
    struct peer_candidate candidates[PEER_PATH_CANDIDATES_MAX];
    size_t candidate_count, step_count, signature_count;
    bool is_cut;
    struct peer_bad_link bad[PEER_PATH_CANDIDATES_MAX];
    size_t bad_count;
    struct peer_candidate farthest; /* of what was not good; count 0: nothing yet */
    struct error why;
};

/* peer_candidates.c: peer_candidates_find fills the candidates of a search that has its leaf, and puts them in the order of
 * peer_path.h. peer_candidates_note keeps what came farthest of what is not good; why NULL: the words are ours. */
void peer_candidates_find(struct peer_search *s);
void peer_candidates_note(struct peer_search *s, const struct peer_candidate *c, const struct error *why);

/* peer_candidates_note_path is the same for the path as it has grown. */
void peer_candidates_note_path(struct peer_search *s, enum peer_path_reason reason, size_t at);

/* peer_candidates_is_sent: is it one of those that were sent? */
bool peer_candidates_is_sent(const struct peer_search *s, const X509 *cert);

/* peer_path_search is peer_path_find on parsed certificates: those of the request in its order. nodes, as many as path->count, are
 * the path's certificates for OpenSSL: borrowed from certs and from the trust. */
MUST_USE enum status peer_path_search(const struct peer_path_request *request, STACK_OF(X509) *certs, struct peer_path *path,
                                      struct peer_node nodes[PEER_PATH_CERTIFICATES_MAX], struct error *err);

/* peer_path_limits.c: what lists, dates and names say of a candidate; sets its purpose, reason and at. leaf is that of the candidate. */
void peer_path_limits_judge(const struct peer_path_request *request, const struct certificate *leaf, struct peer_candidate *c);

/* peer_path_limits_sct_s is the latest time at which the leaf may have been logged first; INT64_MAX: any. *at: by which certificate. */
int64_t peer_path_limits_sct_s(const struct peer_candidate *c, size_t *at);

/* peer_path_why.c: the reason of one of OpenSSL's codes, and words for those that are ours. */
enum peer_path_reason peer_path_why_code(int code);
enum status peer_path_why(const struct peer_path_request *request, const struct peer_candidate *c, struct error *err);

#endif
