#include "rules/evidence_check.h"

#include <inttypes.h>
#include <string.h>

#include "codec/ct/sct_input.h"
#include "codec/ct/tree_head.h"
#include "codec/mtc/cosigned_message.h"
#include "base/reader.h"
#include "codec/note/checkpoint_verify.h"
#include "codec/trust_bundle/trust_envelope.h"
#include "merkle/node.h"
#include "merkle/proof.h"

/* What a statement says about a log: this part of it has this hash. */
struct claim {
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
    uint64_t timestamp_ms; /* of an sth */
    uint64_t version;      /* of a trust bundle */
};

struct checking {
    const struct evidence *e;
    struct public_key *key;
    struct claim claims[EVIDENCE_STATEMENTS];
};

/* A SEQUENCE of the OID alone. */
static enum status find_key(struct checking *c, const struct algorithms *algorithms,
                            struct error *err)
{
    char oid[ALGORITHM_OID_TEXT_MAX + 1] = "";
    uint8_t memory[ALGORITHM_IDENTIFIER_MAX];
    struct builder identifier;
    struct bytes text = c->e->key_oid;
    builder_init_fixed(&identifier, memory, sizeof memory);
    builder_u8(&identifier, 0x30);
    size_t mark = builder_open_vector(&identifier, 1);
    if (text.len < sizeof oid)
        memcpy(oid, text.data, text.len);
    bool is_oid = algorithm_oid_to_der(oid, &identifier);
    builder_close_vector(&identifier, mark, 1);
    const struct signature_alg *alg = NULL;
    if (is_oid && builder_is_good(&identifier) && identifier.len < 128)
        alg = algorithms_by_identifier(algorithms, builder_view(&identifier));
    if (alg == NULL)
        return error_set(err, STATUS_REFUSED, "the algorithm %s of the key is not known", oid);
    enum status status = public_key_new(alg, c->e->key_spki, &c->key, err);
    return status == STATUS_OK || status == STATUS_NO_MEMORY
               ? status
               : error_set(err, STATUS_REFUSED, "the key is no %s key", alg->name);
}

/* The types of lines that a key may have signed. */
static enum status verify_note(struct checking *c, const struct note *note,
                               const struct checkpoint *checkpoint, struct error *err)
{
    static const enum note_key_type types[] = {NOTE_KEY_OTHER, NOTE_KEY_MLDSA44_COSIGNATURE,
                                               NOTE_KEY_ED25519, NOTE_KEY_ED25519_COSIGNATURE};
    enum status status = STATUS_NOT_FOUND;
    for (size_t i = 0; i < sizeof types / sizeof types[0] && status != STATUS_OK; i++) {
        struct checkpoint_verifier v = {.name = c->e->key_name, .type = types[i], .key = c->key};
        status = checkpoint_verify(note, checkpoint, &v, err);
        if (status == STATUS_NO_MEMORY)
            return status;
    }
    if (status == STATUS_OK)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "a checkpoint has no signature of the key that verifies");
}

