/* revocation_update.h - a client learns what a log's CA has revoked from the signed file beside the log [GM 11.5].
 *
 * <prefix>/<N>/revocations is fetched and judged (revocation_check.h). A prefix that has none, a bad one, or one whose `next`
 * is past, is followed by the next prefix; the newest good file counts, be it overdue.
 */
#ifndef CATHAYA_SERVICE_LANDMARK_UPDATE_REVOCATION_UPDATE_H
#define CATHAYA_SERVICE_LANDMARK_UPDATE_REVOCATION_UPDATE_H

#include "service/landmark_update/revocation_check.h"

/* For one answer: the file has 3 MB at most. */
#define REVOCATION_UPDATE_FETCH_MS 30000
/* For all prefixes: behind it no further one is asked. */
#define REVOCATION_UPDATE_ALL_MS 120000

/* Borrowed for the duration of done. */
struct revocation_update_result {
    /* STATUS_NOT_FOUND: every prefix that answered has none. STATUS_REFUSED: what was served is not good. */
    enum status status;
    const struct error *error;
    struct bytes file;    /* with STATUS_OK: what to hold from now on */
    uint64_t sequence;    /* of it, with issued and next */
    int64_t issued_s, next_s;
    bool is_changed;      /* against what was held */
    bool is_overdue;      /* its `next` is past: there ought to be a newer one */
};

typedef void revocation_update_done(void *cookie, const struct revocation_update_result *result);

/* revocation_update_start begins, and calls done exactly once, later. It frees itself then. When it fails, done is not called.
 * log is borrowed until done was called. */
MUST_USE enum status revocation_update_start(const struct landmark_update_ports *ports, const struct landmark_update_log *log,
                                             revocation_update_done *done, void *cookie, struct error *err);

#endif
