/* HTTP/2: nghttp2 as a client that keeps to the rules, and bytes by hand for those that do not. */
#include <stdio.h>

#include <nghttp2/nghttp2.h>

#include "fakes/fake_upstream.h"
#include "unit/checks.h"

#include "adapters/proxy/h2_session.h"

struct world {
    struct fake_upstream f;
    struct h2_session *session;
    nghttp2_session *client;
    struct builder seen; /* what the client got: "1:200 name=value ... 1:end" */
    struct builder body;
    struct builder raw;  /* what the session has written, for clients by hand */
    bool is_alive;
    uint32_t goaway;     /* error code + 1 of the last GOAWAY */
};

/* ---- the client ---- */

static int on_header(nghttp2_session *client, const nghttp2_frame *frame, const uint8_t *name, size_t name_len,
                     const uint8_t *value, size_t value_len, uint8_t flags, void *user)
{
    struct world *w = user;
    (void)client;
    (void)flags;
    builder_printf(&w->seen, "%d:", (int)frame->hd.stream_id);
    builder_bytes(&w->seen, bytes_of(name, name_len));
    builder_u8(&w->seen, '=');
    builder_bytes(&w->seen, bytes_of(value, value_len));
    builder_u8(&w->seen, ' ');
    return 0;
}

static int on_data(nghttp2_session *client, uint8_t flags, int32_t id, const uint8_t *data, size_t len, void *user)
{
    struct world *w = user;
    (void)client;
    (void)flags;
    (void)id;
    builder_bytes(&w->body, bytes_of(data, len));
    return 0;
}

static int on_frame(nghttp2_session *client, const nghttp2_frame *frame, void *user)
{
    struct world *w = user;
    (void)client;
    if (frame->hd.type == NGHTTP2_GOAWAY)
        w->goaway = frame->goaway.error_code + 1;
    if (frame->hd.type == NGHTTP2_RST_STREAM)
        builder_printf(&w->seen, "%d:reset%u ", (int)frame->hd.stream_id, (unsigned)frame->rst_stream.error_code);
    if ((frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS) &&
        (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
        builder_printf(&w->seen, "%d:end ", (int)frame->hd.stream_id);
    return 0;
}

/* Bytes both ways until neither side has any more. */
static void pump(struct world *w)
{
    struct builder out;
    builder_init(&out, (size_t)1 << 20);
    for (bool has_more = true; has_more;) {
        const uint8_t *data = NULL;
        has_more = false;
        ssize_t len = nghttp2_session_mem_send(w->client, &data);
        if (len > 0) {
            struct bytes copy = heap_copy(bytes_of(data, (size_t)len));
            w->is_alive = h2_session_feed(w->session, copy) && w->is_alive;
            heap_free(copy);
            has_more = true;
        }
        builder_reset(&out);
        h2_session_write(w->session, &out);
        assert_true(out.len <= 2 * H2_OUTPUT_MAX);
        if (out.len > 0) {
            assert_int_equal(nghttp2_session_mem_recv(w->client, out.data, out.len), out.len);
            has_more = true;
        }
    }
    builder_clear(&out);
}

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name,
                        .value = (uint8_t *)(uintptr_t)value,
                        .namelen = strlen(name),
                        .valuelen = strlen(value)};
}

static void submit(struct world *w, const nghttp2_nv *fields, size_t count, const nghttp2_data_provider *body)
{
    assert_true(nghttp2_submit_request(w->client, NULL, fields, count, body, NULL) > 0);
    pump(w);
}

#define HEAD_OF(method, path)                                                                                  \
    field(":method", method), field(":scheme", "https"), field(":authority", "a.example"), field(":path", path)

static void get(struct world *w)
{
    const nghttp2_nv fields[] = {HEAD_OF("GET", "/x?y")};
    submit(w, fields, LENGTH(fields), NULL);
}

