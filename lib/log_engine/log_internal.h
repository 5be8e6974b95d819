/* log_internal.h - what the files of the log engine share; private to log_engine. */
#ifndef CATHAYA_LOG_ENGINE_LOG_INTERNAL_H
#define CATHAYA_LOG_ENGINE_LOG_INTERNAL_H

#include "codec/note/checkpoint.h"
#include "codec/note/note.h"
#include "log_engine/batch_object.h"
#include "log_engine/log_engine.h"
#include "log_engine/log_record.h"
#include "log_engine/staged_batch.h"
#include "tiled_tree/object_path.h"
#include "tiled_tree/tile_cache.h"
#include "tiled_tree/tree_edge.h"

#define FOLDER_STAGED    "staged"
#define FOLDER_BATCH     "batch"
#define FOLDER_COSIGNED  "cosigned" /* batch objects on their way to FOLDER_BATCH: log_add_cosignatures.c */
#define FOLDER_LANDMARKS "landmarks"
#define FOLDER_FINAL     "final"
#define OBJECT_FINAL     "final/checkpoint" /* log_freeze.c */
#define OBJECT_CHECKPOINT "checkpoint"
#define OBJECT_LANDMARKS  "landmarks"

/* How far the final objects may lag behind in durability: what recovery must be able to redo. */
#define LOG_SETTLE_BATCHES 64
#define LOG_SETTLE_BYTES   ((uint64_t)96 << 20)

/* Batches that got cosignatures since the last sync: a few mirrors that are a little behind. */
#define LOG_MOVING_MAX 32
/* What a power cut leaves: those, and as many whose removal it has undone, and the one in the making. */
#define LOG_MOVING_LEFT_MAX (2 * LOG_MOVING_MAX + 1)

struct log_engine {
    struct log_config config;
    struct cosigner cosigners[LOG_COSIGNERS_MAX]; /* in canonical order [MTC 6.2] */
    char origin[LOG_ORIGIN_SIZE];
    struct hasher hasher;
    struct log_record record;
    struct builder record_text; /* as it stands in the store */
    struct tree_edge edges[2];
    struct tree_edge *edge, *next_edge; /* of the tree as it is; to grow into */
    uint8_t root[HASH_SIZE];            /* of the tree as it is */
    struct tree_growth growth;          /* of the newest batch */
    struct tile_cache cache;
    struct builder bundle;      /* the entry bundle that was read last */
    struct leaf_bundle parsed;  /* borrows from it */
    uint64_t bundle_index;      /* UINT64_MAX: none */
    struct landmarks landmarks;
    struct landmarks old_landmarks; /* to look at older lists: too large for the stack */
    uint64_t unsettled_bytes;
    struct log_tree_head head;   /* that is published */
    struct log_tree_head signed_head; /* that was signed last */
    uint64_t newest_ms;          /* the latest time of an entry that was added since the log is open */
    uint64_t quorum_size;    /* of the largest published checkpoint that had the quorum */
    uint64_t moving_batches[LOG_MOVING_LEFT_MAX]; /* those whose object in FOLDER_COSIGNED is to be removed */
    size_t moving_count;
    struct builder read_batch_bytes; /* the batch object that was read last for a certificate */
    struct batch_object read_batch;  /* borrows from it */
    uint64_t read_batch_number;      /* 0: none */
    struct builder staged, scratch;
    struct error failure; /* the first one, for good */
};

/* A CT log has another line of its own in checkpoints, and other rules. */
static inline bool log_is_ct(const struct log_engine *log)
{
    return log->config.tree_head_signer != NULL;
}

static inline bool log_keeps_batches(const struct log_engine *log)
{
    return log->config.is_plain ? false : !log_is_ct(log) || log->config.cosigns_subtrees;
}

static inline bool log_has_landmarks(const struct log_engine *log)
{
    return !log_is_ct(log) && !log->config.is_plain;
}

/* Nothing is ever signed any more. */
static inline bool log_is_final(const struct log_engine *log)
{
    return log_is_ct(log) && log->record.is_closed;
}

