#include "adapters/http1/response_parser.h"

#include <string.h>

void response_parser_init(struct response_parser *p, size_t head_max,
                          enum body_piece (*on_piece)(void *cookie, struct bytes piece), void *cookie)
{
    p->on_piece = on_piece;
    p->cookie = cookie;
    head_lines_init(&p->head, RESPONSE_LINE_MAX, head_max);
    response_parser_next(p, false);
}

void response_parser_clear(struct response_parser *p)
{
    head_lines_clear(&p->head);
}

void response_parser_next(struct response_parser *p, bool is_head_request)
{
    head_lines_reset(&p->head);
    p->state = RESPONSE_HEAD;
    p->reason = "";
    p->status = 0;
    p->phrase = bytes_of(NULL, 0);
    p->header_count = 0;
    p->is_http_1_0 = p->is_chunked = p->has_length = p->has_body = false;
    p->is_until_close = p->is_keep_alive = false;
    p->content_length = p->body_left = 0;
    p->is_head_request = is_head_request;
}

static bool bad(struct response_parser *p, const char *reason)
{
    p->state = RESPONSE_FAILED;
    p->reason = reason;
    return false;
}

/* "HTTP/1.1 200 Reason"; the blank before a missing reason is forgiven [RFC9112 4]. */
static bool read_status_line(struct response_parser *p, struct bytes line)
{
    static const size_t status_at = sizeof "HTTP/1.1" - 1 + 1;
    if (line.len < status_at + 3 || memcmp(line.data, "HTTP/1.", 7) != 0 || line.data[8] != ' ' ||
        (line.data[7] != '0' && line.data[7] != '1'))
        return bad(p, "bad status line");
    struct bytes digits = head_part(line, status_at, status_at + 3);
    if (!head_is_all(digits, HEAD_DIGIT))
        return bad(p, "bad status code");
    p->status = (digits.data[0] - '0') * 100 + (digits.data[1] - '0') * 10 + (digits.data[2] - '0');
    if (p->status < 100 || p->status > 599)
        return bad(p, "bad status code");
    p->is_http_1_0 = line.data[7] == '0';
    if (line.len == status_at + 3)
        return true;
    if (line.data[status_at + 3] != ' ')
        return bad(p, "bad status line");
    p->phrase = head_part(line, status_at + 4, line.len);
    for (size_t i = 0; i < p->phrase.len; i++)
        if ((p->phrase.data[i] < 0x20 && p->phrase.data[i] != '\t') || p->phrase.data[i] == 0x7f)
            return bad(p, "control character in the status line");
    return true;
}

/* [RFC9112 6.3] */
static bool read_framing(struct response_parser *p)
{
    struct head_framing framing;
    switch (head_read_framing(p->headers, p->header_count, p->is_http_1_0, &framing, &p->reason)) {
    case HEAD_FRAMING_OK:
        break;
    case HEAD_FRAMING_UNKNOWN_CODING:
        return bad(p, "unknown Transfer-Encoding");
    default:
        return bad(p, p->reason);
    }
    bool is_bare = p->status < 200 || p->status == 204;
    if (is_bare && framing.is_chunked)
        return bad(p, "Transfer-Encoding with a status that has no body");
    if (is_bare && framing.length > 0)
        return bad(p, "Content-Length with a status that has no body");
    p->has_length = framing.has_length && !is_bare;
    p->content_length = p->has_length ? framing.length : 0;
    if (is_bare || p->status == 304 || p->is_head_request)
        return true;
    p->is_chunked = framing.is_chunked;
    p->is_until_close = !framing.is_chunked && !framing.has_length;
    p->has_body = p->is_chunked || p->is_until_close || p->content_length > 0;
    return true;
}

static void read_head(struct response_parser *p)
{
    struct bytes line;
    if (!head_lines_read(&p->head, &line, p->headers, &p->header_count)) {
        (void)bad(p, p->head.reason);
        return;
    }
    if (!read_status_line(p, line) || !read_framing(p))
        return;
    bool closes = head_connection_has(p->headers, p->header_count, "close");
    p->is_keep_alive = !closes && !p->is_until_close && p->status != 101 &&
                       (!p->is_http_1_0 || head_connection_has(p->headers, p->header_count, "keep-alive"));
    p->body_left = p->content_length;
    if (p->is_chunked)
        chunked_body_init(&p->chunked, p->on_piece, p->cookie);
    p->state = p->has_body ? RESPONSE_BODY : RESPONSE_COMPLETE;
}

static size_t feed_head(struct response_parser *p, struct bytes in)
{
    size_t taken = 0;
    switch (head_lines_feed(&p->head, in, &taken)) {
    case HEAD_MORE:
        break;
    case HEAD_WHOLE:
        read_head(p);
        break;
    case HEAD_LINE_TOO_LONG:
    case HEAD_TOO_LONG:
        (void)bad(p, "the head is too long");
        break;
    case HEAD_TOO_MANY:
        (void)bad(p, "too many header fields");
        break;
    default:
        (void)bad(p, p->head.reason);
        break;
    }
    return taken;
}

static size_t feed_chunked(struct response_parser *p, struct bytes in)
{
    size_t taken = chunked_body_feed(&p->chunked, in);
    if (p->chunked.state == CHUNKED_COMPLETE)
        p->state = RESPONSE_COMPLETE;
    else if (p->chunked.state == CHUNKED_BAD)
        (void)bad(p, "bad chunk");
    else if (p->chunked.state == CHUNKED_STOPPED)
        (void)bad(p, "");
    return taken;
}

static size_t feed_plain(struct response_parser *p, struct bytes in)
{
    size_t len = in.len;
    if (!p->is_until_close && len > p->body_left)
        len = (size_t)p->body_left;
    p->body_left -= p->is_until_close ? 0 : len;
    if (p->on_piece(p->cookie, bytes_of(in.data, len)) == BODY_PIECE_STOP)
        (void)bad(p, "");
    else if (!p->is_until_close && p->body_left == 0)
        p->state = RESPONSE_COMPLETE;
    return len;
}

size_t response_parser_feed(struct response_parser *p, struct bytes in)
{
    if (in.len == 0)
        return 0;
    if (p->state == RESPONSE_HEAD)
        return feed_head(p, in);
    if (p->state != RESPONSE_BODY)
        return 0;
    return p->is_chunked ? feed_chunked(p, in) : feed_plain(p, in);
}

void response_parser_end(struct response_parser *p)
{
    if (p->state == RESPONSE_BODY && p->is_until_close)
        p->state = RESPONSE_COMPLETE;
    else if (p->state != RESPONSE_COMPLETE && p->state != RESPONSE_FAILED)
        (void)bad(p, "the connection ended in the middle");
}
