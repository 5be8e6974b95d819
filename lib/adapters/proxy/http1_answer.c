/* What goes to a client of HTTP/1: the backend's answers and our own. */
#include <stdio.h>
#include <string.h>

#include "adapters/http1/status_phrase.h"
#include "adapters/proxy/forward.h"
#include "adapters/proxy/http1.h"

/* A head of an answer with what is added. */
#define HEAD_ROOM 8192

static void write_builder(struct client *c, struct builder *b)
{
    struct bytes all = builder_view(b);
    if (builder_is_good(b))
        client_write(c, &all, 1);
    else
        c->is_dead = true;
}

/* ---- our own ---- */

void http1_answer_itself(struct http1 *h, int status, const char *fields, struct bytes text)
{
    struct client *c = h->client;
    const struct request_parser *p = &h->parser;
    struct builder out;
    bool is_whole = p->state == REQUEST_COMPLETE;
    if (!is_whole || !p->is_keep_alive || c->worker->is_draining)
        h->closes = true;
    builder_init(&out, HEAD_ROOM * 4);
    builder_printf(&out, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %zu\r\n%s", status, status_phrase_of(status),
                   worker_date(c->worker), text.len, fields);
    forward_write_hsts(&h->x, &out);
    if (h->closes)
        builder_text(&out, "Connection: close\r\n");
    else if (p->is_http_1_0)
        builder_text(&out, "Connection: keep-alive\r\n");
    builder_text(&out, "\r\n");
    if (!bytes_is_text(p->method, "HEAD")) {
        builder_bytes(&out, text);
        h->out_len += text.len;
    }
    write_builder(c, &out);
    builder_clear(&out);
    h->status = status;
    h->has_head = h->is_answered = true;
}

void http1_answer_error(struct http1 *h, int status, const char *reason)
{
    char text[256];
    int len = snprintf(text, sizeof text, "%d %s: %s\n", status, status_phrase_of(status), reason);
    http1_answer_itself(h, status, "Content-Type: text/plain; charset=utf-8\r\n", bytes_of(text, (size_t)len));
}

/* ---- the backend's ---- */

static void write_status_line(int status, struct bytes reason, struct builder *out)
{
    builder_printf(out, "HTTP/1.1 %d ", status);
    builder_bytes(out, reason);
    builder_text(out, "\r\n");
}

/* [RFC9112 6.1, 6.3, 9.6] */
static void write_framing(struct http1 *h, const struct exchange_response *r, struct builder *out)
{
    const struct request_parser *p = &h->parser;
    if (!p->is_keep_alive || p->state != REQUEST_COMPLETE || h->client->worker->is_draining)
        h->closes = true;
    if (r->has_length) {
        builder_printf(out, "Content-Length: %llu\r\n", (unsigned long long)r->length);
    } else if (r->has_body && p->is_http_1_0) {
        h->is_until_close = h->closes = true;
    } else if (r->has_body) {
        h->is_chunked = true;
        builder_text(out, "Transfer-Encoding: chunked\r\n");
    }
    if (h->closes)
        builder_text(out, "Connection: close\r\n");
    else if (p->is_http_1_0)
        builder_text(out, "Connection: keep-alive\r\n");
}

static void write_upgrade(const struct exchange_response *r, struct builder *out)
{
    struct bytes protocol = {NULL, 0};
    (void)head_find(r->fields, r->field_count, "Upgrade", &protocol);
    builder_text(out, "Connection: Upgrade\r\nUpgrade: ");
    builder_bytes(out, protocol);
    builder_text(out, "\r\n");
}

static void on_head(struct exchange *x, const struct exchange_response *r)
{
    struct http1 *h = http1_of(x);
    struct client *c = h->client;
    struct builder out;
    bool is_early = r->status < 200 && r->status != 101;
    /* A client of HTTP/1.0 does not know 1xx [RFC9110 15.2]. */
    if (is_early && h->parser.is_http_1_0)
        return;
    builder_init(&out, (size_t)x->limits->head_bytes * 2 + HEAD_ROOM);
    write_status_line(r->status, r->reason, &out);
    forward_write_answer_fields(x, r, &out);
    if (r->status == 101)
        write_upgrade(r, &out);
    else if (!is_early)
        write_framing(h, r, &out);
    builder_text(&out, "\r\n");
    write_builder(c, &out);
    builder_clear(&out);
    if (is_early)
        return;
    h->status = r->status;
    h->has_head = true;
    if (r->status == 101)
        tunnel_begin(h);
}

static bool on_body(struct exchange *x, struct bytes piece)
{
    struct http1 *h = http1_of(x);
    struct client *c = h->client;
    if (c->is_dead)
        return false;
    h->out_len += piece.len;
    if (h->is_chunked) {
        char size[24];
        int len = snprintf(size, sizeof size, "%zx\r\n", piece.len);
        struct bytes parts[] = {bytes_of(size, (size_t)len), piece, bytes_of("\r\n", 2)};
        if (piece.len > 0)
            client_write(c, parts, 3);
    } else {
        client_write(c, &piece, 1);
    }
    h->is_down_paused = client_output_len(c) > HTTP1_OUTPUT_HIGH;
    return !h->is_down_paused;
}

static void on_end(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    static const struct bytes last = {(const uint8_t *)"0\r\n\r\n", 5};
    if (h->is_chunked)
        client_write(h->client, &last, 1);
    h->is_answered = true;
    client_run(h->client);
}

void http1_on_flush(struct exchange *x)
{
    client_wrote(http1_of(x)->client);
}

void http1_on_resume(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    h->is_up_paused = false;
    client_run(h->client);
}

static int failure_status(enum exchange_failure why)
{
    switch (why) {
    case EXCHANGE_NO_BACKEND:
    case EXCHANGE_BUSY:
        return 503;
    case EXCHANGE_CONNECT_SLOW:
    case EXCHANGE_ANSWER_SLOW:
        return 504;
    case EXCHANGE_NO_MEMORY:
        return 500;
    default:
        return 502;
    }
}

static const char *failure_reason(enum exchange_failure why)
{
    switch (why) {
    case EXCHANGE_NO_BACKEND:
        return "no server is there for this site";
    case EXCHANGE_BUSY:
        return "too much to do, try again later";
    case EXCHANGE_CONNECT_FAILED:
        return "the server cannot be reached";
    case EXCHANGE_CONNECT_SLOW:
    case EXCHANGE_ANSWER_SLOW:
        return "the server took too long";
    case EXCHANGE_ANSWER_BAD:
        return "the server's answer is not good HTTP";
    case EXCHANGE_NO_MEMORY:
        return "out of memory";
    default:
        return "the server closed the connection";
    }
}

void http1_failed(struct http1 *h, enum exchange_failure why)
{
    h->failure = why;
    counter_add(&h->client->worker->counters.failures_by_kind[why], 1);
    if (!h->has_head) {
        http1_answer_error(h, failure_status(why), failure_reason(why));
        return;
    }
    /* Half an answer: never to look like a whole one. */
    (void)client_flush(h->client);
    h->client->is_cut = true;
    h->client->is_dead = true;
}

static void on_fail(struct exchange *x, enum exchange_failure why)
{
    struct http1 *h = http1_of(x);
    http1_failed(h, why);
    client_run(h->client);
}

const struct exchange_down http1_down = {
    .head = on_head, .body = on_body, .end = on_end, .flush = http1_on_flush, .resume = http1_on_resume, .fail = on_fail};
