/* watcher_parts.h - what the files of the bundle watcher share. Inside service/bundle_watcher. */
#ifndef CATHAYA_SERVICE_BUNDLE_WATCHER_WATCHER_PARTS_H
#define CATHAYA_SERVICE_BUNDLE_WATCHER_WATCHER_PARTS_H

#include "base/array.h"
#include "codec/trust_bundle/trust_latest.h"
#include "merkle/tile_set.h"
#include "rules/bundle_signature.h"
#include "service/bundle_watcher/bundle_watcher.h"

/* Somebody's checkpoint, to be compared with the newest one. */
struct seen_checkpoint {
    struct builder note;
    struct version_checkpoint checkpoint;
    char from[BUNDLE_WATCHER_URL_MAX + 128];
    uint64_t version;              /* of the bundle that it came with; 0: none */
    uint8_t leaf[HASH_SIZE];       /* of that bundle's TrustVersion */
    bool is_done;
};

/* The held one, those of the bundles of a round, one of gossip. */
#define SEEN_MAX (BUNDLE_WATCHER_VERSIONS_MAX + 2)

/* A landmark that was looked at, as it was. */
struct checked_landmark {
    uint64_t number;
    uint8_t digest[HASH_SIZE]; /* of its subtrees and their hashes */
};

/* Those of a log that are in the newest version. */
struct checked_log {
    struct tai ca_id;
    uint16_t log_number;
    struct array landmarks; /* struct checked_landmark, by number */
};

/* Section 8 of the versions until now. */
struct watched_identities {
    /* State. */
    uint64_t version;          /* the newest one whose section was judged; 0: none */
    uint8_t digest[HASH_SIZE]; /* of what was judged */
    uint64_t log_size;         /* the log that was good; 0: none yet */
    uint8_t log_root[HASH_SIZE];
    /* The text could not be had: `newest` waits for it. */
    bool is_waiting;
    bool has_failed; /* in this round */
    unsigned failures; /* rounds, one after the other */
};

struct bundle_watcher {
    struct bundle_watcher_config config;
    struct bundle_watcher_callbacks callbacks;
    void *cookie;
    /* State. */
    struct trust_bundle key_section; /* section 9 of the newest version; borrows from key_bytes */
    struct builder key_bytes;
    struct bundle_keys keys;         /* made of it */
    uint64_t version;
    int64_t issued_s;
    struct builder note;
    struct version_checkpoint held;
    int64_t contact_ms;
    struct array checked; /* struct checked_log */
    struct watched_identities identities;
    struct seen_checkpoint gossip; /* waits for the next round */
    bool has_gossip;
    /* The round. */
    uint64_t timer;
    bool is_started, is_stopping, is_asking;
    bool is_cut; /* the last answer was longer than it may be */
    void (*stopped)(void *cookie);
    void *stopped_cookie;
    int64_t asked_ms;
    char url[BUNDLE_WATCHER_URL_MAX + 128];
    const char *endpoint;
    void (*answered)(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err);
    struct trust_latest latest;
    uint64_t at;          /* the version that is asked for */
    /* The newest version as it was signed the first time: a second one with other contents is a lie. last.version 0: none. */
    struct {
        uint64_t version;
        uint8_t entry[TRUST_ENVELOPE_VERSION_SIZE], key_id[TRUST_ENVELOPE_KEY_ID_SIZE], sha256[HASH_SIZE];
        struct builder signature;
    } last;
    struct builder newest; /* contents of the newest version that is good in this round */
    struct seen_checkpoint seen[SEEN_MAX];
    size_t seen_count;
    bool is_fork; /* one of them is of another history */
    struct builder now_note;
    struct version_checkpoint now;
    /* A question to a tree. */
    struct hasher hasher;
    bool has_hasher;
    struct tile_set tiles;
    bool has_tiles;
    struct tile_set_tile *asked_tile;
    bool is_full_asked; /* in place of a partial one, which goes when it is full */
    char tile_prefix[BUNDLE_WATCHER_URL_MAX];
    void (*ask_tree)(struct bundle_watcher *w);
    void (*tree_failed)(struct bundle_watcher *w, enum status status, const struct error *err);
    /* Landmarks. */
    struct trust_bundle bundle; /* parsed from newest */
    bool has_bundle;
    size_t log_at;
    struct bundle_watcher_log log;
};

/* watcher_get asks for URL/path and calls answered: STATUS_OK with the body; STATUS_NOT_FOUND; STATUS_IO. */
void watcher_get(struct bundle_watcher *w, const char *prefix, const char *path, const char *endpoint, size_t max,
                 void (*answered)(struct bundle_watcher *w, enum status status, struct bytes body, struct error *err));

/* watcher_begin_tree begins questions about a tree below prefix; watcher_fetch_tiles gets what is missing and calls ask_tree again, or
 * tree_failed, when the tree has been ended. */
MUST_USE enum status watcher_begin_tree(struct bundle_watcher *w, const char *prefix, const struct hash_alg *hash, uint64_t size,
                                        void (*ask_tree)(struct bundle_watcher *w),
                                        void (*tree_failed)(struct bundle_watcher *w, enum status status, const struct error *err),
                                        struct error *err);
void watcher_end_tree(struct bundle_watcher *w);
void watcher_fetch_tiles(struct bundle_watcher *w);

void watcher_find(struct bundle_watcher *w, enum finding_id id, const char *source, struct bytes evidence, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* watcher_end_round ends it; what was learned stays. */
void watcher_end_round(struct bundle_watcher *w, enum status status, const struct error *err);
/* watcher_keep makes what is known durable; watcher_read_state reads it again. */
MUST_USE enum status watcher_read_state(struct bundle_watcher *w, struct error *err);
MUST_USE enum status watcher_keep(struct bundle_watcher *w, struct error *err);
/* The same of website identities; the text of their log is durable with the next watcher_keep_identities. STATUS_NOT_FOUND: there is
 * none. */
MUST_USE enum status watcher_keep_identities(struct bundle_watcher *w, struct error *err);
MUST_USE enum status watcher_keep_identity_log(struct bundle_watcher *w, struct bytes text, struct error *err);
MUST_USE enum status watcher_read_identity_log(struct bundle_watcher *w, struct builder *text, struct error *err);

/* watcher_take_keys takes section 9 of a bundle, if it has one. */
MUST_USE enum status watcher_take_keys(struct bundle_watcher *w, const struct trust_bundle *bundle, struct error *err);

/* watcher_versions.c */
void watcher_ask_versions(struct bundle_watcher *w);
void watcher_next_version(struct bundle_watcher *w);
/* watcher_identities.c: looks at section 8 of `newest`, and goes on with watcher_next_version. */
void watcher_check_identities(struct bundle_watcher *w);
/* watcher_log.c */
void watcher_ask_log(struct bundle_watcher *w);
/* watcher_landmarks.c */
void watcher_clear_checked(struct bundle_watcher *w);
void watcher_check_landmarks(struct bundle_watcher *w);

#endif
