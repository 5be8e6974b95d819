/* h2_parts.h - the inside of h2_session.h; the files h2_*.c alone include it.
 *
 * nghttp2 does the framing and the compression of fields, and checks what RFC 9113 says of fields and lengths. Its
 * functions that take and give bytes are called from h2_session_feed and h2_session_write only, never within each
 * other: what a callback of it finds out is noted in streams and lists, and done afterwards.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_H2_PARTS_H
#define CATHAYA_ADAPTERS_PROXY_H2_PARTS_H

#include <nghttp2/nghttp2.h>

#include "adapters/proxy/h2_session.h"

/* Streams' objects that are kept for the next request, while a connection is in use. */
#define H2_SPARE_STREAMS_MAX 8
/* Of the answer, what waits for the client; one piece more may come. */
#define H2_OUT_HIGH (EXCHANGE_BUFFER_MAX - 2 * EXCHANGE_PIECE_MAX)
/* Fields of an answer as lines; their size is the backend's head limit, and what is added. */
#define H2_FIELDS_MAX ((size_t)1 << 20)
/* A head that has begun and not ended may be so much longer on the wire than in fields: frames' heads, padding. */
#define H2_HEAD_SLACK 16384

struct h2_stream {
    struct exchange x; /* first: the calls of upstream get back from it */
    struct h2_session *session;
    int32_t id;
    struct h2_stream *next, *previous;
    struct h2_stream *next_touched, *next_resumed;

    /* The request. Names and values belong to nghttp2 and are counted. */
    struct http_header fields[HTTP_HEADERS_MAX];
    nghttp2_rcbuf *kept[2 * HTTP_HEADERS_MAX + 8];
    size_t kept_count, head_len;
    struct bytes scheme, protocol;
    struct builder cookie;
    struct builder in;   /* of the body, when upstream takes no more */
    char websocket_key[32];
    bool is_head_done, is_started, is_too_large, is_connect, is_tunnel;
    bool is_input_paused, is_touched, is_resumed;
    bool is_input_over;  /* the rest of it is not wanted, or there is none: */
    bool is_remote_ended; /* END_STREAM has come */

    /* The answer. */
    struct builder out;
    size_t out_at;
    int status;
    bool is_answered, is_answer_ended, is_deferred, is_out_paused, is_reset;
    enum exchange_failure failure;
    uint64_t in_len, out_len, start_ms;
};

/* So much at once, and what time brings. */
struct h2_credit {
    uint64_t left, at_ms;
};

struct h2_session {
    nghttp2_session *nghttp2;
    struct h2_host host;
    struct h2_limits limits;
    struct h2_stream *streams, *spare;
    struct h2_stream *touched; /* have got something in this feed: to be flushed */
    struct h2_stream *resumed; /* their buffers have room again */
    size_t stream_count, spare_count;
    struct builder *output;    /* within h2_session_write */
    struct builder fields;     /* of one answer, as lines */

    bool is_failed, is_draining, is_drained;
    bool is_head_open;         /* a head has begun and not ended, with so many bytes up to now: */
    uint64_t open_head_len;
    bool is_useful;            /* a request, or a byte of a body, has come or gone since the last feed */
    struct h2_credit idle_bytes, resets;
};

/* ---- h2_frames.c ---- */
bool h2_frames_set_callbacks(nghttp2_session_callbacks **out);
/* h2_frames_spend: after a feed of so many bytes, have they brought anybody further? */
void h2_frames_spend(struct h2_session *s, size_t len);

/* ---- h2_stream.c: requests ---- */
struct h2_stream *h2_stream_new(struct h2_session *s, int32_t id);
/* h2_stream_free aborts what is under way, tells the host, and takes it out of all lists. */
void h2_stream_free(struct h2_stream *t);
/* h2_stream_add_field takes one field of the head; false: the stream is to be reset. */
bool h2_stream_add_field(struct h2_stream *t, nghttp2_rcbuf *name, nghttp2_rcbuf *value);
/* h2_stream_begin: the head is whole. */
void h2_stream_begin(struct h2_stream *t, bool is_ended);
/* h2_stream_body takes a piece of the body; false: the stream is to be reset. */
bool h2_stream_body(struct h2_stream *t, struct bytes piece);
void h2_stream_end(struct h2_stream *t);
void h2_stream_reset(struct h2_stream *t, uint32_t code);

/* ---- h2_answer.c ---- */
extern const struct exchange_down h2_answer_down;
/* h2_answer_local answers in our own name. */
void h2_answer_local(struct h2_stream *t, int status);
ssize_t h2_answer_read(nghttp2_session *nghttp2, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                       nghttp2_data_source *source, void *user);
int h2_answer_send(nghttp2_session *nghttp2, nghttp2_frame *frame, const uint8_t *head, size_t len,
                   nghttp2_data_source *source, void *user);

#endif
