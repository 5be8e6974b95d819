/* publisher_parts.h - what the files of the distributor share. Inside service/trust_publisher. */
#ifndef CATHAYA_SERVICE_TRUST_PUBLISHER_PUBLISHER_PARTS_H
#define CATHAYA_SERVICE_TRUST_PUBLISHER_PUBLISHER_PARTS_H

#include "codec/trust_bundle/trust_latest.h"
#include "service/trust_publisher/trust_publisher.h"
#include "service/trust_publisher/trust_state.h"

#define FOLDER_CONTENTS  "contents/"
#define FOLDER_ROTATIONS "rotations/"
#define FOLDER_BUNDLES   "bundles/"
#define FOLDER_DELTAS    "delta/"
#define FOLDER_IDENTITY  "identity/"
#define FOLDER_FOLDERS   "folders/" /* of the files of others, by version */
#define OBJECT_BUNDLE    "bundle"
#define OBJECT_LATEST    "latest"
/* A folder and a version. */
#define VERSION_NAME_SIZE 40

/* Contents of a version, as they are kept. */
struct version_contents {
    struct builder bytes;
    struct trust_bundle bundle; /* borrows from bytes */
};

struct trust_publisher {
    struct trust_publisher_config config;
    struct trust_state state;
    struct log_engine *log;
    struct hasher hasher;      /* SM3, for proofs */
    struct trust_latest latest; /* as it is published; version 0: nothing is */
    int64_t last_issued_s;     /* of the newest version in the log */
    bool has_failed;
    /* The build that is under way. */
    bool is_busy;
    const struct trust_publisher_input *input;
    trust_publisher_done *done;
    void *cookie;
    int64_t began_ms;
    struct trust_contents *contents; /* the registry's bundle, to judge logs by */
    struct trust_publisher_report report;
    struct error error;
};

/* publisher_name writes FOLDER and a version; publisher_version reads one back: false for other names. */
void publisher_name(const char *folder, uint64_t version, char out[VERSION_NAME_SIZE]);
MUST_USE bool publisher_version(const char *folder, const char *name, uint64_t *version);

/* ---- publisher_versions.c: the log of versions, and what is kept of versions ---- */

/* publisher_open_log opens the log, or founds it. */
MUST_USE enum status publisher_open_log(struct trust_publisher *p, struct error *err);

/* publisher_read_contents reads a version that is kept: STATUS_NOT_FOUND when it is not; STATUS_REFUSED when they are not what the
 * log has. publisher_clear_contents follows in any case. */
MUST_USE enum status publisher_read_contents(struct trust_publisher *p, uint64_t version, struct version_contents *out,
                                             struct error *err);
void publisher_clear_contents(struct version_contents *contents);

/* publisher_append makes contents version log size + 1, durably. */
MUST_USE enum status publisher_append(struct trust_publisher *p, struct bytes contents, struct error *err);

/* publisher_prove appends the proof of a version in the tree as it is published. */
MUST_USE enum status publisher_prove(struct trust_publisher *p, uint64_t version, struct builder *out, struct error *err);

/* ---- publisher_keys.c ---- */

/* publisher_check_keys: can what comes after a version with these keys be signed and be believed? One key of each algorithm and
 * role has to be among those that are configured. STATUS_USAGE with what is missing. */
MUST_USE enum status publisher_check_keys(const struct trust_publisher *p, const struct trust_bundle *keys, struct error *err);

/* publisher_is_rotation: does `next` name other keys than `before`? */
bool publisher_is_rotation(const struct trust_bundle *before, const struct trust_bundle *next);

/* publisher_sign signs a version's hashes with the configured keys that are among those of `keys`. memory holds the signatures. */
MUST_USE enum status publisher_sign(const struct trust_publisher *p, const struct trust_bundle *keys,
                                    const uint8_t version[TRUST_ENVELOPE_VERSION_SIZE], struct trust_envelope *envelope,
                                    struct builder *memory, struct error *err);

/* ---- publisher_release.c ---- */

/* publisher_release signs what the log has as its newest version, and publishes it. Sizes go to the report. */
MUST_USE enum status publisher_release(struct trust_publisher *p, struct error *err);

/* publisher_read_latest reads what is published; version 0: nothing. STATUS_REFUSED when it cannot be read. */
MUST_USE enum status publisher_read_latest(struct trust_publisher *p, struct error *err);

/* ---- publisher_files.c ---- */

/* publisher_put_files publishes the files of the input, durably, and notes that the next version needs their folders. */
MUST_USE enum status publisher_put_files(struct trust_publisher *p, struct error *err);

/* The folders that a version which is kept needs. builder_clear(&text) follows in any case. */
struct publisher_folders {
    struct object_store store;
    struct builder text;
};
MUST_USE enum status publisher_read_folders(struct trust_publisher *p, struct publisher_folders *out, struct error *err);
bool publisher_folders_have(const struct publisher_folders *folders, const char *name);

/* ---- publisher_prune.c ---- */

/* publisher_prune removes versions and deltas that p->latest does not speak of, and identity files that no version which a client
 * may hold needs. */
MUST_USE enum status publisher_prune(struct trust_publisher *p, struct error *err);

/* ---- publisher_round.c ---- */

/* publisher_follow asks all logs of the registry's bundle and calls done. */
MUST_USE enum status publisher_follow(struct trust_publisher *p, void (*done)(void *publisher), struct error *err);

/* publisher_count_logs fills what the report says of each log from what is held now. */
void publisher_count_logs(struct trust_publisher *p);
void publisher_clear_report(struct trust_publisher *p);

#endif
