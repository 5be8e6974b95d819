/* log_engine.h - one append-only log on an object store and a record: an issuance log [MTC 5.2], a CT log
 * [RFC6962], [C2SP static-ct-api], or a plain log [C2SP tlog-tiles], like that of a trust bundle's versions.
 *
 * A batch goes through five steps; a crash after any of them is recovered from by the code that does
 * step 3 on every batch:
 *   1. stage    entries and new tree size, root and batch number are put as one object and synced
 *   2. commit   the record is swapped: from here on the batch is in the log, whatever happens
 *   3. apply    tiles and entry bundles are put; the covering subtrees and the checkpoint of the
 *               committed root are cosigned, and kept as the batch's object
 *   4. publish  the checkpoint is put where readers look
 *   5. settle   from time to time everything is synced and the staged objects are removed
 * Nothing is signed that the record has not committed to, so no size ever has two signed roots.
 *
 * A CT log is told by log_config.tree_head_signer. Its entries are TileLeafs, its own line of the checkpoint is its
 * signed tree head (note type 05), it has no landmarks, and no batch objects unless it cosigns subtrees: a batch
 * leaves nothing behind but tiles. A plain log (log_config.is_plain) is an issuance log without certificates: its cosigners
 * sign checkpoints alone, under names of their own; it has neither batch objects nor landmarks, and is never pruned.
 */
#ifndef CATHAYA_LOG_ENGINE_H
#define CATHAYA_LOG_ENGINE_H

#include "codec/landmarks/landmarks.h"
#include "codec/note/note_key.h"
#include "merkle/proof.h"
#include "ports/clock.h"
#include "ports/cosigner.h"
#include "ports/ct_signer.h"
#include "ports/object_store.h"
#include "ports/record_store.h"
#include "tiled_tree/leaf_format.h"

/* Entries of a batch: the staged object must stay below what one put can carry. */
#define LOG_BATCH_ENTRIES_MAX 65536
#define LOG_BATCH_BYTES_MAX ((size_t)64 << 20)
/* Cosignatures over one subtree: the log's own and those of others, as many as our certificates carry. */
#define LOG_COSIGNERS_MAX 16
/* Mirrors and witnesses whose lines a published checkpoint carries; a note has room for 64 lines. */
#define LOG_EXTERNALS_MAX 32
/* Origins are note names, and a cosigned message has room for 255 bytes of one; and a NUL. */
#define LOG_ORIGIN_SIZE 256
/* A signature of a tree head: P-256 and SM2 in DER have at most 72 bytes. */
#define LOG_TREE_HEAD_SIGNATURE_MAX 80
/* 2^48 - 1 entries: `end` has 48 bits [MTC 5.2]. */
#define LOG_SIZE_MAX (((uint64_t)1 << 48) - 1)

/* A mirror or witness: somebody who cosigns elsewhere, and whose cosignatures are added to the log's own
 * when they come. */
struct log_external {
    const char *name;             /* of its note signatures; an MTC cosigner's is that of its ID */
    struct tai id;                /* len 0: a witness that signs checkpoints alone */
    enum note_key_type key_type;
    const struct public_key *key; /* borrowed */
};

/* Which cosignatures of others a checkpoint needs before a landmark may be allocated at its size. */
struct log_quorum {
    void *context;
    /* is_met is asked with the note names of those that have signed. NULL: none are needed. */
    bool (*is_met)(void *context, const char *const *names, size_t count);
};

