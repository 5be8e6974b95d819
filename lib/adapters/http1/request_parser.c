#include "adapters/http1/request_parser.h"

#include <string.h>

void request_parser_init(struct request_parser *p, const struct request_options *options,
                         enum body_piece (*on_piece)(void *cookie, struct bytes piece), void *cookie)
{
    static const struct request_options usual = {.line_max = REQUEST_LINE_MAX, .head_max = REQUEST_HEAD_MAX};
    if (options == NULL)
        options = &usual;
    p->on_piece = on_piece;
    p->cookie = cookie;
    p->is_gateway = options->is_gateway;
    head_lines_init(&p->head, options->line_max, options->head_max);
    request_parser_next(p);
}

void request_parser_clear(struct request_parser *p)
{
    head_lines_clear(&p->head);
}

void request_parser_next(struct request_parser *p)
{
    static const struct bytes nothing = {NULL, 0};
    head_lines_reset(&p->head);
    p->state = REQUEST_HEAD;
    p->failure = 0;
    p->reason = "";
    p->method = p->path = p->query = p->host = p->target = nothing;
    p->header_count = 0;
    p->is_http_1_0 = p->is_keep_alive = p->is_chunked = p->expects_continue = p->is_gzip = false;
    p->has_length = false;
    p->content_length = p->body_left = 0;
}

void request_parser_fail(struct request_parser *p, int failure, const char *reason)
{
    p->state = REQUEST_FAILED;
    p->failure = failure;
    p->reason = reason;
}

static void begin_body(struct request_parser *p)
{
    p->body_left = p->content_length;
    if (p->is_chunked)
        chunked_body_init(&p->chunked, p->on_piece, p->cookie);
    p->state = p->is_chunked || p->body_left > 0 ? REQUEST_BODY : REQUEST_COMPLETE;
}

static size_t feed_head(struct request_parser *p, struct bytes in)
{
    size_t taken = 0;
    switch (head_lines_feed(&p->head, in, &taken)) {
    case HEAD_MORE:
        break;
    case HEAD_WHOLE:
        request_head_read(p);
        if (p->state != REQUEST_FAILED)
            begin_body(p);
        break;
    case HEAD_LINE_TOO_LONG:
        request_parser_fail(p, 414, "the request line is too long");
        break;
    case HEAD_TOO_LONG:
        request_parser_fail(p, 431, "the header fields are too long");
        break;
    case HEAD_TOO_MANY:
        request_parser_fail(p, 431, "too many header fields");
        break;
    default:
        request_parser_fail(p, 400, p->head.reason);
        break;
    }
    return taken;
}

static void stop(struct request_parser *p)
{
    if (p->state != REQUEST_FAILED)
        request_parser_fail(p, 0, "not wanted");
}

static size_t feed_chunked(struct request_parser *p, struct bytes in)
{
    size_t taken = chunked_body_feed(&p->chunked, in);
    if (p->chunked.state == CHUNKED_COMPLETE)
        p->state = REQUEST_COMPLETE;
    else if (p->chunked.state == CHUNKED_BAD)
        request_parser_fail(p, 400, "bad chunk");
    else if (p->chunked.state == CHUNKED_STOPPED)
        stop(p);
    return taken;
}

static size_t feed_counted(struct request_parser *p, struct bytes in)
{
    size_t len = in.len < p->body_left ? in.len : (size_t)p->body_left;
    p->body_left -= len;
    if (p->on_piece(p->cookie, bytes_of(in.data, len)) == BODY_PIECE_STOP)
        stop(p);
    else if (p->body_left == 0)
        p->state = REQUEST_COMPLETE;
    return len;
}

size_t request_parser_feed(struct request_parser *p, struct bytes in)
{
    if (in.len == 0)
        return 0;
    if (p->state == REQUEST_HEAD)
        return feed_head(p, in);
    if (p->state != REQUEST_BODY)
        return 0;
    return p->is_chunked ? feed_chunked(p, in) : feed_counted(p, in);
}
