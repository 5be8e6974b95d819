/* service_log.h - what a service reports, as lines on a descriptor: one event, one line, whatever its
 * fields hold.
 *
 *     2026-11-21T10:00:00.123Z info order-valid account="7" names="a.example"
 *     {"time":"2026-11-21T10:00:00.123Z","level":"info","event":"order-valid","account":"7"}
 */
#ifndef CATHAYA_PROGRAM_SERVICE_LOG_H
#define CATHAYA_PROGRAM_SERVICE_LOG_H

#include "base/builder.h"
#include "ports/events.h"

/* A line; what does not fit is cut, and the line ends in "..." (in JSON: the value does). */
#define SERVICE_LOG_LINE_MAX 8192
/* One value. */
#define SERVICE_LOG_VALUE_MAX 2048

enum service_log_format { SERVICE_LOG_TEXT, SERVICE_LOG_JSON };

struct service_log {
    enum service_log_format format;
    enum event_level minimum; /* what is below is not written */
    int fd;
};

/* service_log_stderr writes to stderr what is of interest: EVENT_INFO and above. */
struct service_log service_log_stderr(bool is_json);

/* service_log_port reports into log, from any thread. */
struct events_port service_log_port(struct service_log *log);

/* service_log_write_line appends the line of an event and its LF. */
void service_log_write_line(enum service_log_format format, int64_t now_ms, enum event_level level,
                            const char *what, const struct event_field *fields, size_t field_count,
                            struct builder *out);

/* service_log_parse_level reads "debug", "info", "warning" or "error". */
MUST_USE bool service_log_parse_level(const char *text, enum event_level *level);

#endif
