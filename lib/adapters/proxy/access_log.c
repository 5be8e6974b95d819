#include "adapters/proxy/access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/civil_time.h"

struct access_sink {
    atomic_size_t count;
    int fd;
    bool is_file; /* takes everything at once */
    enum proxy_log_format format;
};

struct access_log {
    struct proxy_worker *worker;
    struct access_sink *sink;
    struct builder lines;
    size_t line_count;
};

enum status access_sink_new(int fd, enum proxy_log_format format, struct access_sink **out, struct error *err)
{
    struct stat about;
    *out = NULL;
    struct access_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL)
        return error_set(err, STATUS_NO_MEMORY, "access log: out of memory");
    atomic_init(&sink->count, 1);
    sink->format = format;
    sink->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (sink->fd < 0 || fstat(sink->fd, &about) != 0) {
        enum status s = error_set(err, STATUS_IO, "access log: %s", strerror(errno));
        if (sink->fd >= 0)
            (void)close(sink->fd);
        free(sink);
        return s;
    }
    sink->is_file = S_ISREG(about.st_mode);
    *out = sink;
    return STATUS_OK;
}

struct access_sink *access_sink_keep(struct access_sink *sink)
{
    (void)atomic_fetch_add_explicit(&sink->count, 1, memory_order_relaxed);
    return sink;
}

void access_sink_free(struct access_sink *sink)
{
    if (sink == NULL || atomic_fetch_sub_explicit(&sink->count, 1, memory_order_acq_rel) != 1)
        return;
    (void)close(sink->fd);
    free(sink);
}

/* ---- writing ---- */

struct access_log *access_log_new(struct proxy_worker *w, struct access_sink *sink)
{
    struct access_log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return NULL;
    log->worker = w;
    log->sink = sink;
    builder_init(&log->lines, ACCESS_BUFFER_MAX);
    return log;
}

void access_log_free(struct access_log *log)
{
    if (log == NULL)
        return;
    access_log_flush(log);
    access_sink_free(log->sink);
    builder_clear(&log->lines);
    free(log);
}

/* Whole lines of at most PIPE_BUF bytes; one line when it is longer than that. */
static size_t pipe_part(const uint8_t *data, size_t len)
{
    if (len <= PIPE_BUF)
        return len;
    const uint8_t *end = memrchr(data, '\n', PIPE_BUF);
    if (end == NULL)
        end = memchr(data, '\n', len);
    return end != NULL ? (size_t)(end - data) + 1 : len;
}

/* A pipe or terminal has to have room: the worker does not wait for whoever reads it. */
static bool has_room(int fd)
{
    struct pollfd ask = {.fd = fd, .events = POLLOUT};
    return poll(&ask, 1, 0) == 1 && (ask.revents & POLLOUT) != 0;
}

void access_log_flush(struct access_log *log)
{
    size_t at = 0, len = log->lines.len;
    if (len == 0)
        return;
    while (at < len) {
        const uint8_t *data = log->lines.data + at;
        size_t part = log->sink->is_file ? len - at : pipe_part(data, len - at);
        if (!log->sink->is_file && !has_room(log->sink->fd))
            break;
        ssize_t wrote = write(log->sink->fd, data, part);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    for (const uint8_t *lost = log->lines.data + at; lost < log->lines.data + len; lost++)
        if (*lost == '\n')
            counter_add(&log->worker->counters.log_lines_lost, 1);
    builder_reset(&log->lines);
    log->line_count = 0;
}

void access_log_add(struct access_log *log, const struct access_entry *entry)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    access_log_write_line(entry, log->sink->format, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
                          worker_now_ms(log->worker), &log->lines);
    if (log->lines.len > ACCESS_BUFFER_MAX / 2)
        access_log_flush(log);
}

/* ---- lines ---- */

static void put_time(int64_t time_ms, struct builder *out)
{
    /* The same second comes again and again. */
    static _Thread_local int64_t second = -1;
    static _Thread_local char text[CIVIL_TIME_TEXT_SIZE];
    if (time_ms / 1000 != second) {
        second = time_ms / 1000;
        civil_time_format(second, text);
    }
    unsigned ms = (unsigned)(time_ms % 1000);
    size_t len = strlen(text);
    builder_bytes(out, bytes_of(text, len > 0 ? len - 1 : 0));
    const char digits[] = {'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z'};
    builder_bytes(out, bytes_of(digits, sizeof digits));
}

