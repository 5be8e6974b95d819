/* csr_make.h - a new key and a certification request for it: what a site does. */
#ifndef CATHAYA_CRYPTO_CSR_MAKE_H
#define CATHAYA_CRYPTO_CSR_MAKE_H

#include "base/builder.h"

/* csr_make generates a key of a kind ("sm2", "p256", "p384", "rsa2048", "ed25519", "mldsa44"), appends
 * the request for one DNS name in DER, and the private key in PKCS#8 PEM. STATUS_USAGE for an unknown
 * kind. [RFC2986] */
MUST_USE enum status csr_make(const char *kind, const char *dns_name, struct builder *csr_der,
                              struct builder *key_pem, struct error *err);

/* csr_make_key_is_known: is this a kind of key? */
bool csr_make_key_is_known(const char *kind);

/* csr_make_key generates a key of a kind and appends it in PKCS#8 PEM: a secret. STATUS_USAGE as above. */
MUST_USE enum status csr_make_key(const char *kind, struct builder *key_pem, struct error *err);

/* csr_make_request appends the request, in DER, for names with a key that csr_make_key has made, so that the same key can
 * be asked for again. A name is a DNS name ("*.example.com" too) or a numeric address. STATUS_USAGE for another key or a
 * text that is no address. */
MUST_USE enum status csr_make_request(struct bytes key_pem, const char *const *names, size_t name_count,
                                      struct builder *csr_der, struct error *err);

#endif
