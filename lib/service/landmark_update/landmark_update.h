/* landmark_update.h - a client learns the new landmarks of an issuance log from the log itself, and believes nothing
 * that is not signed or does not lead to what is signed [GM-51, MTC 7.4].
 *
 *   1. <prefix>/<N>/landmarks and <prefix>/<N>/checkpoint are fetched;
 *   2. the checkpoint has to be signed as the cosigner policy for the CA's certificates asks;
 *   3. it must not be smaller than the one that is held, and must go on from it; a landmark that is held must not change;
 *   4. for what is new the tiles are fetched that lead from the subtrees' hashes to the checkpoint's root. What is held
 *      already is not asked for again.
 *
 * A prefix that fails is followed by the next one (a mirror's); a log that is proven to have signed two histories ends
 * it at once, with the evidence.
 */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_UPDATE_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_LANDMARK_UPDATE_H

#include "codec/trust_bundle/trust_bundle.h"
#include "ports/clock.h"
#include "ports/fetch.h"
#include "rules/trust_store.h"

/* For one answer, and for all of a log from one prefix: a log that is slower is asked again later. */
#define LANDMARK_UPDATE_FETCH_MS 10000
#define LANDMARK_UPDATE_TOTAL_MS 120000
/* For all prefixes: behind it no further one is asked. */
#define LANDMARK_UPDATE_ALL_MS 300000
/* At once; polite to a web server. */
#define LANDMARK_UPDATE_PARALLEL 6
#define LANDMARK_UPDATE_URL_MAX 512

/* What is asked for; borrowed until done was called. */
struct landmark_update_log {
    const struct trust_ca *ca;       /* of the store */
    const struct trust_store *store; /* its cosigners and requirements */
    uint16_t log_number;
    const struct bytes *urls; /* prefixes without the log number, in order of preference */
    size_t url_count;
    const char *ca_file; /* for https; NULL: the system's */
    /* What is held: a bundle with this log alone and the note of its checkpoint. NULL: nothing. No note, when there are no
     * landmarks: what is revoked alone. */
    const struct trust_bundle *held;
    struct bytes held_note;
    /* The signed revocations file that was taken last, for revocation_update.h; empty: none. */
    struct bytes held_revocations;
};

/* Borrowed for the duration of done. */
struct landmark_update_result {
    enum status status; /* STATUS_NOT_FOUND: no prefix knows this log. STATUS_AGAIN: the CA's checkpoint has too few
                           cosignatures yet. STATUS_CONFLICT: the log lies, see evidence */
    const struct error *error;
    /* With STATUS_OK: what to hold from now on, landmarks that are active alone. */
    const struct trust_bundle *bundle;
    struct bytes note;
    bool is_changed;         /* against what was held */
    size_t new_landmarks;
    size_t tile_count;       /* tiles that were fetched */
    struct bytes evidence;   /* a file of codec/evidence; empty: none */
    const char *url;         /* the prefix that answered last */
};

typedef void landmark_update_done(void *cookie, const struct landmark_update_result *result);

struct landmark_update_ports {
    struct fetch_port fetch;
    struct clock_port clock;
};

/* landmark_update_start begins, and calls done exactly once, later. It frees itself then. When it fails, done is not
 * called. */
MUST_USE enum status landmark_update_start(const struct landmark_update_ports *ports, const struct landmark_update_log *log,
                                           landmark_update_done *done, void *cookie, struct error *err);

#endif
