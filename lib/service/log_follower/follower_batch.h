/* follower_batch.h - a run of entries, from the answer of the log to what the listener gets. Inside service/log_follower.
 *
 * Between follower_entries.c, on the loop's thread, and a worker: whoever has it is said by its state.
 */
#ifndef CATHAYA_SERVICE_LOG_FOLLOWER_FOLLOWER_BATCH_H
#define CATHAYA_SERVICE_LOG_FOLLOWER_FOLLOWER_BATCH_H

#include <stdlib.h>

#include "ct_json/ct_json.h"
#include "service/log_follower/follower_internal.h"

/* Things to tell of one batch; more are a number. */
#define FOLLOWER_NOTES_MAX 8
/* 256 entries with chains as logs take them; one with entries of a megabyte each is refused. */
#define FOLLOWER_BUNDLE_MAX ((size_t)64 * 1024 * 1024)

enum slot_state { SLOT_FREE, SLOT_FETCHING, SLOT_WORKING, SLOT_READY };

struct batch_note {
    enum finding_id id;
    uint64_t index;
    uint64_t timestamp_ms;
    char text[FOLLOWER_TEXT_MAX];
    bool needs_proof;
    struct bytes leaf; /* in the batch */
};

struct batch {
    struct log_follower *f;
    enum slot_state state;
    uint64_t start;
    size_t count, asked;  /* entries wanted; rfc6962 may give fewer than were asked */
    unsigned skip;        /* entries of the bundle before start */
    unsigned width;       /* of the bundle */
    bool is_full_tried;
    struct builder body, memory, tbs;
    /* Of a data tile with an entry of an unknown type, behind which nothing can be split: the tile of hashes. Wanted when the
     * status is STATUS_AGAIN. */
    struct builder hash_tile;
    size_t split_count; /* entries that could be split */
    struct ct_json_entries json;
    bool has_json;
    struct bytes issuer; /* of the entry before */
    bool has_issuer;
    uint8_t issuer_key_hash[HASH_SIZE];
    struct hasher hasher;
    bool has_hasher;
    /* what it is judged by, as of when it was given to the worker */
    int64_t now_ms;
    struct view_limits {
        uint64_t old_size;         /* entries below are in the head that was trusted */
        uint64_t old_timestamp_ms; /* 0: none */
        uint64_t new_timestamp_ms; /* of the head that is followed; 0: none */
    } limits;
    /* the result */
    enum status status;
    struct error err;
    uint8_t (*leaf_hashes)[HASH_SIZE]; /* LOG_FEED_BATCH_MAX */
    struct followed_entry *entries;    /* LOG_FEED_BATCH_MAX */
    bool has_root;                     /* of all entries of a full tile */
    uint8_t root[HASH_SIZE];
    struct batch_note notes[FOLLOWER_NOTES_MAX];
    size_t note_count, notes_left_out;
    struct followed_batch view;
};

MUST_USE enum status follower_batch_init(struct batch *b, struct log_follower *f, struct error *err);
/* follower_batch_reset makes it free, and drops what nobody took; follower_batch_clear frees it. */
void follower_batch_reset(struct batch *b);
void follower_batch_clear(struct batch *b);

/* follower_batch_run is the worker's part: from body to entries, hashes, notes and look_result. */
void follower_batch_run(void *cookie);

/* follower_batch_note notes something to tell; NULL when there is too much. */
struct batch_note *follower_batch_note(struct batch *b, enum finding_id id, const struct followed_entry *e, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
