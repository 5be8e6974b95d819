/* access_log.h - one line per finished request, gathered by each worker and written at the end of a round of its
 * loop. Whatever a client sent is escaped: a line is a line, and its fields are its fields.
 *
 * text: TIME PEER SITE "METHOD TARGET" PROTOCOL STATUS IN OUT MS KIND GROUP SUITE BACKEND BACKEND-MS, "-" for what
 * there is not. json: an object with the same names.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_ACCESS_LOG_H
#define CATHAYA_ADAPTERS_PROXY_ACCESS_LOG_H

#include "adapters/proxy/client.h"

/* A line is never longer: targets are cut. */
#define ACCESS_TARGET_MAX 2048
/* Written when there is more than half of it, and at the end of each round. */
#define ACCESS_BUFFER_MAX 131072

/* Where lines go: shared by all workers, counted atomically. */
struct access_sink;

/* access_sink_new copies the descriptor. */
MUST_USE enum status access_sink_new(int fd, enum proxy_log_format format, struct access_sink **out,
                                     struct error *err);
struct access_sink *access_sink_keep(struct access_sink *sink);
void access_sink_free(struct access_sink *sink);

struct access_entry {
    const struct client *client;
    const struct exchange *exchange; /* request, site, backend */
    int status;
    uint64_t in_len, out_len, start_ms;
    bool is_whole; /* the answer came to its end */
    const char *protocol;
};

/* access_log_new takes one count of the sink. NULL: out of memory. */
struct access_log *access_log_new(struct proxy_worker *w, struct access_sink *sink);
void access_log_free(struct access_log *log); /* writes what there is; NULL is fine */
void access_log_add(struct access_log *log, const struct access_entry *entry);
void access_log_flush(struct access_log *log);

/* access_log_write_line appends one line; time_ms since the Epoch, now_ms of the loop. For tests. */
void access_log_write_line(const struct access_entry *entry, enum proxy_log_format format, int64_t time_ms,
                           uint64_t now_ms, struct builder *out);

#endif