static void expect(struct world *w, const char *seen)
{
    assert_bytes(builder_view(&w->seen), bytes_of_text(seen));
    builder_reset(&w->seen);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    nghttp2_session_callbacks *callbacks = NULL;
    struct error err;
    assert_non_null(w);
    w->is_alive = true;
    fake_upstream_init(&w->f);
    builder_init(&w->seen, (size_t)1 << 20);
    builder_init(&w->body, (size_t)1 << 26);
    builder_init(&w->raw, (size_t)1 << 26);
    const struct h2_host host = fake_upstream_host(&w->f);
    OK(h2_session_new(&host, &(struct h2_limits){.head_bytes = 4096}, &w->session, &err));
    assert_int_equal(nghttp2_session_callbacks_new(&callbacks), 0);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    assert_int_equal(nghttp2_session_client_new(&w->client, callbacks, w), 0);
    nghttp2_session_callbacks_del(callbacks);
    assert_int_equal(nghttp2_submit_settings(w->client, NGHTTP2_FLAG_NONE, NULL, 0), 0);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    h2_session_free(w->session);
    assert_int_equal(w->f.open_count, 0);
    nghttp2_session_del(w->client);
    builder_clear(&w->f.body);
    builder_clear(&w->seen);
    builder_clear(&w->body);
    builder_clear(&w->raw);
    free(w);
    return 0;
}

/* ---- messages ---- */

static void test_get(void **state)
{
    struct world *w = *state;
    static const struct http_header fields[] = {
        {{(const uint8_t *)"Content-Type", 12}, {(const uint8_t *)"text/plain", 10}},
        {{(const uint8_t *)"Connection", 10}, {(const uint8_t *)"keep-alive", 10}},
        {{(const uint8_t *)"Transfer-Encoding", 17}, {(const uint8_t *)"chunked", 7}},
    };
    get(w);
    assert_int_equal(w->f.open_count, 1);
    struct exchange *x = w->f.open[0];
    assert_bytes(x->request.method, bytes_of_text("GET"));
    assert_bytes(x->request.target, bytes_of_text("/x?y"));
    assert_bytes(x->request.authority, bytes_of_text("a.example"));
    assert_false(x->request.has_body);
    assert_true(x->request.is_http_2);
    assert_int_equal(w->f.ended_count, 1);
    assert_true(w->f.flushed_count > 0);
    fake_upstream_head(x, 103, NULL, 0, false, -1);
    fake_upstream_head(x, 200, fields, LENGTH(fields), true, 5);
    (void)x->down->body(x, bytes_of_text("hello"));
    fake_upstream_answer_end(x);
    pump(w);
    expect(w, "1::status=103 1::status=200 1:content-type=text/plain 1:content-length=5 1:end ");
    assert_bytes(builder_view(&w->body), bytes_of_text("hello"));
    assert_int_equal(w->f.finished_count, 1);
    assert_int_equal(w->f.whole_count, 1);
    assert_int_equal(h2_session_stream_count(w->session), 0);
    assert_int_equal(h2_session_wait(w->session), H2_WAIT_IDLE);
}

static void test_no_body(void **state)
{
    struct world *w = *state;
    get(w);
    fake_upstream_head(w->f.open[0], 304, NULL, 0, false, 77);
    fake_upstream_answer_end(w->f.open[0]);
    pump(w);
    expect(w, "1::status=304 1:content-length=77 1:end ");
}

/* Each piece of an event stream goes out when it comes, not when the stream ends. */
static void test_events_at_once(void **state)
{
    struct world *w = *state;
    get(w);
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, -1);
    for (int i = 0; i < 3; i++) {
        w->f.is_awake = false;
        (void)w->f.open[0]->down->body(w->f.open[0], bytes_of_text("data: 1\n\n"));
        w->f.open[0]->down->flush(w->f.open[0]);
        assert_true(w->f.is_awake);
        pump(w);
        assert_int_equal(w->body.len, (size_t)9 * (size_t)(i + 1));
    }
}

static void test_fields(void **state)
{
    struct world *w = *state;
    struct bytes value;
    const nghttp2_nv fields[] = {HEAD_OF("GET", "/"),       field("cookie", "a=1"), field("x-a", "1"),
                                 field("cookie", "b=2"),    field("te", "trailers"), field("x-a", "2"),
                                 field("host", "A.example"), field("cookie", "c=3")};
    submit(w, fields, LENGTH(fields), NULL);
    assert_int_equal(w->f.open_count, 1);
    const struct exchange_request *r = &w->f.open[0]->request;
    size_t cookies = 0;
    for (size_t i = 0; i < r->field_count; i++) {
        if (bytes_is_text(r->fields[i].name, "cookie")) {
            cookies++;
            value = r->fields[i].value;
        }
    }
    assert_int_equal(cookies, 1);
    assert_bytes(value, bytes_of_text("a=1; b=2; c=3"));
    assert_int_equal(r->field_count, 5);
}

