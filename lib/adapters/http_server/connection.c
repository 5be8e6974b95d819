/* One connection: its requests, one after the other. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/http_server/server_parts.h"
#include "base/list.h"

/* Reads in one round, so that one client that sends without end does not keep out the others. */
#define READS_MAX 4
static const char continue_line[] = "HTTP/1.1 100 Continue\r\n\r\n";

/* ---- the exchange ---- */

static void clear_exchange(struct http_connection *c)
{
    struct http_exchange *x = &c->exchange;
    if (x->response.file >= 0)
        (void)close(x->response.file);
    x->response.file = -1;
    x->response.file_offset = x->response.file_len = 0;
    x->response.status = 0;
    builder_reset(&x->response.headers);
    builder_reset(&x->response.body);
    if (x->response.body.cap > SMALL_BODY_MAX) {
        builder_clear(&x->response.body);
        builder_init(&x->response.body, RESPONSE_BODY_MAX);
    }
    x->cookie = NULL;
    x->on_body = NULL;
    x->on_abort = NULL;
}

static void free_connection(struct http_connection *c)
{
    clear_exchange(c);
    builder_clear(&c->exchange.response.headers);
    builder_clear(&c->exchange.response.body);
    connection_body_clear(c);
    request_parser_clear(&c->parser);
    builder_clear(&c->out);
    free(c->big);
    free(c->in);
    free(c);
}

static void send_response(struct http_exchange *x)
{
    struct http_connection *c = (struct http_connection *)x;
    if (c->fd < 0) {
        free_connection(c);
        return;
    }
    if (c->state == EXCHANGE_ABORTED) {
        c->state = EXCHANGE_NONE;
        return;
    }
    c->state = EXCHANGE_SENT;
    connection_run(c);
}

static void set_paused(struct http_exchange *x, bool is_paused)
{
    struct http_connection *c = (struct http_connection *)x;
    if (c->state == EXCHANGE_ABORTED)
        return;
    c->is_paused = is_paused;
    if (!is_paused && c->fd >= 0)
        connection_run(c);
}

/* The body does not come to its end. */
static void abort_exchange(struct http_connection *c)
{
    bool is_kept = c->state == EXCHANGE_OUT && c->stage == STAGE_REQUEST;
    if (is_kept) {
        c->state = EXCHANGE_ABORTED;
        c->exchange.on_abort(&c->exchange);
    } else if (c->state == EXCHANGE_OPEN) {
        c->state = EXCHANGE_NONE;
    }
}

static void answer_itself(struct http_connection *c, int status, const char *reason)
{
    abort_exchange(c);
    connection_respond_error(c, status, reason);
    c->stage = STAGE_CLOSING;
}

/* ---- steps: each says whether something was done, so that another may follow ---- */

static void begin(struct http_connection *c)
{
    struct http_exchange *x = &c->exchange;
    const struct request_parser *p = &c->parser;
    x->request.method = p->method;
    x->request.path = p->path;
    x->request.query = p->query;
    x->request.host = p->host;
    x->request.headers = p->headers;
    x->request.header_count = p->header_count;
    x->request.body = bytes_of(NULL, 0);
    c->has_begun = true;
    c->start_ms = event_loop_now_ms(c->server->loop);
    c->state = EXCHANGE_OPEN;
    c->route = server_find_route(c->server, p->path);
    if (c->route == NULL) {
        http_respond_text(&x->response, 404, "text/plain; charset=utf-8", "not found\n");
        c->state = EXCHANGE_SENT;
        return;
    }
    const struct http_handler *handler = &c->route->handler;
    builder_init(&c->body, handler->body_max);
    if (handler->begin != NULL)
        handler->begin(handler->context, x);
    if (c->state == EXCHANGE_SENT)
        return;
    if (x->on_abort != NULL)
        c->state = EXCHANGE_OUT;
    if (x->on_body == NULL && !p->is_gzip && p->content_length > handler->body_max)
        answer_itself(c, 413, "the body is too large");
    else if (p->expects_continue && p->state == REQUEST_BODY && c->in_at == c->in_len)
        builder_bytes(&c->out, bytes_of(continue_line, sizeof continue_line - 1));
}

