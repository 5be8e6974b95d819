/* bench_made.h - certificates of each kind for www.example.com, made now, as files for a server, and what a client needs to
 * judge them. The Merkle Tree Certificates are what our CA would issue from a tree of 2^22 entries; the tree itself is made
 * up. */
#ifndef CATHAYA_BENCH_GATEWAY_BENCH_MADE_H
#define CATHAYA_BENCH_GATEWAY_BENCH_MADE_H

#include "mtc_sample.h"
#include "tls/classic_chain.h"
#include "tls/peer_verify.h"

struct bench_made {
    struct mtc_sample_kind kind; /* of a Merkle Tree Certificate ... */
    struct mtc_sample sample;
    struct peer_trust *trust;
    struct classic_chain *chain; /* ... or this, with everything */
};

/* bench_made_kind is the name of kind i; NULL behind the last one. */
const char *bench_made_kind(size_t i);

/* bench_made_make writes DIR/KIND.pem (properties in front), DIR/KIND.key, and of a Merkle Tree Certificate DIR/KIND.anchors:
 * trust anchor IDs that a client asks with, in hexadecimal as in the extension. Ends the program when it fails. made must not
 * be moved; bench_made_clear takes it back. */
void bench_made_make(const char *dir, const char *kind, int64_t now_s, struct bench_made *made);
void bench_made_clear(struct bench_made *made);

/* bench_made_judge judges what a server has sent, the leaf first. A Merkle Tree Certificate: peer_verify, as `cathaya fetch` does.
 * A chain: its two signatures, name, validity and use by X509_verify_cert, and the signatures of its two SCTs. */
MUST_USE enum status bench_made_judge(struct bench_made *made, const struct bytes *chain, size_t count, int64_t now_s,
                                      struct error *err);

#endif
