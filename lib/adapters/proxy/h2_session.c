/* The connection's half of HTTP/2: bytes, frames, floods, the end. */
#include "adapters/proxy/h2_session.h"

#include <stdlib.h>

#include "adapters/proxy/h2_parts.h"

static struct h2_stream *stream_of(nghttp2_session *nghttp2, int32_t id)
{
    return nghttp2_session_get_stream_user_data(nghttp2, id);
}

/* ---- floods ---- */

static void calm(struct h2_session *s)
{
    (void)nghttp2_session_terminate_session(s->nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
    s->is_failed = true;
}

/* False: there is not so much left. */
static bool spend(struct h2_credit *credit, uint64_t amount, uint64_t max, uint64_t per_s, uint64_t now_ms)
{
    uint64_t earned = (now_ms - credit->at_ms) * per_s / 1000;
    if (earned > 0) {
        credit->left = credit->left + earned < max ? credit->left + earned : max;
        credit->at_ms = now_ms;
    }
    bool is_enough = credit->left >= amount;
    credit->left = is_enough ? credit->left - amount : 0;
    return is_enough;
}

/* A client that resets what it has asked for makes work that nobody sees [CVE-2023-44487]; one that makes us reset
 * does the same [CVE-2025-8671]. */
static void spend_reset(struct h2_session *s)
{
    if (!spend(&s->resets, 1, H2_RESETS_MAX, H2_RESETS_PER_S, s->host.now_ms(s->host.context)))
        calm(s);
}

/* After a feed. The bytes of a head that is not whole are counted by themselves. */
static void spend_bytes(struct h2_session *s, size_t len)
{
    uint64_t now_ms = s->host.now_ms(s->host.context);
    if (s->is_useful)
        s->idle_bytes = (struct h2_credit){.left = H2_IDLE_BYTES_MAX, .at_ms = now_ms};
    else if (!s->is_head_open &&
             !spend(&s->idle_bytes, len, H2_IDLE_BYTES_MAX, H2_IDLE_BYTES_PER_S, now_ms))
        calm(s);
    s->is_useful = false;
    s->open_head_len = s->is_head_open ? s->open_head_len + len : 0;
    if (s->open_head_len > 2 * s->limits.head_bytes + H2_HEAD_SLACK)
        calm(s);
}

/* ---- what nghttp2 finds ---- */

/* A head that was refused in its middle has no end that is told; the next frame shows that it is over. */
static int on_begin_frame(nghttp2_session *nghttp2, const nghttp2_frame_hd *head, void *user)
{
    struct h2_session *s = user;
    (void)nghttp2;
    (void)head;
    s->is_head_open = false;
    return 0;
}

static int on_begin_headers(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    s->is_head_open = true;
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct h2_stream *t = h2_stream_new(s, frame->hd.stream_id);
    if (t == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    (void)nghttp2_session_set_stream_user_data(nghttp2, frame->hd.stream_id, t);
    return 0;
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                     nghttp2_rcbuf *value, uint8_t flags, void *user)
{
    struct h2_stream *t = stream_of(nghttp2, frame->hd.stream_id);
    (void)flags;
    (void)user;
    if (t == NULL || h2_stream_add_field(t, name, value))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_invalid_header(nghttp2_session *nghttp2, const nghttp2_frame *frame, nghttp2_rcbuf *name,
                             nghttp2_rcbuf *value, uint8_t flags, void *user)
{
    (void)nghttp2;
    (void)frame;
    (void)name;
    (void)value;
    (void)flags;
    (void)user;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; /* malformed [RFC9113 8.1.1] */
}

static int on_data(nghttp2_session *nghttp2, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *user)
{
    struct h2_session *s = user;
    struct h2_stream *t = stream_of(nghttp2, id);
    (void)flags;
    s->is_useful = true;
    if (t == NULL || t->is_input_over) {
        (void)nghttp2_session_consume(nghttp2, id, len);
        return 0;
    }
    if (!h2_stream_body(t, bytes_of(data, len))) {
        (void)nghttp2_session_consume(nghttp2, id, len);
        h2_stream_reset(t, NGHTTP2_PROTOCOL_ERROR);
    }
    return 0;
}

static void on_headers(struct h2_session *s, struct h2_stream *t, bool is_ended)
{
    s->is_useful = true;
    if (t->is_head_done) { /* trailers */
        if (is_ended)
            h2_stream_end(t);
        return;
    }
    h2_stream_begin(t, is_ended);
}

/* The client has answered: what it had on its way when it got the first GOAWAY has come. */
static void on_ping_ack(struct h2_session *s)
{
    if (!s->is_draining || s->is_drained)
        return;
    s->is_drained = true;
    (void)nghttp2_submit_goaway(s->nghttp2, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(s->nghttp2), NGHTTP2_NO_ERROR, NULL, 0);
}

static int on_frame(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    struct h2_stream *t = frame->hd.stream_id > 0 ? stream_of(nghttp2, frame->hd.stream_id) : NULL;
    bool is_ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        s->is_head_open = false;
        if (t != NULL)
            on_headers(s, t, is_ended);
        break;
    case NGHTTP2_DATA:
        if (t != NULL && is_ended)
            h2_stream_end(t);
        break;
    case NGHTTP2_RST_STREAM:
        spend_reset(s);
        break;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
            on_ping_ack(s);
        break;
    default:
        break;
    }
    return 0;
}

static int on_frame_sent(nghttp2_session *nghttp2, const nghttp2_frame *frame, void *user)
{
    struct h2_session *s = user;
    struct h2_stream *t = frame->hd.stream_id > 0 ? stream_of(nghttp2, frame->hd.stream_id) : NULL;
    bool is_ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_DATA && frame->hd.length > 0)
        s->is_useful = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR &&
        (t == NULL || t->failure == EXCHANGE_OK))
        spend_reset(s);
    /* The answer is whole, and nobody wants the rest of the request [RFC9113 8.1]. */
    if (t != NULL && is_ended && !t->is_remote_ended && t->x.up == NULL &&
        (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
        (void)nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE, t->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t id, uint32_t code, void *user)
{
    struct h2_session *s = user;
    struct h2_stream *t = stream_of(nghttp2, id);
    (void)code;
    if (t != NULL && !t->is_head_done)
        s->is_head_open = false;
    if (t != NULL)
        h2_stream_free(t);
    return 0;
}

/* ---- making ---- */

static bool set_callbacks(nghttp2_session_callbacks **out)
{
    if (nghttp2_session_callbacks_new(out) != 0)
        return false;
    nghttp2_session_callbacks_set_on_begin_frame_callback(*out, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(*out, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback2(*out, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback2(*out, on_invalid_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(*out, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(*out, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(*out, on_frame_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(*out, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(*out, h2_answer_send);
    return true;
}

static bool set_options(nghttp2_option **out)
{
    if (nghttp2_option_new(out) != 0)
        return false;
    nghttp2_option_set_no_auto_window_update(*out, 1);
    nghttp2_option_set_no_closed_streams(*out, 1);
    /* Behind our own, which also counts the resets that a client makes us send. */
    nghttp2_option_set_stream_reset_rate_limit(*out, (uint64_t)5 * H2_RESETS_MAX, (uint64_t)2 * H2_RESETS_PER_S);
    return true;
}

static bool open_nghttp2(struct h2_session *s)
{
    nghttp2_session_callbacks *callbacks = NULL;
    nghttp2_option *options = NULL;
    bool is_good = set_callbacks(&callbacks) && set_options(&options) &&
                   nghttp2_session_server_new2(&s->nghttp2, callbacks, s, options) == 0;
    nghttp2_option_del(options);
    nghttp2_session_callbacks_del(callbacks);
    return is_good;
}

static bool submit_settings(struct h2_session *s)
{
    uint32_t head_max = s->limits.head_bytes < UINT32_MAX ? (uint32_t)s->limits.head_bytes : UINT32_MAX;
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, H2_STREAM_WINDOW},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, head_max},
        {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
        {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
    };
    return nghttp2_submit_settings(s->nghttp2, NGHTTP2_FLAG_NONE, settings, sizeof settings / sizeof *settings) == 0 &&
           nghttp2_session_set_local_window_size(s->nghttp2, NGHTTP2_FLAG_NONE, 0, H2_CONNECTION_WINDOW) == 0;
}

enum status h2_session_new(const struct h2_host *host, const struct h2_limits *limits, struct h2_session **out,
                           struct error *err)
{
    *out = NULL;
    struct h2_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return error_set(err, STATUS_NO_MEMORY, "HTTP/2: out of memory");
    s->host = *host;
    s->limits = *limits;
    s->resets = (struct h2_credit){.left = H2_RESETS_MAX, .at_ms = host->now_ms(host->context)};
    s->idle_bytes = (struct h2_credit){.left = H2_IDLE_BYTES_MAX, .at_ms = s->resets.at_ms};
    builder_init(&s->fields, H2_FIELDS_MAX);
    if (!open_nghttp2(s) || !submit_settings(s)) {
        h2_session_free(s);
        return error_set(err, STATUS_NO_MEMORY, "HTTP/2: out of memory");
    }
    *out = s;
    return STATUS_OK;
}

static void free_spare(struct h2_session *s)
{
    while (s->spare != NULL) {
        struct h2_stream *next = s->spare->next;
        free(s->spare);
        s->spare = next;
    }
    s->spare_count = 0;
}

void h2_session_free(struct h2_session *s)
{
    if (s == NULL)
        return;
    while (s->streams != NULL)
        h2_stream_free(s->streams);
    free_spare(s);
    nghttp2_session_del(s->nghttp2);
    builder_clear(&s->fields);
    free(s);
}

/* ---- bytes ---- */

static void flush_touched(struct h2_session *s)
{
    while (s->touched != NULL) {
        struct h2_stream *t = s->touched;
        s->touched = t->next_touched;
        t->is_touched = false;
        if (t->x.up != NULL)
            t->x.up->flush(&t->x);
    }
}

bool h2_session_feed(struct h2_session *s, struct bytes in)
{
    if (s->is_failed)
        return false;
    ssize_t taken = nghttp2_session_mem_recv(s->nghttp2, in.data, in.len);
    if (taken < 0)
        s->is_failed = true;
    if (!s->is_failed)
        spend_bytes(s, in.len);
    flush_touched(s);
    if (s->stream_count == 0 && s->spare_count > 1)
        free_spare(s);
    if (nghttp2_session_want_write(s->nghttp2) != 0)
        s->host.wake(s->host.context);
    return !s->is_failed;
}

/* Upstream may go on with those that have room again; what it says is written in the same round. */
static bool resume_streams(struct h2_session *s)
{
    bool was_any = s->resumed != NULL;
    while (s->resumed != NULL) {
        struct h2_stream *t = s->resumed;
        s->resumed = t->next_resumed;
        t->is_resumed = t->is_out_paused = false;
        if (t->x.up != NULL)
            t->x.up->resume(&t->x);
    }
    return was_any;
}

static void write_some(struct h2_session *s, struct builder *out)
{
    s->output = out;
    while (out->len < H2_OUTPUT_MAX && builder_is_good(out)) {
        const uint8_t *data = NULL;
        ssize_t len = nghttp2_session_mem_send(s->nghttp2, &data);
        if (len < 0)
            s->is_failed = true;
        if (len <= 0)
            break;
        builder_bytes(out, bytes_of(data, (size_t)len));
    }
    s->output = NULL;
}

void h2_session_write(struct h2_session *s, struct builder *out)
{
    /* A stream that goes on at once fills what is left; no more than once round, so that others get their turn. */
    write_some(s, out);
    if (resume_streams(s))
        write_some(s, out);
}

bool h2_session_wants_write(const struct h2_session *s)
{
    return nghttp2_session_want_write(s->nghttp2) != 0 || s->resumed != NULL;
}

bool h2_session_is_over(const struct h2_session *s)
{
    if (s->is_failed)
        return nghttp2_session_want_write(s->nghttp2) == 0;
    return nghttp2_session_want_read(s->nghttp2) == 0 && nghttp2_session_want_write(s->nghttp2) == 0;
}

size_t h2_session_stream_count(const struct h2_session *s)
{
    return s->stream_count;
}

enum h2_wait h2_session_wait(const struct h2_session *s)
{
    enum h2_wait wait = H2_WAIT_NONE;
    if (s->is_head_open)
        return H2_WAIT_HEAD;
    if (s->stream_count == 0)
        return H2_WAIT_IDLE;
    for (const struct h2_stream *t = s->streams; t != NULL; t = t->next) {
        if (t->is_answered && !t->is_deferred && t->out.len > t->out_at)
            return H2_WAIT_WRITE;
        if (!t->is_input_over && !t->is_input_paused && !t->is_connect)
            wait = H2_WAIT_BODY;
        else if (t->is_tunnel && wait == H2_WAIT_NONE)
            wait = H2_WAIT_TUNNEL;
    }
    return wait;
}

void h2_session_drain(struct h2_session *s)
{
    if (s->is_draining)
        return;
    s->is_draining = true;
    if (s->stream_count == 0) {
        /* What is on its way, the client knows from the last stream's number to be undone. */
        s->is_drained = true;
        (void)nghttp2_session_terminate_session(s->nghttp2, NGHTTP2_NO_ERROR);
    } else {
        (void)nghttp2_submit_shutdown_notice(s->nghttp2);
        (void)nghttp2_submit_ping(s->nghttp2, NGHTTP2_FLAG_NONE, NULL);
    }
    s->host.wake(s->host.context);
}
