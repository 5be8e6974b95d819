/* Evidence: files that prove a finding to anybody. What does not prove it is not given away. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ct/leaf.h"
#include "rules/evidence_check.h"
#include "service/log_follower/follower_batch.h"

/* ---- writing ---- */

static void start(const struct log_follower *f, enum evidence_kind kind, const char *where, struct evidence *e)
{
    *e = (struct evidence){.kind = kind, .hash = f->log.hash, .origin = bytes_of_text(f->origin),
                           .key_name = bytes_of_text(f->key_name), .key_oid = bytes_of_text(public_key_alg(f->key)->oid),
                           .key_spki = public_key_spki(f->key), .seen_s = follower_now_ms(f) / 1000,
                           .where = bytes_of_text(where), .mmd_ms = f->log.mmd_ms};
}

static struct evidence_statement statement_of(const struct log_follower *f, const struct view *v)
{
    struct bytes signature = bytes_of(v->signature, v->signature_len);
    if (!follower_is_ct(f))
        return (struct evidence_statement){.is_note = true, .note = signature};
    struct evidence_statement s = {.is_sth = true, .subtree = {0, v->size}, .timestamp_ms = v->timestamp_ms, .signature = signature};
    memcpy(s.hash, v->root, HASH_SIZE);
    return s;
}

static void write(const struct log_follower *f, const struct evidence *e, struct builder *out)
{
    struct builder explanation;
    builder_init(&explanation, EVIDENCE_CHECK_TEXT_MAX);
    bool is_good = evidence_check(e, f->ports.algorithms, &explanation, NULL) == STATUS_OK &&
                   evidence_write(e, out, NULL) == STATUS_OK;
    builder_clear(&explanation);
    if (!is_good)
        builder_reset(out);
}

void follower_write_two(struct log_follower *f, enum evidence_kind kind, const struct view *a, const struct view *b,
                        const uint8_t *part, struct bytes proof, const char *where, struct builder *out)
{
    struct evidence e; /* 4 KiB */
    if (kind == EVIDENCE_SHRANK && !follower_is_ct(f))
        return;
    start(f, kind, where, &e);
    e.statements[0] = statement_of(f, a);
    e.statements[1] = statement_of(f, b);
    if (part != NULL) {
        memcpy(e.part_hash, part, HASH_SIZE);
        if (!proof_lines_set(&e.proof, proof))
            return;
    }
    write(f, &e, out);
}

void follower_write_leaf(struct log_follower *f, const struct leaf_evidence *l, const char *where, struct builder *out)
{
    struct evidence e;
    if (!follower_is_ct(f) || l->leaf.len == 0 || (l->kind == EVIDENCE_SCT_NOT_HONOURED && l->sct.len == 0))
        return;
    start(f, l->kind, where, &e);
    e.statements[0] = statement_of(f, l->first);
    if (l->second != NULL)
        e.statements[1] = statement_of(f, l->second);
    e.leaf = l->leaf;
    e.index = l->index;
    e.sct = l->sct;
    if (l->other_hash != NULL) {
        e.has_part = true;
        memcpy(e.part_hash, l->other_hash, HASH_SIZE);
    }
    if (proof_lines_set(&e.proof, l->proof))
        write(f, &e, out);
}

/* ---- findings that wait for a proof ---- */

void follower_proof_want(struct log_follower *f, const struct batch_note *note, const struct view *old)
{
    struct error err;
    struct proof_wanted *p = &f->proofs[f->proof_count];
    if (f->proof_count == FOLLOWER_PROOFS_MAX || note->leaf.len == 0) {
        follower_report(f, &(struct report){.id = note->id, .text = note->text, .has_index = true, .index = note->index});
        return;
    }
    *p = (struct proof_wanted){.id = note->id, .index = note->index, .leaf = malloc(note->leaf.len), .leaf_len = note->leaf.len};
    (void)snprintf(p->text, sizeof p->text, "%s", note->text);
    if (p->leaf == NULL || (old->is_there && view_copy(&p->old, old, &err) != STATUS_OK)) {
        free(p->leaf);
        follower_report(f, &(struct report){.id = note->id, .text = note->text, .has_index = true, .index = note->index});
        return;
    }
    memcpy(p->leaf, note->leaf.data, note->leaf.len);
    f->proof_count++;
}

static void tell_first(struct log_follower *f, struct bytes evidence)
{
    struct proof_wanted *p = &f->proofs[0];
    follower_report(f, &(struct report){.id = p->id, .text = p->text, .has_index = true, .index = p->index, .evidence = evidence});
    free(p->leaf);
    view_clear(&p->old);
    f->proof_count--;
    memmove(p, p + 1, f->proof_count * sizeof *p);
}

static void on_leaf(void *cookie, struct question *q)
{
    struct log_follower *f = cookie;
    const struct proof_wanted *p = &f->proofs[0];
    struct leaf_evidence e = {.kind = EVIDENCE_ENTRY_AFTER_HEAD, .first = &f->trusted, .leaf = bytes_of(p->leaf, p->leaf_len),
                              .index = p->index, .proof = builder_view(&q->proof)};
    struct builder evidence;
    builder_init(&evidence, EVIDENCE_SIZE_MAX);
    if (p->id == FINDING_LATE_MERGE) {
        e.kind = EVIDENCE_LATE_MERGE;
        e.first = &p->old;
        e.second = &f->trusted;
    }
    if (q->status == STATUS_OK)
        follower_write_leaf(f, &e, follower_source_name(&f->sources[0]), &evidence);
    tell_first(f, builder_view(&evidence));
    builder_clear(&evidence);
    follower_proofs_begin(f);
}

void follower_proofs_begin(struct log_follower *f)
{
    struct error err;
    while (f->proof_count > 0 && !f->is_stopping) {
        struct question q = {.kind = QUESTION_LEAF, .from = &f->sources[0], .tree_size = f->trusted.size, .index = f->proofs[0].index,
                             .done = on_leaf, .cookie = f};
        memcpy(q.root, f->trusted.root, HASH_SIZE);
        bool is_inside = f->trusted.is_there && q.index < q.tree_size;
        if (is_inside && follower_ask(f, &q, &err) == STATUS_OK)
            return;
        tell_first(f, bytes_of(NULL, 0));
    }
    follower_step_done(f);
}

void follower_proofs_drop(struct log_follower *f)
{
    for (size_t i = 0; i < f->proof_count; i++) {
        free(f->proofs[i].leaf);
        view_clear(&f->proofs[i].old);
    }
    f->proof_count = 0;
}