/* What an HTTP/1.1 backend could take for something else. The client's library would refuse most of them itself. */
static void test_bad_heads(void **state)
{
    struct world *w = *state;
    const struct {
        nghttp2_nv fields[8];
        size_t count;
        const char *seen;
    } rows[] = {
        {{HEAD_OF("GET", "/"), field("host", "b.example")}, 5, "400"},
        {{HEAD_OF("GET", "/"), field("host", "a.example"), field("host", "a.example")}, 6, NULL},
        {{HEAD_OF("GET", "/ HTTP/1.1")}, 4, NULL},
        {{HEAD_OF("GET", "/#x")}, 4, "400"},
        {{HEAD_OF("GET", "*")}, 4, NULL},
        {{HEAD_OF("G T", "/")}, 4, NULL},
        {{HEAD_OF("GET", "/"), field("connection", "close")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("transfer-encoding", "chunked")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("upgrade", "h2c")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("te", "gzip")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("x", "a\nb")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("x", " a")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("x y", "a")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field("content-length", "5")}, 5, NULL},
        {{HEAD_OF("GET", "/"), field(":protocol", "websocket")}, 5, NULL},
        {{field(":method", "GET"), field(":scheme", "https"), field(":authority", "a.example:80.b"), field(":path", "/")},
         4,
         "400"},
        {{field(":method", "GET"), field(":scheme", "https"), field(":authority", "[::1]a.example"), field(":path", "/")},
         4,
         "400"},
        {{field(":method", "GET"), field(":scheme", "https"), field(":authority", "u@a.example"), field(":path", "/")},
         4,
         "400"},
        {{field(":method", "GET"), field(":scheme", "https"), field(":path", "/")}, 3, NULL},
        {{field(":method", "CONNECT"), field(":authority", "a.example:443")}, 2, "501"},
        {{HEAD_OF("CONNECT", "/"), field(":protocol", "icap")}, 5, "501"},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        char want[64];
        int32_t id = nghttp2_submit_request(w->client, NULL, rows[i].fields, rows[i].count, NULL, NULL);
        assert_true(id > 0);
        pump(w);
        assert_int_equal(w->f.open_count, 0);
        assert_int_equal(w->f.started_count, 0);
        assert_int_equal(h2_session_wait(w->session), H2_WAIT_IDLE);
        if (rows[i].seen != NULL) {
            (void)snprintf(want, sizeof want, "%d::status=%s ", (int)id, rows[i].seen);
            assert_non_null(memmem(w->seen.data, w->seen.len, want, strlen(want)));
        } else {
            (void)snprintf(want, sizeof want, "%d:reset1 ", (int)id);
            assert_bytes(builder_view(&w->seen), bytes_of_text(want));
        }
        builder_reset(&w->seen);
    }
    assert_true(w->is_alive);
    get(w);
    assert_int_equal(w->f.open_count, 1);
}

static void test_too_large(void **state)
{
    struct world *w = *state;
    char value[3000];
    memset(value, 'a', sizeof value);
    value[sizeof value - 1] = '\0';
    const nghttp2_nv fields[] = {HEAD_OF("GET", "/"), field("x-a", value), field("x-b", value)};
    submit(w, fields, LENGTH(fields), NULL);
    assert_int_equal(w->f.started_count, 0);
    assert_non_null(memmem(w->seen.data, w->seen.len, ":status=431", 11));
    nghttp2_nv many[4 + HTTP_HEADERS_MAX] = {HEAD_OF("GET", "/")};
    for (size_t i = 4; i < LENGTH(many); i++)
        many[i] = field("x", "y");
    builder_reset(&w->seen);
    submit(w, many, LENGTH(many), NULL);
    assert_int_equal(w->f.started_count, 0);
    assert_non_null(memmem(w->seen.data, w->seen.len, ":status=431", 11));
}

static void test_refused(void **state)
{
    struct world *w = *state;
    w->f.refuses = 421;
    get(w);
    expect(w, "1::status=421 1:content-type=text/plain 1:content-length=24 1:end ");
    w->f.refuses = 503;
    get(w);
    expect(w, "3::status=503 3:retry-after=1 3:content-type=text/plain 3:content-length=24 3:end ");
    assert_int_equal(w->f.finished_count, 2);
}

