/* Entries of issuance logs [GM 4]: taken with a proof that a Merkle Tree CA has logged them, so that nobody can fill the log with
 * claims of his own. In the pool. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "codec/mtc/log_entry.h"
#include "codec/mtc/tbs_entry.h"
#include "codec/note/checkpoint_verify.h"
#include "merkle/node.h"
#include "merkle/proof.h"
#include "service/ct_log/ct_log_internal.h"

/* The checkpoint that all entries of a submission refer to. */
struct issuance_tree {
    const struct ct_log_mtc_ca *ca;
    struct tai log_id;
    uint64_t size;
    uint8_t root[HASH_SIZE];
    struct hasher hasher; /* of the CA, which may have another hash than the log */
};

static enum status find_ca(const struct ct_log *log, struct bytes origin, struct issuance_tree *out, struct error *err)
{
    struct tai ca_id;
    uint16_t number;
    if (tai_parse_name(origin, &out->log_id, err) != STATUS_OK || !tai_split_log_id(&out->log_id, &ca_id, &number))
        return error_set(err, STATUS_MALFORMED, "the checkpoint's origin is not that of an issuance log");
    for (size_t i = 0; i < log->config.mtc_ca_count; i++) {
        if (tai_equal(&log->mtc_cas[i].certificate.id, &ca_id)) {
            out->ca = &log->mtc_cas[i];
            return STATUS_OK;
        }
    }
    return error_set(err, STATUS_REFUSED, "the checkpoint is of a Merkle Tree CA whose entries this log does not take");
}

static enum status check_checkpoint(const struct ct_log *log, struct bytes text, struct issuance_tree *out,
                                    struct error *err)
{
    struct note note;
    struct checkpoint checkpoint;
    enum status status = note_parse(text, &note, err);
    if (status == STATUS_OK)
        status = checkpoint_parse(note.text, &checkpoint, err);
    if (status == STATUS_OK)
        status = find_ca(log, checkpoint.origin, out, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "checkpoint");
    char name[TAI_NAME_SIZE];
    tai_name(&out->ca->certificate.id, name);
    const struct checkpoint_verifier verifier = {.name = bytes_of_text(name),
                                                 .type = public_key_alg(out->ca->key)->note_type,
                                                 .key = out->ca->key};
    status = checkpoint_verify(&note, &checkpoint, &verifier, err);
    if (status == STATUS_NOT_FOUND)
        return error_set(err, STATUS_REFUSED, "the checkpoint is not signed by its CA, %s", name);
    if (status != STATUS_OK)
        return error_prefix(err, status, "the checkpoint's signature of %s", name);
    out->size = checkpoint.size;
    memcpy(out->root, checkpoint.root, HASH_SIZE);
    return STATUS_OK;
}

/* Only what a certificate may come of is taken, and only what this shard is for. */
static enum status check_entry(const struct ct_log_submission *s, struct bytes encoded, int64_t *not_after_s,
                               struct error *err)
{
    struct log_entry entry;
    struct tbs_entry tbs;
    struct reader extensions, list;
    enum status status = log_entry_parse(encoded, &entry, err);
    if (status != STATUS_OK)
        return status;
    if (entry.type != LOG_ENTRY_TBS_CERT)
        return error_set(err, STATUS_REFUSED, "the entry's type is %u; only tbs_cert_entry (1) is taken", entry.type);
    reader_init(&extensions, entry.extensions);
    if (!reader_vector_u16(&extensions, &list) || !reader_is_at_end(&list))
        return error_set(err, STATUS_REFUSED, "the entry has extensions that this log does not know");
    status = tbs_entry_parse(entry.data, &tbs, err);
    if (status != STATUS_OK)
        return status;
    *not_after_s = tbs.not_after_s;
    return ct_log_check_dates(s, tbs.not_after_s, err);
}

static enum status check_proof(struct issuance_tree *tree, const struct ct_json_mtc_entry *entry, struct error *err)
{
    uint8_t hash[HASH_SIZE], root[HASH_SIZE];
    if (entry->index >= tree->size)
        return error_set(err, STATUS_REFUSED, "index %" PRIu64 " is not in the checkpoint's tree of %" PRIu64 " entries",
                         entry->index, tree->size);
    node_leaf_hash(&tree->hasher, entry->entry, hash);
    enum status status = proof_evaluate_inclusion(&tree->hasher, (struct subtree){0, tree->size}, entry->index, hash,
                                                  entry->proof, root, err);
    if (status == STATUS_OK)
        status = hasher_status(&tree->hasher, err);
    if (status == STATUS_OK && memcmp(root, tree->root, HASH_SIZE) != 0)
        return error_set(err, STATUS_REFUSED, "the proof does not lead to the checkpoint's root");
    return status;
}

static enum status judge_entry(struct ct_log_submission *s, struct issuance_tree *tree, size_t i, struct error *err)
{
    const struct ct_json_mtc_entry *in = &s->mtc.entries[i];
    struct ct_log_entry *out = &s->entries[i];
    enum status status = check_entry(s, in->entry, &out->not_after_s, err);
    if (status == STATUS_OK)
        status = check_proof(tree, in, err);
    if (status != STATUS_OK)
        return error_prefix(err, status, "entries[%zu]", i);
    out->tile.leaf.type = LEAF_TBS_CERT;
    out->tile.leaf.mtc = (struct leaf_mtc){.ca_key_hash = BYTES_OF(tree->ca->key_hash),
                                           .log_id = builder_view(&s->memory),
                                           .index = in->index,
                                           .entry = in->entry};
    out->tile.chain = BYTES_OF(tree->ca->fingerprint);
    return STATUS_OK;
}

static enum status judge_entries(struct ct_log_submission *s, struct issuance_tree *tree, struct error *err)
{
    enum status status = hasher_init(&tree->hasher, tree->ca->certificate.draft->hash, err);
    builder_bytes(&s->memory, tai_bytes(&tree->log_id));
    if (status == STATUS_OK)
        status = builder_status(&s->memory, "the entries", err);
    s->entries = calloc(s->mtc.count, sizeof *s->entries);
    if (status == STATUS_OK && s->entries == NULL)
        status = error_set(err, STATUS_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < s->mtc.count && status == STATUS_OK; i++)
        status = judge_entry(s, tree, i, err);
    hasher_clear(&tree->hasher);
    if (status == STATUS_OK)
        s->entry_count = s->mtc.count;
    return status;
}

enum status ct_log_judge_mtc(struct ct_log_submission *s, struct hasher *h, struct error *err)
{
    struct issuance_tree tree = {0};
    enum status status = ct_json_parse_mtc(s->x->request.body, &s->mtc, err);
    if (status != STATUS_OK)
        return status;
    s->has_mtc = true;
    if (s->mtc.count == 0 || s->mtc.count > CT_LOG_MTC_ENTRIES_MAX)
        return error_set(err, STATUS_LIMIT, "add-mtc-entries takes 1 to %d entries", CT_LOG_MTC_ENTRIES_MAX);
    status = check_checkpoint(s->log, s->mtc.checkpoint, &tree, err);
    if (status == STATUS_OK)
        status = judge_entries(s, &tree, err);
    if (status != STATUS_OK)
        return status;
    memcpy(s->objects[0].fingerprint, tree.ca->fingerprint, HASH_SIZE);
    s->objects[0].der = tree.ca->der;
    s->object_count = 1;
    return ct_log_finish_entries(s, h, err);
}