static void handle(struct http_connection *c)
{
    const struct http_handler *handler = &c->route->handler;
    if (!connection_body_end(c)) {
        answer_itself(c, 400, "the body is not whole gzip");
        return;
    }
    c->exchange.request.body = builder_view(&c->body);
    c->stage = STAGE_HANDLING;
    c->state = EXCHANGE_OUT;
    handler->handle(handler->context, &c->exchange);
}

static void start_next_request(struct http_connection *c)
{
    request_parser_next(&c->parser);
    connection_body_clear(c);
    c->has_begun = c->is_paused = false;
    c->has_answered = true;
    c->route = NULL;
    c->stage = STAGE_REQUEST;
    c->wait = WAIT_NONE;
}

static bool step_respond(struct http_connection *c)
{
    connection_respond(c);
    c->state = EXCHANGE_NONE;
    clear_exchange(c);
    if (c->closes_after)
        c->stage = STAGE_CLOSING;
    else
        start_next_request(c);
    return true;
}

static bool step_end_of_input(struct http_connection *c)
{
    if (request_parser_is_idle(&c->parser)) {
        c->stage = STAGE_CLOSING;
        return true;
    }
    abort_exchange(c);
    c->is_dead = true;
    return false;
}

/* What the parser's new state means. */
static void follow_parser(struct http_connection *c, bool was_head)
{
    struct request_parser *p = &c->parser;
    if (was_head && (p->state == REQUEST_BODY || p->state == REQUEST_COMPLETE))
        begin(c);
    if (p->state == REQUEST_FAILED && p->failure != 0)
        answer_itself(c, p->failure, p->reason);
}

static bool step_request(struct http_connection *c, int *reads_left)
{
    struct request_parser *p = &c->parser;
    bool is_full = c->out.len - c->out_at > OUTPUT_HIGH || c->big != NULL || c->file_left > 0;
    if (c->is_paused || (is_full && !connection_flush(c)))
        return false;
    if (c->is_holding) {
        connection_body_resume(c);
        follow_parser(c, false);
        return true;
    }
    if (p->state == REQUEST_COMPLETE) {
        handle(c);
        return true;
    }
    if (c->in_at == c->in_len) {
        c->in_at = c->in_len = 0;
        bool has_pending = c->tls != NULL && tls_stream_has_pending(c->tls);
        if ((*reads_left > 0 || has_pending) && connection_read(c)) {
            (*reads_left)--;
            return true;
        }
        return !c->is_dead && c->is_read_ended && step_end_of_input(c);
    }
    bool was_head = p->state == REQUEST_HEAD;
    c->in_at += request_parser_feed(p, bytes_of(c->in + c->in_at, c->in_len - c->in_at));
    follow_parser(c, was_head);
    return true;
}

/* The last response is out. */
static bool step_closing(struct http_connection *c)
{
    if (!connection_flush(c))
        return false;
    if (c->tls != NULL)
        (void)tls_stream_close(c->tls);
    bool has_unread = c->in_at < c->in_len ||
                      (c->parser.state != REQUEST_COMPLETE && !request_parser_is_idle(&c->parser));
    if (c->is_read_ended || !has_unread) {
        c->is_dead = true;
        return false;
    }
    (void)shutdown(c->fd, SHUT_WR);
    c->stage = STAGE_LINGER;
    return true;
}

static bool step(struct http_connection *c, int *reads_left)
{
    if (c->is_dead)
        return false;
    if (c->state == EXCHANGE_SENT)
        return step_respond(c);
    switch (c->stage) {
    case STAGE_HANDSHAKE:
        if (!connection_handshake(c))
            return false;
        c->stage = STAGE_REQUEST;
        return true;
    case STAGE_REQUEST:
        return step_request(c, reads_left);
    case STAGE_CLOSING:
        return step_closing(c);
    case STAGE_LINGER:
        c->is_dead = !connection_discard(c);
        return false;
    default:
        return false;
    }
}

/* ---- events and time ---- */