static void test_failures(void **state)
{
    struct world *w = *state;
    get(w);
    fake_upstream_answer_fail(w->f.open[0], EXCHANGE_ANSWER_SLOW);
    pump(w);
    assert_non_null(memmem(w->seen.data, w->seen.len, ":status=504", 11));
    assert_int_equal(w->f.last_failure, EXCHANGE_ANSWER_SLOW);
    builder_reset(&w->seen);
    /* In the middle of an answer the client has to see that it is not whole. */
    get(w);
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, 10);
    (void)w->f.open[0]->down->body(w->f.open[0], bytes_of_text("half"));
    pump(w);
    fake_upstream_answer_fail(w->f.open[0], EXCHANGE_BACKEND_CLOSED);
    pump(w);
    expect(w, "3::status=200 3:content-length=10 3:reset2 ");
    assert_int_equal(w->f.whole_count, 1);
}

/* ---- bodies ---- */

struct source {
    size_t left;
    bool is_endless; /* waits when it has given all */
};

static ssize_t read_source(nghttp2_session *client, int32_t id, uint8_t *buffer, size_t size, uint32_t *flags,
                           nghttp2_data_source *source, void *user)
{
    struct source *s = source->ptr;
    (void)client;
    (void)id;
    (void)user;
    if (s->left == 0 && s->is_endless)
        return NGHTTP2_ERR_DEFERRED;
    if (size > s->left)
        size = s->left;
    memset(buffer, 'b', size);
    s->left -= size;
    if (s->left == 0 && !s->is_endless)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)size;
}

static void post(struct world *w, struct source *source, const char *length)
{
    const nghttp2_nv fields[] = {HEAD_OF("POST", "/"), field("content-length", length == NULL ? "0" : length)};
    const nghttp2_data_provider body = {.source.ptr = source, .read_callback = read_source};
    submit(w, fields, length == NULL ? 4 : 5, &body);
}

static void test_upload(void **state)
{
    struct world *w = *state;
    struct source source = {.left = 1000000};
    post(w, &source, "1000000");
    assert_int_equal(w->f.body.len, 1000000);
    assert_int_equal(w->f.ended_count, 1);
    assert_true(w->f.open[0]->request.has_length);
    assert_int_equal(w->f.open[0]->request.length, 1000000);
}

/* Upstream takes no more: the client can send what the window allows, and goes on afterwards. */
static void test_upload_waits(void **state)
{
    struct world *w = *state;
    struct source source = {.left = 1000000};
    w->f.takes_no_more = true;
    post(w, &source, NULL);
    assert_true(w->f.body.len <= EXCHANGE_PIECE_MAX);
    assert_true(1000000 - source.left <= H2_STREAM_WINDOW + EXCHANGE_PIECE_MAX);
    assert_int_equal(w->f.ended_count, 0);
    assert_int_equal(h2_session_wait(w->session), H2_WAIT_NONE);
    while (w->f.ended_count == 0) {
        size_t before = w->f.body.len;
        w->f.open[0]->down->resume(w->f.open[0]);
        pump(w);
        assert_true(w->f.body.len > before || w->f.ended_count > 0);
        assert_true(w->f.body.len - before <= EXCHANGE_PIECE_MAX);
    }
    assert_int_equal(w->f.body.len, 1000000);
}

/* One that waits does not keep the others from going on; and what is dropped with it is given back. */
static void test_upload_aborted(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        struct source source = {.left = 60000};
        w->f.takes_no_more = true;
        post(w, &source, NULL);
        fake_upstream_answer_fail(w->f.open[0], EXCHANGE_BACKEND_CLOSED);
        pump(w);
        assert_int_equal(w->f.open_count, 0);
    }
    struct source source = {.left = 500000};
    w->f.takes_no_more = false;
    builder_reset(&w->f.body);
    post(w, &source, NULL);
    assert_int_equal(w->f.body.len, 500000);
}

static void test_early_answer(void **state)
{
    struct world *w = *state;
    struct source source = {.left = 10, .is_endless = true};
    post(w, &source, NULL);
    fake_upstream_head(w->f.open[0], 413, NULL, 0, false, 0);
    fake_upstream_answer_end(w->f.open[0]);
    pump(w);
    expect(w, "1::status=413 1:content-length=0 1:end 1:reset0 ");
    assert_int_equal(h2_session_stream_count(w->session), 0);
    assert_true(w->is_alive);
}