struct log_config {
    /* Of an issuance log: caID.0.N. The others have none (len 0). */
    struct tai log_id;
    bool is_plain;
    /* The origin line, borrowed: of a CT log its submission prefix without scheme; at most 255 bytes, a note name.
     * NULL: the name of log_id. */
    const char *origin;
    const struct leaf_format *leaf_format; /* NULL: leaf_format_mtc, and of a CT log leaf_format_ct; a plain log says */
    const struct hash_alg *hash;
    struct object_store public_store;  /* checkpoint, landmarks, tile/...: what readers see */
    struct object_store private_store; /* staged/..., batch/..., final/...: the log's own */
    struct record_store record;
    struct clock_port clock;
    /* The key of a CT log, borrowed: signs the log's own line of a checkpoint. NULL: an issuance log, whose own line is
     * that of the first cosigner. A reader uses its key alone. */
    const struct ct_signer *tree_head_signer;
    /* Borrowed. Of an issuance log 1..LOG_COSIGNERS_MAX, the first is the CA cosigner. Of a CT log 0..: they sign
     * checkpoints beside the log's own line. Of a plain log 1.., with names. */
    const struct cosigner *cosigners;
    size_t cosigner_count;
    /* A CT log whose cosigners sign the covering subtrees of each batch too, for the whole of its life: then there
     * are batch objects. Issuance logs always do. */
    bool cosigns_subtrees;
    const struct log_external *externals; /* borrowed; none has the ID of a cosigner above */
    size_t external_count;
    struct log_quorum quorum;
    /* A reader takes no lock, writes nothing, and sees the log as the published checkpoint has it. */
    bool is_read_only;
};

/* An entry to be appended. */
struct log_entry_input {
    struct bytes entry;   /* MTCLogEntry, at most 65535 bytes; CT: TileLeaf, whose leaf_index is the caller's to set */
    int64_t not_after_s;  /* 0 for a null entry */
};

/* Where a log stands. */
struct log_state {
    uint64_t size;
    uint8_t root[HASH_SIZE];
    uint64_t batch_count;
    uint64_t min_index;      /* entries below may be gone */
    int64_t max_not_after_s; /* of all entries ever appended */
    bool is_closed;          /* for good: rotated, or read-only */
};

/* The signed tree head that is published: get-sth answers with it. */
struct log_tree_head {
    uint64_t size;
    uint8_t root[HASH_SIZE];
    uint64_t timestamp_ms; /* 0: none is published yet */
    uint8_t signature[LOG_TREE_HEAD_SIGNATURE_MAX]; /* DER, without algorithm and length */
    size_t signature_len;
};

/* A cosignature over a subtree, timestamp 0: it can go into a certificate. */
struct log_cosignature {
    struct tai cosigner_id;
    struct bytes signature;
};

struct log_engine;

/* log_create founds an empty log: STATUS_CONFLICT when there is a record already. */
MUST_USE enum status log_create(const struct log_config *config, struct error *err);

/* log_open loads, recovers and checks a log. STATUS_NOT_FOUND when there is none, STATUS_REFUSED when
 * the record and the objects disagree, with what to do. A reader gets STATUS_AGAIN when a crash left
 * something that only a writer may recover: open the log once for writing, or try again.
 * The configuration is copied; what it points to must outlive the log. */
MUST_USE enum status log_open(const struct log_config *config, struct log_engine **out,
                              struct error *err);

/* log_close settles and frees; NULL is fine. A failure loses nothing: the next open recovers. */
enum status log_close(struct log_engine *log, struct error *err);

/* log_abandon frees without touching a store: for when one that the log shares with others has failed. Nothing is lost:
 * the next open recovers. NULL is fine. */
void log_abandon(struct log_engine *log);

struct log_state log_state(const struct log_engine *log);

/* log_has_failed: did a failure stop the log? Then it takes no more, whatever the status of a call was: close it and open
 * it again. */
bool log_has_failed(const struct log_engine *log);

/* log_tree_head is the published tree head of a CT log, out of memory: nothing is read. Of an issuance log it is
 * empty. */
const struct log_tree_head *log_tree_head(const struct log_engine *log);

/* log_append adds a batch of 1..LOG_BATCH_ENTRIES_MAX entries; the first gets *first_index, and when
 * STATUS_OK is returned all of them are durable, sequenced, cosigned and published. After
 * STATUS_CONFLICT or STATUS_IO nothing has been acknowledged and the log takes no more: close it and
 * open it again. STATUS_REFUSED: the log is closed, or an entry has a
 * type or extensions that we do not know [MTC 5.2.1]. STATUS_LIMIT: too many or too long entries; of a CT log
 * entries of more than LOG_BATCH_BYTES_MAX together have to be several batches.
 * A CT log's tree head is never older than an entry of it, and always younger than the tree head before. */
