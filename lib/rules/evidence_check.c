#include "rules/evidence_check.h"

#include <inttypes.h>
#include <string.h>

#include "codec/mtc/cosigned_message.h"
#include "codec/note/checkpoint_verify.h"
#include "merkle/proof.h"

/* What a statement says about a log: this part of it has this hash. */
struct claim {
    struct subtree subtree;
    uint8_t hash[HASH_SIZE];
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

static enum status read_claims(struct checking *c, struct error *err)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < EVIDENCE_STATEMENTS && status == STATUS_OK; i++) {
        const struct evidence_statement *s = &c->e->statements[i];
        status = s->is_note ? claim_of_note(c, s, &c->claims[i], err)
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

static void explain(const struct checking *c, struct builder *out)
{
    const struct claim *a = &c->claims[0], *b = &c->claims[1];
    builder_text(out, "the holder of the key of ");
    builder_bytes(out, c->e->key_name);
    builder_printf(out, " signed two different hashes for entries [%" PRIu64 ", %" PRIu64 ") of log ",
                   a->subtree.start, a->subtree.end);
    builder_bytes(out, c->e->origin);
    if (c->e->kind == EVIDENCE_NOT_A_PREFIX)
        builder_printf(out, ": one itself, another as a part of the tree of %" PRIu64 " entries",
                       b->subtree.end);
}

enum status evidence_check(const struct evidence *evidence, const struct algorithms *algorithms,
                           struct builder *explanation, struct error *err)
{
    struct checking c = {.e = evidence};
    enum status status = find_key(&c, algorithms, err);
    if (status == STATUS_OK)
        status = read_claims(&c, err);
    if (status == STATUS_OK)
        status = evidence->kind == EVIDENCE_NOT_A_PREFIX ? check_prefix(&c, err) : check_two(&c, err);
    public_key_free(c.key);
    if (status != STATUS_OK)
        return status;
    explain(&c, explanation);
    return builder_status(explanation, "explanation", err);
}
