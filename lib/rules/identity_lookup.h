/* identity_lookup.h - what the root program knows about the organisation behind a host: for clients, beside the level of
 * the certificate, which it never changes [docs/website-identity.md].
 *
 *   identity_view_new(&bundle, algorithms, &view, &err)       once for a bundle
 *   identity_lookup(view, host, now, &answer, &err)           for each host
 *
 * When the bundle does not have all records, the answer is `ask`: identity_lookup_prefixes says which lists to fetch,
 * identity_view_add takes one, and the lookup is made again. The distributor sees prefixes of hashes, never a name.
 * Pure: no I/O, no clock. A view is for one thread.
 */
#ifndef CATHAYA_RULES_IDENTITY_LOOKUP_H
#define CATHAYA_RULES_IDENTITY_LOOKUP_H

#include "codec/identity/website_identity_list.h"
#include "codec/trust_bundle/trust_bundle.h"
#include "crypto/algorithm.h"

/* Names that can cover a host: itself and those above it with two labels or more. Deeper hosts are asked for by the
 * last so many. */
#define IDENTITY_LOOKUP_NAMES_MAX 8
/* What is shown when signers say different things: one line for each. */
#define IDENTITY_LOOKUP_SHOWN_MAX 8

enum identity_verdict {
    IDENTITY_NONE = 0,     /* nobody of the program says who this is (or the bundle has no identities) */
    IDENTITY_KNOWN = 1,    /* one organisation: records[0] */
    IDENTITY_CONFLICT = 2, /* good records name different organisations: all are shown, and no level */
    IDENTITY_ASK = 3       /* lists are missing */
};

/* One record with who says it. Borrows from the view and the bundle. */
struct identity_record {
    struct website_identity identity;
    struct bytes operator_name; /* of the signer */
    uint64_t index;             /* in the identity log */
};

struct identity_answer {
    enum identity_verdict verdict;
    unsigned level; /* 2 to 4 when known; 0 otherwise */
    size_t count;   /* of records: the most specific domain's, the newest of each signer first */
    struct identity_record records[IDENTITY_LOOKUP_SHOWN_MAX];
    size_t refused_count; /* records for the host that do not count: signature, signer, level, proof, time */
    char refused[ERROR_TEXT_MAX]; /* why, of the first of them */
};

struct identity_view;

/* identity_view_new reads section 8 of a bundle, which has to outlive the view. A bundle without the section gives a view
 * that knows nothing. STATUS_REFUSED for a version of the section that is not known, STATUS_MALFORMED, STATUS_LIMIT. */
MUST_USE enum status identity_view_new(const struct trust_bundle *bundle, const struct algorithms *algorithms,
                                       struct identity_view **out, struct error *err);
void identity_view_free(struct identity_view *view);

/* identity_lookup answers for a host (either case, one dot at the end is fine). IP addresses and single labels have no
 * identity. STATUS_OK with a verdict; STATUS_NO_MEMORY. */
MUST_USE enum status identity_lookup(struct identity_view *view, struct bytes host, int64_t now_s,
                                     struct identity_answer *out, struct error *err);

/* identity_lookup_prefixes gives the paths of lists ("identity/ROOT/PREFIX") that a lookup of the host still needs, below
 * the distributor's URL. */
MUST_USE enum status identity_lookup_prefixes(const struct identity_view *view, struct bytes host,
                                              char out[IDENTITY_LOOKUP_NAMES_MAX][WEBSITE_IDENTITY_PATH_MAX],
                                              size_t *count, struct error *err);

/* identity_view_add takes an answer of the distributor (copied): it has to be the whole list that the bundle commits to.
 * STATUS_REFUSED with the reason for any other, STATUS_MALFORMED, STATUS_LIMIT. */
MUST_USE enum status identity_view_add(struct identity_view *view, struct bytes answer, struct error *err);

#endif
