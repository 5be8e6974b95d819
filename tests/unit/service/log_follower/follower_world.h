/* follower_world.h - a log that tells the truth or lies, mirrors of it, and a follower that looks: in memory, on a fake loop.
 *
 * There are two histories; a host (the log, a mirror) shows one of them up to a size. What is shown can be changed between rounds. */
#ifndef CATHAYA_TESTS_UNIT_FOLLOWER_WORLD_H
#define CATHAYA_TESTS_UNIT_FOLLOWER_WORLD_H

#include "unit/checks.h"

#include "codec/ct/ct_suite.h"
#include "codec/ct/leaf.h"
#include "codec/ct/sct_list.h"
#include "fakes/fake_loop.h"
#include "fakes/memory_disk.h"
#include "rules/evidence_check.h"
#include "service/log_follower/log_follower.h"

#define FOLLOWER_URL "https://log.test/2027"
#define FOLLOWER_MIRROR_URL "https://mirror.test/m"
#define FOLLOWER_NOW_MS INT64_C(1800000000000)
#define FOLLOWER_MMD_MS 60000
#define FOLLOWER_ENTRIES_MAX 1200
#define FOLLOWER_FINDINGS_MAX 32

/* One entry, as it is hashed, and as it is served. */
struct stored {
    struct bytes leaf;  /* MerkleTreeLeaf, or MTCLogEntry */
    struct bytes extra; /* extra_data */
    struct bytes tile;  /* TileLeaf; MTC: with its length */
};

struct history {
    struct stored entries[FOLLOWER_ENTRIES_MAX];
    uint8_t hashes[FOLLOWER_ENTRIES_MAX][HASH_SIZE];
    uint64_t count;
};

struct shown {
    unsigned history;
    uint64_t size;
    int64_t timestamp_ms;
    bool has_wrong_root, has_wrong_signature, is_garbage;
    /* entries of the other history are served where the tree is this one's */
    bool has_wrong_entries;
    bool has_no_issuers, has_wrong_issuers;
    int64_t missing_index; /* the object with this entry is not there; < 0: all are */
    unsigned busy_count;   /* so many requests are answered with `busy_status` first */
    int busy_status;
    const char *retry_after;
    bool is_down, is_head_only; /* is_head_only: everything else is 503 */
    uint64_t entries_max; /* of get-entries in one answer; 0: all */
    const char *landmarks; /* NULL: 404 */
};

struct told {
    enum finding_id id;
    bool is_over, has_index, is_proven;
    uint64_t index;
    char text[320], source[128];
};

struct follower_world {
    enum log_kind kind;
    const struct ct_suite *suite;
    struct algorithms *algorithms;
    struct private_key *key;
    struct fake_loop *loop;
    struct memory_disk *disk;
    struct history histories[2];
    struct shown log, mirror;
    struct trust_store *store;
    struct trust_ca ca;
    struct followed_log followed;
    struct follower_options options;
    struct log_follower *follower;
    char requests[65536]; /* one path a line */
    /* what came */
    struct told findings[FOLLOWER_FINDINGS_MAX];
    size_t finding_count;
    uint64_t next_index;  /* entries came in order up to here */
    uint64_t entry_count, verified_size, look_count, drop_count;
    enum status round_status;
    unsigned round_count, contact_bad_count;
    struct error round_error;
};

/* follower_world_new makes `count` entries in both histories; in the second those from `fork` on are others. */
struct follower_world *follower_world_new(enum log_kind kind, const struct ct_suite *suite, uint64_t count, uint64_t fork);
void follower_world_free(struct follower_world *w);

/* follower_world_add appends entries of that time. */
void follower_world_add(struct follower_world *w, unsigned history, uint64_t count, int64_t timestamp_ms);
/* follower_world_add_leaf appends one CT entry. */
void follower_world_add_leaf(struct follower_world *w, unsigned history, const struct leaf *leaf, struct bytes precert);
/* follower_world_root is that of the first `size` entries. */
void follower_world_root(struct follower_world *w, unsigned history, uint64_t size, uint8_t out[HASH_SIZE]);
/* follower_world_sign appends the signature of a head as struct followed_head has it. */
void follower_world_sign(struct follower_world *w, const struct shown *shown, struct builder *out, uint8_t root[HASH_SIZE]);

/* follower_world_open makes a follower of the state on the disk; follower_world_close stops it. */
void follower_world_open(struct follower_world *w);
void follower_world_close(struct follower_world *w);
/* follower_world_round lets a round happen, and forgets what came before it. Time goes on as it takes. */
void follower_world_round(struct follower_world *w);

/* follower_world_expect: exactly this finding came (and is proven to anybody, or not). follower_world_expect_none. */
const struct told *follower_world_expect(struct follower_world *w, enum finding_id id, bool is_proven);
void follower_world_expect_none(struct follower_world *w);

#endif
