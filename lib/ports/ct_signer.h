/* ct_signer.h - the key of a CT log: signs its SCTs and its tree heads, and nothing else [RFC6962 2.1.4].
 *
 * Trust: holds a key. Both statements are typed, so that no one of them can be had under the name of the other;
 * whether a tree head goes on from the last one is the log engine's affair, and may be checked by the holder too.
 */
#ifndef CATHAYA_PORTS_CT_SIGNER_H
#define CATHAYA_PORTS_CT_SIGNER_H

#include "base/builder.h"
#include "crypto/hash.h"
#include "crypto/key.h"

struct ct_signer {
    void *context;
    const struct public_key *key; /* borrowed; its algorithm is sm2_sm3 (gm) or ecdsa_p256_sha256 (intl) */

    /* sign_sct appends the signature (DER, without the two bytes of the algorithm and the length) over the
     * digitally-signed structure of an SCT, signature_type certificate_timestamp(0) [RFC6962 3.2]. Called on any
     * thread, several at a time. STATUS_REFUSED when input is not such a structure; STATUS_IO when the holder
     * cannot be reached. */
    enum status (*sign_sct)(void *context, struct bytes input, struct builder *out, struct error *err);

    /* sign_tree_head appends the signature over TreeHeadSignature, signature_type tree_hash(1) [RFC6962 3.5]. On
     * the log's worker. */
    enum status (*sign_tree_head)(void *context, uint64_t timestamp_ms, uint64_t tree_size,
                                  const uint8_t root[HASH_SIZE], struct builder *out, struct error *err);
};

#endif
