/* acme_mtc_issuer.h - a Merkle Tree CA behind ACME profiles: ports/acme_issuer.h on a sequencer. On the thread
 * of the event loop. */
#ifndef CATHAYA_SERVICE_SEQUENCER_ACME_MTC_ISSUER_H
#define CATHAYA_SERVICE_SEQUENCER_ACME_MTC_ISSUER_H

#include "policy/lint.h"
#include "ports/acme_issuer.h"
#include "service/sequencer/sequencer.h"

/* Borrowed for the life of the issuer. */
struct acme_mtc_issuer_config {
    const char *ca;      /* its name in the configuration */
    struct tai ca_id;
    const char *prefix_url; /* of its logs; NULL: an SM3 CA asserts none [GM 3] */
    uint8_t instance[8]; /* of the ACME server: orders of another one with the same number are others */
    const struct certificate_profile *const *profiles;
    size_t profile_count;
    struct lint_subject lint; /* policy and names are used */
    struct sequencer *sequencer;
    struct issuance_store store; /* revocations; on the worker */
    struct work_port worker;
    struct clock_port clock;
    /* revoked: there is something new to publish; on the loop. May be NULL. */
    void (*revoked)(void *context);
    void *revoked_context;
};

struct acme_mtc_issuer;

MUST_USE enum status acme_mtc_issuer_new(const struct acme_mtc_issuer_config *config,
                                         struct acme_mtc_issuer **out, struct error *err);

/* acme_mtc_issuer_free frees; before it the sequencer is freed and the worker has finished its jobs. */
void acme_mtc_issuer_free(struct acme_mtc_issuer *issuer);

/* acme_mtc_issuer_port borrows the issuer as a port. */
struct acme_issuer acme_mtc_issuer_port(struct acme_mtc_issuer *issuer);

#endif
