/* The answer on its way back: heads, pieces of the body, and the bytes of tunnels. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "adapters/proxy/upstream_parts.h"

void upstream_answer_begin(struct upstream_connection *c)
{
    if (c->parser.on_piece == NULL)
        response_parser_init(&c->parser, c->x->limits->head_bytes, upstream_answer_piece, c);
    response_parser_next(&c->parser, c->x->request.is_head);
    c->informational_count = 0;
}

/* ---- what goes to the client ---- */

static bool is_over(const struct upstream_connection *c)
{
    return c->x == NULL || c->is_finished || c->failure != EXCHANGE_OK;
}

static void give_piece(struct upstream_connection *c, struct bytes piece)
{
    c->was_resumed = false;
    c->has_gathered = true;
    bool may_go_on = c->x->down->body(c->x, piece);
    /* It may have said `resume` in the very call. */
    c->is_paused = !may_go_on && !c->was_resumed;
}

enum body_piece upstream_answer_piece(void *cookie, struct bytes piece)
{
    struct upstream_connection *c = cookie;
    give_piece(c, piece);
    if (is_over(c))
        return BODY_PIECE_STOP;
    return c->is_paused ? BODY_PIECE_PAUSE : BODY_PIECE_TAKEN;
}

static void give_head(struct upstream_connection *c, const struct exchange_response *response)
{
    c->has_gathered = true;
    c->x->down->head(c->x, response);
}

void upstream_answer_connected(struct upstream_connection *c)
{
    c->stage = UPSTREAM_TUNNEL;
    backend_work(c->pool->backend);
    give_head(c, &(struct exchange_response){.status = 101});
}

static void on_head(struct upstream_connection *c)
{
    const struct response_parser *p = &c->parser;
    bool is_switch = p->status == 101;
    bool is_informational = p->status < 200 && !is_switch;
    if ((is_switch && c->x->request.upgrade.len == 0) ||
        (is_informational && ++c->informational_count > UPSTREAM_INFORMATIONAL_MAX)) {
        c->failure = EXCHANGE_ANSWER_BAD;
        return;
    }
    if (is_switch) {
        c->stage = UPSTREAM_TUNNEL;
        /* The end of the request was not yet that of the tunnel. */
        c->x->is_request_ended = false;
    }
    if (!is_informational)
        backend_work(c->pool->backend);
    give_head(c, &(struct exchange_response){.status = p->status,
                                             .reason = p->phrase,
                                             .fields = p->headers,
                                             .field_count = p->header_count,
                                             .has_body = p->has_body,
                                             .has_length = p->has_length,
                                             .length = p->content_length});
}

/* ---- what comes from the backend ---- */

static void hold(struct upstream_connection *c, struct bytes rest)
{
    if (rest.len == 0)
        return;
    uint8_t *copy = malloc(rest.len);
    if (copy == NULL) {
        c->failure = EXCHANGE_NO_MEMORY;
        return;
    }
    memcpy(copy, rest.data, rest.len);
    c->held = copy;
    c->held_len = rest.len;
}

/* The next bytes of an HTTP answer; how many were taken. */
static size_t take_http(struct upstream_connection *c, struct bytes in)
{
    struct response_parser *p = &c->parser;
    bool was_head = p->state == RESPONSE_HEAD;
    size_t taken = response_parser_feed(p, in);
    if (is_over(c))
        return taken;
    if (p->state == RESPONSE_FAILED) {
        c->failure = EXCHANGE_ANSWER_BAD;
        return taken;
    }
    if (was_head && p->state != RESPONSE_HEAD)
        on_head(c);
    if (is_over(c) || p->state != RESPONSE_COMPLETE || c->stage == UPSTREAM_TUNNEL)
        return taken;
    if (p->status < 200) {
        response_parser_next(p, c->x->request.is_head);
        return taken;
    }
    c->is_dirty = taken < in.len;
    c->is_finished = true;
    return taken;
}

static size_t take_raw(struct upstream_connection *c, struct bytes in)
{
    give_piece(c, in);
    return in.len;
}

static void take(struct upstream_connection *c, struct bytes in)
{
    while (in.len > 0 && !is_over(c) && !c->is_paused) {
        size_t len = in.len < EXCHANGE_PIECE_MAX ? in.len : EXCHANGE_PIECE_MAX;
        struct bytes piece = bytes_of(in.data, len);
        size_t taken = c->stage == UPSTREAM_TUNNEL ? take_raw(c, piece) : take_http(c, piece);
        /* Of what follows in the buffer, the parser has seen nothing. */
        c->is_dirty = c->is_dirty || (c->is_finished && taken < in.len);
        in = bytes_of(in.data + taken, in.len - taken);
    }
    if (!is_over(c))
        hold(c, in);
}

static void tunnel_end(struct upstream_connection *c)
{
    struct exchange *x = c->x;
    if (x->is_request_ended) {
        c->is_finished = true;
        return;
    }
    x->is_response_ended = true;
    x->down->end(x);
}

static void take_end(struct upstream_connection *c)
{
    c->is_read_ended = true;
    if (c->stage == UPSTREAM_TUNNEL) {
        tunnel_end(c);
    } else if (response_parser_is_idle(&c->parser)) {
        upstream_lose(c, EXCHANGE_BACKEND_CLOSED);
    } else {
        response_parser_end(&c->parser);
        c->is_finished = c->parser.state == RESPONSE_COMPLETE;
        if (!c->is_finished)
            c->failure = EXCHANGE_BACKEND_CLOSED;
    }
}

void upstream_answer_read(struct upstream_connection *c)
{
    uint8_t *buffer = c->all->buffer;
    for (int i = 0; i < UPSTREAM_READS_MAX && !is_over(c) && !c->is_paused; i++) {
        ssize_t got = recv(c->fd, buffer, UPSTREAM_READ_SIZE, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got == 0) {
            take_end(c);
            return;
        }
        if (got < 0) {
            /* Reset: whatever came before is no whole message. */
            upstream_lose(c, EXCHANGE_BACKEND_CLOSED);
            return;
        }
        take(c, bytes_of(buffer, (size_t)got));
        /* Less than there was room for: the next call would only say so. */
        if ((size_t)got < UPSTREAM_READ_SIZE)
            return;
    }
}

void upstream_answer_go_on(struct upstream_connection *c)
{
    uint8_t *held = c->held;
    size_t len = c->held_len;
    if (held == NULL)
        return;
    c->held = NULL;
    c->held_len = 0;
    take(c, bytes_of(held, len));
    free(held);
}
