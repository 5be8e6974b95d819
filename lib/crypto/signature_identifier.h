/* signature_identifier.h - AlgorithmIdentifiers of signatures that OpenSSL's keys make: which are taken, and how they are verified.
 * Private to crypto/. */
#ifndef CATHAYA_CRYPTO_SIGNATURE_IDENTIFIER_H
#define CATHAYA_CRYPTO_SIGNATURE_IDENTIFIER_H

#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/status.h"

/* signature_identifier_check: SM2 with SM3, RSA PKCS#1 v1.5 and PSS with SHA-2, ECDSA with SHA-2, Ed25519, ML-DSA, with the
 * parameters that belong to each, and a key of its type. what is the signed thing's name in reasons. STATUS_REFUSED for
 * anything else: SHA-1 and MD5 above all. */
MUST_USE enum status signature_identifier_check(const X509_ALGOR *algorithm, EVP_PKEY *pkey, const char *what,
                                                struct error *err);

/* signature_identifier_is_signed: is signature one of message by pkey, with an algorithm that signature_identifier_check took?
 * sm2_id is the ID of an SM2 key, may be empty. */
bool signature_identifier_is_signed(const X509_ALGOR *algorithm, EVP_PKEY *pkey, struct bytes sm2_id, struct bytes message,
                                    struct bytes signature);

#endif
