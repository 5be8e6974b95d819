/* log_world.h - a log on a memory disk, and somebody who remembers everything that was ever promised:
 * what was acknowledged, signed and published, over all crashes of one history. */
#ifndef CATHAYA_TESTS_FAKES_LOG_WORLD_H
#define CATHAYA_TESTS_FAKES_LOG_WORLD_H

#include "fakes/memory_disk.h"
#include "log_engine/log_engine.h"

#define WORLD_PUBLIC  0
#define WORLD_PRIVATE 1

#define WORLD_ENTRIES_MAX    70000
#define WORLD_STATEMENTS_MAX 1024
#define WORLD_LANDMARKS_MAX  16
#define WORLD_ID_UNKNOWN     UINT32_MAX
#define WORLD_MIRRORS        2
#define WORLD_MIRRORED_MAX   256

/* Somebody's signature says that [start, end) has this hash. */
struct statement {
    uint64_t start, end;
    uint8_t hash[HASH_SIZE];
};

/* A mirror's cosignatures of this entry's batch were kept: so it was acknowledged. */
struct mirrored {
    uint64_t index;
    size_t mirror;
};

struct world {
    struct memory_disk *disk;
    struct log_config config;
    struct cosigner cosigners[2];
    struct log_external externals[WORLD_MIRRORS];
    char external_names[WORLD_MIRRORS][TAI_NAME_SIZE];
    struct mirrored mirrored[WORLD_MIRRORED_MAX];
    size_t mirrored_count;
    struct log_engine *log; /* open, or NULL */
    struct ct_signer ct_signer; /* of a CT log */
    uint64_t head_ms;  /* time of the last tree head that was published */
    uint64_t final_ms; /* of the final one, when the log was closed; else 0 */
    int64_t now_ms;
    uint32_t ids[WORLD_ENTRIES_MAX]; /* of the entry at an index, as it was acknowledged */
    uint64_t acknowledged_end;
    uint32_t next_id;
    bool is_closed; /* for good, as it was acknowledged */
    struct statement statements[WORLD_STATEMENTS_MAX];
    size_t statement_count;
    struct statement trees[2]; /* the last whole tree that each cosigner has signed */
    struct statement published[WORLD_STATEMENTS_MAX]; /* checkpoints: start is 0 */
    size_t published_count;
    struct landmark landmarks[WORLD_LANDMARKS_MAX]; /* published, by number */
    uint64_t landmark_count;
    const char *label; /* said when something is wrong */
};

/* world_new makes an empty world: hash, and an algorithm for its two cosigners. Keys are made once per
 * process and algorithm. */
struct world *world_new(const struct hash_alg *hash, const char *algorithm);
/* world_new_ct makes a CT log's: its clock goes on by a millisecond whenever somebody looks at it. One cosigner, who cosigns
 * subtrees too when they are wanted. */
struct world *world_new_ct(const struct hash_alg *hash, const char *algorithm, bool cosigns_subtrees);
struct world *world_copy(const struct world *from);
void world_free(struct world *w);

/* world_fail says what is wrong and where, and ends the program. */
_Noreturn void world_fail(const struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Steps: each is a call of the log, and what it promised when it returned STATUS_OK is remembered. */
enum status world_open(struct world *w, struct error *err);
enum status world_append(struct world *w, size_t count, struct error *err);
/* A CT log has no landmarks, but tree heads that are refreshed. */
enum status world_landmark(struct world *w, struct error *err);
/* world_cosign has a mirror cosign both subtrees of the newest batch and the checkpoint, and adds that. */
enum status world_cosign(struct world *w, size_t mirror, struct error *err);
/* world_mirror_sign appends what a mirror signs: over a subtree of this hash, or a checkpoint with a time. */
void world_mirror_sign(struct world *w, size_t mirror, struct subtree subtree, const uint8_t hash[HASH_SIZE],
                       uint64_t timestamp_s, struct builder *out);
/* world_prune: by landmarks; of a CT log below its middle. */
enum status world_prune(struct world *w, struct error *err);
enum status world_close_for_good(struct world *w, struct error *err);

/* world_close closes, whatever the status is. */
enum status world_close(struct world *w, struct error *err);

/* world_entry appends the bytes of the entry with an id; of a CT log also its index is in it. */
void world_entry(const struct world *w, uint32_t id, uint64_t index, struct builder *out);

/* world_audit checks the open log against everything that was promised; ends the program otherwise. */
void world_audit(struct world *w);

/* world_end_keys frees the keys. */
void world_end_keys(void);

#endif
