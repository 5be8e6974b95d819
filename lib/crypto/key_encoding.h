/* key_encoding.h - what key.c and subject_key.c share; private to crypto/. */
#ifndef CATHAYA_CRYPTO_KEY_ENCODING_H
#define CATHAYA_CRYPTO_KEY_ENCODING_H

#include <openssl/types.h>

#include "base/bytes.h"

/* key_encoding_make writes the canonical SubjectPublicKeyInfo of pkey: named curve, uncompressed
 * point. The result belongs to the caller (OPENSSL_free); its length, or 0 on failure. Changes how
 * pkey writes itself, not the key. */
size_t key_encoding_make(EVP_PKEY *pkey, unsigned char **der);

/* key_encoding_is_canonical says whether spki, which pkey was read from, is just that. */
bool key_encoding_is_canonical(EVP_PKEY *pkey, struct bytes spki);

#endif
