/* fake_upstream.h - backends that do what a test says, behind an HTTP/2 session without a network: the host of the
 * session (h2_session.h), and the upstream side of its exchanges. */
#ifndef CATHAYA_TESTS_FAKES_FAKE_UPSTREAM_H
#define CATHAYA_TESTS_FAKES_FAKE_UPSTREAM_H

#include <stdlib.h>

#include "adapters/proxy/h2_session.h"
#include "adapters/proxy/proxy_state.h"

#define FAKE_EXCHANGES_MAX 256

struct fake_upstream {
    struct proxy_limits limits;
    struct proxy_site site;
    struct exchange *open[FAKE_EXCHANGES_MAX]; /* those that are under way, in the order of their begin */
    size_t open_count;
    struct builder body;    /* of all requests */
    unsigned started_count, ended_count, flushed_count, resumed_count, aborted_count, finished_count, whole_count;
    int refuses;            /* start answers this status */
    bool takes_no_more;     /* body says false */
    bool is_awake;
    uint64_t now_ms;
    void (*on_start)(struct fake_upstream *f, struct exchange *x);
    void (*on_resume)(struct fake_upstream *f, struct exchange *x);
    int last_status;
    enum exchange_failure last_failure;
};

static inline struct fake_upstream *fake_upstream_of(const struct exchange *x)
{
    return x->upstream;
}

static inline void fake_upstream_drop(struct exchange *x)
{
    struct fake_upstream *f = fake_upstream_of(x);
    size_t i = 0;
    while (i < f->open_count && f->open[i] != x)
        i++;
    if (i == f->open_count)
        abort(); /* it is none of ours */
    f->open_count--;
    for (; i < f->open_count; i++)
        f->open[i] = f->open[i + 1];
    x->up = NULL;
}

static inline bool fake_upstream_body(struct exchange *x, struct bytes piece)
{
    struct fake_upstream *f = fake_upstream_of(x);
    if (piece.len == 0 || piece.len > EXCHANGE_PIECE_MAX)
        abort();
    builder_bytes(&f->body, piece);
    return !f->takes_no_more;
}

static inline void fake_upstream_end(struct exchange *x)
{
    struct fake_upstream *f = fake_upstream_of(x);
    if (!x->is_request_ended)
        abort();
    f->ended_count++;
}

static inline void fake_upstream_flush(struct exchange *x)
{
    fake_upstream_of(x)->flushed_count++;
}

static inline void fake_upstream_resume(struct exchange *x)
{
    struct fake_upstream *f = fake_upstream_of(x);
    f->resumed_count++;
    if (f->on_resume != NULL)
        f->on_resume(f, x);
}

static inline void fake_upstream_abort(struct exchange *x)
{
    struct fake_upstream *f = fake_upstream_of(x);
    f->aborted_count++;
    fake_upstream_drop(x);
}

static const struct exchange_up fake_upstream_up = {.body = fake_upstream_body,
                                                    .end = fake_upstream_end,
                                                    .flush = fake_upstream_flush,
                                                    .resume = fake_upstream_resume,
                                                    .abort = fake_upstream_abort};

/* ---- the host ---- */

static inline int fake_upstream_start(void *context, struct exchange *x)
{
    struct fake_upstream *f = context;
    f->started_count++;
    x->site = &f->site;
    x->limits = &f->limits;
    x->request.peer = "192.0.2.1";
    if (f->refuses != 0 || f->open_count == FAKE_EXCHANGES_MAX)
        return f->refuses != 0 ? f->refuses : 503;
    x->upstream = f;
    x->up = &fake_upstream_up;
    f->open[f->open_count++] = x;
    if (f->on_start != NULL)
        f->on_start(f, x);
    return 0;
}

static inline void fake_upstream_wake(void *context)
{
    ((struct fake_upstream *)context)->is_awake = true;
}

static inline void fake_upstream_finished(void *context, const struct h2_finished *about)
{
    struct fake_upstream *f = context;
    f->finished_count++;
    f->whole_count += about->is_whole;
    f->last_status = about->status;
    f->last_failure = about->failure;
}

static inline uint64_t fake_upstream_now_ms(void *context)
{
    return ((struct fake_upstream *)context)->now_ms;
}

static inline struct h2_host fake_upstream_host(struct fake_upstream *f)
{
    return (struct h2_host){.context = f,
                            .wake = fake_upstream_wake,
                            .start = fake_upstream_start,
                            .finished = fake_upstream_finished,
                            .now_ms = fake_upstream_now_ms};
}

static inline void fake_upstream_init(struct fake_upstream *f)
{
    *f = (struct fake_upstream){.limits = proxy_default_limits(), .site = {.title = "a"}};
    builder_init(&f->body, (size_t)1 << 24);
}

/* ---- answers, as upstream.h would give them ---- */

static inline void fake_upstream_head(struct exchange *x, int status, const struct http_header *fields,
                                      size_t field_count, bool has_body, int64_t length)
{
    const struct exchange_response response = {.status = status,
                                               .fields = fields,
                                               .field_count = field_count,
                                               .has_body = has_body,
                                               .has_length = length >= 0,
                                               .length = length >= 0 ? (uint64_t)length : 0};
    x->down->head(x, &response);
}

/* The end of a whole answer: upstream is done with it. */
static inline void fake_upstream_answer_end(struct exchange *x)
{
    x->is_response_ended = true;
    fake_upstream_drop(x);
    x->down->end(x);
}

static inline void fake_upstream_answer_fail(struct exchange *x, enum exchange_failure why)
{
    fake_upstream_drop(x);
    x->down->fail(x, why);
}

#endif
