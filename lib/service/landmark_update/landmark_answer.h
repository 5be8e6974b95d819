/* landmark_answer.h - an update that is under way, and what the tree of the log says about it. Inside
 * service/landmark_update. */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_ANSWER_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_ANSWER_H

#include "codec/evidence/evidence.h"
#include "merkle/tile_set.h"
#include "service/landmark_update/landmark_check.h"

struct landmark_update {
    struct landmark_update_ports ports;
    const struct landmark_update_log *log;
    landmark_update_done *done;
    void *cookie;
    size_t prefix_at; /* which candidate is being asked */
    char prefix[LANDMARK_UPDATE_URL_MAX];
    int64_t began_ms;   /* this prefix */
    int64_t started_ms; /* the first one */
    struct builder list_text; /* of the first prefix that had one */
    struct builder note;
    struct landmarks list;
    struct checkpoint checkpoint, held;
    struct hasher hasher;
    struct tile_set tiles;
    bool has_tiles;
    enum status list_status;
    struct error list_error;
    size_t tile_at, under_way, tile_count;
    struct builder proof;     /* of the held checkpoint */
    struct builder evidence;
    struct trust_bundle bundle; /* the result */
    struct error failure;     /* of this prefix */
    struct error first;       /* the first one that says more than "not there" */
    bool has_failed;
};

int64_t landmark_answer_now_s(const struct landmark_update *u);

/* landmark_answer_write_evidence writes a proof for everybody that the log has signed two histories: nothing when it cannot be
 * written. part: with EVIDENCE_NOT_A_PREFIX, the hash of as much of the tree as the held checkpoint has. */
void landmark_answer_write_evidence(struct landmark_update *u, enum evidence_kind kind, const uint8_t part[HASH_SIZE]);

/* landmark_answer_held: the tree goes on from the checkpoint that is held. STATUS_AGAIN: tiles are missing. STATUS_CONFLICT: it
 * does not, and the evidence is written. */
MUST_USE enum status landmark_answer_held(struct landmark_update *u, struct error *err);

/* landmark_answer_evaluate makes the result of all active landmarks, after landmark_answer_held's question. STATUS_AGAIN: tiles are
 * missing, and all that it takes are noted now. */
MUST_USE enum status landmark_answer_evaluate(struct landmark_update *u, size_t *new_landmarks, struct error *err);

#endif
