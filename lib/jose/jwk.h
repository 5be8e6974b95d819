/* jwk.h - public keys as JSON [RFC7517] [RFC7518 6] [RFC8037 2] and their thumbprints [RFC7638].
 *
 * Strict: every required member, canonical base64url, no private parts, the curve's length.
 * Members that nobody needs ("kid") are left out; "alg" and "use" must fit when they are there.
 */
#ifndef CATHAYA_JOSE_JWK_H
#define CATHAYA_JOSE_JWK_H

#include <jansson.h>

#include "base/builder.h"
#include "crypto/hash.h"
#include "crypto/jws_key.h"

/* The modulus of the largest RSA key. */
#define JWK_NUMBER_MAX (JWS_RSA_BITS_MAX / 8)
/* Canonical form of the largest one: 1366 digits of the modulus, and the rest. */
#define JWK_TEXT_MAX 2048

/* The numbers of a key. Those of RSA have no leading zeros. */
struct jwk {
    enum jws_alg alg;            /* the one that it signs with; never a MAC */
    uint8_t main[JWK_NUMBER_MAX]; /* EC and OKP: x, RSA: n */
    size_t main_len;
    uint8_t other[48];           /* EC: y, RSA: e */
    size_t other_len;
};

/* jwk_parse reads a JSON value; STATUS_MALFORMED, or STATUS_REFUSED for a good key of a type or size
 * that is not taken here. Whether the numbers are a key is said by jwk_key. */
MUST_USE enum status jwk_parse(const json_t *value, struct jwk *out, struct error *err);

/* jwk_parse_text reads a JSON text. */
MUST_USE enum status jwk_parse_text(struct bytes text, struct jwk *out, struct error *err);

/* jwk_write appends the required members in the order of their names, without blanks: what the thumbprint
 * is a hash of. */
void jwk_write(const struct jwk *jwk, struct builder *out);

/* jwk_thumbprint is SHA-256 of jwk_write. */
MUST_USE enum status jwk_thumbprint(const struct jwk *jwk, uint8_t out[HASH_SIZE], struct error *err);

/* jwk_key makes the key, in 20 to 60 microseconds. The caller frees it. */
MUST_USE enum status jwk_key(const struct jwk *jwk, struct jws_key **out, struct error *err);

#endif
