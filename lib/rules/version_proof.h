/* version_proof.h - is a version of a trust bundle in the distributor's log of versions? [GM 14, GM-82] Pure.
 *
 * Everybody is told the same versions when everybody has a proof from one log, whose checkpoints are compared: a version
 * that was made for one client alone is either in the log, where monitors see it, or needs a second log, whose checkpoint is
 * evidence. */
#ifndef CATHAYA_RULES_VERSION_PROOF_H
#define CATHAYA_RULES_VERSION_PROOF_H

#include "codec/trust_bundle/trust_version_proof.h"
#include "rules/bundle_keys.h"

/* A checkpoint of the log of versions whose signatures are good. */
struct version_checkpoint {
    uint64_t size; /* 0: none */
    uint8_t root[HASH_SIZE];
    struct bytes note; /* borrowed */
};

/* version_proof_read_checkpoint reads a signed checkpoint: it has to have the origin of the keys, and a good line of one of
 * them for each of the two algorithms. STATUS_MALFORMED, STATUS_REFUSED. */
MUST_USE enum status version_proof_read_checkpoint(struct bytes note, const struct bundle_keys *keys, struct version_checkpoint *out,
                                                   struct error *err);

/* version_proof_parse_checkpoint is the same for one that was taken before: its keys may have gone since, and are not looked at. */
MUST_USE enum status version_proof_parse_checkpoint(struct bytes note, struct version_checkpoint *out, struct error *err);

/* version_proof_check: does log_proof of an envelope prove that this TrustVersion is entry number - 1? STATUS_OK is the only
 * yes; *out is good when its size is not 0, also after a failure. */
MUST_USE enum status version_proof_check(struct bytes log_proof, const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], uint64_t number,
                                         const struct bundle_keys *keys, struct version_checkpoint *out, struct error *err);

#endif
