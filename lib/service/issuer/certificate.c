#include "service/issuer/issuer.h"
#include "service/issuer/subject_keys.h"

#include "crypto/key.h"

/* The certificate of an entry, relative to a subtree, with the cosignatures given. */
static enum status write_certificate(const struct issuer *issuer, uint64_t index,
                                     struct subtree subtree, const struct cosignature *cosignatures,
                                     size_t cosignature_count, struct bytes entry_bytes,
                                     struct builder *out, struct error *err)
{
    struct log_entry entry;
    struct tbs_entry tbs;
    uint8_t path_memory[PROOF_HASHES_MAX * HASH_SIZE], spki_memory[KEY_SPKI_MAX];
    struct builder path, spki, proof_bytes;
    builder_init_fixed(&path, path_memory, sizeof path_memory);
    builder_init_fixed(&spki, spki_memory, sizeof spki_memory);
    builder_init(&proof_bytes, CERTIFICATE_SIZE_MAX);

    enum status s = log_entry_parse(entry_bytes, &entry, err);
    if (s == STATUS_OK && entry.type != LOG_ENTRY_TBS_CERT)
        s = error_set(err, STATUS_NOT_FOUND, "entry %llu is not a certificate", (unsigned long long)index);
    if (s == STATUS_OK)
        s = tbs_entry_parse(entry.data, &tbs, err);
    if (s == STATUS_OK)
        s = subject_keys_get(issuer, tbs.spki_hash, &spki, err);
    struct node_source source = issuer->log.node_source(issuer->log.context);
    if (s == STATUS_OK)
        s = proof_make_inclusion(issuer->hasher, &source, subtree, index, &path, err);
    if (s == STATUS_OK) {
        struct mtc_proof proof = {.extensions = entry.extensions, .subtree = subtree,
                                  .inclusion_proof = builder_view(&path)};
        s = mtc_proof_write(&proof, issuer->draft, cosignatures, cosignature_count, &proof_bytes, err);
    }
    uint64_t serial = (uint64_t)issuer->log_number << 48 | index;
    if (s == STATUS_OK)
        s = tbs_entry_write_certificate(&tbs, issuer->draft, serial, builder_view(&spki),
                                        builder_view(&proof_bytes), out, err);
    builder_clear(&proof_bytes);
    return s;
}

enum status issuer_write_standalone(const struct issuer *issuer, uint64_t index,
                                    struct builder *out, struct error *err)
{
    struct subtree subtree;
    struct cosignature cosignatures[ISSUER_COSIGNATURES_MAX];
    size_t count = 0;
    struct builder entry, memory;
    builder_init(&entry, LOG_ENTRY_SIZE_MAX);
    builder_init(&memory, CERTIFICATE_SIZE_MAX);
    enum status s = issuer->log.read_entry(issuer->log.context, index, &entry, err);
    if (s == STATUS_OK)
        s = issuer->log.read_cosignatures(issuer->log.context, index, &subtree, &memory, cosignatures,
                                          &count, err);
    if (s == STATUS_OK)
        s = write_certificate(issuer, index, subtree, cosignatures, count, builder_view(&entry), out, err);
    builder_clear(&memory);
    builder_clear(&entry);
    return s;
}

/* The lowest landmark above the index, and that of its subtrees which has the index in it. */
static enum status find_landmark(const struct landmarks *landmarks, uint64_t index,
                                 uint64_t *landmark, struct subtree *subtree, struct error *err)
{
    struct subtree both[2];
    enum status s = landmarks_find(landmarks, index, landmark, err);
    if (s == STATUS_OK)
        s = landmarks_subtrees(landmarks, *landmark, both, err);
    if (s == STATUS_OK)
        *subtree = subtree_contains(both[0], index) ? both[0] : both[1];
    return s;
}

enum status issuer_write_landmark(const struct issuer *issuer, uint64_t index, struct builder *out,
                                  uint64_t *landmark, struct error *err)
{
    struct subtree subtree;
    struct builder entry;
    builder_init(&entry, LOG_ENTRY_SIZE_MAX);
    enum status s = issuer->log.read_entry(issuer->log.context, index, &entry, err);
    if (s == STATUS_OK)
        s = find_landmark(issuer->log.landmarks(issuer->log.context), index, landmark, &subtree, err);
    if (s == STATUS_OK)
        s = write_certificate(issuer, index, subtree, NULL, 0, builder_view(&entry), out, err);
    builder_clear(&entry);
    return s;
}
