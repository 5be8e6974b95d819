/* csr_possession.h - does the sender of a certification request have the private key? */
#ifndef CATHAYA_CRYPTO_CSR_POSSESSION_H
#define CATHAYA_CRYPTO_CSR_POSSESSION_H

#include "base/bytes.h"
#include "base/status.h"

/* csr_possession_verify is STATUS_OK when der is a PKCS#10 request in DER whose key
 * subject_key_check allows and whose signature is by that key [RFC2986 4.2]. Accepted are SM2 with
 * SM3 (under the ID 1234567812345678 or the empty one, which OpenSSL before 4.0 signs with),
 * RSA PKCS#1 v1.5 and PSS with SHA-2, ECDSA with SHA-2, Ed25519 and ML-DSA. STATUS_REFUSED for any
 * other signature, STATUS_MALFORMED for what is no request. */
MUST_USE enum status csr_possession_verify(struct bytes der, struct error *err);

#endif