static void test_lengths(void **state)
{
    struct world *w = *state;
    struct source more = {.left = 20}, less = {.left = 5};
    post(w, &more, "10");
    assert_int_equal(w->f.open_count, 0);
    assert_int_equal(w->f.aborted_count, 1);
    expect(w, "1:reset1 ");
    post(w, &less, "10");
    assert_int_equal(w->f.open_count, 0);
    expect(w, "3:reset1 ");
    assert_int_equal(w->f.ended_count, 0);
}

static void give_more(struct fake_upstream *f, struct exchange *x)
{
    static const uint8_t piece[EXCHANGE_PIECE_MAX];
    (void)f;
    while (x->down->body(x, BYTES_OF(piece)))
        ;
}

/* A client that reads slowly: what waits for it stays bounded, and goes on with its windows. */
static void test_download(void **state)
{
    struct world *w = *state;
    w->f.on_resume = give_more;
    get(w);
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, -1);
    give_more(&w->f, w->f.open[0]);
    for (int i = 0; i < 50; i++) {
        struct builder out;
        builder_init(&out, (size_t)1 << 20);
        h2_session_write(w->session, &out);
        assert_true(out.len <= H2_OUTPUT_MAX + 3 * EXCHANGE_PIECE_MAX);
        /* The client has nothing more to say than its first window. */
        builder_clear(&out);
    }
    assert_true(w->f.resumed_count <= 4);
    assert_int_equal(h2_session_wait(w->session), H2_WAIT_WRITE);
}

static void give_limited(struct fake_upstream *f, struct exchange *x)
{
    static uint8_t piece[EXCHANGE_PIECE_MAX];
    static size_t given;
    (void)f;
    while (given < 4000000) {
        bool may_go_on = x->down->body(x, BYTES_OF(piece));
        given += sizeof piece;
        if (!may_go_on)
            return;
    }
    if (x->up != NULL && !x->is_response_ended) {
        given = 0;
        fake_upstream_answer_end(x);
    }
}

static void test_large_download(void **state)
{
    struct world *w = *state;
    w->f.on_resume = give_limited;
    get(w);
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, -1);
    give_limited(&w->f, w->f.open[0]);
    pump(w);
    assert_true(w->body.len >= 4000000);
    assert_int_equal(w->f.open_count, 0);
    assert_int_equal(w->f.whole_count, 1);
}

/* ---- streams, resets, the end ---- */

static void test_many_streams(void **state)
{
    struct world *w = *state;
    pump(w);
    for (int i = 0; i < H2_STREAMS_MAX; i++)
        get(w);
    assert_int_equal(w->f.open_count, H2_STREAMS_MAX);
    get(w); /* waits in the client */
    assert_int_equal(w->f.open_count, H2_STREAMS_MAX);
    fake_upstream_head(w->f.open[5], 204, NULL, 0, false, -1);
    fake_upstream_answer_end(w->f.open[5]);
    pump(w);
    assert_int_equal(w->f.open_count, H2_STREAMS_MAX);
    assert_int_equal(w->f.started_count, H2_STREAMS_MAX + 1);
}

static void test_reset_aborts(void **state)
{
    struct world *w = *state;
    get(w);
    assert_int_equal(nghttp2_submit_rst_stream(w->client, 0, 1, NGHTTP2_CANCEL), 0);
    pump(w);
    assert_int_equal(w->f.aborted_count, 1);
    assert_int_equal(w->f.open_count, 0);
    assert_int_equal(w->f.last_status, 0);
}

/* [CVE-2023-44487] */
static void test_rapid_reset(void **state)
{
    struct world *w = *state;
    int count = 0;
    for (; count < 1000 && w->is_alive && w->goaway == 0; count++) {
        get(w);
        (void)nghttp2_submit_rst_stream(w->client, 0, 2 * count + 1, NGHTTP2_CANCEL);
        pump(w);
    }
    assert_int_equal(count, H2_RESETS_MAX + 1);
    assert_int_equal(w->goaway, NGHTTP2_ENHANCE_YOUR_CALM + 1);
    assert_true(h2_session_is_over(w->session));
}

/* A person who leaves pages quickly is no attack. */
static void test_slow_reset(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 600; i++) {
        get(w);
        (void)nghttp2_submit_rst_stream(w->client, 0, 2 * i + 1, NGHTTP2_CANCEL);
        pump(w);
        w->f.now_ms += 1000 / H2_RESETS_PER_S;
    }
    assert_true(w->is_alive);
    assert_int_equal(w->f.aborted_count, 600);
}

