/* mtc_proof.h - the signatureValue of a Merkle Tree Certificate [MTC 6.2]:
 *
 *   struct {
 *     TrustAnchorID cosigner_id;       // opaque <1..2^8-1>
 *     opaque signature<0..2^16-1>;
 *   } Cosignature;
 *   struct {
 *     MTCLogEntryExtension extensions<0..2^16-1>;
 *     uint48 start; uint48 end;
 *     opaque inclusion_proof<0..2^16-1>;
 *     Cosignature signatures<0..2^24-1>;   // <0..2^16-1> up to -05
 *   } MTCProof;
 */
#ifndef CATHAYA_CODEC_MTC_MTC_PROOF_H
#define CATHAYA_CODEC_MTC_MTC_PROOF_H

#include "codec/mtc/draft.h"
#include "merkle/subtree.h"

/* An ID in a proof may be longer than a trust anchor ID that we could configure; ignored then. */
struct cosignature {
    struct bytes cosigner_id;
    struct bytes signature;
};

struct mtc_proof {
    struct bytes extensions; /* with their length prefix, as they are hashed */
    struct subtree subtree;
    struct bytes inclusion_proof;
    struct bytes signatures; /* contents of the vector: mtc_proof_next reads it */
};

/* mtc_proof_parse reads a whole MTCProof. Cosignatures must be in strictly ascending order of
 * cosigner_id (shorter first), extensions strictly ascending by type. Fields borrow. */
MUST_USE enum status mtc_proof_parse(struct bytes input, const struct draft *draft,
                                     struct mtc_proof *out, struct error *err);

/* mtc_proof_next reads one Cosignature from a reader on signatures; false at the end. */
MUST_USE bool mtc_proof_next(struct reader *r, struct cosignature *out);

/* mtc_proof_write appends the MTCProof. The cosignatures must be in canonical order. extensions
 * are taken from proof->extensions, signatures from the array. */
MUST_USE enum status mtc_proof_write(const struct mtc_proof *proof, const struct draft *draft,
                                     const struct cosignature *signatures, size_t signature_count,
                                     struct builder *out, struct error *err);

#endif