MUST_USE enum status log_append(struct log_engine *log, const struct log_entry_input *entries,
                                size_t entry_count, uint64_t *first_index, struct error *err);

/* log_node_source reads complete nodes of the current tree from tiles; context is the log. */
struct node_source log_node_source(struct log_engine *log);

/* log_read_entry appends the bytes of the entry at index (MTCLogEntry or TileLeaf). STATUS_NOT_FOUND beyond the tree
 * or below the minimum index. */
MUST_USE enum status log_read_entry(struct log_engine *log, uint64_t index, struct builder *out,
                                    struct error *err);

/* log_read_entries calls each for the entries [start, end) in order, with their leaf hashes, checked up to the root;
 * the first status that is not STATUS_OK ends it. Every bundle is read and hashed once. Statuses as log_read_entry.
 * each may not call the log. */
MUST_USE enum status log_read_entries(struct log_engine *log, uint64_t start, uint64_t end,
                                      enum status (*each)(void *context, uint64_t index,
                                                          const struct stored_leaf *leaf,
                                                          const uint8_t hash[HASH_SIZE], struct error *err),
                                      void *context, struct error *err);

/* The next three are for logs with batch objects; STATUS_USAGE otherwise. */

/* log_read_cosignatures finds the batch of index: its covering subtree with index in it, and the
 * cosignatures over that subtree, in the canonical order of an MTCProof. memory holds the signature
 * bytes that the array borrows. */
MUST_USE enum status log_read_cosignatures(struct log_engine *log, uint64_t index,
                                           struct subtree *subtree, struct builder *memory,
                                           struct log_cosignature out[LOG_COSIGNERS_MAX],
                                           size_t *count, struct error *err);

/* A batch, and who has signed its covering subtrees. */
struct log_batch {
    uint64_t number;
    uint64_t start, end; /* its entries; end is the tree's size after it */
    size_t subtree_count; /* 1 or 2 */
    struct log_batch_subtree {
        struct subtree subtree;
        uint8_t hash[HASH_SIZE];
        size_t cosigner_count;
        struct tai cosigners[LOG_COSIGNERS_MAX];
    } subtrees[2];
};

/* log_batch_of finds the batch that the entry at index belongs to. STATUS_NOT_FOUND beyond the tree and
 * when it is pruned. */
MUST_USE enum status log_batch_of(struct log_engine *log, uint64_t index, struct log_batch *out,
                                  struct error *err);

/* A cosignature of somebody else over a covering subtree, timestamp 0. */
struct log_addition {
    struct subtree subtree;
    struct tai cosigner_id; /* of a configured external */
    struct bytes signature;
};

/* log_add_cosignatures verifies cosignatures over the subtrees of the batch of index and keeps them with
 * it; they are durable when it returns STATUS_OK, and *added is how many were new. One of the same cosigner
 * that is there already stays. All or nothing: STATUS_REFUSED when one does not verify, is over another
 * subtree, or is of nobody that is configured; STATUS_LIMIT when the subtree has LOG_COSIGNERS_MAX. */
MUST_USE enum status log_add_cosignatures(struct log_engine *log, uint64_t index,
                                          const struct log_addition *additions, size_t count,
                                          size_t *added, struct error *err);

/* log_read_published appends the published checkpoint, a note. */
MUST_USE enum status log_read_published(struct log_engine *log, struct builder *out,
                                        struct error *err);

/* log_refresh_checkpoint signs the published tree once more with the time that it is, and publishes that: a signed tree
 * head must not become older than the MMD [RFC6962 3.5]. Lines of others that verify stay. It does nothing when the clock is
 * not beyond the time of the published one. STATUS_REFUSED when the log is closed for good. When signing fails the log
 * goes on with what is published (log_has_failed says). What a power cut takes is signed anew by the next open. */
MUST_USE enum status log_refresh_checkpoint(struct log_engine *log, struct error *err);

/* A cosignature of somebody else over a checkpoint. */
struct log_checkpoint_addition {
    const char *name; /* of a configured external */
    uint64_t timestamp_s;
    struct bytes signature;
};

