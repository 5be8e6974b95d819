/* key_encoding.h - what the files of crypto/ that handle keys share; private to crypto/. */
#ifndef CATHAYA_CRYPTO_KEY_ENCODING_H
#define CATHAYA_CRYPTO_KEY_ENCODING_H

#include <openssl/types.h>

#include "base/builder.h"

/* The ID of every SM2 signature but the one in TLS's CertificateVerify [GM 1]. */
#define SM2_ID "1234567812345678"

/* key_encoding_make writes the canonical SubjectPublicKeyInfo of pkey: named curve, uncompressed
 * point. The result belongs to the caller (OPENSSL_free); its length, or 0 on failure. Changes how
 * pkey writes itself, not the key. */
size_t key_encoding_make(EVP_PKEY *pkey, unsigned char **der);

/* key_encoding_is_canonical says whether spki, which pkey was read from, is just that. */
bool key_encoding_is_canonical(EVP_PKEY *pkey, struct bytes spki);

/* key_encoding_write_pem appends a private key as PKCS#8 PEM; false when the library fails. */
MUST_USE bool key_encoding_write_pem(EVP_PKEY *pkey, struct builder *out);

#endif
