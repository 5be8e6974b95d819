/* Views of a log that contradict each other are kept as evidence. Failing to keep one changes no answer. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "merkle/proof.h"
#include "service/mirror/mirror_internal.h"

/* The name says what it proves, so that the same lie, sent again, is the same file. */
static bool make_name(const struct mirror_log *log, const struct evidence *e, char *out, size_t size)
{
    uint8_t digest[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    const struct bytes parts[] = {bytes_of_text(log->config.origin),
                                  bytes_of_text(evidence_kind_name(e->kind)), e->statements[0].note,
                                  e->statements[1].note};
    if (!hash_label_sha256(parts, sizeof parts / sizeof parts[0], digest))
        return false;
    text_hex(bytes_of(digest, 16), hex);
    (void)snprintf(out, size, "evidence/%s-%s.txt", evidence_kind_name(e->kind), hex);
    return true;
}

static enum status put(struct mirror_log *log, const struct evidence *e, const char *name,
                       struct error *err)
{
    const struct object_store *store = &log->config.evidence;
    struct builder text;
    builder_init(&text, EVIDENCE_SIZE_MAX);
    enum status status = evidence_write(e, &text, err);
    if (status == STATUS_OK)
        status = store->put(store->context, name, builder_view(&text), err);
    if (status == STATUS_OK)
        status = store->sync(store->context, err);
    builder_clear(&text);
    return status;
}

static void keep(struct mirror_log *log, const struct evidence *e)
{
    char name[OBJECT_NAME_MAX + 1];
    struct error err = {.text = ""};
    const struct object_store *store = &log->config.evidence;
    if (store->put == NULL || log->evidence_count >= MIRROR_EVIDENCE_MAX ||
        !make_name(log, e, name, sizeof name))
        return;
    builder_reset(&log->scratch);
    if (store->get(store->context, name, &log->scratch, &err) == STATUS_OK)
        return;
    log->evidence_count++;
    enum status status = put(log, e, name, &err);
    if (status != STATUS_OK)
        log->config.evidence.put = NULL; /* after a failed sync nothing is certain: not used again */
    events_report(&log->mirror->events, EVENT_ERROR,
                  status == STATUS_OK ? "evidence-kept" : "evidence-lost",
                  {"origin", log->config.origin}, {"file", name}, {"reason", err.text});
    if (log->mirror->metrics != NULL)
        metric_add(log->metrics.evidence, 1);
}

static bool has_signed(const struct mirror_log_key *key, struct bytes text)
{
    struct note note;
    struct checkpoint checkpoint;
    struct checkpoint_verifier v = {
        .name = bytes_of_text(key->name), .type = key->type, .key = key->key};
    return note_parse(text, &note, NULL) == STATUS_OK &&
           checkpoint_parse(note.text, &checkpoint, NULL) == STATUS_OK &&
           checkpoint_verify(&note, &checkpoint, &v, NULL) == STATUS_OK;
}

/* Evidence is against one key: one that has signed both. */
static bool start(struct mirror_log *log, enum evidence_kind kind, struct bytes note_a,
                  struct bytes note_b, struct evidence *out)
{
    const struct clock_port *clock = &log->mirror->clock;
    *out = (struct evidence){.kind = kind,
                             .hash = log->config.hash,
                             .origin = bytes_of_text(log->config.origin),
                             .seen_s = clock->now_ms(clock->context) / 1000,
                             .where = bytes_of_text("a mirror's add-checkpoint"),
                             .statements = {{.is_note = true, .note = note_a},
                                            {.is_note = true, .note = note_b}}};
    if (log->mirror->cosigner_count > 0)
        out->where = bytes_of_text(log->mirror->cosigners[0].name);
    for (size_t i = 0; i < log->config.key_count; i++) {
        const struct mirror_log_key *key = &log->config.keys[i];
        if (!has_signed(key, note_a) || !has_signed(key, note_b))
            continue;
        out->key_name = bytes_of_text(key->name);
        out->key_oid = bytes_of_text(public_key_alg(key->key)->oid);
        out->key_spki = public_key_spki(key->key);
        return true;
    }
    return false;
}

void mirror_evidence_two_roots(struct mirror_log *log, struct bytes note_a, struct bytes note_b)
{
    struct evidence e;
    if (start(log, EVIDENCE_TWO_ROOTS, note_a, note_b, &e))
        keep(log, &e);
}

static enum status read_node(void *context, unsigned level, uint64_t index, uint8_t out[HASH_SIZE],
                             struct error *err)
{
    return tree_read_node(context, level, index, out, err);
}

void mirror_evidence_look_back(struct mirror_log *log, const struct checkpoint *checkpoint,
                               struct bytes note)
{
    const struct mirror_point *mirrored = &log->record.mirrored;
    struct subtree prefix = {.start = 0, .end = checkpoint->size};
    struct tree_read t = mirror_log_reading(log);
    struct node_source source = {.context = &t, .read = read_node};
    struct evidence e;
    struct builder proof;
    if (checkpoint->size > mirrored->size ||
        proof_subtree_hash(&log->hasher, &source, prefix, e.part_hash, NULL) != STATUS_OK ||
        memcmp(e.part_hash, checkpoint->root, HASH_SIZE) == 0)
        return;
    uint8_t ours[HASH_SIZE];
    memcpy(ours, e.part_hash, HASH_SIZE);
    builder_init(&proof, PROOF_CONSISTENCY_HASHES_MAX * HASH_SIZE);
    if (proof_make_consistency(&log->hasher, &source, prefix, mirrored->size, &proof, NULL) ==
            STATUS_OK &&
        start(log, EVIDENCE_NOT_A_PREFIX, note, mirrored->note, &e) &&
        proof_lines_set(&e.proof, builder_view(&proof))) {
        memcpy(e.part_hash, ours, HASH_SIZE);
        keep(log, &e);
    }
    builder_clear(&proof);
}

void mirror_evidence_failed_proof(struct mirror_log *log, const struct checkpoint *checkpoint,
                                  struct bytes note, const struct proof_lines *proof)
{
    const struct mirror_point *pending = &log->record.pending;
    struct subtree prefix = {.start = 0, .end = pending->size};
    uint8_t part[HASH_SIZE], root[HASH_SIZE];
    struct evidence e;
    /* A proof that leads to the new root, from another hash than the old one had. */
    if (pending->size == 0 || pending->note.len == 0 ||
        proof_evaluate_consistency(&log->hasher, prefix, checkpoint->size, pending->root,
                                   proof_lines_view(proof), part, root, NULL) != STATUS_OK ||
        memcmp(root, checkpoint->root, HASH_SIZE) != 0 ||
        memcmp(part, pending->root, HASH_SIZE) == 0 ||
        !start(log, EVIDENCE_NOT_A_PREFIX, pending->note, note, &e))
        return;
    memcpy(e.part_hash, part, HASH_SIZE);
    e.proof = *proof;
    keep(log, &e);
}