/* log_add_checkpoint_cosignatures verifies cosignatures over the published checkpoint and publishes it again
 * with their lines behind those that it has. STATUS_CONFLICT when the published checkpoint has another size
 * than the one that was signed: then they are worth nothing to readers. Otherwise as log_add_cosignatures,
 * but what a power cut takes is not missed: it can be asked for again. */
MUST_USE enum status log_add_checkpoint_cosignatures(struct log_engine *log, uint64_t size,
                                                     const struct log_checkpoint_addition *additions,
                                                     size_t count, size_t *added, struct error *err);

/* log_freeze closes an open CT log for good: its last tree head is signed, durable, published, and kept as the private
 * object final/checkpoint; then the record says that the log is closed. From then on nothing is ever signed, whatever
 * happens to the published checkpoint: opening the log publishes the final one again. Cosignatures of others can
 * still be added. It does nothing when the log is closed already. After a failure close and open again: the log is
 * then closed, or it is not. STATUS_USAGE for an issuance log. */
MUST_USE enum status log_freeze(struct log_engine *log, struct error *err);

/* log_quorum_size is the largest size whose published checkpoint had the quorum; the log's size when no
 * quorum is configured. */
uint64_t log_quorum_size(const struct log_engine *log);

/* Landmarks: only an issuance log has some; of others log_allocate_landmark is STATUS_USAGE. */

/* log_landmarks borrows the current landmark sequence (never pruned below what is needed). */
const struct landmarks *log_landmarks(const struct log_engine *log);

/* log_allocate_landmark appends a landmark at log_quorum_size if that has grown since the last, with expiry
 * max(now + lifetime_s, the latest notAfter in the log); *is_new says whether. Durable and published when
 * it returns. [MTC 6.4.2] */
MUST_USE enum status log_allocate_landmark(struct log_engine *log, int64_t lifetime_s,
                                           bool *is_new, struct error *err);

/* log_next_min_index is what log_prune would raise the minimum index to; the one that it is when there is
 * nothing to prune. */
MUST_USE enum status log_next_min_index(struct log_engine *log, int64_t retain_s, uint64_t *min_index,
                                        struct error *err);

/* log_prune raises the minimum index to what no unexpired certificate needs retain_s seconds ago,
 * rounded down to whole tiles, and deletes what lies below. [C2SP tlog-tiles] */
MUST_USE enum status log_prune(struct log_engine *log, int64_t retain_s, uint64_t *removed_count,
                               struct error *err);

/* log_prune_below raises the minimum index to min_index, rounded down to whole tiles, at most the size, and deletes
 * what lies below: how a CT log is pruned whose interval is over. The tree head can still be proved, and so can
 * everything from the minimum index on. Relying parties have to be told first. A minimum index that is not above
 * the current one goes on with what an earlier call left. */
MUST_USE enum status log_prune_below(struct log_engine *log, uint64_t min_index, uint64_t *removed_count,
                                     struct error *err);

/* log_close_for_good marks the record closed: no entry is ever appended again [MTC 5.2]. It looks at the
 * record alone, so that a log that cannot be opened any more can be closed; it does nothing when the log
 * is closed already. Nobody may have the log open for writing. STATUS_USAGE for a CT log: that is frozen. */
MUST_USE enum status log_close_for_good(const struct log_config *config, struct error *err);

/* ---- fsck ---- */

struct log_fsck_report {
    uint64_t entries_checked, tiles_checked, batches_checked, landmarks_checked;
    uint64_t problem_count;
};

/* log_fsck recomputes everything from the entry bundles and reports every disagreement to problem
 * (which may be NULL) as one line of text. STATUS_OK when there is none, STATUS_REFUSED otherwise.
 * progress (may be NULL) is called now and then with entries done and in all. */
MUST_USE enum status log_fsck(struct log_engine *log,
                              void (*problem)(void *context, const char *text),
                              void (*progress)(void *context, uint64_t done, uint64_t all),
                              void *context, struct log_fsck_report *report, struct error *err);

#endif
