/* Requests of one client in HTTP/1: one after the other, each answered before the next one begins. */
#include <stdlib.h>

#include "adapters/proxy/access_log.h"
#include "adapters/proxy/http1.h"

/* Reads in one round, so that one client that sends without end does not keep out the others. */
#define READS_MAX 4
/* Answers to pipelined requests wait for the client from here on. */
#define PIPELINE_HIGH 65536

/* ---- the request object ---- */

static enum body_piece on_piece(void *cookie, struct bytes piece)
{
    struct http1 *h = cookie;
    h->in_len += piece.len;
    /* The answer is there already: nobody wants the rest. */
    if (h->x.up == NULL)
        return BODY_PIECE_TAKEN;
    h->has_given = true;
    if (h->x.up->body(&h->x, piece))
        return BODY_PIECE_TAKEN;
    h->is_up_paused = true;
    return BODY_PIECE_PAUSE;
}

bool http1_take(struct client *c)
{
    struct proxy_worker *w = c->worker;
    size_t head_max = (size_t)proxy_state_limits(c->state)->head_bytes;
    struct http1 *h =
        w->spare_request_count > 0 ? w->spare_requests[--w->spare_request_count] : calloc(1, sizeof *h);
    if (h == NULL)
        return false;
    if (h->client == NULL || h->parser.head.max != head_max) {
        const struct request_options options = {.line_max = head_max, .head_max = head_max, .is_gateway = true};
        if (h->client != NULL)
            request_parser_clear(&h->parser);
        request_parser_init(&h->parser, &options, on_piece, h);
    }
    h->client = c;
    h->start_ms = worker_now_ms(w);
    c->data = h;
    c->is_busy = true;
    return true;
}

static void log_request(struct http1 *h)
{
    struct client *c = h->client;
    struct worker_counters *n = &c->worker->counters;
    int class = h->status / 100;
    counter_add(&n->requests_ended, 1);
    counter_add(&n->answers_by_class[class > 0 && class < 6 ? class : 0], 1);
    counter_add(&n->bytes_in, h->in_len);
    counter_add(&n->bytes_out, h->out_len);
    if (c->worker->log == NULL)
        return;
    const struct access_entry entry = {
        .client = c,
        .exchange = &h->x,
        .status = h->status,
        .in_len = h->in_len,
        .out_len = h->out_len,
        .start_ms = h->start_ms,
        .is_whole = h->is_answered,
        .protocol = h->x.request.is_raw ? "tcp" : h->is_tunnel ? "tunnel" : h->parser.is_http_1_0 ? "1.0" : "1.1",
    };
    access_log_add(c->worker->log, &entry);
}

void http1_give_back(struct client *c)
{
    struct http1 *h = c->data;
    struct proxy_worker *w = c->worker;
    c->data = NULL;
    c->is_busy = false;
    if (h->x.up != NULL)
        h->x.up->abort(&h->x);
    if (h->has_begun)
        log_request(h);
    request_parser_next(&h->parser);
    h->x = (struct exchange){.down = NULL};
    h->has_begun = h->has_given = h->is_up_paused = h->is_down_paused = h->has_head = h->is_chunked = false;
    h->is_until_close = h->is_answered = h->closes = h->is_tunnel = false;
    h->is_client_ended = h->is_backend_ended = false;
    h->status = 0;
    h->failure = EXCHANGE_OK;
    h->in_len = h->out_len = 0;
    if (w->spare_request_count < WORKER_SPARES_MAX) {
        w->spare_requests[w->spare_request_count++] = h;
        return;
    }
    request_parser_clear(&h->parser);
    free(h);
}

/* ---- steps ---- */

/* The answer is whole: what comes next? */
static void end_request(struct client *c)
{
    struct http1 *h = c->data;
    bool is_whole = h->parser.state == REQUEST_COMPLETE;
    bool closes = h->closes || !is_whole;
    http1_give_back(c);
    client_set_wait(c, CLIENT_WAIT_NONE);
    if (closes)
        client_close_after(c, !is_whole || c->in_at < c->in_len);
}

static void follow_parser(struct http1 *h, bool was_head)
{
    struct request_parser *p = &h->parser;
    if (was_head && (p->state == REQUEST_BODY || p->state == REQUEST_COMPLETE))
        http1_begin(h);
    if (p->state == REQUEST_FAILED && h->x.up != NULL)
        h->x.up->abort(&h->x);
    if (p->state == REQUEST_FAILED && !h->is_answered) {
        counter_add(&h->client->worker->counters.bad_requests, 1);
        h->closes = true;
        if (h->has_head) {
            h->client->is_cut = h->client->is_dead = true;
            return;
        }
        if (!h->has_begun)
            counter_add(&h->client->worker->counters.requests, 1);
        h->has_begun = true;
        h->x.request.method = p->method;
        h->x.request.target = p->target;
        h->x.request.authority = p->host;
        http1_answer_error(h, p->failure != 0 ? p->failure : 400, p->reason);
    }
    if (p->state == REQUEST_COMPLETE && h->x.up != NULL && !h->x.is_request_ended) {
        h->x.is_request_ended = true;
        h->has_given = true;
        h->x.up->end(&h->x);
    }
}

