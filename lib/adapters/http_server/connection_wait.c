/* What a connection waits for, for how long, and how little it keeps meanwhile. */
#include <stdlib.h>

#include "adapters/http_server/server_parts.h"

/* Time for a client to read the last response before its unread bytes make the kernel reset it. */
#define LINGER_MS 2000

/* What each buffer of a connection may keep between requests. */
#define IDLE_MEMORY_MAX 4096

static enum connection_wait what_is_awaited(const struct http_connection *c)
{
    if (c->stage == STAGE_HANDSHAKE)
        return WAIT_HEAD;
    if (c->stage == STAGE_LINGER)
        return WAIT_LINGER;
    if (connection_has_output(c))
        return WAIT_WRITE;
    if (c->stage != STAGE_REQUEST || c->is_paused)
        return WAIT_NONE;
    if (c->parser.state == REQUEST_BODY)
        return WAIT_BODY;
    return request_parser_is_idle(&c->parser) && c->has_answered ? WAIT_IDLE : WAIT_HEAD;
}

bool connection_is_expired(const struct http_connection *c)
{
    const struct http_server_limits *limits = &c->server->limits;
    uint64_t passed_ms = event_loop_now_ms(c->server->loop) - c->wait_start_ms;
    uint64_t more_ms = c->passed_len * 1000 / limits->slowest_bytes_per_s;
    switch (c->wait) {
    case WAIT_HEAD:
        return passed_ms >= limits->head_ms;
    case WAIT_IDLE:
        return passed_ms >= limits->idle_ms;
    case WAIT_BODY:
        return passed_ms >= limits->body_ms + more_ms;
    case WAIT_WRITE:
        return passed_ms >= limits->write_ms + more_ms;
    case WAIT_LINGER:
        return passed_ms >= LINGER_MS;
    default:
        return false;
    }
}

bool connection_is_idle(const struct http_connection *c)
{
    return c->stage == STAGE_REQUEST && request_parser_is_idle(&c->parser) && c->in_at == c->in_len &&
           !connection_has_output(c);
}

void connection_set_waits(struct http_connection *c)
{
    enum connection_wait wait = what_is_awaited(c);
    if (wait != c->wait) {
        c->wait = wait;
        c->wait_start_ms = event_loop_now_ms(c->server->loop);
        c->passed_len = 0;
    }
    unsigned events = 0;
    bool is_reading = c->stage != STAGE_CLOSING && !c->is_read_ended &&
                      (c->in_len < INPUT_SIZE || c->stage == STAGE_LINGER);
    if (c->stage == STAGE_HANDSHAKE)
        events = c->tls_wants_write ? EVENT_WRITABLE : EVENT_READABLE;
    else
        events = (is_reading ? EVENT_READABLE : 0) | (c->must_write_wait ? EVENT_WRITABLE : 0);
    event_watch_change(c->watch, events);
}

static void release_builder(struct builder *b, size_t max)
{
    if (b->cap > IDLE_MEMORY_MAX) {
        builder_clear(b);
        builder_init(b, max);
    }
}

void connection_release_idle_memory(struct http_connection *c)
{
    if (!connection_is_idle(c))
        return;
    release_builder(&c->out, OUTPUT_MAX);
    release_builder(&c->exchange.response.headers, RESPONSE_HEAD_MAX);
    release_builder(&c->exchange.response.body, RESPONSE_BODY_MAX);
    free(c->in);
    c->in = NULL;
    c->in_at = c->in_len = 0;
}
