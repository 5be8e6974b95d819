#include "rules/version_proof.h"

#include <stdlib.h>
#include <string.h>

#include "merkle/node.h"

/* One good line is enough for an algorithm: with several keys of it, one may be about to come or go. */
static enum status check_algorithm(const struct note *note, const struct checkpoint *checkpoint, const struct bundle_keys *keys,
                                   const char *algorithm, struct error *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct bundle_key *key = &keys->at[i];
        if (key->role != TRUST_BUNDLE_KEY_VERSIONS || strcmp(public_key_alg(key->key)->name, algorithm) != 0)
            continue;
        struct checkpoint_verifier verifier = bundle_keys_verifier(key);
        enum status s = checkpoint_verify(note, checkpoint, &verifier, err);
        if (s != STATUS_NOT_FOUND)
            return s;
    }
    return error_set(err, STATUS_REFUSED, "no good %s signature of the log of versions on its checkpoint", algorithm);
}

static enum status check_signed(const struct note *note, const struct checkpoint *checkpoint, const struct bundle_keys *keys, struct error *err)
{
    enum status s = STATUS_OK;
    if (!bytes_equal(checkpoint->origin, bytes_of_text(keys->origin)))
        return error_set(err, STATUS_REFUSED, "the checkpoint is of another log than %s", keys->origin);
    for (size_t i = 0; s == STATUS_OK && i < BUNDLE_KEYS_ALGORITHMS; i++)
        s = check_algorithm(note, checkpoint, keys, bundle_keys_algorithms[i], err);
    return s;
}

/* keys: NULL, they were looked at before. */
static enum status read_note(const struct note *note, struct bytes whole, const struct bundle_keys *keys, struct version_checkpoint *out,
                             struct error *err)
{
    struct checkpoint checkpoint;
    enum status s = checkpoint_parse(note->text, &checkpoint, err);
    if (s == STATUS_OK && keys != NULL)
        s = check_signed(note, &checkpoint, keys, err);
    if (s == STATUS_OK && checkpoint.size == 0)
        s = error_set(err, STATUS_REFUSED, "the checkpoint is of an empty log");
    if (s != STATUS_OK)
        return s;
    out->size = checkpoint.size;
    out->note = whole;
    memcpy(out->root, checkpoint.root, HASH_SIZE);
    return STATUS_OK;
}

static enum status read_checkpoint(struct bytes note, const struct bundle_keys *keys, struct version_checkpoint *out, struct error *err)
{
    out->size = 0;
    struct note *parsed = malloc(sizeof *parsed); /* 64 lines are much for a stack */
    if (parsed == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    enum status s = note_parse(note, parsed, err);
    if (s == STATUS_OK)
        s = read_note(parsed, note, keys, out, err);
    free(parsed);
    return s;
}

enum status version_proof_read_checkpoint(struct bytes note, const struct bundle_keys *keys, struct version_checkpoint *out,
                                          struct error *err)
{
    return read_checkpoint(note, keys, out, err);
}

enum status version_proof_parse_checkpoint(struct bytes note, struct version_checkpoint *out, struct error *err)
{
    return read_checkpoint(note, NULL, out, err);
}

static enum status check_path(const struct version_checkpoint *checkpoint, struct bytes path, uint64_t number,
                              const uint8_t leaf[HASH_SIZE], struct error *err)
{
    struct hasher h;
    uint8_t root[HASH_SIZE];
    struct subtree tree = {.start = 0, .end = checkpoint->size};
    if (number == 0 || number > checkpoint->size)
        return error_set(err, STATUS_REFUSED, "the checkpoint is of %llu versions", (unsigned long long)checkpoint->size);
    enum status s = hasher_init(&h, &hash_sm3, err);
    if (s != STATUS_OK)
        return s;
    s = proof_evaluate_inclusion(&h, tree, number - 1, leaf, path, root, err);
    if (s == STATUS_OK)
        s = hasher_status(&h, err);
    hasher_clear(&h);
    if (s == STATUS_OK && memcmp(root, checkpoint->root, HASH_SIZE) != 0)
        s = error_set(err, STATUS_REFUSED, "the path does not lead to the checkpoint's root");
    return s;
}

enum status version_proof_check(struct bytes log_proof, const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], uint64_t number,
                                const struct bundle_keys *keys, struct version_checkpoint *out, struct error *err)
{
    struct trust_version_proof proof;
    uint8_t leaf[HASH_SIZE];
    out->size = 0;
    if (log_proof.len == 0)
        return error_set(err, STATUS_REFUSED, "without a proof that it is in the log of versions, which is required");
    enum status s = trust_version_proof_parse(log_proof, &proof, err);
    if (s == STATUS_OK)
        s = version_proof_read_checkpoint(proof.checkpoint, keys, out, err);
    if (s == STATUS_OK)
        s = trust_version_proof_leaf(version, leaf, err);
    if (s == STATUS_OK)
        s = check_path(out, proof.path, number, leaf, err);
    return s == STATUS_OK || s == STATUS_NO_MEMORY ? s : error_prefix(err, STATUS_REFUSED, "proof in the log of versions");
}