/* Nobody needs input now; it is read all the same, as long as there is room, so that the end of the client is seen
 * and the loop does not come here again and again. */
static void absorb(struct client *c)
{
    bool has_come = c->can_read && client_read(c);
    /* TLS has no half-closed clients of HTTP: it has gone. On plain connections it may wait for its answer. */
    if (!has_come && c->is_read_ended && c->tls != NULL)
        c->is_dead = true;
}

static bool end_of_input(struct client *c)
{
    struct http1 *h = c->data;
    if (h != NULL && !request_parser_is_idle(&h->parser))
        c->is_dead = true; /* in the middle of a request */
    else
        client_close_after(c, false);
    return false;
}

static bool need_input(struct client *c, int *reads_left)
{
    bool has_pending = c->tls != NULL && c->can_read && tls_stream_has_pending(c->tls);
    if ((*reads_left > 0 || has_pending) && client_read(c)) {
        (*reads_left)--;
        return true;
    }
    return !c->is_dead && c->is_read_ended ? end_of_input(c) : false;
}

/* One step; false: nothing goes on. */
static bool step(struct client *c, int *reads_left)
{
    struct http1 *h = c->data;
    if (h != NULL && h->is_answered) {
        end_request(c);
        return true;
    }
    if (h != NULL && h->parser.state == REQUEST_COMPLETE) {
        absorb(c);
        return false;
    }
    bool is_full = h == NULL && client_output_len(c) > PIPELINE_HIGH && !client_flush(c);
    c->is_read_paused = is_full || (h != NULL && h->is_up_paused);
    if (c->is_read_paused)
        return false;
    if (c->in_at == c->in_len)
        return need_input(c, reads_left);
    if (h == NULL && (!client_update_state(c) || !http1_take(c))) {
        client_close_after(c, true);
        return false;
    }
    h = c->data;
    bool was_head = h->parser.state == REQUEST_HEAD;
    c->in_at += request_parser_feed(&h->parser, client_input(c));
    follow_parser(h, was_head);
    return true;
}

static void set_wait(struct client *c)
{
    const struct http1 *h = c->data;
    if (client_output_len(c) > 0)
        client_set_wait(c, CLIENT_WAIT_WRITE);
    else if (h == NULL || request_parser_is_idle(&h->parser))
        client_set_wait(c, c->wait == CLIENT_WAIT_HEAD && h == NULL ? CLIENT_WAIT_HEAD : CLIENT_WAIT_IDLE);
    else if (h->parser.state == REQUEST_HEAD)
        client_set_wait(c, CLIENT_WAIT_HEAD);
    else if (h->parser.state == REQUEST_BODY && !h->is_up_paused)
        client_set_wait(c, CLIENT_WAIT_BODY);
    else
        client_set_wait(c, CLIENT_WAIT_NONE);
}

static void run(struct client *c)
{
    int reads_left = READS_MAX;
    struct http1 *h = c->data;
    if (client_output_len(c) > 0)
        (void)client_flush(c);
    if (h != NULL && h->is_down_paused && client_output_len(c) == 0 && h->x.up != NULL) {
        h->is_down_paused = false;
        h->x.up->resume(&h->x);
    }
    while (!c->is_dead && !c->is_closing && c->protocol == &http1_protocol && step(c, &reads_left))
        ;
    h = c->data;
    if (c->protocol != &http1_protocol) {
        if (!c->is_dead && !c->is_closing)
            c->protocol->run(c);
        return;
    }
    /* Not for nothing: the time that the backend has begins anew with it. */
    if (h != NULL && h->x.up != NULL && h->has_given) {
        h->has_given = false;
        h->x.up->flush(&h->x);
    }
    if (!c->is_dead)
        (void)client_flush(c);
    if (!c->is_dead && !c->is_closing)
        set_wait(c);
}

static bool expired(struct client *c)
{
    struct http1 *h = c->data;
    if ((c->wait != CLIENT_WAIT_HEAD && c->wait != CLIENT_WAIT_BODY) || h == NULL || h->has_head)
        return false;
    request_parser_fail(&h->parser, 408, "the request took too long");
    follow_parser(h, !h->has_begun);
    return true;
}

static void free_data(struct client *c)
{
    if (c->data != NULL)
        http1_give_back(c);
}

const struct client_protocol http1_protocol = {.run = run, .expired = expired, .free = free_data};
