/* One request of HTTP/2: fields [RFC9113 8.3], body, and its end. */
#include <stdlib.h>
#include <string.h>

#include "adapters/http1/head_lines.h"
#include "adapters/proxy/h2_parts.h"
#include "base/list.h"
#include "base/text.h"
#include "crypto/random.h"

/* What HPACK adds for each field [RFC7541 4.1]. */
#define FIELD_OVERHEAD 32

/* ---- objects ---- */

struct h2_stream *h2_stream_new(struct h2_session *s, int32_t id)
{
    struct h2_stream *t = s->spare;
    if (t != NULL) {
        s->spare = t->next;
        s->spare_count--;
        memset(t, 0, sizeof *t);
    } else {
        t = calloc(1, sizeof *t);
    }
    if (t == NULL)
        return NULL;
    t->session = s;
    t->id = id;
    t->start_ms = s->host.now_ms(s->host.context);
    t->x.down = &h2_answer_down;
    t->x.request.is_http_2 = true;
    t->x.request.fields = t->fields;
    builder_init(&t->cookie, s->limits.head_bytes);
    builder_init(&t->in, H2_STREAM_WINDOW);
    builder_init(&t->out, (size_t)2 * EXCHANGE_BUFFER_MAX);
    LIST_PUSH(s->streams, t);
    s->stream_count++;
    return t;
}

static void leave_lists(struct h2_stream *t)
{
    struct h2_session *s = t->session;
    struct h2_stream **at = &s->touched;
    while (t->is_touched && *at != t)
        at = &(*at)->next_touched;
    if (t->is_touched)
        *at = t->next_touched;
    at = &s->resumed;
    while (t->is_resumed && *at != t)
        at = &(*at)->next_resumed;
    if (t->is_resumed)
        *at = t->next_resumed;
    LIST_REMOVE(s->streams, t);
    s->stream_count--;
}

/* What nobody has taken is given back to the connection's window. */
static void drop_input(struct h2_stream *t)
{
    if (t->in.len > 0)
        (void)nghttp2_session_consume_connection(t->session->nghttp2, t->in.len);
    builder_reset(&t->in);
}

void h2_stream_free(struct h2_stream *t)
{
    struct h2_session *s = t->session;
    leave_lists(t);
    if (t->x.up != NULL)
        t->x.up->abort(&t->x);
    if (s->host.finished != NULL && t->is_head_done)
        s->host.finished(s->host.context, &(struct h2_finished){.exchange = &t->x,
                                                                .is_started = t->is_started,
                                                                .status = t->status,
                                                                .in_len = t->in_len,
                                                                .out_len = t->out_len,
                                                                .is_whole = t->is_answer_ended && t->out.len == 0,
                                                                .failure = t->failure,
                                                                .start_ms = t->start_ms});
    drop_input(t);
    (void)nghttp2_session_set_stream_user_data(s->nghttp2, t->id, NULL);
    for (size_t i = 0; i < t->kept_count; i++)
        nghttp2_rcbuf_decref(t->kept[i]);
    builder_clear(&t->cookie);
    builder_clear(&t->in);
    builder_clear(&t->out);
    if (s->spare_count >= H2_SPARE_STREAMS_MAX) {
        free(t);
        return;
    }
    t->next = s->spare;
    s->spare = t;
    s->spare_count++;
}

void h2_stream_reset(struct h2_stream *t, uint32_t code)
{
    if (t->is_reset)
        return;
    t->is_reset = true;
    t->is_input_over = true;
    (void)nghttp2_submit_rst_stream(t->session->nghttp2, NGHTTP2_FLAG_NONE, t->id, code);
    t->session->host.wake(t->session->host.context);
}

/* ---- fields ---- */

static struct bytes buffer_of(nghttp2_rcbuf *buffer)
{
    nghttp2_vec v = nghttp2_rcbuf_get_buf(buffer);
    return bytes_of(v.base, v.len);
}

static struct bytes keep(struct h2_stream *t, nghttp2_rcbuf *buffer)
{
    nghttp2_rcbuf_incref(buffer);
    t->kept[t->kept_count++] = buffer;
    return buffer_of(buffer);
}

/* Pseudo fields come first, once each, and no others: nghttp2 has looked. */
static bool add_pseudo(struct h2_stream *t, struct bytes name, nghttp2_rcbuf *value)
{
    struct exchange_request *r = &t->x.request;
    struct bytes *to = bytes_is_text(name, ":method")      ? &r->method
                       : bytes_is_text(name, ":path")      ? &r->target
                       : bytes_is_text(name, ":authority") ? &r->authority
                       : bytes_is_text(name, ":scheme")    ? &t->scheme
                       : bytes_is_text(name, ":protocol")  ? &t->protocol
                                                           : NULL;
    if (to == NULL || to->len > 0)
        return false;
    *to = keep(t, value);
    return true;
}

/* Crumbs are put together [RFC9113 8.2.3]. */
static void add_cookie(struct h2_stream *t, struct bytes value)
{
    if (t->cookie.len > 0)
        builder_text(&t->cookie, "; ");
    builder_bytes(&t->cookie, value);
    t->is_too_large = t->is_too_large || !builder_is_good(&t->cookie);
}

