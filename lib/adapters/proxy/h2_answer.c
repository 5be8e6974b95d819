/* Answers over HTTP/2: what upstream says becomes frames. */
#include <stdio.h>
#include <string.h>

#include "adapters/http1/status_phrase.h"
#include "adapters/proxy/forward.h"
#include "adapters/proxy/h2_parts.h"
#include "adapters/proxy/proxy_state.h"

#define FRAME_HEAD_LEN 9
/* Those of the backend, and what is added. */
#define ANSWER_FIELDS_MAX (HTTP_HEADERS_MAX + 8)

static struct h2_stream *stream_of(struct exchange *x)
{
    return (struct h2_stream *)(void *)x;
}

static void wake(struct h2_stream *t)
{
    t->session->host.wake(t->session->host.context);
}

/* ---- heads ---- */

/* nghttp2 copies both, and makes names lower case. */
static nghttp2_nv field(struct bytes name, struct bytes value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.data,
                        .namelen = name.len,
                        .value = (uint8_t *)(uintptr_t)value.data,
                        .valuelen = value.len,
                        .flags = NGHTTP2_NV_FLAG_NONE};
}

/* The lines that forward.h has written. */
static size_t split_lines(struct bytes text, nghttp2_nv *out, size_t count)
{
    while (text.len > 0 && count < ANSWER_FIELDS_MAX) {
        const uint8_t *end = memchr(text.data, '\r', text.len), *colon = memchr(text.data, ':', text.len);
        if (end == NULL || colon == NULL || colon > end)
            break;
        out[count++] = field(bytes_of(text.data, (size_t)(colon - text.data)),
                             bytes_of(colon + 2, (size_t)(end - colon - 2)));
        text = bytes_of(end + 2, text.len - (size_t)(end - text.data) - 2);
    }
    return count;
}

/* The length is the backend's word for a body that we pass on, also where none follows: HEAD, 304. */
static void write_fields(struct h2_stream *t, const struct exchange_response *response)
{
    struct builder *b = &t->session->fields;
    builder_reset(b);
    forward_write_answer_fields(&t->x, response, b);
    if (response->has_length && !t->is_tunnel && response->status >= 200 && response->status != 204)
        builder_printf(b, "content-length: %llu\r\n", (unsigned long long)response->length);
}

static void submit(struct h2_stream *t, int status, struct bytes lines, bool has_body)
{
    nghttp2_nv fields[ANSWER_FIELDS_MAX];
    nghttp2_session *nghttp2 = t->session->nghttp2;
    nghttp2_data_provider body = {.source.ptr = t, .read_callback = h2_answer_read};
    char digits[8];
    int len = snprintf(digits, sizeof digits, "%d", status);
    fields[0] = field(bytes_of_text(":status"), bytes_of(digits, (size_t)len));
    size_t count = split_lines(lines, fields, 1);
    int result = 0;
    if (status < 200) {
        result = nghttp2_submit_headers(nghttp2, NGHTTP2_FLAG_NONE, t->id, NULL, fields, count, NULL);
    } else {
        t->status = status;
        t->is_answered = true;
        result = nghttp2_submit_response(nghttp2, t->id, fields, count, has_body ? &body : NULL);
    }
    if (result < 0)
        h2_stream_reset(t, NGHTTP2_INTERNAL_ERROR);
}

void h2_answer_local(struct h2_stream *t, int status)
{
    struct builder *lines = &t->session->fields;
    builder_printf(&t->out, "%d %s\n", status, status_phrase_of(status));
    builder_reset(lines);
    builder_printf(lines, "%scontent-type: text/plain\r\ncontent-length: %zu\r\n",
                   status == 503 ? "retry-after: 1\r\n" : "", t->out.len);
    forward_write_hsts(&t->x, lines);
    bool has_body = !t->x.request.is_head;
    if (!has_body)
        builder_reset(&t->out);
    t->is_answer_ended = true;
    submit(t, status, builder_view(lines), has_body);
    wake(t);
}

/* A backend that says yes to what it has not understood: to the client it would mean that the tunnel is there. */
static void refuse_tunnel(struct h2_stream *t)
{
    t->x.up->abort(&t->x);
    t->is_input_over = true;
    t->failure = EXCHANGE_ANSWER_BAD;
    h2_answer_local(t, 502);
}