static enum status claim_of_note(struct checking *c, const struct evidence_statement *s,
                                 struct claim *claim, struct error *err)
{
    struct note note;
    struct checkpoint checkpoint;
    enum status status = note_parse(s->note, &note, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(note.text, &checkpoint, err);
    if (status != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "a note is no signed checkpoint");
    if (!bytes_equal(checkpoint.origin, c->e->origin))
        return error_set(err, STATUS_REFUSED, "a checkpoint is of another log");
    claim->subtree = (struct subtree){.start = 0, .end = checkpoint.size};
    memcpy(claim->hash, checkpoint.root, HASH_SIZE);
    return verify_note(c, &note, &checkpoint, err);
}

static enum status claim_of_subtree(struct checking *c, const struct evidence_statement *s,
                                    struct claim *claim, struct error *err)
{
    uint8_t memory[COSIGNED_MESSAGE_MAX];
    struct builder message;
    struct cosigned_message m = {.cosigner_name = c->e->key_name,
                                 .log_origin = c->e->origin,
                                 .timestamp = s->timestamp_s,
                                 .subtree = s->subtree};
    memcpy(m.hash, s->hash, HASH_SIZE);
    builder_init_fixed(&message, memory, sizeof memory);
    claim->subtree = s->subtree;
    memcpy(claim->hash, s->hash, HASH_SIZE);
    if (cosigned_message_write(&m, &message, err) != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "a statement is about no subtree");
    enum status status = public_key_verify(c->key, builder_view(&message), s->signature, err);
    return status == STATUS_REFUSED
               ? error_set(err, STATUS_REFUSED, "the signature of a subtree does not verify")
               : status;
}

static enum status claim_of_sth(struct checking *c, const struct evidence_statement *s, struct claim *claim, struct error *err)
{
    struct tree_head head = {.timestamp_ms = s->timestamp_ms, .size = s->subtree.end};
    struct digitally_signed signature;
    claim->subtree = s->subtree;
    claim->timestamp_ms = s->timestamp_ms;
    memcpy(claim->hash, s->hash, HASH_SIZE);
    memcpy(head.root, s->hash, HASH_SIZE);
    if (digitally_signed_parse(s->signature, &signature, err) != STATUS_OK)
        return error_set(err, STATUS_REFUSED, "the signature of a tree head cannot be read");
    enum status status = tree_head_verify(c->key, &head, &signature, err);
    return status == STATUS_OK || status == STATUS_NO_MEMORY
               ? status
               : error_set(err, STATUS_REFUSED, "the signature of a tree head does not verify");
}

static enum status claim_of_version(struct checking *c, const struct evidence_statement *s, struct claim *claim, struct error *err)
{
    struct reader r;
    struct bytes label;
    reader_init(&r, s->version);
    if (!reader_bytes(&r, TRUST_ENVELOPE_LABEL_SIZE, &label) || !bytes_is_text(label, TRUST_ENVELOPE_VERSION_LABEL) ||
        !reader_u64(&r, &claim->version))
        return error_set(err, STATUS_REFUSED, "a statement is about no version of a trust bundle");
    enum status status = public_key_verify(c->key, s->version, s->signature, err);
    return status == STATUS_REFUSED ? error_set(err, STATUS_REFUSED, "the signature of a version does not verify") : status;
}

static enum status check_versions(const struct checking *c, struct error *err)
{
    if (c->claims[0].version != c->claims[1].version)
        return error_set(err, STATUS_REFUSED, "the two statements are about different versions");
    if (bytes_equal(c->e->statements[0].version, c->e->statements[1].version))
        return error_set(err, STATUS_REFUSED, "the two statements agree");
    return STATUS_OK;
}

static enum status read_claims(struct checking *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < evidence_statement_count(c->e->kind) && status == STATUS_OK; i++) {
        const struct evidence_statement *s = &c->e->statements[i];
        status = s->is_note      ? claim_of_note(c, s, &c->claims[i], err)
                 : s->is_version ? claim_of_version(c, s, &c->claims[i], err)
                 : s->is_sth     ? claim_of_sth(c, s, &c->claims[i], err)
                                 : claim_of_subtree(c, s, &c->claims[i], err);
    }
    return status;
}

static bool same_hash(const uint8_t a[HASH_SIZE], const uint8_t b[HASH_SIZE])
{
    return memcmp(a, b, HASH_SIZE) == 0;
}

static enum status check_two(const struct checking *c, struct error *err)
{
    if (!subtree_equal(c->claims[0].subtree, c->claims[1].subtree))
        return error_set(err, STATUS_REFUSED, "the two statements are about different parts");
    if (same_hash(c->claims[0].hash, c->claims[1].hash))
        return error_set(err, STATUS_REFUSED, "the two statements agree");
    return STATUS_OK;
}

static enum status check_prefix(const struct checking *c, struct error *err)
{
    const struct claim *part = &c->claims[0], *tree = &c->claims[1];
    struct hasher h;
    if (same_hash(part->hash, c->e->part_hash))
        return error_set(err, STATUS_REFUSED, "the tree has the part just as it was signed");
    if (part->subtree.start == part->subtree.end)
        return error_set(err, STATUS_REFUSED, "an empty part says nothing about the tree");
    enum status status = hasher_init(&h, c->e->hash, err);
    if (status == STATUS_OK)
        status = proof_check_consistency(&h, part->subtree, tree->subtree.end, c->e->part_hash,
                                         tree->hash, proof_lines_view(&c->e->proof), err);
    hasher_clear(&h);
    return status == STATUS_OK || status == STATUS_NO_MEMORY
               ? status
               : error_set(err, STATUS_REFUSED,
                           "the proof does not lead from the part's hash to the root of the tree");
}

static enum status check_shrank(const struct checking *c, struct error *err)
{
    const struct claim *first = &c->claims[0], *second = &c->claims[1];
    bool is_smaller = second->subtree.end < first->subtree.end, is_newer = second->timestamp_ms > first->timestamp_ms;
    if (is_smaller && is_newer)
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "the second tree head is not both newer and smaller");
}

/* ---- entries ---- */

/* Is this leaf hash the one at the evidence's index in the tree of a claim? */
static enum status check_included(const struct checking *c, const struct claim *tree, const uint8_t leaf[HASH_SIZE],
                                  struct error *err)
{
    struct hasher h;
    uint8_t root[HASH_SIZE] = {0};
    enum status status = hasher_init(&h, c->e->hash, err);
    if (status == STATUS_OK)
        status = proof_evaluate_inclusion(&h, tree->subtree, c->e->index, leaf, proof_lines_view(&c->e->proof), root, err);
    if (status == STATUS_OK)
        status = hasher_status(&h, err);
    hasher_clear(&h);
    if (status == STATUS_NO_MEMORY || (status == STATUS_OK && same_hash(root, tree->hash)))
        return status;
    return error_set(err, STATUS_REFUSED, "the proof does not lead from the leaf to the root of the tree");
}

