/* ct_log_issuers.h - issuers whose signatures have been verified once, so that a submission costs one verification; private to
 * service/ct_log.
 *
 * Written by the loop alone, read by any thread at the same time: issuers are added and never changed or removed, and each is
 * complete before its slot shows it.
 */
#ifndef CATHAYA_SERVICE_CT_LOG_CT_LOG_ISSUERS_H
#define CATHAYA_SERVICE_CT_LOG_CT_LOG_ISSUERS_H

#include "rules/ct_chain.h"

/* CCADB has some 8,000 intermediates; what does not fit is verified each time. */
#define CT_LOG_ISSUERS_MAX 16384
#define CT_LOG_ISSUERS_SLOTS (2 * CT_LOG_ISSUERS_MAX)

struct ct_log_issuer {
    uint8_t fingerprint[HASH_SIZE];
    struct ct_chain_issuer issuer;
};

struct ct_log_issuers {
    struct ct_log_issuer **slots; /* atomic */
    size_t count;                 /* the loop's */
};

/* An issuer that a submission has found, on its way to the table. */
struct ct_log_found {
    uint8_t fingerprint[HASH_SIZE];
    struct ct_chain_issuer issuer; /* owned */
};

MUST_USE enum status ct_log_issuers_init(struct ct_log_issuers *t, struct error *err);
/* ct_log_issuers_clear frees all: no other thread may be reading. */
void ct_log_issuers_clear(struct ct_log_issuers *t);

/* ct_log_issuers_find is safe on any thread. NULL: not known. */
const struct ct_chain_issuer *ct_log_issuers_find(const struct ct_log_issuers *t, const uint8_t fingerprint[HASH_SIZE]);

/* ct_log_issuers_add takes the issuer's key; on the loop. */
void ct_log_issuers_add(struct ct_log_issuers *t, const struct ct_log_found *found);

#endif
