/* The pieces of a body on their way to the handler: decompressed, bounded, paused. */
#include <stdlib.h>
#include <string.h>

#include "adapters/http_server/server_parts.h"

/* Counts the memory that the body has now; false when it is too much, together with that of others. */
static bool count(struct http_connection *c)
{
    struct http_server *server = c->server;
    const struct http_server_limits *limits = &server->limits;
    size_t more = c->body.cap - c->counted_size, *of_address;
    if (more == 0)
        return true;
    of_address = address_table_bodies(&server->addresses, c->address_key);
    server->bodies_size += more;
    *of_address += more;
    c->counted_size = c->body.cap;
    return (limits->bodies_max == 0 || server->bodies_size <= limits->bodies_max) &&
           (limits->bodies_per_address_max == 0 || *of_address <= limits->bodies_per_address_max);
}

void connection_body_uncount(struct http_connection *c)
{
    if (c->counted_size == 0)
        return;
    c->server->bodies_size -= c->counted_size;
    *address_table_bodies(&c->server->addresses, c->address_key) -= c->counted_size;
    c->counted_size = 0;
}

/* False: no more of it. */
static bool deliver(struct http_connection *c, struct bytes piece)
{
    struct http_exchange *x = &c->exchange;
    if (x->on_body != NULL) {
        bool is_wanted = x->on_body(x, piece);
        if (!is_wanted && c->state == EXCHANGE_OPEN)
            c->state = EXCHANGE_OUT;
        if (!is_wanted)
            c->stage = STAGE_HANDLING;
        return is_wanted && c->state != EXCHANGE_SENT;
    }
    builder_bytes(&c->body, piece);
    if (!count(c)) {
        request_parser_fail(&c->parser, 503, "too many bodies are on their way");
        return false;
    }
    if (builder_is_good(&c->body))
        return true;
    request_parser_fail(&c->parser, c->body.failure == STATUS_LIMIT ? 413 : 503,
                        "the body is too large");
    return false;
}

static enum body_piece hold(struct http_connection *c, struct bytes rest)
{
    uint8_t *copy = rest.len > 0 ? malloc(rest.len) : NULL;
    if (copy == NULL && rest.len > 0) {
        request_parser_fail(&c->parser, 503, "out of memory");
        return BODY_PIECE_STOP;
    }
    if (rest.len > 0)
        memcpy(copy, rest.data, rest.len);
    c->held = bytes_of(copy, rest.len);
    c->is_holding = true;
    return BODY_PIECE_PAUSE;
}

static enum body_piece take_compressed(struct http_connection *c, struct bytes in)
{
    uint8_t piece[INFLATE_PIECE_MAX];
    size_t len = 0;
    if (!c->inflate.is_open && body_inflate_open(&c->inflate) != STATUS_OK) {
        request_parser_fail(&c->parser, 503, "out of memory");
        return BODY_PIECE_STOP;
    }
    do {
        if (body_inflate_next(&c->inflate, &in, piece, &len) != STATUS_OK) {
            request_parser_fail(&c->parser, 400, "the body is not good gzip");
            return BODY_PIECE_STOP;
        }
        if (len > 0 && !deliver(c, bytes_of(piece, len)))
            return BODY_PIECE_STOP;
        if (len > 0 && c->is_paused)
            return hold(c, in);
    } while (len > 0 || in.len > 0);
    return BODY_PIECE_TAKEN;
}

enum body_piece connection_body_piece(void *cookie, struct bytes piece)
{
    struct http_connection *c = cookie;
    c->passed_len += piece.len;
    if (c->state == EXCHANGE_SENT)
        return BODY_PIECE_STOP;
    if (c->parser.is_gzip)
        return take_compressed(c, piece);
    if (!deliver(c, piece))
        return BODY_PIECE_STOP;
    return c->is_paused ? BODY_PIECE_PAUSE : BODY_PIECE_TAKEN;
}

void connection_body_resume(struct http_connection *c)
{
    struct bytes held = c->held;
    c->held = bytes_of(NULL, 0);
    c->is_holding = false;
    if (take_compressed(c, held) == BODY_PIECE_STOP && c->parser.state != REQUEST_FAILED)
        request_parser_fail(&c->parser, 0, "not wanted");
    free((void *)(uintptr_t)held.data);
}

bool connection_body_end(struct http_connection *c)
{
    return !c->inflate.is_open || body_inflate_is_whole(&c->inflate);
}

void connection_body_clear(struct http_connection *c)
{
    connection_body_uncount(c);
    builder_clear(&c->body);
    body_inflate_close(&c->inflate);
    free((void *)(uintptr_t)c->held.data);
    c->held = bytes_of(NULL, 0);
    c->is_holding = false;
}
