/* peer_trust_parts.h - the roots of a trust, as OpenSSL has them. Private to tls/. */
#ifndef CATHAYA_TLS_PEER_TRUST_PARTS_H
#define CATHAYA_TLS_PEER_TRUST_PARTS_H

#include <openssl/x509.h>

#include "tls/peer_trust.h"

/* peer_trust_roots borrows the roots of a world. */
X509_STORE *peer_trust_roots(const struct peer_trust *trust, enum peer_world world);

/* peer_trust_intermediates borrows what a server may have forgotten. */
STACK_OF(X509) *peer_trust_intermediates(const struct peer_trust *trust);

/* peer_trust_distrust_after is when trust in a root has ended for new certificates; INT64_MAX: it has not. */
int64_t peer_trust_distrust_after(const struct peer_trust *trust, const X509 *root);

/* peer_trust_key_world is the world of a certificate's key. */
enum peer_world peer_trust_key_world(const X509 *cert);

#endif
