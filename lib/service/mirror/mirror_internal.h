/* mirror_internal.h - what the files of the mirror share; private to service/mirror. */
#ifndef CATHAYA_SERVICE_MIRROR_MIRROR_INTERNAL_H
#define CATHAYA_SERVICE_MIRROR_MIRROR_INTERNAL_H

#include "codec/evidence/evidence.h"
#include "codec/witness/add_checkpoint.h"
#include "codec/witness/add_entries.h"
#include "codec/witness/sign_subtree.h"
#include "service/mirror/mirror.h"
#include "service/mirror/mirror_record.h"
#include "tiled_tree/tree_read.h"
#include "tiled_tree/tree_write.h"

#define MIRROR_OBJECT_CHECKPOINT "checkpoint"

/* What is answered; status 0: nothing yet. */
struct mirror_answer {
    int status;
    const char *content_type;
    struct builder body;
};

struct mirror_log_metrics {
    struct metric *pending_size, *mirrored_size, *stored_size, *witnessed, *cosigned, *subtrees,
        *refused, *evidence, *entries;
};

/* One of the last pending checkpoints; note is empty in a free slot. */
struct mirror_recent {
    uint64_t size;
    uint8_t root[HASH_SIZE];
    struct builder note;
};

/* A mirrored log. Everything below `worker` belongs to the jobs of its serial worker. */
struct mirror_log {
    const struct mirror_config *mirror;
    struct mirror_log_config config;
    size_t upload_count, job_count; /* on the event loop */
    bool has_told_death;
    int64_t revived_ms; /* the last time that somebody tried to open it again */

    struct hasher hasher; /* worker */
    struct builder record_text, record_memory;
    struct mirror_record record; /* borrows from the two */
    struct tree_edge edges[2];
    struct tree_edge *edge, *next_edge; /* of the entries that are verified, and put, not all synced */
    struct tree_growth growth;
    struct tile_cache cache;
    struct builder scratch;
    struct mirror_recent recent[MIRROR_RECENT_MAX];
    unsigned recent_next;
    unsigned evidence_count;
    bool has_checkpoint; /* set once, atomically, like: */
    bool is_dead; /* set once, atomically: the event loop looks at it between jobs */
    struct error failure;
    char *labels; /* of its metrics, which hold on to it: goes on to the log that takes its place */
    struct mirror_log_metrics metrics;
};

static inline uint64_t mirror_log_next_entry(const struct mirror_log *log)
{
    return tree_edge_size(log->edge);
}

/* ---- mirror_log.c ---- */

MUST_USE enum status mirror_log_open(const struct mirror_config *mirror,
                                     const struct mirror_log_config *config, struct mirror_log **out,
                                     struct error *err);
void mirror_log_free(struct mirror_log *log);

/* mirror_log_swap makes `next`, whose texts may borrow from the record that it replaces, the record. Any failure is
 * final. */
MUST_USE enum status mirror_log_swap(struct mirror_log *log, const struct mirror_record *next,
                                     struct error *err);

/* mirror_log_remember_pending adds the pending checkpoint to the recent ones. */
void mirror_log_remember_pending(struct mirror_log *log);

/* mirror_log_die makes a failure final: nobody knows what is on disk any more. Returns the status. */
enum status mirror_log_die(struct mirror_log *log, enum status status, struct error *err);

/* mirror_log_fail answers for a failure of ours. */
void mirror_log_fail(struct mirror_log *log, enum status status, const struct error *err,
                     struct mirror_answer *answer);

struct tree_read mirror_log_reading(struct mirror_log *log);
void mirror_log_show(struct mirror_log *log); /* metrics */

/* mirror_log_revive puts a log that is opened anew in the place of one that has stopped and has no work; on failure it
 * stays as it is. On the event loop. */
MUST_USE enum status mirror_log_revive(struct mirror_log **log, struct error *err);

/* ---- answers ---- */

