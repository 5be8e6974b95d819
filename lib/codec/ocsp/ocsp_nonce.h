/* ocsp_nonce.h - the nonce of requests and responses [RFC9654 2.1]; private to codec/ocsp. Carried as the whole OCTET STRING
 * that the extension's value is. */
#ifndef CATHAYA_CODEC_OCSP_OCSP_NONCE_H
#define CATHAYA_CODEC_OCSP_OCSP_NONCE_H

#include "codec/x509/extensions.h"

bool ocsp_nonce_is(const struct extension *e);

/* ocsp_nonce_read: false when it is too long, empty, or none. */
MUST_USE bool ocsp_nonce_read(const struct extension *e, struct bytes *nonce);

/* ocsp_nonce_write appends Extensions with the nonce alone. */
void ocsp_nonce_write(struct bytes nonce, struct builder *out);

#endif