/* How large any object of the log can be. */
static inline size_t log_object_size_max(const struct log_engine *log)
{
    size_t bundle = leaf_format_bundle_max(log->config.leaf_format);
    return bundle > STAGED_BATCH_SIZE_MAX ? bundle : STAGED_BATCH_SIZE_MAX;
}

/* ---- log_config.c ---- */

/* log_config_origin writes the origin line. STATUS_USAGE when there is none that a note can have. */
MUST_USE enum status log_config_origin(const struct log_config *config, char out[LOG_ORIGIN_SIZE],
                                       struct error *err);

/* log_config_check: can a log be like that? */
MUST_USE enum status log_config_check(const struct log_config *config, struct error *err);

/* ---- log.c ---- */

/* log_new makes a log in memory that is not opened yet; log_free frees it and writes nothing. */
MUST_USE enum status log_new(const struct log_config *config, struct log_engine **out,
                             struct error *err);
void log_free(struct log_engine *log);

/* log_check_alive is the first failure for good, if there was one. */
MUST_USE enum status log_check_alive(const struct log_engine *log, struct error *err);

/* log_check_writable is that, and STATUS_REFUSED for a reader. */
MUST_USE enum status log_check_writable(const struct log_engine *log, struct error *err);

/* log_die makes a failure final: after it nobody knows what is on disk. Returns the status. */
enum status log_die(struct log_engine *log, enum status status, struct error *err);

/* log_swap_record replaces the record; log->record is `next` when it returns STATUS_OK. */
MUST_USE enum status log_swap_record(struct log_engine *log, const struct log_record *next,
                                     struct error *err);

static inline uint64_t log_size(const struct log_engine *log)
{
    return tree_edge_size(log->edge);
}

/* ---- log_tiles.c: writing ---- */

/* log_put_tree puts the tiles and bundles of the newest batch: those that became full, and the
 * partial ones of the new size. An object that is there must be equal; in recovery it is replaced,
 * because a crash may have torn it and the record vouches for what is put. */
MUST_USE enum status log_put_tree(struct log_engine *log, uint64_t old_size, bool is_recovery,
                                  struct error *err);

/* log_drop_partials removes the partial tiles and bundles of those tiles that were partial at
 * old_size and are full now, except the ones of the tree of kept_size. */
MUST_USE enum status log_drop_partials(struct log_engine *log, uint64_t old_size,
                                       uint64_t kept_size, struct error *err);

/* ---- log_read.c ---- */

/* log_load_edge reads the edge of the tree of the given size from the public store and checks that
 * it leads to root. */
MUST_USE enum status log_load_edge(struct log_engine *log, uint64_t size,
                                   const uint8_t root[HASH_SIZE], struct error *err);

/* log_check_index: is the entry there to be read? STATUS_NOT_FOUND beyond the tree and below the minimum
 * index. */
MUST_USE enum status log_check_index(const struct log_engine *log, uint64_t index,
                                     struct error *err);

/* log_read_bundle makes log->parsed the bundle of an index below the tree's size. */
MUST_USE enum status log_read_bundle(struct log_engine *log, uint64_t bundle_index,
                                     struct error *err);

/* log_tile_nodes gives the complete nodes of a tile of the current tree, checked up to its root. They
 * are borrowed until the next call. */
MUST_USE enum status log_tile_nodes(struct log_engine *log, unsigned level, uint64_t index,
                                    uint8_t (**nodes)[HASH_SIZE], struct error *err);

/* ---- log_tree_head.c: the own line of a CT log ---- */

/* log_tree_head_write signs the checkpoint as a tree head, with a time that is now_ms or later if it has to be, and
 * appends the line. log->signed_head is what was signed. */
MUST_USE enum status log_tree_head_write(struct log_engine *log, const struct checkpoint *checkpoint,
                                         uint64_t now_ms, struct builder *note, struct error *err);

