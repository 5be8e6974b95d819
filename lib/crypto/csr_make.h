/* csr_make.h - a new key and a certification request for it: what a site does. */
#ifndef CATHAYA_CRYPTO_CSR_MAKE_H
#define CATHAYA_CRYPTO_CSR_MAKE_H

#include "base/builder.h"

/* csr_make generates a key of a kind ("sm2", "p256", "p384", "rsa2048", "ed25519", "mldsa44"), appends
 * the request for one DNS name in DER, and the private key in PKCS#8 PEM. STATUS_USAGE for an unknown
 * kind. [RFC2986] */
MUST_USE enum status csr_make(const char *kind, const char *dns_name, struct builder *csr_der,
                              struct builder *key_pem, struct error *err);

#endif
