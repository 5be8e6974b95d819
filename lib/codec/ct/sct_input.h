/* sct_input.h - what an SCT of version 1 signs [RFC6962 3.2]:
 *
 *   digitally-signed struct {
 *     uint8 sct_version = 0; uint8 signature_type = 0; uint64 timestamp; LogEntryType entry_type;
 *     signed_entry; CtExtensions extensions;
 *   };
 *
 * Its bytes are those of the MerkleTreeLeaf of the same entry (leaf.h), by the accident that version and type
 * are 0 in both: so one writer does both, and a log that has the leaf has what it signs.
 */
#ifndef CATHAYA_CODEC_CT_SCT_INPUT_H
#define CATHAYA_CODEC_CT_SCT_INPUT_H

#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "crypto/key.h"

/* sct_input_write appends what the SCT of this entry signs. Statuses of leaf_write. */
MUST_USE enum status sct_input_write(const struct leaf *entry, struct builder *out, struct error *err);

/* sct_input_leaf is entry as the SCT says it: with its timestamp and its extensions. */
struct leaf sct_input_leaf(const struct sct *sct, const struct leaf *entry);

/* sct_input_verify is STATUS_OK when sct is a signature of entry by key; the entry's timestamp and extensions are
 * not looked at, the SCT has its own. STATUS_REFUSED when not: with the reason, also for another version or
 * algorithm. That the SCT's log ID is the key's is the caller's to check (rules/sct_check.h). */
MUST_USE enum status sct_input_verify(const struct public_key *key, const struct sct *sct,
                                      const struct leaf *entry, struct error *err);

#endif
