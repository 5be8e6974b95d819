/* document_signer.h - the CA key's other statements than those about its log: revocation lists.
 *
 * Trust: holds a key. It signs two kinds of documents and nothing else: a TBSCertList [RFC5280 5.1] and
 * the text of a revocations file (codec/revocations). Never a TBSCertificate [MTC 5.5].
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
