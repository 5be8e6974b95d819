/* document_signer.h - the statements of keys that are not about a log.
 *
 * Trust: holds a key. That of a Merkle Tree CA signs a TBSCertList [RFC5280 5.1] and the text of a revocations file
 * (codec/revocations), never a TBSCertificate [MTC 5.5]; that of a classic CA certificates and lists; that of an OCSP responder
 * its ResponseData [RFC6960 4.2.1], and nothing else.
 */
#ifndef CATHAYA_PORTS_DOCUMENT_SIGNER_H
#define CATHAYA_PORTS_DOCUMENT_SIGNER_H

#include "base/builder.h"
#include "crypto/key.h"

struct document_signer {
    void *context;
    const struct public_key *key; /* borrowed */
    /* sign appends the signature over the document. STATUS_REFUSED when it will not sign it, STATUS_IO
     * when it cannot be reached. */
    enum status (*sign)(void *context, struct bytes document, struct builder *out, struct error *err);
};

#endif
