/* key.h - keys of cosigners and CAs: verify and sign with the algorithm that belongs to the key. */
#ifndef CATHAYA_CRYPTO_KEY_H
#define CATHAYA_CRYPTO_KEY_H

#include "base/builder.h"
#include "crypto/algorithm.h"

/* Larger than any SubjectPublicKeyInfo of a built-in algorithm (ML-DSA-87: 2,614 bytes) or RSA-16384. */
#define KEY_SPKI_MAX 4096
#define KEY_PEM_MAX 16384

/* ---- public keys: immutable after creation, shared by threads ---- */

struct public_key;

/* public_key_new reads a DER SubjectPublicKeyInfo that must be a key of alg (type and curve), in its
 * canonical encoding. Copies spki. alg must outlive the key. */
MUST_USE enum status public_key_new(const struct signature_alg *alg, struct bytes spki,
                                    struct public_key **out, struct error *err);
void public_key_free(struct public_key *key);

/* public_key_spki borrows the DER SubjectPublicKeyInfo. */
struct bytes public_key_spki(const struct public_key *key);
const struct signature_alg *public_key_alg(const struct public_key *key);

/* public_key_verify is STATUS_OK when signature is one of message by this key, STATUS_REFUSED when
 * not, STATUS_NO_MEMORY when the library fails. */
MUST_USE enum status public_key_verify(const struct public_key *key, struct bytes message,
                                       struct bytes signature, struct error *err);

/* ---- private keys ---- */

struct private_key;

MUST_USE enum status private_key_generate(const struct signature_alg *alg, struct private_key **out,
                                          struct error *err);

/* private_key_from_pem reads the first unencrypted private key of a PEM text, which must be one of alg. */
MUST_USE enum status private_key_from_pem(const struct signature_alg *alg, struct bytes pem,
                                          struct private_key **out, struct error *err);

/* private_key_from_uri opens the one private key behind a URI of OpenSSL's store: `file:`, or a scheme of the provider
 * (a name or the path of its module; "": none is loaded), which may keep the key to itself. Every such key proves by a
 * signature that it fits its public half. Not thread-safe: call it while configuring. STATUS_NOT_FOUND when there is none,
 * STATUS_MALFORMED when it is no key of alg or not the only one, STATUS_REFUSED when it does not sign. */
MUST_USE enum status private_key_from_uri(const struct signature_alg *alg, const char *uri,
                                          const char *provider, struct private_key **out,
                                          struct error *err);

/* private_key_free wipes and frees; NULL is fine. */
void private_key_free(struct private_key *key);

/* private_key_write_pem appends PKCS#8 PEM: a secret, the builder wipes it. STATUS_NO_MEMORY too when the
 * provider does not give the key away. */
MUST_USE enum status private_key_write_pem(const struct private_key *key, struct builder *out,
                                           struct error *err);

/* private_key_public borrows the public half, which lives as long as the private key. */
const struct public_key *private_key_public(const struct private_key *key);

/* private_key_sign appends the signature of message. */
MUST_USE enum status private_key_sign(const struct private_key *key, struct bytes message,
                                      struct builder *out, struct error *err);

/* private_key_sign_handshake appends the signature of what a TLS 1.3 server signs: as private_key_sign, but an SM2 key signs
 * under the ID of [RFC8998 3.2.1]. */
MUST_USE enum status private_key_sign_handshake(const struct private_key *key, struct bytes message,
                                                struct builder *out, struct error *err);

#endif
