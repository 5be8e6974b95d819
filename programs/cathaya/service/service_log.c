#include "service/service_log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/civil_time.h"
#include "base/text.h"

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char cut_mark[] = "...";
/* For what says that fields are missing, and the end of the line. */
#define CUT_ROOM 24

/* How many bytes at text are one printable character; 0: none is. */
static size_t printable_len(struct bytes text)
{
    for (size_t len = 1; len <= 4 && len <= text.len; len++)
        if (text_is_printable_utf8(bytes_of(text.data, len)))
            return len;
    return 0;
}

/* Inside quotes, in a form that both formats can live with: nothing but printable characters comes out. */
static void write_value(struct builder *out, const char *value, enum service_log_format format)
{
    struct bytes rest = bytes_of_text(value);
    bool is_cut = rest.len > SERVICE_LOG_VALUE_MAX;
    if (is_cut)
        rest.len = SERVICE_LOG_VALUE_MAX;
    while (rest.len > 0) {
        size_t len = printable_len(rest);
        uint8_t c = rest.data[0];
        if (len == 0) {
            builder_printf(out, format == SERVICE_LOG_JSON ? "\\\\x%02x" : "\\x%02x", c);
            len = 1;
        } else if (c == '"' || c == '\\') {
            builder_u8(out, '\\');
            builder_u8(out, c);
        } else {
            builder_bytes(out, bytes_of(rest.data, len));
        }
        rest = bytes_of(rest.data + len, rest.len - len);
    }
    if (is_cut)
        builder_text(out, cut_mark);
}

static void write_time(struct builder *out, int64_t now_ms)
{
    char time[CIVIL_TIME_TEXT_SIZE];
    civil_time_format(now_ms / 1000, time);
    builder_printf(out, "%.*s.%03dZ", (int)strlen(time) - 1, time, (int)(now_ms % 1000));
}

static void write_field(struct builder *out, const struct event_field *field,
                        enum service_log_format format)
{
    if (format == SERVICE_LOG_JSON) {
        builder_text(out, ",\"");
        write_value(out, field->name, format);
        builder_text(out, "\":\"");
    } else {
        builder_printf(out, " %s=\"", field->name);
    }
    write_value(out, field->value != NULL ? field->value : "", format);
    builder_u8(out, '"');
}

void service_log_write_line(enum service_log_format format, int64_t now_ms, enum event_level level,
                            const char *what, const struct event_field *fields, size_t field_count,
                            struct builder *out)
{
    bool is_json = format == SERVICE_LOG_JSON;
    builder_text(out, is_json ? "{\"time\":\"" : "");
    write_time(out, now_ms);
    builder_printf(out, is_json ? "\",\"level\":\"%s\",\"event\":\"" : " %s ", level_names[level]);
    write_value(out, what, format);
    builder_text(out, is_json ? "\"" : "");
    for (size_t i = 0; i < field_count; i++) {
        /* Room for the mark and the end is kept: a field is written whole or not at all. */
        size_t len = out->len;
        write_field(out, &fields[i], format);
        if (!builder_is_good(out) || out->len + CUT_ROOM > out->max) {
            builder_reset(out);
            out->len = len;
            builder_text(out, is_json ? ",\"cut\":\"...\"" : " ...");
            break;
        }
    }
    builder_text(out, is_json ? "}\n" : "\n");
}

static void report(void *context, enum event_level level, const char *what,
                   const struct event_field *fields, size_t field_count)
{
    const struct service_log *log = context;
    char memory[SERVICE_LOG_LINE_MAX];
    struct builder line;
    struct timespec now = {0};
    if (level < log->minimum)
        return;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    builder_init_fixed(&line, memory, sizeof memory);
    service_log_write_line(log->format, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, level, what,
                           fields, field_count, &line);
    /* One call, so that lines of several threads do not mix. A log that cannot be written has nobody to
     * be told to. */
    if (write(log->fd, line.data, line.len) < 0)
        return;
}

struct service_log service_log_stderr(bool is_json)
{
    return (struct service_log){
        .format = is_json ? SERVICE_LOG_JSON : SERVICE_LOG_TEXT, .minimum = EVENT_INFO, .fd = STDERR_FILENO};
}

struct events_port service_log_port(struct service_log *log)
{
    return (struct events_port){.context = log, .report = report};
}

bool service_log_parse_level(const char *text, enum event_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum event_level)i;
            return true;
        }
    }
    return false;
}