/* log_tree_head_verify finds the tree head in a note: statuses of tree_head_from_note. */
MUST_USE enum status log_tree_head_verify(const struct log_engine *log, const struct note *note,
                                          const struct checkpoint *checkpoint,
                                          struct log_tree_head *head, struct error *err);

/* ---- log_cosign.c ---- */

/* log_message is the statement of a cosigner about a subtree of the log, or about the whole tree [0, size) with a time. */
struct cosigned_message log_message(const struct log_engine *log, struct bytes cosigner, uint64_t timestamp_s,
                                    struct subtree subtree, const uint8_t hash[HASH_SIZE]);

/* log_check_batches: STATUS_USAGE for a log without batch objects. */
MUST_USE enum status log_check_batches(const struct log_engine *log, struct error *err);

/* log_prover proves subtrees of the current tree, from its tiles. */
struct subtree_prover log_prover(struct log_engine *log);

/* log_put_batch_object cosigns the covering subtrees of the batch, whose entries are in the current tree,
 * and puts its object; in recovery one that is there and good is kept. The cosigners have signed the
 * current tree before. */
MUST_USE enum status log_put_batch_object(struct log_engine *log, uint64_t number,
                                          struct subtree batch, bool is_recovery, struct error *err);

/* log_verify_batch_object: do all cosignatures of configured cosigners verify over the hashes that the
 * object names, the CA's among them, and are there at least `wanted`? A cosigner that was added later is missing
 * in older batches. */
MUST_USE enum status log_verify_batch_object(struct log_engine *log,
                                             const struct batch_object *object, size_t wanted,
                                             struct error *err);

/* log_find_batch finds and parses the object of the batch that has the entry at index; *out borrows from
 * memory. STATUS_NOT_FOUND when it is pruned. */
MUST_USE enum status log_find_batch(struct log_engine *log, uint64_t index, struct builder *memory,
                                    struct batch_object *out, struct error *err);

/* log_external_by_id is the configured external with this ID, NULL when there is none. */
const struct log_external *log_external_by_id(const struct log_engine *log, const struct tai *id);

/* log_verify_cosignature: is the signature one of this cosigner over the subtree with this hash, with
 * timestamp 0? */
MUST_USE enum status log_verify_cosignature(struct log_engine *log, const struct cosigned_subtree *s,
                                            const char *name, const struct public_key *key,
                                            struct bytes signature, struct error *err);

/* log_read_batch_object reads and parses batch `number` into *out, which borrows from memory. */
MUST_USE enum status log_read_batch_object(struct log_engine *log, uint64_t number,
                                           struct builder *memory, struct batch_object *out,
                                           struct error *err);

/* ---- log_add_cosignatures.c ---- */

/* log_restore_cosigned finishes what log_add_cosignatures of an earlier life began. */
MUST_USE enum status log_restore_cosigned(struct log_engine *log, struct error *err);

/* log_forget_cosigned removes what a sync of the private store has made superfluous. */
MUST_USE enum status log_forget_cosigned(struct log_engine *log, struct error *err);

/* ---- log_checkpoint.c ---- */

/* log_sign_checkpoint has every cosigner sign the current tree, which the record has committed to, and
 * appends the note; log_put_checkpoint publishes the one that was signed last. */
MUST_USE enum status log_sign_checkpoint(struct log_engine *log, struct builder *note, struct error *err);
MUST_USE enum status log_put_checkpoint(struct log_engine *log, const struct builder *note,
                                        struct error *err);

/* log_publish_again does both. When a checkpoint is_there, the lines of others that are published for this
 * size stay. */
MUST_USE enum status log_publish_again(struct log_engine *log, bool is_there, struct error *err);

/* log_put_note publishes a note whose own line is the published one. */
MUST_USE enum status log_put_note(struct log_engine *log, const struct builder *note, struct error *err);

struct published_checkpoint {
    uint64_t size;
    uint8_t root[HASH_SIZE];
    bool is_ours; /* has the log's own line, and it verifies: a CT log's tree head, or the CA cosigner's line */
    bool is_complete; /* and one of every other cosigner */
    bool has_quorum;  /* and those of others that landmarks need */
    bool has_bad_external; /* a line of a configured external does not verify */
    struct log_tree_head head; /* of a CT log, when is_ours */
};