bool h2_stream_add_field(struct h2_stream *t, nghttp2_rcbuf *name, nghttp2_rcbuf *value)
{
    struct exchange_request *r = &t->x.request;
    struct bytes name_bytes = buffer_of(name), value_bytes = buffer_of(value);
    t->head_len += name_bytes.len + value_bytes.len + FIELD_OVERHEAD;
    if (t->head_len > t->session->limits.head_bytes)
        t->is_too_large = true;
    if (t->is_head_done) /* trailers are not passed on */
        return !t->is_too_large;
    if (t->is_too_large)
        return true;
    if (name_bytes.len > 0 && name_bytes.data[0] == ':')
        return add_pseudo(t, name_bytes, value);
    if (bytes_is_text(name_bytes, "cookie")) {
        add_cookie(t, value_bytes);
        return true;
    }
    /* Two places are left for what is added: cookies and the key of a WebSocket. */
    if (r->field_count + 2 >= HTTP_HEADERS_MAX) {
        t->is_too_large = true;
        return true;
    }
    t->fields[r->field_count++] = (struct http_header){.name = keep(t, name), .value = keep(t, value)};
    return true;
}

static void append_field(struct h2_stream *t, const char *name, struct bytes value)
{
    t->fields[t->x.request.field_count++] = (struct http_header){.name = bytes_of_text(name), .value = value};
}

/* ---- the head as a whole ---- */

static bool same_host(struct bytes a, struct bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

/* Host says the same as :authority, or stands for it [RFC9113 8.3.1]. */
static bool read_authority(struct exchange_request *r)
{
    struct bytes host;
    size_t count = head_find(r->fields, r->field_count, "host", &host);
    if (count > 1 || (count == 1 && r->authority.len > 0 && !same_host(host, r->authority)))
        return false;
    if (r->authority.len == 0 && count == 1)
        r->authority = host;
    return head_is_host(r->authority);
}

static bool read_length(struct exchange_request *r)
{
    struct bytes text;
    size_t count = head_find(r->fields, r->field_count, "content-length", &text);
    if (count == 0)
        return true;
    r->has_length = count == 1 && text_parse_u64(text, HEAD_CONTENT_LENGTH_MAX, &r->length);
    return r->has_length;
}

/* An extended CONNECT [RFC8441 4] goes to the backend as an Upgrade of HTTP/1.1 [RFC6455 4.1]. */
static int read_connect(struct h2_stream *t)
{
    struct exchange_request *r = &t->x.request;
    uint8_t random[16];
    struct builder key;
    if (!bytes_is_text(t->protocol, "websocket") || r->target.len == 0)
        return 501;
    if (random_bytes(random, sizeof random, NULL) != STATUS_OK)
        return 503;
    builder_init_fixed(&key, t->websocket_key, sizeof t->websocket_key);
    text_write_base64(&key, BYTES_OF(random));
    t->is_connect = true;
    r->method = bytes_of_text("GET");
    r->upgrade = bytes_of_text("websocket");
    append_field(t, "sec-websocket-key", builder_view(&key));
    return 0;
}

/* What HTTP/1.1 could take for something else never gets there. 0, or the status of the answer. */
static int read_head(struct h2_stream *t, bool is_ended)
{
    struct exchange_request *r = &t->x.request;
    struct bytes value;
    if (t->is_too_large)
        return 431;
    if (!head_is_all(r->method, HEAD_TOKEN) || !read_authority(r) || !read_length(r))
        return 400;
    if (bytes_is_text(r->method, "CONNECT")) {
        int status = read_connect(t);
        if (status != 0)
            return status;
    } else if (t->protocol.len > 0) {
        return 400;
    }
    if (!head_is_all(r->target, HEAD_VISIBLE) ||
        (r->target.data[0] != '/' && !(bytes_is_text(r->target, "*") && bytes_is_text(r->method, "OPTIONS"))))
        return 400;
    if (t->cookie.len > 0)
        append_field(t, "cookie", builder_view(&t->cookie));
    r->is_head = bytes_is_text(r->method, "HEAD");
    r->has_body = !is_ended && !t->is_connect;
    /* A length of nothing may stand where no body is; any other was refused. */
    r->has_length = r->has_length && !t->is_connect;
    r->expects_continue = r->has_body && head_find(r->fields, r->field_count, "expect", &value) == 1 &&
                          http_name_equal(value, "100-continue");
    return 0;
}

static void touch(struct h2_stream *t)
{
    if (t->is_touched)
        return;
    t->is_touched = true;
    t->next_touched = t->session->touched;
    t->session->touched = t;
}

void h2_stream_begin(struct h2_stream *t, bool is_ended)
{
    struct h2_session *s = t->session;
    t->is_head_done = true;
    t->is_remote_ended = t->is_input_over = is_ended;
    int status = read_head(t, is_ended);
    if (status == 0) {
        t->is_started = true;
        status = s->host.start(s->host.context, &t->x);
    }
    if (status != 0) {
        t->is_input_over = true;
        h2_answer_local(t, status);
        return;
    }
    touch(t);
    if (is_ended || t->is_connect) {
        t->x.is_request_ended = true;
        t->x.up->end(&t->x);
    }
}

/* ---- body ---- */

bool h2_stream_body(struct h2_stream *t, struct bytes piece)
{
    t->in_len += piece.len;
    /* Behind the head of an Upgrade the backend would take it for another request. */
    if (t->is_connect && !t->is_tunnel)
        return false;
    if (t->x.up == NULL) {
        (void)nghttp2_session_consume(t->session->nghttp2, t->id, piece.len);
        return true;
    }
    if (t->is_input_paused) {
        builder_bytes(&t->in, piece);
        return builder_is_good(&t->in);
    }
    t->is_input_paused = !t->x.up->body(&t->x, piece);
    (void)nghttp2_session_consume(t->session->nghttp2, t->id, piece.len);
    touch(t);
    return true;
}

void h2_stream_end(struct h2_stream *t)
{
    t->is_remote_ended = t->is_input_over = true;
    /* What waits goes first; and a tunnel that is not there yet cannot end. */
    if (t->in.len > 0 || t->x.up == NULL || t->x.is_request_ended)
        return;
    t->x.is_request_ended = true;
    touch(t);
    t->x.up->end(&t->x);
}
