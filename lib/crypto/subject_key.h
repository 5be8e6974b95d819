/* subject_key.h - which keys a certificate may be issued for [GM 1] [BR 6.1.5] [BR 6.1.6]. */
#ifndef CATHAYA_CRYPTO_SUBJECT_KEY_H
#define CATHAYA_CRYPTO_SUBJECT_KEY_H

#include "base/bytes.h"
#include "base/status.h"

/* Longer than the SubjectPublicKeyInfo of ML-DSA-87 (2,614 bytes) and of RSA-8192 (1,062). */
#define SUBJECT_KEY_SPKI_MAX 4096
#define SUBJECT_KEY_RSA_BITS_MIN 2048
/* Verifying with larger ones costs every client more than it gains. */
#define SUBJECT_KEY_RSA_BITS_MAX 8192
#define SUBJECT_KEY_RSA_EXPONENT_MIN 65537

/* "unknown", "RSA-16384", "ML-DSA-44", a curve by the library's name; longer ones are cut. */
#define SUBJECT_KEY_TEXT_SIZE 32

/* subject_key_check is STATUS_OK for a DER SubjectPublicKeyInfo, in its canonical encoding, of SM2,
 * P-256, P-384, P-521, Ed25519, ML-DSA-44/65/87 or RSA of 2048 to 8192 bits with an odd public
 * exponent of at least 65537. STATUS_REFUSED for another good key, STATUS_MALFORMED for what is
 * none; the reason says what was found and what is allowed. */
MUST_USE enum status subject_key_check(struct bytes spki, struct error *err);

/* subject_key_check_form is the same without the library's check of the numbers, which takes 15 ms for an RSA key: for keys that were
 * checked before, thousands at a time. */
MUST_USE enum status subject_key_check_form(struct bytes spki, struct error *err);

/* subject_key_describe writes the short name of the key, "SM2", "RSA-2048", "P-256", "Ed25519",
 * "ML-DSA-44", and "unknown" for what is no key. Allowed or not makes no difference. */
void subject_key_describe(struct bytes spki, char *out, size_t size);

/* subject_key_of_private appends the canonical SubjectPublicKeyInfo of the first unencrypted private key of a PEM text.
 * STATUS_MALFORMED when there is none. */
struct builder;
MUST_USE enum status subject_key_of_private(struct bytes pem, struct builder *spki, struct error *err);

#endif
