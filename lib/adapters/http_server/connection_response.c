/* Responses as bytes. */
#include <stdlib.h>
#include <unistd.h>

#include "adapters/http1/status_phrase.h"
#include "adapters/http_server/server_parts.h"

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

static void write_decimal(struct builder *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    builder_bytes(b, bytes_of(digits + at, sizeof digits - at));
}

/* Field by field rather than by one format: this runs for every request. */
static void write_head(struct http_connection *c, int status, struct bytes fields, uint64_t body_len)
{
    struct builder *out = &c->out;
    builder_text(out, "HTTP/1.1 ");
    write_decimal(out, (uint64_t)status);
    builder_u8(out, ' ');
    builder_text(out, status_phrase_of(status));
    builder_text(out, "\r\nDate: ");
    builder_text(out, server_date(c->server));
    builder_text(out, "\r\n");
    builder_bytes(out, fields);
    if (!has_no_body(status)) {
        builder_text(out, "Content-Length: ");
        write_decimal(out, body_len);
        builder_text(out, "\r\n");
    }
    if (c->closes_after)
        builder_text(out, "Connection: close\r\n");
    else if (c->parser.is_http_1_0)
        builder_text(out, "Connection: keep-alive\r\n");
    builder_text(out, "\r\n");
}

void connection_observe(struct http_connection *c, int status, uint64_t body_len)
{
    if (c->server->observer == NULL)
        return;
    struct http_server_answer answer = {
        .request = c->has_begun ? &c->exchange.request : NULL,
        .route = c->route != NULL ? c->route->prefix : "",
        .status = status,
        .body_len = body_len,
        .duration_ms = c->has_begun ? event_loop_now_ms(c->server->loop) - c->start_ms : 0,
    };
    c->server->observer(c->server->observer_context, &answer);
}

void connection_respond_error(struct http_connection *c, int status, const char *reason)
{
    static const char fields[] = "Content-Type: text/plain; charset=utf-8\r\n";
    struct builder body;
    char text[128];
    builder_init_fixed(&body, text, sizeof text);
    builder_printf(&body, "%s\n", reason);
    c->closes_after = true;
    write_head(c, status, bytes_of(fields, sizeof fields - 1), body.len);
    if (!bytes_is_text(c->parser.method, "HEAD"))
        builder_bytes(&c->out, builder_view(&body));
    connection_observe(c, status, body.len);
}

static void write_body(struct http_connection *c, struct http_response *r)
{
    if (r->file >= 0) {
        c->file = r->file;
        c->file_at = r->file_offset;
        c->file_left = r->file_len;
        r->file = -1;
        if (c->file_left == 0) {
            (void)close(c->file);
            c->file = -1;
        }
    } else if (r->body.len <= SMALL_BODY_MAX || r->body.is_fixed) {
        builder_bytes(&c->out, builder_view(&r->body));
    } else {
        c->big = builder_take(&r->body, &c->big_len);
        c->big_at = 0;
    }
}

static void drop_file(struct http_response *r)
{
    if (r->file >= 0)
        (void)close(r->file);
    r->file = -1;
}

void connection_respond(struct http_connection *c)
{
    struct http_response *r = &c->exchange.response;
    bool is_head = bytes_is_text(c->exchange.request.method, "HEAD");
    if (!builder_is_good(&r->headers) || !builder_is_good(&r->body) || r->status < 200 ||
        r->status > 999) {
        drop_file(r);
        connection_respond_error(c, 500, "the answer could not be put together");
        return;
    }
    uint64_t len = r->file >= 0 ? r->file_len : r->body.len;
    c->closes_after = c->closes_after || c->server->is_draining ||
                      c->parser.state != REQUEST_COMPLETE || !c->parser.is_keep_alive;
    write_head(c, r->status, builder_view(&r->headers), len);
    connection_observe(c, r->status, len);
    if (is_head || has_no_body(r->status))
        drop_file(r);
    else
        write_body(c, r);
    if (!builder_is_good(&c->out))
        c->is_dead = true;
}
