/* The connection's half of HTTP/2: bytes, frames, floods, the end. */
#include "adapters/proxy/h2_session.h"

#include <stdlib.h>

#include "adapters/proxy/h2_parts.h"

/* ---- making ---- */

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
    bool is_good = h2_frames_set_callbacks(&callbacks) && set_options(&options) &&
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
        h2_frames_spend(s, in.len);
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
