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

/* Who can show that what is to be signed goes on from what was signed before. */
struct subtree_prover {
    void *context;
    /* prove appends the consistency proof of s [MTC 4.4.1] in the log's tree: for a statement about the
     * whole tree ([0, n) with a time) in that tree, for one about a subtree in the newest tree that the
     * same cosigner was asked to sign. */
    enum status (*prove)(void *context, struct subtree s, struct builder *proof, struct error *err);
};

struct cosigner {
    void *context;
    struct tai id;
    const struct public_key *key; /* borrowed */
    /* sign appends the signature over the CosignedMessage of m; m->cosigner_name is this cosigner's. The
     * holder of the key may ask the prover, during the call, for what it wants to check; NULL is nobody to
     * ask. So a tree is signed before the subtrees that are parts of it. STATUS_REFUSED when it will not
     * sign, STATUS_IO when it cannot be reached. */
    enum status (*sign)(void *context, const struct cosigned_message *m,
                        const struct subtree_prover *prover, struct builder *out, struct error *err);
    const char *name; /* of its lines in notes, borrowed; NULL: that of the ID. One with a name needs no ID */
};

/* cosigner_name is the name of its lines; text is where that of an ID is written. */
static inline const char *cosigner_name(const struct cosigner *cosigner, char text[TAI_NAME_SIZE])
{
    if (cosigner->name != NULL)
        return cosigner->name;
    tai_name(&cosigner->id, text);
    return text;
}

#endif
