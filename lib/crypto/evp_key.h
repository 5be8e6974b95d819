/* evp_key.h - OpenSSL keys in and out, for the files that handle them: crypto/ and tls/. */
#ifndef CATHAYA_CRYPTO_EVP_KEY_H
#define CATHAYA_CRYPTO_EVP_KEY_H

#include <openssl/types.h>

#include "base/builder.h"
#include "base/status.h"

/* The ID of every SM2 signature but the one in TLS's CertificateVerify [GM 1]. */
#define SM2_ID "1234567812345678"
/* The one in CertificateVerify [RFC8998 3.2.1]. */
#define SM2_TLS_ID "TLSv1.3+GM+Cipher+Suite"

/* evp_key_write_spki writes the canonical SubjectPublicKeyInfo of pkey: named curve, uncompressed
 * point. The result belongs to the caller (OPENSSL_free); its length, or 0 on failure. Changes how
 * pkey writes itself, not the key. */
size_t evp_key_write_spki(EVP_PKEY *pkey, unsigned char **der);

/* evp_key_is_canonical says whether spki, which pkey was read from, is just that. */
bool evp_key_is_canonical(EVP_PKEY *pkey, struct bytes spki);

/* evp_key_write_pem appends a private key as PKCS#8 PEM; false when the library fails. */
MUST_USE bool evp_key_write_pem(EVP_PKEY *pkey, struct builder *out);

/* evp_key_read_pem reads the first unencrypted private key of a PEM text; NULL when there is none. The
 * result belongs to the caller (EVP_PKEY_free). */
EVP_PKEY *evp_key_read_pem(struct bytes pem);

/* evp_key_load_uri gives the one private key behind a URI of OpenSSL's store; it belongs to the caller. No pass phrase is
 * ever asked for. STATUS_NOT_FOUND, STATUS_MALFORMED when there are several. */
MUST_USE enum status evp_key_load_uri(const char *uri, EVP_PKEY **out, struct error *err);

/* evp_key_is_ours: is the key's memory that of OpenSSL's own default provider? */
bool evp_key_is_ours(const EVP_PKEY *pkey);

/* evp_key_public_copy makes a key of the default provider from the public half; NULL when it cannot. */
EVP_PKEY *evp_key_public_copy(EVP_PKEY *pkey);

#endif
