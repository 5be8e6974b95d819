/* What nghttp2 finds in a client's bytes, and who sends too many of them. */
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
void h2_frames_spend(struct h2_session *s, size_t len)
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

bool h2_frames_set_callbacks(nghttp2_session_callbacks **out)
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
