/* update_world.h - a log with two histories, served by a CA and its mirrors as a test says, and a client of it. */
#ifndef CATHAYA_TESTS_UNIT_SERVICE_LANDMARK_UPDATE_UPDATE_WORLD_H
#define CATHAYA_TESTS_UNIT_SERVICE_LANDMARK_UPDATE_UPDATE_WORLD_H

#include "unit/checks.h"

#include "fakes/fake_fetch.h"
#include "fakes/mirror_world.h"
#include "service/landmark_update/landmark_update.h"
#include "service/landmark_update/revocation_update.h"

#define UPDATE_NOW_S INT64_C(1795219200)
#define UPDATE_ID "32473.1"
#define UPDATE_ORIGIN "oid/1.3.6.1.4.1.32473.1.0.1"
#define UPDATE_MIRROR_ID "32473.9"
/* SHA-256 of the origin, as C2SP mirrors name what they mirror. */
#define UPDATE_ORIGIN_HASH "3622e790c3f1b015f8616e294b443df2f7427f5ba657982e9f9bccb5466f69d3"
#define UPDATE_FORK_POINT 600
#define UPDATE_HELD_MAX 64

/* What stands below a prefix, with its slash; the first one that fits answers. */
struct update_site {
    const char *prefix;
    int status;            /* of every answer; 0: as it should be */
    unsigned fork;         /* the history */
    uint64_t size;         /* of the checkpoint; 0: there is none */
    bool is_cosigned;      /* by the mirror, too */
    const char *note;      /* served as the checkpoint in place of that one */
    const char *list;      /* landmarks; NULL: not there */
    struct bytes revocations; /* empty: not there */
    bool has_full_tiles_alone, has_no_tiles;
    unsigned spoiled_bit;  /* of each tile; 0: none */
    size_t tile_len;       /* of each tile, at most; 0: whole */
};

struct update_world {
    struct mirror_world *log;
    struct fake_timer *timer;
    struct fake_fetch *fetch;
    struct landmark_update_ports ports;
    struct private_key *ca_key, *mirror_key;
    struct trust_ca ca;
    struct trust_store *store;
    struct update_site sites[8];
    size_t site_count;
    struct bytes urls[4];
    struct landmark_update_log asked; /* what the next update is given */
    bool is_holding;                  /* tiles: answers wait for update_world_let_go */
    void *held[UPDATE_HELD_MAX];
    char held_urls[UPDATE_HELD_MAX][256];
    size_t held_count;
    /* The result. */
    unsigned done_count;
    enum status status;
    struct error error;
    bool is_changed, is_overdue;
    size_t new_landmarks, tile_count;
    char url[256];
    struct trust_bundle bundle;
    struct builder note, evidence, file;
    uint64_t sequence;
    /* What the client holds from earlier updates. */
    struct trust_bundle held_bundle;
    struct builder held_note, held_file;
};

/* One URL, http://ca.example, and an empty web. */
struct update_world *update_world_new(void);
void update_world_free(struct update_world *w);

struct update_site *update_world_site(struct update_world *w, const char *prefix);
void update_world_url(struct update_world *w, const char *url);
/* From now on the mirror has to have signed, too. */
void update_world_require_mirror(struct update_world *w);

/* update_world_run updates until done was called; the result is its status. update_world_begin does not run it. */
enum status update_world_run(struct update_world *w);
void update_world_begin(struct update_world *w);
enum status update_world_run_revocations(struct update_world *w);
/* update_world_hold takes what was learned as what is held. */
void update_world_hold(struct update_world *w);
/* update_world_let_go answers what was held, the last question first. */
void update_world_let_go(struct update_world *w);

/* A checkpoint as the CA (and the mirror) sign it. */
void update_world_note(struct update_world *w, unsigned fork, uint64_t size, bool is_cosigned, const char *origin,
                       struct builder *out);
/* A revocations file of the log, signed by a key: the text behind its first line. */
struct bytes update_world_revocations(const struct private_key *key, const char *origin, const char *text);

/* How many requests were for URLs with this in them. */
size_t update_world_asked(const struct update_world *w, const char *part);

#endif
