/* mirror_world.h - a mirror on a memory disk, a log that may fork, and requests between them as HTTP has them. */
#ifndef CATHAYA_TESTS_FAKES_MIRROR_WORLD_H
#define CATHAYA_TESTS_FAKES_MIRROR_WORLD_H

#include "codec/note/note.h"
#include "codec/witness/add_entries.h"
#include "fakes/memory_disk.h"
#include "service/mirror/mirror.h"

#define WORLD_TILES    0
#define WORLD_WITNESS  1
#define WORLD_EVIDENCE 2

#define WORLD_ORIGIN "oid/1.3.6.1.4.1.32473.1.0.1"
#define WORLD_LOG    "oid/1.3.6.1.4.1.32473.1"
#define WORLD_MIRROR "oid/1.3.6.1.4.1.32473.9"
#define WORLD_WITNESS_NAME "oid/1.3.6.1.4.1.32473.10"
#define WORLD_PLAIN_WITNESS "witness.example/plain" /* Ed25519 of type 04 */

/* Two histories of the log: they have the same entries below the fork point. */
#define WORLD_ENTRIES UINT64_C(2600)
#define WORLD_FORKS 2

struct world_job {
    void (*run)(void *cookie);
    void (*done)(void *cookie);
    void *cookie;
};

struct mirror_world {
    struct memory_disk *disk;
    const struct hash_alg *hash;
    struct hasher hasher;
    uint8_t (*nodes[WORLD_FORKS][13])[HASH_SIZE]; /* complete nodes by level */
    uint64_t fork_point;
    struct mirror_cosigner cosigners[3];
    size_t cosigner_count;
    struct mirror *mirror; /* NULL: not open */
    int64_t now_ms;
    struct world_job jobs[256];
    size_t job_count;
    bool is_holding; /* jobs wait for world_run */
    unsigned event_count;
    char last_event[64];
};

enum world_algorithms { WORLD_FAST /* P-256 everywhere */, WORLD_MIXED /* SM2 log, ML-DSA-44 mirror */ };

/* world_new: with the witnesses or the mirror alone. */
struct mirror_world *mirror_world_new(const struct hash_alg *hash, enum world_algorithms algorithms,
                                      bool has_witness, uint64_t fork_point);
/* mirror_world_copy copies a closed world. */
struct mirror_world *mirror_world_copy(const struct mirror_world *from);
void mirror_world_free(struct mirror_world *w);
void mirror_world_end_keys(void);

enum status mirror_world_open(struct mirror_world *w, struct error *err);
void mirror_world_close(struct mirror_world *w);

const struct public_key *mirror_world_log_key(void);
const struct algorithms *mirror_world_algorithms(void);

/* ---- what the log and its CA send ---- */

void mirror_world_root(struct mirror_world *w, unsigned fork, uint64_t size, uint8_t out[HASH_SIZE]);
void mirror_world_hash(struct mirror_world *w, unsigned fork, struct subtree s, uint8_t out[HASH_SIZE]);
/* A checkpoint note, signed by the log. */
void mirror_world_note(struct mirror_world *w, unsigned fork, uint64_t size, struct builder *out);
void mirror_world_add_checkpoint(struct mirror_world *w, unsigned fork, uint64_t old_size,
                                 uint64_t size, struct builder *out);
void mirror_world_add_entries(struct mirror_world *w, unsigned fork, uint64_t start, uint64_t end,
                              uint64_t packages, struct builder *out);
void mirror_world_sign_subtree(struct mirror_world *w, unsigned fork, struct subtree s,
                               uint64_t tree_size, struct bytes note, struct builder *out);
void mirror_world_entry(unsigned fork, uint64_t index, struct builder *out);

/* ---- HTTP ---- */

struct world_exchange {
    struct http_exchange x;
    struct http_handler handler;
    bool is_sent, is_paused;
    int status;
    char content_type[64];
    struct builder headers, body;
};

/* world_start begins a request; with is_streamed the body comes by world_piece and world_end_body. */
struct world_exchange *world_start(struct mirror_world *w, const char *path, struct bytes body);
/* False: no more is wanted. */
bool world_piece(struct world_exchange *e, struct bytes piece);
void world_end_body(struct world_exchange *e);
void world_run(struct mirror_world *w);
void world_exchange_free(struct world_exchange *e);

/* world_post is a whole request; the body in pieces of `piece` bytes where the handler takes pieces. */
struct world_exchange *world_post(struct mirror_world *w, const char *path, struct bytes body,
                                  size_t piece);
/* The status alone. */
int world_post_status(struct mirror_world *w, const char *path, const struct builder *body);

/* mirror_world_sync_log brings the mirror to a size by add-checkpoint and add-entries: the last status. */
int mirror_world_update(struct mirror_world *w, unsigned fork, uint64_t old_size, uint64_t size);

#endif
