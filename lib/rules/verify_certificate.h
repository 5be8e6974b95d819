/* verify_certificate.h - is this certificate good for this name, now? The proof [MTC 7.2] and the
 * ordinary checks of a TLS server certificate [RFC5280 6.1], [RFC9525 6]. */
#ifndef CATHAYA_RULES_VERIFY_CERTIFICATE_H
#define CATHAYA_RULES_VERIFY_CERTIFICATE_H

#include "rules/verify_proof.h"

struct verify_request {
    int64_t at_s;          /* the time to judge at; the caller's clock, never ours */
    struct bytes dns_name; /* reference DNS name (A-labels); empty: names are not checked */
    struct bytes ip;       /* reference address of 4 or 16 bytes; empty: none */
    bool is_proof_only;    /* the checks of [MTC 7.2] alone */
    bool is_without_subtrees; /* trusted subtrees are not looked at: a client that knows no landmarks */
};

/* verify_certificate judges one certificate in DER. STATUS_OK is the only yes. verdict is filled as far
 * as verification came. Allocates nothing itself. */
MUST_USE enum status verify_certificate(const struct trust_store *store, struct hasher_set *hashers,
                                        struct bytes der, const struct verify_request *request,
                                        struct proof_verdict *verdict, struct error *err);

#endif