/* log_read_checkpoint reads the published checkpoint: STATUS_NOT_FOUND when there is none,
 * STATUS_MALFORMED when it is not one of this log. */
MUST_USE enum status log_read_checkpoint(struct log_engine *log,
                                         struct published_checkpoint *out, struct error *err);

/* log_judge_checkpoint is that for the bytes of a note. */
MUST_USE enum status log_judge_checkpoint(struct log_engine *log, struct bytes bytes,
                                          struct published_checkpoint *out, struct error *err);

/* ---- log_checkpoint_lines.c ---- */

/* log_append_published_lines appends the lines of others that are published for the same tree and verify. */
MUST_USE enum status log_append_published_lines(struct log_engine *log, struct builder *note,
                                                struct error *err);

/* log_judge_externals says into *out which of the others have signed. */
void log_judge_externals(const struct log_engine *log, const struct note *note,
                         const struct checkpoint *checkpoint, struct published_checkpoint *out);

/* ---- log_freeze.c ---- */

/* log_publish_final sees to it that a log which is closed for good has its final checkpoint published: `published`
 * is what is there, NULL for nothing that can be read. */
MUST_USE enum status log_publish_final(struct log_engine *log, const struct published_checkpoint *published,
                                       struct error *err);

/* log_forget_final removes what a log_freeze left that was cut short. */
MUST_USE enum status log_forget_final(struct log_engine *log, struct error *err);

/* log_read_final reads the final checkpoint into note and judges it. STATUS_REFUSED when it is missing, damaged or of
 * another tree. */
MUST_USE enum status log_read_final(struct log_engine *log, struct builder *note,
                                    struct published_checkpoint *out, struct error *err);

/* ---- log_recovery.c ---- */

/* log_apply does everything with a committed batch that makes it readable: puts the tree's objects,
 * cosigns and publishes. The next edge and the growth are the batch's. */
MUST_USE enum status log_apply(struct log_engine *log, uint64_t number, struct error *err);

/* log_recover brings everything to where the record stands. */
MUST_USE enum status log_recover(struct log_engine *log, struct error *err);

/* log_settle makes the final objects of all batches durable, and forgets the staged ones. */
MUST_USE enum status log_settle(struct log_engine *log, struct error *err);

/* ---- log_landmarks.c ---- */

/* log_load_landmarks reads the list that the record names; a writer publishes it again if what is
 * published differs. */
MUST_USE enum status log_load_landmarks(struct log_engine *log, struct error *err);

/* log_landmarks_agree: has each landmark that both lists reach one size and expiry? */
bool log_landmarks_agree(const struct landmarks *a, const struct landmarks *b);

/* log_read_landmarks reads the list as it was when landmark `number` was the newest. STATUS_NOT_FOUND
 * when it has gone. */
MUST_USE enum status log_read_landmarks(struct log_engine *log, uint64_t number,
                                        struct landmarks *out, struct error *err);

/* ---- log_fsck_tree.c ---- */

struct fsck {
    struct log_engine *log;
    void (*problem)(void *context, const char *text);
    void (*progress)(void *context, uint64_t done, uint64_t all);
    void *context;
    struct log_fsck_report *report;
    struct builder bytes; /* the object that is being looked at */
    uint8_t current[TREE_EDGE_LEVELS][TILE_WIDTH][HASH_SIZE];
};

/* log_fsck_problem counts and reports one line. */
void log_fsck_problem(struct fsck *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* log_fsck_get reads an object into f->bytes; *is_there says whether it could be. A status other than
 * STATUS_OK ends the check. */
MUST_USE enum status log_fsck_get(struct fsck *f, const struct object_store *store,
                                  const char *path, bool *is_there, struct error *err);

/* log_fsck_tree recomputes all tiles from the entries that are there, and the root. */
MUST_USE enum status log_fsck_tree(struct fsck *f, struct error *err);

#endif
