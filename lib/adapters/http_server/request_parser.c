#include "adapters/http_server/request_parser.h"

#include <string.h>

/* A larger head's memory is not kept for the next one. */
#define HEAD_KEPT_MAX 4096

/* ---- llhttp's callbacks ---- */

/* What is between the pieces of a chunked body: llhttp has read it, and is sometimes lenient about it. */
static bool is_good_framing(struct request_parser *p, const char *end)
{
    for (; p->framing_at < end; p->framing_at++) {
        char c = *p->framing_at, last = p->framing_last;
        bool is_control = (unsigned char)c < 0x20 && c != '\r' && c != '\n' && c != '\t';
        bool is_folded = last == '\n' && (c == ' ' || c == '\t');
        if (is_control || is_folded || c == 0x7f || (last == '\r') != (c == '\n') ||
            ++p->framing_len > REQUEST_FRAMING_MAX)
            return false;
        p->framing_last = c;
    }
    return true;
}

static int on_body(llhttp_t *llhttp, const char *at, size_t len)
{
    struct request_parser *p = llhttp->data;
    if (len == 0)
        return 0;
    if (p->is_chunked) {
        if (!is_good_framing(p, at)) {
            request_parser_fail(p, 400, "bad chunk");
            return -1;
        }
        p->framing_at = at + len;
        p->framing_len = 0;
        p->framing_last = '\0';
    }
    switch (p->on_piece(p->cookie, bytes_of(at, len))) {
    case REQUEST_PIECE_TAKEN:
        return 0;
    case REQUEST_PIECE_PAUSE:
        return HPE_PAUSED;
    default:
        if (p->state != REQUEST_FAILED)
            request_parser_fail(p, 0, "not wanted");
        return -1;
    }
}

static int on_headers_complete(llhttp_t *llhttp)
{
    struct request_parser *p = llhttp->data;
    /* No other protocol is spoken here, and a server may ignore Upgrade. */
    llhttp->upgrade = 0;
    p->is_keep_alive = llhttp_should_keep_alive(llhttp) != 0;
    return 0;
}