void mirror_answer_init(struct mirror_answer *answer);
void mirror_answer_clear(struct mirror_answer *answer);
/* mirror_answer_text answers with a status and a line. */
void mirror_answer_text(struct mirror_answer *answer, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- mirror_cosign.c ---- */

/* mirror_cosign_statement appends c's signature, not of type 04, of m, which the record has committed to. Whoever holds a
 * mirror's key elsewhere is proved from the stored tree that the log goes on. */
MUST_USE enum status mirror_cosign_statement(struct mirror_log *log, const struct mirror_cosigner *c,
                                             const struct cosigned_message *m, struct builder *signature, struct error *err);

/* mirror_cosign_checkpoint appends a signature line of every cosigner of the role, with the time now. */
MUST_USE enum status mirror_cosign_checkpoint(struct mirror_log *log, enum mirror_role role,
                                              const struct mirror_point *point, struct builder *out,
                                              struct error *err);

/* mirror_cosign_publish puts the point's note with these lines as what is served. */
MUST_USE enum status mirror_cosign_publish(struct mirror_log *log, const struct object_store *store,
                                           const struct mirror_point *point, struct bytes lines,
                                           struct error *err);

bool mirror_cosign_has_role(const struct mirror_config *mirror, enum mirror_role role);

/* mirror_cosign_check_log appends a note with only the signature lines of the log's own keys. STATUS_NOT_FOUND
 * when there is none, STATUS_REFUSED when one does not verify, or none of them covers the extension lines that the
 * checkpoint has. */
MUST_USE enum status mirror_cosign_check_log(struct mirror_log *log, const struct note *note,
                                             const struct checkpoint *checkpoint, struct builder *kept,
                                             struct error *err);

/* ---- mirror_checkpoint.c, mirror_subtree.c ---- */

/* Each reads the whole body, and always answers. */
void mirror_checkpoint_add(struct mirror_log *log, struct bytes body, struct mirror_answer *answer);
void mirror_subtree_sign(struct mirror_log *log, struct bytes body, struct mirror_answer *answer);

/* ---- mirror_entries.c ---- */

/* One upload, as the log sees it. */
struct mirror_entries {
    uint64_t start, end;
    uint8_t root[HASH_SIZE]; /* of the checkpoint of size end */
    struct builder note;     /* of that checkpoint, with the log's signatures */
    uint64_t package_count;  /* verified */
    uint64_t stored_count;   /* entries that were new */
    bool is_complete;        /* all packages of the canonical sequence */
};

void mirror_entries_init(struct mirror_entries *entries);
void mirror_entries_clear(struct mirror_entries *entries);

/* mirror_entries_begin looks at the header: it answers, or the packages may come. */
void mirror_entries_begin(struct mirror_log *log, const struct add_entries_header *header,
                          struct mirror_entries *entries, struct mirror_answer *answer);

/* mirror_entries_take verifies and stores one package, or answers. */
void mirror_entries_take(struct mirror_log *log, const struct add_entries_package *package,
                         struct mirror_entries *entries, struct mirror_answer *answer);

/* mirror_entries_finish makes all that is stored durable, and answers. */
void mirror_entries_finish(struct mirror_log *log, struct mirror_entries *entries,
                           struct mirror_answer *answer);

/* ---- mirror_evidence.c ---- */

/* Two checkpoints of one size with different roots, both with signatures of the log. */
void mirror_evidence_two_roots(struct mirror_log *log, struct bytes note_a, struct bytes note_b);

/* A checkpoint of a size that is mirrored: if our tree says that its root is another, that is evidence. */
void mirror_evidence_look_back(struct mirror_log *log, const struct checkpoint *checkpoint,
                               struct bytes note);

/* A consistency proof from old_size, whose root we know, that failed: does it prove a fork? */
void mirror_evidence_failed_proof(struct mirror_log *log, const struct checkpoint *checkpoint,
                                  struct bytes note, const struct proof_lines *proof);

/* ---- mirror_prune.c ---- */

MUST_USE enum status mirror_prune_log(struct mirror_log *log, int64_t before_s, struct error *err);

#endif
