/* head_lines.h - the head of an HTTP/1 message, of either direction: gathered up to its empty line, split into
 * lines and fields, by the letter [RFC9112 2.2, 5]. What two readers could take differently is refused: bare CR or
 * LF, NUL and other control characters, folded lines, blanks before a colon.
 */
#ifndef CATHAYA_ADAPTERS_HTTP1_HEAD_LINES_H
#define CATHAYA_ADAPTERS_HTTP1_HEAD_LINES_H

#include "ports/http.h"

enum head_result {
    HEAD_MORE,
    HEAD_WHOLE,
    HEAD_LINE_TOO_LONG, /* the first line */
    HEAD_TOO_LONG,
    HEAD_TOO_MANY, /* fields */
    HEAD_BAD       /* reason is set */
};

struct head_lines {
    struct builder text; /* what has come of it */
    size_t line_max, max;
    size_t line_start, line_count;
    bool has_skipped_blank;
    const char *reason;
};

/* head_lines_init: the first line has at most line_max bytes, the head max, with line ends. */
void head_lines_init(struct head_lines *h, size_t line_max, size_t max);
void head_lines_clear(struct head_lines *h);
/* head_lines_reset makes it ready for the next head; large memory is not kept. */
void head_lines_reset(struct head_lines *h);

/* head_lines_feed takes bytes, at most up to the end of the head, and says in *taken how many. One empty line
 * before the head is forgiven [RFC9112 2.2]. */
enum head_result head_lines_feed(struct head_lines *h, struct bytes in, size_t *taken);

/* head_lines_read splits a whole head: its first line, and its fields (in their order, borrowing from h).
 * False: it is bad, and h->reason says why. */
MUST_USE bool head_lines_read(struct head_lines *h, struct bytes *first_line,
                              struct http_header fields[HTTP_HEADERS_MAX], size_t *field_count);

/* ---- words ---- */

enum head_char {
    HEAD_TOKEN = 1,   /* tchar [RFC9110 5.6.2] */
    HEAD_HOST = 2,    /* of a Host field: names, addresses, ports; no user information */
    HEAD_VISIBLE = 4, /* of a request target: visible ASCII but '#' */
    HEAD_DIGIT = 8
};

/* head_is_all says whether text is not empty and has only characters of that kind. */
bool head_is_all(struct bytes text, enum head_char kind);

/* head_is_host says whether text is a host with or without a port: "name", "name:443", "[::1]:443". */
bool head_is_host(struct bytes text);

/* head_find is how often a field is there, and its last value. */
size_t head_find(const struct http_header *fields, size_t count, const char *name, struct bytes *value);

/* head_next_item takes the next item of a comma-separated list, trimmed; empty items are left out. */
bool head_next_item(struct bytes *rest, struct bytes *item);

/* head_connection_has says whether one of the Connection fields lists the option. */
bool head_connection_has(const struct http_header *fields, size_t count, const char *option);

/* More than any body that a disk holds; keeps sums of lengths far from overflowing. */
#define HEAD_CONTENT_LENGTH_MAX ((uint64_t)1 << 53)

enum head_framing_result {
    HEAD_FRAMING_OK,
    HEAD_FRAMING_BAD,           /* reason */
    HEAD_FRAMING_UNKNOWN_CODING /* a Transfer-Encoding other than chunked */
};

struct head_framing {
    bool is_chunked, has_length;
    uint64_t length;
};

/* head_read_framing reads Transfer-Encoding and Content-Length: one of them, once, spelled in one way
 * [RFC9112 6.1, 6.2, 11.2]. */
enum head_framing_result head_read_framing(const struct http_header *fields, size_t count, bool is_http_1_0,
                                           struct head_framing *out, const char **reason);

static inline struct bytes head_part(struct bytes b, size_t start, size_t end)
{
    return bytes_of(b.data + start, end - start);
}

/* head_find_byte is where c is, or b.len. */
size_t head_find_byte(struct bytes b, uint8_t c);

#endif
