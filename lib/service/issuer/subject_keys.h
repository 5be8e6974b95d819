/* subject_keys.h - the public keys that certificates were issued for, by their hash; private to
 * service/issuer. A log entry has the hash, a certificate needs the key. */
#ifndef CATHAYA_SERVICE_ISSUER_SUBJECT_KEYS_H
#define CATHAYA_SERVICE_ISSUER_SUBJECT_KEYS_H

#include "service/issuer/issuer.h"

/* subject_keys_put keeps a subjectPublicKeyInfo; not durable before a sync of the store. */
MUST_USE enum status subject_keys_put(const struct issuer *issuer, struct bytes spki, struct error *err);

/* subject_keys_get appends the subjectPublicKeyInfo with this hash, and checks that it has it. */
MUST_USE enum status subject_keys_get(const struct issuer *issuer, struct bytes hash,
                                      struct builder *out, struct error *err);

#endif
