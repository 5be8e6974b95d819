/* hash_rows.h - what the rows of the hash table share; private to crypto/. */
#ifndef CATHAYA_CRYPTO_HASH_ROWS_H
#define CATHAYA_CRYPTO_HASH_ROWS_H

#include "crypto/hash.h"

/* hash_rows_many_one_by_one is hash_alg.many for a hash without lanes. */
void hash_rows_many_one_by_one(struct hasher *h, uint8_t prefix, const struct bytes *messages,
                               size_t count, uint8_t (*out)[HASH_SIZE]);

#endif
