/* HTTP/2 from a client that may send anything, in pieces of any size, before backends that answer now and then. */
#include "fakes/fake_upstream.h"

#include <string.h>

#define STEPS_MAX 4096
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a backend does next, by one byte of the input. */
static void act(struct fake_upstream *f, uint8_t what)
{
    static const struct http_header field = {{(const uint8_t *)"Server", 6}, {(const uint8_t *)"x", 1}};
    static const uint8_t piece[EXCHANGE_PIECE_MAX];
    if (f->open_count == 0)
        return;
    struct exchange *x = f->open[what % f->open_count];
    f->takes_no_more = (what & 0x80) != 0;
    switch (what >> 4 & 7) {
    case 0:
        fake_upstream_head(x, 103, &field, 1, false, -1);
        break;
    case 1:
        fake_upstream_head(x, 200, &field, 1, true, -1);
        (void)x->down->body(x, BYTES_OF(piece));
        break;
    case 2:
        x->down->flush(x);
        break;
    case 3:
        fake_upstream_answer_fail(x, EXCHANGE_BACKEND_CLOSED);
        break;
    case 4:
        if (x->request.upgrade.len > 0)
            x->is_request_ended = false;
        fake_upstream_head(x, x->request.upgrade.len > 0 ? 101 : 204, &field, 1, false, -1);
        break;
    case 5:
        fake_upstream_head(x, 200, NULL, 0, false, 0);
        if (x->up != NULL)
            fake_upstream_answer_end(x);
        break;
    default:
        f->takes_no_more = false;
        x->down->resume(x);
    }
}

static bool write_all(struct h2_session *session)
{
    struct builder out;
    builder_init(&out, (size_t)1 << 20);
    h2_session_write(session, &out);
    bool is_good = builder_is_good(&out);
    builder_clear(&out);
    if (!is_good)
        abort(); /* more than it may */
    return !h2_session_is_over(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_upstream f;
    struct h2_session *session = NULL;
    fake_upstream_init(&f);
    const struct h2_host host = fake_upstream_host(&f);
    if (h2_session_new(&host, &(struct h2_limits){.head_bytes = 4096}, &session, NULL) != STATUS_OK)
        return 0;
    /* The first byte says whether the preface is given, so that what follows it is reached. */
    bool goes_on = size > 0;
    if (goes_on && data[0] != 'P') {
        goes_on = h2_session_feed(session, bytes_of(PREFACE "\0\0\0\4\0\0\0\0\0", 33));
        data++;
        size--;
    }
    for (unsigned i = 0; goes_on && size > 0 && i < STEPS_MAX; i++) {
        size_t len = (size_t)data[0] + 1;
        uint8_t what = data[0];
        data++;
        size--;
        len = len < size ? len : size;
        uint8_t *copy = malloc(len + 1); /* exact, for the sanitizer */
        if (copy == NULL)
            break;
        if (len > 0)
            memcpy(copy, data, len);
        goes_on = h2_session_feed(session, bytes_of(copy, len)) && write_all(session);
        free(copy);
        data += len;
        size -= len;
        act(&f, size > 0 ? data[0] : what);
        goes_on = goes_on && write_all(session);
        f.now_ms += what;
    }
    h2_session_free(session);
    if (f.open_count != 0)
        abort(); /* an exchange that nobody has ended */
    builder_clear(&f.body);
    return 0;
}
