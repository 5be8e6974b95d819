#include "service/landmark_update/landmark_answer.h"

#include <string.h>

int64_t landmark_answer_now_s(const struct landmark_update *u)
{
    return u->ports.clock.now_ms(u->ports.clock.context) / 1000;
}

/* Both histories are signed: this is a proof for everybody. */
void landmark_answer_write_evidence(struct landmark_update *u, enum evidence_kind kind, const uint8_t part[HASH_SIZE])
{
    struct evidence e; /* 3 KiB */
    char name[TAI_NAME_SIZE];
    tai_name(&u->log->ca->id, name);
    e = (struct evidence){.kind = kind, .hash = u->log->ca->draft->hash, .origin = u->checkpoint.origin,
                          .key_name = bytes_of_text(name), .key_spki = public_key_spki(u->log->ca->key),
                          .key_oid = bytes_of_text(public_key_alg(u->log->ca->key)->oid), .seen_s = landmark_answer_now_s(u),
                          .where = bytes_of_text(u->prefix)};
    e.statements[0] = (struct evidence_statement){.is_note = true, .note = u->log->held_note};
    e.statements[1] = (struct evidence_statement){.is_note = true, .note = builder_view(&u->note)};
    bool is_good = true;
    if (kind == EVIDENCE_NOT_A_PREFIX) {
        memcpy(e.part_hash, part, HASH_SIZE);
        is_good = proof_lines_set(&e.proof, builder_view(&u->proof));
    }
    if (!is_good || evidence_write(&e, &u->evidence, NULL) != STATUS_OK)
        builder_reset(&u->evidence);
}

enum status landmark_answer_held(struct landmark_update *u, struct error *err)
{
    uint8_t part[HASH_SIZE];
    if (u->held.size == 0 || u->held.size == u->checkpoint.size)
        return STATUS_OK;
    builder_reset(&u->proof);
    enum status s = tile_set_evaluate(&u->tiles, (struct subtree){0, u->held.size}, u->checkpoint.root, part, &u->proof, err);
    if (s != STATUS_OK || memcmp(part, u->held.root, HASH_SIZE) == 0)
        return s;
    landmark_answer_write_evidence(u, EVIDENCE_NOT_A_PREFIX, part);
    return error_set(err, STATUS_CONFLICT, "the log has signed %llu entries before that are not the first ones of the %llu now",
                     (unsigned long long)u->held.size, (unsigned long long)u->checkpoint.size);
}

static enum status evaluate_landmark(struct landmark_update *u, uint64_t number, struct trust_bundle_landmark *out, struct error *err)
{
    struct subtree both[2];
    enum status s = landmarks_subtrees(&u->list, number, both, err), worst = s;
    for (size_t i = 0; (s == STATUS_OK || s == STATUS_AGAIN) && i < 2; i++) {
        if (subtree_size(both[i]) == 0)
            continue;
        s = tile_set_evaluate(&u->tiles, both[i], u->checkpoint.root, out->hashes[i], NULL, err);
        if (s != STATUS_OK)
            worst = s;
    }
    return worst;
}

/* All questions are asked, so that all tiles that are missing are known at once. */
enum status landmark_answer_evaluate(struct landmark_update *u, size_t *new_landmarks, struct error *err)
{
    size_t active = landmarks_active_count(&u->list, landmark_answer_now_s(u));
    struct trust_bundle_log log = {.ca_id = u->log->ca->id, .log_number = u->log->log_number, .landmark_count = active};
    enum status s = landmark_answer_held(u, err), worst = s;
    trust_bundle_clear(&u->bundle);
    trust_bundle_init(&u->bundle);
    *new_landmarks = 0;
    if (u->log->held != NULL)
        log.minimum_index = trust_bundle_log_at(u->log->held, 0)->minimum_index;
    if (active > 0) {
        log.first_landmark = u->list.latest - active + 1;
        log.size_before = u->list.at[active].tree_size;
    }
    for (size_t i = active; (s == STATUS_OK || s == STATUS_AGAIN) && i-- > 0;) {
        uint64_t number = u->list.latest - i, before;
        const struct trust_bundle_landmark *held = landmark_check_held(u->log, number, &before);
        struct trust_bundle_landmark l = {.tree_size = u->list.at[i].tree_size, .expiry_s = u->list.at[i].expiry_s};
        s = STATUS_OK;
        if (held != NULL)
            l = *held;
        else
            s = evaluate_landmark(u, number, &l, err);
        *new_landmarks += held == NULL;
        if (s != STATUS_OK)
            worst = s;
        enum status kept = s == STATUS_OK || s == STATUS_AGAIN
                               ? array_insert(&u->bundle.landmarks, u->bundle.landmarks.count, &l, "landmarks", err) : STATUS_OK;
        if (kept != STATUS_OK)
            return kept; /* the log would speak of landmarks that are not there */
    }
    if (worst != STATUS_OK)
        return worst;
    return array_insert(&u->bundle.logs, 0, &log, "logs", err);
}