static void down_head(struct exchange *x, const struct exchange_response *response)
{
    struct h2_stream *t = stream_of(x);
    int status = response->status;
    if (t->is_answered || t->is_reset)
        return;
    if (status == 101 && t->is_connect) {
        t->is_tunnel = true;
        status = 200;
    } else if (t->is_connect && status >= 200 && status < 300) {
        refuse_tunnel(t);
        return;
    }
    write_fields(t, response);
    /* Not all of them: one that is missing could be the one that protects somebody. */
    if (!builder_is_good(&t->session->fields)) {
        h2_stream_reset(t, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    submit(t, status, builder_view(&t->session->fields), response->has_body || t->is_tunnel);
    /* The client's own end of the tunnel may have come before. */
    if (t->is_tunnel && t->is_input_over && t->x.up != NULL) {
        t->x.is_request_ended = true;
        t->x.up->end(&t->x);
    }
}

/* ---- bodies ---- */

ssize_t h2_answer_read(nghttp2_session *nghttp2, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *user)
{
    struct h2_stream *t = source->ptr;
    size_t waiting = t->out.len - t->out_at;
    (void)nghttp2;
    (void)id;
    (void)buffer;
    (void)user;
    if (waiting == 0 && !t->is_answer_ended) {
        t->is_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    if (size > waiting)
        size = waiting;
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == waiting && t->is_answer_ended)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

static void make_room(struct h2_stream *t)
{
    builder_reset(&t->out);
    t->out_at = 0;
    if (!t->is_out_paused || t->is_resumed)
        return;
    t->is_resumed = true;
    t->next_resumed = t->session->resumed;
    t->session->resumed = t;
}

int h2_answer_send(nghttp2_session *nghttp2, nghttp2_frame *frame, const uint8_t *head, size_t len,
                   nghttp2_data_source *source, void *user)
{
    struct h2_session *s = user;
    struct h2_stream *t = source->ptr;
    (void)nghttp2;
    (void)frame;
    builder_bytes(s->output, bytes_of(head, FRAME_HEAD_LEN));
    builder_bytes(s->output, bytes_of(t->out.data + t->out_at, len));
    t->out_at += len;
    t->out_len += len;
    if (t->out_at == t->out.len)
        make_room(t);
    return builder_is_good(s->output) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static void go_on(struct h2_stream *t)
{
    if (!t->is_deferred)
        return;
    t->is_deferred = false;
    (void)nghttp2_session_resume_data(t->session->nghttp2, t->id);
}

static bool down_body(struct exchange *x, struct bytes piece)
{
    struct h2_stream *t = stream_of(x);
    /* Room at the front is used before the buffer grows. */
    if (t->out_at > 0 && t->out_at >= t->out.len / 2) {
        memmove(t->out.data, t->out.data + t->out_at, t->out.len - t->out_at);
        t->out.len -= t->out_at;
        t->out_at = 0;
    }
    builder_bytes(&t->out, piece);
    if (!builder_is_good(&t->out)) {
        h2_stream_reset(t, NGHTTP2_INTERNAL_ERROR);
        return true;
    }
    go_on(t);
    t->is_out_paused = t->out.len - t->out_at > H2_OUT_HIGH;
    return !t->is_out_paused;
}

static void down_end(struct exchange *x)
{
    struct h2_stream *t = stream_of(x);
    t->is_answer_ended = true;
    go_on(t);
    wake(t);
}

static void down_flush(struct exchange *x)
{
    wake(stream_of(x));
}

static void down_resume(struct exchange *x)
{
    struct h2_stream *t = stream_of(x);
    t->is_input_paused = false;
    size_t at = 0;
    while (at < t->in.len && !t->is_input_paused && x->up != NULL) {
        size_t len = t->in.len - at < EXCHANGE_PIECE_MAX ? t->in.len - at : EXCHANGE_PIECE_MAX;
        t->is_input_paused = !x->up->body(x, bytes_of(t->in.data + at, len));
        at += len;
    }
    if (at > 0) {
        (void)nghttp2_session_consume(t->session->nghttp2, t->id, at);
        memmove(t->in.data, t->in.data + at, t->in.len - at);
        t->in.len -= at;
    }
    if (t->in.len == 0 && t->is_input_over && !x->is_request_ended) {
        x->is_request_ended = true;
        x->up->end(x);
    }
    if (x->up != NULL)
        x->up->flush(x);
    wake(t);
}

static void down_fail(struct exchange *x, enum exchange_failure why)
{
    struct h2_stream *t = stream_of(x);
    static const int statuses[] = {[EXCHANGE_NO_BACKEND] = 503,    [EXCHANGE_BUSY] = 503,
                                   [EXCHANGE_CONNECT_FAILED] = 502, [EXCHANGE_CONNECT_SLOW] = 504,
                                   [EXCHANGE_ANSWER_SLOW] = 504,    [EXCHANGE_ANSWER_BAD] = 502,
                                   [EXCHANGE_BACKEND_CLOSED] = 502, [EXCHANGE_NO_MEMORY] = 500};
    t->failure = why;
    if (t->is_answered) {
        h2_stream_reset(t, NGHTTP2_INTERNAL_ERROR);
        return;
    }
    t->is_input_over = true;
    h2_answer_local(t, statuses[why]);
}

const struct exchange_down h2_answer_down = {.head = down_head,
                                             .body = down_body,
                                             .end = down_end,
                                             .flush = down_flush,
                                             .resume = down_resume,
                                             .fail = down_fail};
