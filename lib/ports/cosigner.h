/* cosigner.h - somebody who signs statements about a log.
 *
 * Trust: holds a key. It signs only the typed statement that it is given; the issuance log asks only
 * for what its record has already committed to.
 */
#ifndef CATHAYA_PORTS_COSIGNER_H
#define CATHAYA_PORTS_COSIGNER_H

#include "base/builder.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/tai/tai.h"
#include "crypto/key.h"

struct cosigner {
    void *context;
    struct tai id;
    const struct public_key *key; /* borrowed */
    /* sign appends the signature over the CosignedMessage of m; m->cosigner_name is this cosigner's.
     * STATUS_REFUSED when it will not sign, STATUS_IO when it cannot be reached. */
    enum status (*sign)(void *context, const struct cosigned_message *m, struct builder *out,
                        struct error *err);
};

#endif