static void test_drain(void **state)
{
    struct world *w = *state;
    get(w);
    h2_session_drain(w->session);
    pump(w);
    assert_int_equal(w->goaway, NGHTTP2_NO_ERROR + 1);
    assert_false(h2_session_is_over(w->session));
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, 2);
    (void)w->f.open[0]->down->body(w->f.open[0], bytes_of_text("hi"));
    fake_upstream_answer_end(w->f.open[0]);
    pump(w);
    assert_bytes(builder_view(&w->body), bytes_of_text("hi"));
    assert_true(h2_session_is_over(w->session));
}

static void test_drain_idle(void **state)
{
    struct world *w = *state;
    pump(w);
    h2_session_drain(w->session);
    h2_session_drain(w->session);
    pump(w);
    assert_int_equal(w->goaway, NGHTTP2_NO_ERROR + 1);
    assert_true(h2_session_is_over(w->session));
}

/* ---- WebSockets [RFC8441] ---- */

static void test_websocket(void **state)
{
    struct world *w = *state;
    struct source source = {.left = 0, .is_endless = true};
    const nghttp2_nv fields[] = {HEAD_OF("CONNECT", "/chat"), field(":protocol", "websocket"),
                                 field("sec-websocket-version", "13")};
    const nghttp2_data_provider body = {.source.ptr = &source, .read_callback = read_source};
    pump(w);
    submit(w, fields, LENGTH(fields), &body);
    assert_int_equal(w->f.open_count, 1);
    struct exchange *x = w->f.open[0];
    assert_bytes(x->request.method, bytes_of_text("GET"));
    assert_bytes(x->request.upgrade, bytes_of_text("websocket"));
    assert_false(x->request.has_body);
    bool has_key = false;
    for (size_t i = 0; i < x->request.field_count; i++)
        has_key = has_key || (bytes_is_text(x->request.fields[i].name, "sec-websocket-key") &&
                              x->request.fields[i].value.len == 24);
    assert_true(has_key);
    x->is_request_ended = false;
    fake_upstream_head(x, 101, NULL, 0, false, -1);
    (void)x->down->body(x, bytes_of_text("from the backend"));
    source.left = 7;
    (void)nghttp2_session_resume_data(w->client, 1);
    pump(w);
    expect(w, "1::status=200 ");
    assert_bytes(builder_view(&w->body), bytes_of_text("from the backend"));
    assert_bytes(builder_view(&w->f.body), bytes_of_text("bbbbbbb"));
    assert_int_equal(h2_session_wait(w->session), H2_WAIT_TUNNEL);
    /* Half-close: the backend's side first, then the client's. */
    x->is_response_ended = true;
    x->down->end(x);
    pump(w);
    expect(w, "1:end ");
    assert_int_equal(w->f.open_count, 1);
    unsigned ends_before = w->f.ended_count;
    source.left = 3;
    source.is_endless = false;
    (void)nghttp2_session_resume_data(w->client, 1);
    pump(w);
    assert_bytes(builder_view(&w->f.body), bytes_of_text("bbbbbbbbbb"));
    assert_int_equal(w->f.ended_count, ends_before + 1);
}

/* A backend that does not know WebSockets says 200: no tunnel. And bytes before the answer are no request. */
static void test_websocket_refused(void **state)
{
    struct world *w = *state;
    struct source quiet = {.left = 0, .is_endless = true}, hasty = {.left = 5};
    const nghttp2_nv fields[] = {HEAD_OF("CONNECT", "/chat"), field(":protocol", "websocket")};
    const nghttp2_data_provider body = {.source.ptr = &quiet, .read_callback = read_source};
    const nghttp2_data_provider hasty_body = {.source.ptr = &hasty, .read_callback = read_source};
    pump(w);
    submit(w, fields, LENGTH(fields), &body);
    fake_upstream_head(w->f.open[0], 200, NULL, 0, true, 2);
    pump(w);
    assert_non_null(memmem(w->seen.data, w->seen.len, "1::status=502", 13));
    assert_int_equal(w->f.open_count, 0);
    builder_reset(&w->seen);
    submit(w, fields, LENGTH(fields), &hasty_body);
    expect(w, "3:reset1 ");
    assert_int_equal(w->f.body.len, 0);
    assert_int_equal(w->f.open_count, 0);
}

/* ---- clients by hand ---- */

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

static bool feed_raw(struct world *w, struct bytes bytes)
{
    struct bytes copy = heap_copy(bytes);
    bool is_alive = h2_session_feed(w->session, copy);
    heap_free(copy);
    h2_session_write(w->session, &w->raw);
    w->raw.len = 0;
    return is_alive;
}

