/* jws_key.h - keys that sign JSON Web Signatures [RFC7515] [RFC7518 3] [RFC8037 3.1]: ES256, ES384, RS256,
 * EdDSA with Ed25519; and the MACs of external account bindings.
 *
 * Public keys are immutable after creation and shared by threads.
 */
#ifndef CATHAYA_CRYPTO_JWS_KEY_H
#define CATHAYA_CRYPTO_JWS_KEY_H

#include "base/bytes.h"
#include "base/status.h"

#define JWS_RSA_BITS_MIN 2048
/* A verification with a larger one costs us more than it proves. */
#define JWS_RSA_BITS_MAX 8192
/* The signature of the largest RSA key. */
#define JWS_SIGNATURE_MAX (JWS_RSA_BITS_MAX / 8)
#define JWS_MAC_MAX 64

enum jws_alg { JWS_ES256 = 1, JWS_ES384, JWS_RS256, JWS_EDDSA, JWS_HS256, JWS_HS384, JWS_HS512 };

struct jws_key;

/* jws_key_new_ec takes the coordinates, each as long as the curve's field (ES256: 32, ES384: 48 bytes).
 * STATUS_REFUSED when the point is not on the curve. */
MUST_USE enum status jws_key_new_ec(enum jws_alg alg, struct bytes x, struct bytes y,
                                    struct jws_key **out, struct error *err);
/* jws_key_new_rsa takes modulus and exponent, big-endian without leading zeros: JWS_RSA_BITS_MIN to
 * _MAX bits, both odd, the exponent 3 to 2^32 - 1. Whether the modulus is hard to factor is the matter of
 * who signs with it. */
MUST_USE enum status jws_key_new_rsa(struct bytes n, struct bytes e, struct jws_key **out,
                                     struct error *err);
MUST_USE enum status jws_key_new_ed25519(struct bytes x, struct jws_key **out, struct error *err);

/* jws_key_ref makes another owner; jws_key_free takes one away, the last frees. NULL is fine. Safe from
 * several threads. */
struct jws_key *jws_key_ref(struct jws_key *key);
void jws_key_free(struct jws_key *key);

enum jws_alg jws_key_alg(const struct jws_key *key);

/* jws_key_alg_name is "ES256"; jws_key_alg_parse is the reverse, 0 for what is not in enum jws_alg ("none" too). */
const char *jws_key_alg_name(enum jws_alg alg);
enum jws_alg jws_key_alg_parse(const char *name);

static inline bool jws_key_alg_is_mac(enum jws_alg alg)
{
    return alg >= JWS_HS256;
}

/* jws_key_spki borrows the DER SubjectPublicKeyInfo, to compare with a certificate's. */
struct bytes jws_key_spki(const struct jws_key *key);

/* jws_key_verify is STATUS_OK when signature (ECDSA: r || s of fixed length) is one of message,
 * STATUS_REFUSED when not, STATUS_NO_MEMORY when the library fails. */
MUST_USE enum status jws_key_verify(const struct jws_key *key, struct bytes message,
                                    struct bytes signature, struct error *err);

/* jws_key_mac writes HMAC with JWS_HS256, _HS384 or _HS512 and its length. */
MUST_USE enum status jws_key_mac(enum jws_alg alg, struct bytes secret, struct bytes message,
                                 uint8_t out[JWS_MAC_MAX], size_t *len, struct error *err);

#endif
