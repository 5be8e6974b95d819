/* random.h - random bytes that are fit for secrets, serial numbers and identifiers. */
#ifndef CATHAYA_CRYPTO_RANDOM_H
#define CATHAYA_CRYPTO_RANDOM_H

#include "base/status.h"

/* random_bytes fills out; STATUS_IO when the library has no entropy, and then out must not be used. */
MUST_USE enum status random_bytes(void *out, size_t len, struct error *err);

#endif