static void begin_raw(struct world *w)
{
    assert_true(feed_raw(w, bytes_of(PREFACE "\0\0\0\4\0\0\0\0\0", 33)));
}

/* Feeds the same frame until the session has had enough; how often. */
static int until_enough(struct world *w, struct bytes frame)
{
    int count = 0;
    while (count < 100000 && feed_raw(w, frame) && !h2_session_is_over(w->session))
        count++;
    return count;
}

static void test_not_http2(void **state)
{
    struct world *w = *state;
    bool is_alive = feed_raw(w, bytes_of_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_true(!is_alive || h2_session_is_over(w->session));
}

/* Somebody who only wants to know that we are there. */
static void test_slow_pings(void **state)
{
    struct world *w = *state;
    begin_raw(w);
    for (int i = 0; i < 20000; i++) {
        assert_true(feed_raw(w, bytes_of("\0\0\x08\6\0\0\0\0\0\0\0\0\0\0\0\0\0", 17)));
        w->f.now_ms += 1000;
    }
}

static void test_floods(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
        {"\0\0\0\4\0\0\0\0\0", 9},                          /* SETTINGS */
        {"\0\0\x08\6\0\0\0\0\0\0\0\0\0\0\0\0\0", 17},       /* PING */
        {"\0\0\5\2\0\0\0\0\1\0\0\0\0\1", 14},               /* PRIORITY */
        {"\0\0\4\x08\0\0\0\0\0\0\0\0\1", 13},               /* WINDOW_UPDATE */
        {"\0\0\0\0\0\0\0\0\1", 9},                          /* DATA without a byte */
        {"\0\0\0\x7f\0\0\0\0\0", 9},                       /* what nobody knows */
        {"\0\0\5\0\x08\0\0\0\1\4\0\0\0\0", 14},             /* DATA of padding alone */
        {"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17},       /* GOAWAY */
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        void *another = NULL;
        assert_int_equal(set_up(&another), 0);
        struct world *w = another;
        begin_raw(w);
        /* A request with a body that does not come: POST, https, "/", ":authority: a". */
        assert_true(feed_raw(w, bytes_of("\0\0\6\1\4\0\0\0\1\x83\x87\x84\x41\1a", 15)));
        int count = until_enough(w, bytes_of(rows[i].bytes, rows[i].len));
        if ((size_t)count > H2_IDLE_BYTES_MAX / rows[i].len + 1)
            fail_msg("row %zu: %d", i, count);
        assert_int_equal(tear_down(&another), 0);
    }
    (void)state;
}

/* HEADERS, and then CONTINUATION without end: with bytes in it, and without. */
static void test_continuation_flood(void **state)
{
    struct world *w = *state;
    begin_raw(w);
    (void)feed_raw(w, bytes_of("\0\0\1\1\0\0\0\0\1\x82", 10));
    /* A literal field without indexing: "a: b". */
    int count = until_enough(w, bytes_of("\0\0\5\x09\0\0\0\0\1\0\1a\1b", 14));
    assert_true(count < 5000);
    assert_int_equal(w->f.started_count, 0);
}

static void test_empty_continuation_flood(void **state)
{
    struct world *w = *state;
    begin_raw(w);
    (void)feed_raw(w, bytes_of("\0\0\1\1\0\0\0\0\1\x82", 10));
    int count = until_enough(w, bytes_of("\0\0\0\x09\0\0\0\0\1", 9));
    assert_true(count < 5000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get),           TEST(test_no_body),          TEST(test_events_at_once),
        TEST(test_fields),        TEST(test_bad_heads),        TEST(test_too_large),
        TEST(test_refused),       TEST(test_failures),         TEST(test_upload),
        TEST(test_upload_waits),  TEST(test_upload_aborted),   TEST(test_early_answer),
        TEST(test_lengths),       TEST(test_download),         TEST(test_large_download),
        TEST(test_many_streams),  TEST(test_reset_aborts),     TEST(test_rapid_reset),
        TEST(test_slow_reset),    TEST(test_drain),            TEST(test_drain_idle),
        TEST(test_websocket),     TEST(test_websocket_refused), TEST(test_not_http2),
        TEST(test_floods), TEST(test_slow_pings),        TEST(test_continuation_flood), TEST(test_empty_continuation_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
