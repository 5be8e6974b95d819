/* checkpoint_trust.h - is a checkpoint of an issuance log signed as a relying party's configuration asks? Pure. */
#ifndef CATHAYA_RULES_CHECKPOINT_TRUST_H
#define CATHAYA_RULES_CHECKPOINT_TRUST_H

#include "codec/note/checkpoint.h"
#include "rules/trust_store.h"

/* checkpoint_trust_check reads a signed checkpoint of log log_number of the CA: STATUS_MALFORMED; STATUS_REFUSED when it is another
 * log's, when the CA has not signed it, or when a cosignature is wrong; STATUS_AGAIN when too few cosigners have signed for the
 * store's requirements yet: *out and *timestamp_s are good then. *out borrows from note. *timestamp_s is the newest time in
 * the CA's signatures, 0 when its algorithm signs none. */
MUST_USE enum status checkpoint_trust_check(const struct trust_store *store, const struct trust_ca *ca, uint16_t log_number,
                                            struct bytes note, struct checkpoint *out, uint64_t *timestamp_s, struct error *err);

#endif