static int on_message_complete(llhttp_t *llhttp)
{
    struct request_parser *p = llhttp->data;
    p->state = REQUEST_COMPLETE;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- the parser ---- */

void request_parser_init(struct request_parser *p,
                         enum request_piece (*on_piece)(void *cookie, struct bytes piece), void *cookie)
{
    memset(p, 0, sizeof *p);
    builder_init(&p->head, REQUEST_HEAD_MAX + REQUEST_LINE_MAX);
    p->on_piece = on_piece;
    p->cookie = cookie;
    request_parser_next(p);
}

void request_parser_clear(struct request_parser *p)
{
    builder_clear(&p->head);
}

void request_parser_next(struct request_parser *p)
{
    static const struct bytes nothing = {NULL, 0};
    builder_reset(&p->head);
    if (p->head.cap > HEAD_KEPT_MAX) {
        builder_clear(&p->head);
        builder_init(&p->head, REQUEST_HEAD_MAX + REQUEST_LINE_MAX);
    }
    p->state = REQUEST_HEAD;
    p->failure = 0;
    p->reason = "";
    p->method = p->path = p->query = p->host = nothing;
    p->header_count = p->line_start = p->line_count = 0;
    p->is_http_1_0 = p->is_keep_alive = p->is_chunked = p->expects_continue = p->is_gzip = false;
    p->has_skipped_blank = false;
    p->content_length = 0;
    p->framing_at = NULL;
    p->framing_len = 0;
    p->framing_last = '\0';
}

void request_parser_fail(struct request_parser *p, int failure, const char *reason)
{
    p->state = REQUEST_FAILED;
    p->failure = failure;
    p->reason = reason;
}

/* The head has passed our checks: llhttp reads it too, and both must come to the same lengths. */
static void read_with_llhttp(struct request_parser *p)
{
    llhttp_init(&p->llhttp, HTTP_REQUEST, &settings);
    p->llhttp.data = p;
    p->state = REQUEST_BODY;
    llhttp_errno_t result = llhttp_execute(&p->llhttp, (const char *)p->head.data, p->head.len);
    bool is_complete = result == HPE_PAUSED && p->state == REQUEST_COMPLETE;
    bool has_body = p->is_chunked || p->content_length > 0;
    if (result == HPE_INVALID_METHOD)
        request_parser_fail(p, 501, "unknown method");
    else if ((result != HPE_OK && !is_complete) || is_complete == has_body ||
             ((p->llhttp.flags & F_CHUNKED) != 0) != p->is_chunked ||
             (has_body && !p->is_chunked && p->llhttp.content_length != p->content_length))
        request_parser_fail(p, 400, "bad request");
}

/* One line, or a part of one, was added to the head. Says whether to go on. */
static bool take_line(struct request_parser *p, bool is_whole)
{
    size_t len = p->head.len - p->line_start;
    bool is_first = p->line_count == 0;
    if (is_first && len > REQUEST_LINE_MAX) {
        request_parser_fail(p, 414, "the request line is too long");
    } else if (p->head.len > REQUEST_HEAD_MAX || !builder_is_good(&p->head)) {
        request_parser_fail(p, 431, "the header fields are too long");
    } else if (is_whole && (len < 2 || p->head.data[p->head.len - 2] != '\r')) {
        request_parser_fail(p, 400, "LF without CR");
    } else if (is_whole && len == 2 && is_first) {
        /* One empty line before the request is forgiven [RFC9112 2.2]. */
        if (p->has_skipped_blank)
            request_parser_fail(p, 400, "empty lines");
        p->has_skipped_blank = true;
        builder_reset(&p->head);
    } else if (is_whole) {
        p->line_start = p->head.len;
        p->line_count++;
        if (len == 2) {
            request_head_read(p);
            if (p->state != REQUEST_FAILED)
                read_with_llhttp(p);
            return false;
        }
        if (p->line_count > HTTP_HEADERS_MAX + 1)
            request_parser_fail(p, 431, "too many header fields");
    }
    return p->state == REQUEST_HEAD;
}

static size_t feed_head(struct request_parser *p, struct bytes in)
{
    size_t at = 0;
    bool goes_on = true;
    while (goes_on && at < in.len) {
        const uint8_t *start = in.data + at;
        const uint8_t *end = memchr(start, '\n', in.len - at);
        size_t len = end != NULL ? (size_t)(end - start) + 1 : in.len - at;
        size_t room = REQUEST_HEAD_MAX + REQUEST_LINE_MAX - p->head.len;
        builder_bytes(&p->head, bytes_of(start, len < room ? len : room));
        at += len;
        goes_on = take_line(p, end != NULL && len <= room);
    }
    return at;
}

static size_t feed_body(struct request_parser *p, struct bytes in)
{
    const char *start = (const char *)in.data, *end = start + in.len;
    p->framing_at = start;
    llhttp_errno_t result = llhttp_execute(&p->llhttp, start, in.len);
    if (result == HPE_PAUSED) {
        end = llhttp_get_error_pos(&p->llhttp);
        llhttp_resume(&p->llhttp);
        result = HPE_OK;
        /* Paused after the last byte: the end of the message is due, and no more bytes come for it. */
        if (p->state == REQUEST_BODY && end == start + in.len) {
            result = llhttp_execute(&p->llhttp, end, 0);
            if (result == HPE_PAUSED)
                result = HPE_OK;
        }
    }
    if (p->state != REQUEST_FAILED &&
        (result != HPE_OK || (p->is_chunked && !is_good_framing(p, end))))
        request_parser_fail(p, 400, "bad body");
    p->framing_at = NULL;
    return (size_t)(end - start);
}

size_t request_parser_feed(struct request_parser *p, struct bytes in)
{
    if (in.len == 0)
        return 0;
    if (p->state == REQUEST_HEAD)
        return feed_head(p, in);
    return p->state == REQUEST_BODY ? feed_body(p, in) : 0;
}
