/* version_log.h - a log of versions in memory, as a distributor runs one: leaves, checkpoints that keys sign, proofs. For
 * tests and for the program that makes signed bundles for them. */
#ifndef CATHAYA_TESTS_FAKES_VERSION_LOG_H
#define CATHAYA_TESTS_FAKES_VERSION_LOG_H

#include <string.h>

#include "codec/note/checkpoint.h"
#include "codec/note/note_key.h"
#include "codec/note/timestamped_signature.h"
#include "codec/mtc/cosigned_message.h"
#include "codec/trust_bundle/trust_version_proof.h"
#include "merkle/node.h"
#include "merkle/proof.h"

#define VERSION_LOG_MAX 1024

struct version_log {
    const char *origin;
    uint64_t size;
    uint8_t leaves[VERSION_LOG_MAX][HASH_SIZE];
    struct hasher hasher;
};

static inline enum status version_log_init(struct version_log *log, const char *origin, struct error *err)
{
    log->origin = origin;
    log->size = 0;
    return hasher_init(&log->hasher, &hash_sm3, err);
}

static inline void version_log_clear(struct version_log *log)
{
    hasher_clear(&log->hasher);
}

static inline enum status version_log_add(struct version_log *log, const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], struct error *err)
{
    if (log->size == VERSION_LOG_MAX)
        return error_set(err, STATUS_LIMIT, "the log is full");
    return trust_version_proof_leaf(version, log->leaves[log->size++], err);
}

static inline enum status version_log_read(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE], struct error *err)
{
    struct version_log *log = context;
    if (level == 0) {
        memcpy(out, log->leaves[index], HASH_SIZE);
        return STATUS_OK;
    }
    uint8_t right[HASH_SIZE];
    enum status s = version_log_read(log, level - 1, 2 * index, out, err);
    if (s == STATUS_OK)
        s = version_log_read(log, level - 1, 2 * index + 1, right, err);
    node_hash(&log->hasher, out, right, out);
    return s;
}

static inline struct node_source version_log_source(struct version_log *log)
{
    return (struct node_source){log, version_log_read};
}

/* version_log_note appends the checkpoint of the first size entries, signed by these keys under the origin as name. */
static inline enum status version_log_note(struct version_log *log, uint64_t size, struct private_key *const *keys, size_t key_count,
                                           struct builder *out, struct error *err)
{
    struct checkpoint c = {.origin = bytes_of_text(log->origin), .size = size};
    struct node_source source = version_log_source(log);
    struct cosigned_message m = {.cosigner_name = c.origin, .log_origin = c.origin, .timestamp = 1800000000, .subtree = {0, size}};
    uint8_t memory[16384], text_memory[1024];
    struct builder text, message, payload;
    builder_init_fixed(&text, text_memory, sizeof text_memory);
    enum status s = proof_subtree_hash(&log->hasher, &source, m.subtree, c.root, err);
    memcpy(m.hash, c.root, HASH_SIZE);
    if (s == STATUS_OK)
        s = checkpoint_write(&c, &text, err);
    if (s == STATUS_OK)
        s = note_write_text(builder_view(&text), out, err);
    for (size_t i = 0; s == STATUS_OK && i < key_count; i++) {
        uint8_t id[NOTE_KEY_ID_SIZE];
        builder_init_fixed(&message, memory, sizeof memory / 2);
        builder_init_fixed(&payload, memory + sizeof memory / 2, sizeof memory / 2);
        builder_u64(&payload, m.timestamp);
        s = cosigned_message_write(&m, &message, err);
        if (s == STATUS_OK)
            s = private_key_sign(keys[i], builder_view(&message), &payload, err);
        if (s == STATUS_OK)
            s = note_key_id(c.origin, private_key_public(keys[i]), id, err);
        if (s == STATUS_OK)
            s = note_write_signature(c.origin, id, builder_view(&payload), out, err);
    }
    return s;
}

/* version_log_prove appends the proof of version number in the tree of that size. */
static inline enum status version_log_prove(struct version_log *log, uint64_t number, uint64_t size, struct bytes note, struct builder *out,
                                            struct error *err)
{
    uint8_t memory[PROOF_HASHES_MAX * HASH_SIZE];
    struct node_source source = version_log_source(log);
    struct builder path;
    builder_init_fixed(&path, memory, sizeof memory);
    enum status s = proof_make_inclusion(&log->hasher, &source, (struct subtree){0, size}, number - 1, &path, err);
    struct trust_version_proof proof = {note, builder_view(&path)};
    return s == STATUS_OK ? trust_version_proof_write(&proof, out, err) : s;
}

#endif
