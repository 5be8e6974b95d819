/* proof.h - subtree inclusion and consistency proofs: checking and making [MTC 4.3], [MTC 4.4].
 *
 * A proof is a run of HASH_SIZE-byte hashes. Verifying never allocates.
 */
#ifndef CATHAYA_MERKLE_PROOF_H
#define CATHAYA_MERKLE_PROOF_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "merkle/subtree.h"

/* The longest inclusion proof that 64-bit sizes can need: one hash per level. A consistency proof
 * is such a path, with at most one hash in front. */
#define PROOF_HASHES_MAX 64
#define PROOF_CONSISTENCY_HASHES_MAX (1 + PROOF_HASHES_MAX)

/* proof_evaluate_inclusion computes the subtree's hash from entry_hash at index and the proof.
 * STATUS_MALFORMED when the proof's length is not a multiple of HASH_SIZE or does not fit the
 * subtree, STATUS_REFUSED when the subtree is not valid or does not contain index. root is written
 * on success only; it may be entry_hash. The caller compares it. [MTC 4.3.2] */
MUST_USE enum status proof_evaluate_inclusion(struct hasher *h, struct subtree s, uint64_t index,
                                              const uint8_t entry_hash[HASH_SIZE],
                                              struct bytes proof, uint8_t root[HASH_SIZE],
                                              struct error *err);

/* proof_check_consistency: is subtree_hash the hash of subtree s in the tree of tree_size entries
 * whose root is given? STATUS_OK means yes. STATUS_MALFORMED when the proof's length does not fit,
 * STATUS_REFUSED when s is not a valid subtree of the tree or the hashes say no. For the empty s
 * the root is not looked at. [MTC 4.4.3] */
MUST_USE enum status proof_check_consistency(struct hasher *h, struct subtree s, uint64_t tree_size,
                                             const uint8_t subtree_hash[HASH_SIZE],
                                             const uint8_t root[HASH_SIZE], struct bytes proof,
                                             struct error *err);

/* proof_evaluate_consistency computes the hashes that a proof speaks of: *part of s, and *root of the tree that has
 * it. Where the proof does not name the hash of s it starts from subtree_hash, and *part is that. Statuses as
 * above; STATUS_REFUSED for the empty s. The caller compares. */
MUST_USE enum status proof_evaluate_consistency(struct hasher *h, struct subtree s,
                                                uint64_t tree_size,
                                                const uint8_t subtree_hash[HASH_SIZE],
                                                struct bytes proof, uint8_t part[HASH_SIZE],
                                                uint8_t root[HASH_SIZE], struct error *err);

/* Where the hashes of complete nodes come from: read writes the hash of
 * [index << level, (index + 1) << level). It is asked only for nodes inside the tree. */
struct node_source {
    void *context;
    enum status (*read)(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE],
                        struct error *err);
};

/* proof_subtree_hash computes MTH of [s.start, s.end) from complete nodes, HASH("") for an empty s.
 * STATUS_REFUSED when s is not valid, otherwise what the source says. [RFC9162 2.1.1] */
MUST_USE enum status proof_subtree_hash(struct hasher *h, const struct node_source *source,
                                        struct subtree s, uint8_t out[HASH_SIZE],
                                        struct error *err);

/* proof_make_inclusion appends the inclusion proof of index in s, at most PROOF_HASHES_MAX hashes.
 * STATUS_REFUSED when s is not valid or does not contain index. After a failure out may hold a part
 * of the proof; here and below. [MTC 4.3], [RFC9162 2.1.3.1] */
MUST_USE enum status proof_make_inclusion(struct hasher *h, const struct node_source *source,
                                          struct subtree s, uint64_t index, struct builder *out,
                                          struct error *err);

/* proof_make_consistency appends the consistency proof of s in the tree of tree_size entries, at
 * most PROOF_CONSISTENCY_HASHES_MAX hashes. STATUS_REFUSED when s is not a valid subtree of it.
 * Plain consistency of size m [RFC9162 2.1.4.1] is that of [0, m). [MTC 4.4.1] */
MUST_USE enum status proof_make_consistency(struct hasher *h, const struct node_source *source,
                                            struct subtree s, uint64_t tree_size,
                                            struct builder *out, struct error *err);

#endif
