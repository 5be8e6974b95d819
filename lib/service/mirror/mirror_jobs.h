/* mirror_jobs.h - the event loop's half of the mirror; private to service/mirror. */
#ifndef CATHAYA_SERVICE_MIRROR_MIRROR_JOBS_H
#define CATHAYA_SERVICE_MIRROR_MIRROR_JOBS_H

#include "service/mirror/mirror_internal.h"

struct mirror {
    struct mirror_config config;
    struct mirror_log *logs[MIRROR_LOGS_MAX];
    size_t log_count;
    struct upload *uploads; /* under way, the newest first; mirror_upload.c */
    size_t upload_count;    /* of all logs */
    size_t job_count;
};

/* mirror_find_log is the log with an origin, opened now if it is the next of a known CA; NULL: there is none. */
struct mirror_log *mirror_find_log(struct mirror *mirror, struct bytes origin);

/* mirror_submit runs a job on the log's worker and counts it until mirror_job_ended. */
void mirror_submit(struct mirror *mirror, struct mirror_log *log, void (*run)(void *cookie),
                   void (*done)(void *cookie), void *cookie);
void mirror_job_ended(struct mirror *mirror, struct mirror_log *log);

/* mirror_respond moves an answer into the response and sends it; clears the answer. */
void mirror_respond(struct http_exchange *x, struct mirror_answer *answer);

/* mirror_respond_text sends a status and a line. */
void mirror_respond_text(struct http_exchange *x, int status, const char *text);

/* ---- mirror_upload.c: add-entries ---- */

/* mirror_upload_begin takes the exchange, whose body comes in pieces. */
void mirror_upload_begin(struct mirror *mirror, struct http_exchange *x);
void mirror_upload_end_of_body(struct http_exchange *x);

#endif