static enum status hash_leaf(const struct checking *c, uint8_t out[HASH_SIZE], struct error *err)
{
    struct hasher h;
    enum status status = hasher_init(&h, c->e->hash, err);
    if (status == STATUS_OK) {
        node_leaf_hash(&h, c->e->leaf, out);
        status = hasher_status(&h, err);
    }
    hasher_clear(&h);
    return status;
}

/* A leaf of an unknown type has a time all the same. */
static enum status read_leaf(const struct checking *c, struct leaf *leaf, struct error *err)
{
    *leaf = (struct leaf){.type = UINT16_MAX};
    enum status status = leaf_parse(c->e->leaf, leaf, err);
    if (status == STATUS_OK || (status == STATUS_REFUSED && leaf->type != UINT16_MAX))
        return STATUS_OK;
    return error_set(err, STATUS_REFUSED, "the leaf cannot be read");
}

static bool is_late(uint64_t entry_ms, uint64_t mmd_ms, uint64_t head_ms)
{
    return head_ms > entry_ms && head_ms - entry_ms > mmd_ms;
}

static enum status check_entry_time(const struct checking *c, struct error *err)
{
    struct leaf leaf;
    uint8_t hash[HASH_SIZE] = {0};
    bool is_late_merge = c->e->kind == EVIDENCE_LATE_MERGE;
    const struct claim *without = &c->claims[0], *with = &c->claims[is_late_merge ? 1 : 0];
    enum status status = read_leaf(c, &leaf, err);
    if (status == STATUS_OK && is_late_merge && c->e->index < without->subtree.end)
        status = error_set(err, STATUS_REFUSED, "the entry may be in the first tree");
    else if (status == STATUS_OK && is_late_merge && !is_late(leaf.timestamp_ms, c->e->mmd_ms, without->timestamp_ms))
        status = error_set(err, STATUS_REFUSED, "the first tree head came in time for the entry");
    else if (status == STATUS_OK && !is_late_merge && leaf.timestamp_ms <= with->timestamp_ms)
        status = error_set(err, STATUS_REFUSED, "the entry's time is not after that of the tree head");
    if (status == STATUS_OK)
        status = hash_leaf(c, hash, err);
    return status == STATUS_OK ? check_included(c, with, hash, err) : status;
}

/* An SCT alone is read as a list of one. */
static enum status read_sct(const struct checking *c, struct builder *memory, struct sct_list *list, struct error *err)
{
    builder_u16(memory, (uint16_t)(c->e->sct.len + 2));
    builder_u16(memory, (uint16_t)c->e->sct.len);
    builder_bytes(memory, c->e->sct);
    if (c->e->sct.len > SCT_LIST_SIZE_MAX - 4 || !builder_is_good(memory) ||
        sct_list_parse(builder_view(memory), list, err) != STATUS_OK || list->count != 1 || list->scts[0].version != SCT_V1)
        return error_set(err, STATUS_REFUSED, "the SCT cannot be read");
    return STATUS_OK;
}

/* The log's promise: this leaf, at this index. */
static enum status check_promise(const struct checking *c, const struct sct *sct, struct error *err)
{
    struct leaf leaf;
    uint64_t index;
    if (leaf_parse(c->e->leaf, &leaf, err) != STATUS_OK || leaf.timestamp_ms != sct->timestamp_ms ||
        !bytes_equal(leaf.extensions, sct->extensions))
        return error_set(err, STATUS_REFUSED, "the leaf is not that of the SCT");
    if (sct_leaf_index(sct, &index, err) != STATUS_OK || index != c->e->index)
        return error_set(err, STATUS_REFUSED, "the SCT does not promise this index");
    enum status status = sct_input_verify(c->key, sct, &leaf, err);
    if (status != STATUS_OK)
        return status == STATUS_NO_MEMORY ? status
                                          : error_set(err, STATUS_REFUSED, "the signature of the SCT does not verify");
    if (!is_late(sct->timestamp_ms, c->e->mmd_ms, c->claims[0].timestamp_ms))
        return error_set(err, STATUS_REFUSED, "the tree head is not more than the maximum merge delay after the SCT");
    return STATUS_OK;
}