static void put_number(uint64_t n, struct builder *out)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n > 0);
    builder_bytes(out, bytes_of(text + at, sizeof text - at));
}

/* JSON's way, which nobody misreads in text either; bytes that are not ASCII become \u00xx. */
static void put_escaped(struct bytes text, size_t max, struct builder *out)
{
    static const char hex[] = "0123456789abcdef";
    size_t len = text.len < max ? text.len : max, start = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = text.data[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            continue;
        builder_bytes(out, bytes_of(text.data + start, i - start));
        start = i + 1;
        char escape[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        builder_bytes(out, bytes_of(escape, sizeof escape));
    }
    builder_bytes(out, bytes_of(text.data + start, len - start));
    if (len < text.len)
        builder_text(out, "...");
}

struct log_field {
    const char *name;
    const char *text; /* NULL: number */
    uint64_t number;
    bool is_missing;
};

static void put_text_word(const char *text, struct builder *out)
{
    /* No blank in it, or the fields behind it would move. */
    if (text == NULL || text[0] == '\0' || strchr(text, ' ') != NULL)
        builder_u8(out, '-');
    else
        put_escaped(bytes_of_text(text), ACCESS_TARGET_MAX, out);
}

static void put_json_field(const struct log_field *f, struct builder *out)
{
    if (f->is_missing || (f->text != NULL && f->text[0] == '\0'))
        return;
    builder_text(out, ",\"");
    builder_text(out, f->name);
    builder_text(out, "\":");
    if (f->text == NULL) {
        put_number(f->number, out);
        return;
    }
    builder_u8(out, '"');
    put_escaped(bytes_of_text(f->text), ACCESS_TARGET_MAX, out);
    builder_u8(out, '"');
}

static void put_request(const struct exchange_request *r, bool is_json, struct builder *out)
{
    builder_text(out, is_json ? ",\"method\":\"" : " \"");
    put_escaped(r->method, 64, out);
    builder_text(out, is_json ? "\",\"target\":\"" : " ");
    put_escaped(r->target, ACCESS_TARGET_MAX, out);
    builder_text(out, is_json ? "\",\"host\":\"" : "\"");
    if (is_json) {
        put_escaped(r->authority, 300, out);
        builder_u8(out, '"');
    }
}

void access_log_write_line(const struct access_entry *e, enum proxy_log_format format, int64_t time_ms, uint64_t now_ms,
                           struct builder *out)
{
    const struct client *c = e->client;
    const struct exchange *x = e->exchange;
    bool is_json = format == PROXY_LOG_JSON;
    const char *none = is_json ? "" : "-";
#define WORD(value) ((value) != NULL ? (value) : none)
    const struct log_field before[] = {
        {"peer", WORD(c->peer), 0, false},
        {"site", x->site != NULL ? x->site->title : none, 0, false},
    };
    const struct log_field after[] = {
        {"protocol", WORD(e->protocol), 0, false},
        {"status", NULL, (uint64_t)e->status, false},
        {"in", NULL, e->in_len, false},
        {"out", NULL, e->out_len, false},
        {"ms", NULL, now_ms - e->start_ms, false},
        {"kind", WORD(c->tls_kind), 0, false},
        {"group", WORD(c->tls_group), 0, false},
        {"suite", WORD(c->tls_suite), 0, false},
        {"backend", WORD(x->backend), 0, false},
        {"backend_ms", NULL, now_ms - x->backend_start_ms, x->backend == NULL},
    };
#undef WORD
    const struct log_field *lists[] = {before, after};
    const size_t counts[] = {sizeof before / sizeof *before, sizeof after / sizeof *after};
    builder_text(out, is_json ? "{\"time\":\"" : "");
    put_time(time_ms, out);
    builder_text(out, is_json ? "\"" : "");
    for (size_t list = 0; list < 2; list++) {
        if (list == 1)
            put_request(&x->request, is_json, out);
        for (size_t i = 0; i < counts[list]; i++) {
            const struct log_field *f = &lists[list][i];
            if (is_json) {
                put_json_field(f, out);
                continue;
            }
            builder_u8(out, ' ');
            if (f->text != NULL || f->is_missing)
                put_text_word(f->is_missing ? "-" : f->text, out);
            else
                put_number(f->number, out);
        }
    }
    if (!e->is_whole)
        builder_text(out, is_json ? ",\"cut\":true" : " cut");
    builder_text(out, is_json ? "}\n" : "\n");
}