void connection_expire(struct http_connection *c)
{
    bool is_idle = c->stage == STAGE_HANDSHAKE || request_parser_is_idle(&c->parser);
    if ((c->wait != WAIT_HEAD && c->wait != WAIT_BODY) || is_idle) {
        connection_close(c);
        return;
    }
    answer_itself(c, 408, "the request took too long");
    connection_run(c);
}

void connection_run(struct http_connection *c)
{
    int reads_left = READS_MAX;
    if (c->is_running)
        return;
    c->is_running = true;
    while (step(c, &reads_left))
        ;
    if (!c->is_dead && c->stage != STAGE_HANDSHAKE && connection_has_output(c))
        (void)connection_flush(c);
    c->is_running = false;
    if (c->is_dead) {
        connection_close(c);
        return;
    }
    if (c->server->is_draining && connection_is_idle(c)) {
        connection_close(c);
        return;
    }
    connection_release_idle_memory(c);
    connection_set_waits(c);
}

static void on_event(void *cookie, unsigned events)
{
    struct http_connection *c = cookie;
    if ((events & EVENT_READABLE) != 0) {
        c->can_read = true;
        /* Nobody takes it now; it is read all the same, as long as there is room, or the loop would
         * come here again and again. */
        if (c->stage == STAGE_HANDLING || (c->stage == STAGE_REQUEST && c->is_paused)) {
            (void)connection_read(c);
            /* A client that has gone altogether cannot be answered. */
            if (c->is_dead) {
                connection_close(c);
                return;
            }
        }
    }
    connection_run(c);
}

/* ---- birth and end ---- */

struct http_connection *connection_new(struct http_server *server, int fd, struct tls_context *tls,
                                       uint64_t address_key, const char *peer)
{
    struct error err;
    struct http_connection *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->server = server;
    c->fd = fd;
    c->file = -1;
    c->address_key = address_key;
    c->exchange.server = c;
    c->exchange.send = send_response;
    c->exchange.set_paused = set_paused;
    c->exchange.response.file = -1;
    c->exchange.request.is_tls = tls != NULL;
    memcpy(c->exchange.request.peer, peer, strnlen(peer, HTTP_PEER_SIZE - 1));
    builder_init(&c->exchange.response.headers, RESPONSE_HEAD_MAX);
    builder_init(&c->exchange.response.body, RESPONSE_BODY_MAX);
    builder_init(&c->out, OUTPUT_MAX);
    request_parser_init(&c->parser, NULL, connection_body_piece, c);
    c->stage = tls != NULL ? STAGE_HANDSHAKE : STAGE_REQUEST;
    c->can_read = true;
    if ((tls != NULL && tls_stream_new(tls, fd, NULL, &c->tls, &err) != STATUS_OK) ||
        event_loop_watch(server->loop, fd, EVENT_READABLE, on_event, c, &c->watch, &err) !=
            STATUS_OK) {
        tls_stream_free(c->tls);
        free_connection(c);
        return NULL;
    }
    LIST_PUSH(server->connections, c);
    server->connection_count++;
    return c;
}

static void unlink_connection(struct http_connection *c)
{
    struct http_server *server = c->server;
    LIST_REMOVE(server->connections, c);
    server->connection_count--;
    connection_body_uncount(c);
    address_table_remove(&server->addresses, c->address_key);
}

void connection_close(struct http_connection *c)
{
    struct http_server *server = c->server;
    if (c->is_running) {
        /* From inside of one of its own steps: the end of the run does it. */
        c->is_dead = true;
        return;
    }
    c->is_running = true; /* a send from on_abort shall not start it again */
    abort_exchange(c);
    if (c->stage == STAGE_HANDLING && c->state == EXCHANGE_OUT)
        connection_observe(c, 0, 0);
    event_watch_free(c->watch);
    tls_stream_free(c->tls);
    if (c->file >= 0)
        (void)close(c->file);
    (void)close(c->fd);
    unlink_connection(c);
    c->watch = NULL;
    c->tls = NULL;
    c->file = c->fd = -1;
    c->server = NULL;
    if (c->state != EXCHANGE_OUT && c->state != EXCHANGE_ABORTED)
        free_connection(c);
    server_connection_gone(server);
}