static enum status check_sct(const struct checking *c, struct error *err)
{
    const struct claim *tree = &c->claims[0];
    struct sct_list list; /* 3 KiB */
    struct builder memory;
    uint8_t hash[HASH_SIZE] = {0};
    builder_init(&memory, SCT_LIST_SIZE_MAX);
    enum status status = read_sct(c, &memory, &list, err);
    if (status == STATUS_OK)
        status = check_promise(c, &list.scts[0], err);
    builder_clear(&memory);
    if (status == STATUS_OK && c->e->has_part != (c->e->index < tree->subtree.end))
        status = error_set(err, STATUS_REFUSED, "what is at the index is there exactly when the tree has that index");
    if (status != STATUS_OK || !c->e->has_part)
        return status;
    status = hash_leaf(c, hash, err);
    if (status == STATUS_OK && same_hash(hash, c->e->part_hash))
        status = error_set(err, STATUS_REFUSED, "the tree has the leaf that was promised");
    return status == STATUS_OK ? check_included(c, tree, c->e->part_hash, err) : status;
}

/* ---- words ---- */

static void explain_two(const struct checking *c, struct builder *out)
{
    const struct claim *a = &c->claims[0], *b = &c->claims[1];
    builder_printf(out, " signed two different hashes for entries [%" PRIu64 ", %" PRIu64 ") of log ",
                   a->subtree.start, a->subtree.end);
    builder_bytes(out, c->e->origin);
    if (c->e->kind == EVIDENCE_NOT_A_PREFIX)
        builder_printf(out, ": one itself, another as a part of the tree of %" PRIu64 " entries",
                       b->subtree.end);
}

static void explain(const struct checking *c, struct builder *out)
{
    const struct claim *a = &c->claims[0], *b = &c->claims[1];
    builder_text(out, "the holder of the key of ");
    builder_bytes(out, c->e->key_name);
    switch (c->e->kind) {
    case EVIDENCE_TWO_ROOTS:
    case EVIDENCE_TWO_SUBTREES:
    case EVIDENCE_NOT_A_PREFIX:
        explain_two(c, out);
        return;
    case EVIDENCE_SHRANK:
        builder_printf(out, " signed a tree of %" PRIu64 " entries, and %" PRIu64 " ms later one of %" PRIu64,
                       a->subtree.end, b->timestamp_ms - a->timestamp_ms, b->subtree.end);
        return;
    case EVIDENCE_ENTRY_AFTER_HEAD:
        builder_printf(out, " signed at %" PRIu64 " ms a tree of %" PRIu64 " entries whose entry %" PRIu64 " says that it came later",
                       a->timestamp_ms, a->subtree.end, c->e->index);
        return;
    case EVIDENCE_LATE_MERGE:
        builder_printf(out, " put entry %" PRIu64 " into its tree more than its maximum merge delay of %" PRIu64
                            " ms after the entry's time: the tree of %" PRIu64 " ms does not have it",
                       c->e->index, c->e->mmd_ms, a->timestamp_ms);
        return;
    case EVIDENCE_SCT_NOT_HONOURED:
        builder_printf(out, " promised in an SCT that entry %" PRIu64 " of log ", c->e->index);
        builder_bytes(out, c->e->origin);
        builder_printf(out, " is a certificate's, and signed more than its maximum merge delay of %" PRIu64
                            " ms later a tree of %" PRIu64 " entries that does not have it there",
                       c->e->mmd_ms, a->subtree.end);
        return;
    case EVIDENCE_TWO_VERSIONS:
        builder_printf(out, " signed two different contents or times of version %" PRIu64 " of the trust bundle whose log of versions is ",
                       a->version);
        builder_bytes(out, c->e->origin);
        return;
    }
}

static enum status check_kind(const struct checking *c, struct error *err)
{
    switch (c->e->kind) {
    case EVIDENCE_TWO_ROOTS:
    case EVIDENCE_TWO_SUBTREES:
        return check_two(c, err);
    case EVIDENCE_NOT_A_PREFIX:
        return check_prefix(c, err);
    case EVIDENCE_SHRANK:
        return check_shrank(c, err);
    case EVIDENCE_ENTRY_AFTER_HEAD:
    case EVIDENCE_LATE_MERGE:
        return check_entry_time(c, err);
    case EVIDENCE_SCT_NOT_HONOURED:
        return check_sct(c, err);
    case EVIDENCE_TWO_VERSIONS:
        return check_versions(c, err);
    }
    return error_set(err, STATUS_REFUSED, "a kind of evidence that is not known");
}

enum status evidence_check(const struct evidence *evidence, const struct algorithms *algorithms,
                           struct builder *explanation, struct error *err)
{
    struct checking c = {.e = evidence};
    enum status status = find_key(&c, algorithms, err);
    if (status == STATUS_OK)
        status = read_claims(&c, err);
    if (status == STATUS_OK)
        status = check_kind(&c, err);
    public_key_free(c.key);
    if (status != STATUS_OK)
        return status;
    explain(&c, explanation);
    return builder_status(explanation, "explanation", err);
}
