/* certificate_key.h - the key of an issuer, of any algorithm that certificates are signed with: does a certificate's
 * signature verify? The keys of CAs and cosigners of ours are crypto/key.h. */
#ifndef CATHAYA_CRYPTO_CERTIFICATE_KEY_H
#define CATHAYA_CRYPTO_CERTIFICATE_KEY_H

#include "base/bytes.h"
#include "base/status.h"

/* Immutable after creation, shared by threads. */
struct certificate_key;

/* certificate_key_new reads a DER SubjectPublicKeyInfo: RSA of 1024 to 16384 bits, P-256, P-384, P-521, SM2, Ed25519,
 * ML-DSA. STATUS_MALFORMED for what is none of them, STATUS_NO_MEMORY. certificate_key_free takes it back (NULL is fine). */
MUST_USE enum status certificate_key_new(struct bytes spki, struct certificate_key **out, struct error *err);
void certificate_key_free(struct certificate_key *key);

/* certificate_key_verify: is signature one of message by key? algorithm is the whole AlgorithmIdentifier of the
 * certificate: RSA PKCS#1 v1.5 and PSS with SHA-2, ECDSA with SHA-2, SM2 with SM3 (under the default ID alone), Ed25519,
 * ML-DSA. STATUS_REFUSED when not, for SHA-1 and MD5, and for an algorithm that does not go with the key. */
MUST_USE enum status certificate_key_verify(const struct certificate_key *key, struct bytes algorithm, struct bytes message,
                                            struct bytes signature, struct error *err);

#endif
