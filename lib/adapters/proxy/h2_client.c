/* A client that speaks HTTP/2: the session (h2_session.h) on its connection. */
#include <stdlib.h>
#include <string.h>

#include "adapters/proxy/access_log.h"
#include "adapters/proxy/client.h"
#include "adapters/proxy/h2_session.h"

#define READS_MAX 4

struct h2_client {
    struct h2_session *session;
    struct h2_host host;
};

static void on_wake(void *context)
{
    client_wake(context);
}

static void count_request(struct client *c)
{
    counter_add(&c->worker->counters.requests, 1);
    counter_add(&c->worker->counters.requests_http2, 1);
}

static int start_exchange(void *context, struct exchange *x)
{
    struct client *c = context;
    struct proxy_worker *w = c->worker;
    int status = 0;
    count_request(c);
    if (!client_update_state(c))
        return 421;
    /* Other streams go on with the state that they began with. */
    x->state = proxy_state_keep(c->state);
    x->site = client_find_site(c, x->request.authority, &status);
    x->limits = proxy_state_limits(c->state);
    client_fill_request(c, &x->request);
    if (x->site == NULL)
        return status;
    enum exchange_failure why = x->site->backends != NULL ? w->start(w->upstreams, x) : EXCHANGE_NO_BACKEND;
    if (why == EXCHANGE_OK)
        return 0;
    counter_add(&w->counters.failures_by_kind[why], 1);
    return why == EXCHANGE_CONNECT_FAILED ? 502 : why == EXCHANGE_NO_MEMORY ? 500 : 503;
}

static void on_finished(void *context, const struct h2_finished *f)
{
    struct client *c = context;
    struct worker_counters *n = &c->worker->counters;
    int class = f->status / 100;
    if (!f->is_started) {
        count_request(c);
        counter_add(&n->bad_requests, 1);
    }
    counter_add(&n->requests_ended, 1);
    counter_add(&n->answers_by_class[class > 0 && class < 6 ? class : 0], 1);
    counter_add(&n->bytes_in, f->in_len);
    counter_add(&n->bytes_out, f->out_len);
    if (f->failure != EXCHANGE_OK)
        counter_add(&n->failures_by_kind[f->failure], 1);
    if (c->worker->log != NULL)
        access_log_add(c->worker->log, &(struct access_entry){.client = c,
                                                              .exchange = f->exchange,
                                                              .status = f->status,
                                                              .in_len = f->in_len,
                                                              .out_len = f->out_len,
                                                              .start_ms = f->start_ms,
                                                              .is_whole = f->is_whole,
                                                              .protocol = "2"});
    proxy_state_free(f->exchange->state);
}

static uint64_t now_ms(void *context)
{
    const struct client *c = context;
    return worker_now_ms(c->worker);
}

/* ---- the protocol ---- */

static bool begin(struct client *c)
{
    struct error err;
    struct h2_client *h = calloc(1, sizeof *h);
    if (h == NULL)
        return false;
    c->data = h;
    h->host = (struct h2_host){.context = c,
                               .wake = on_wake,
                               .start = start_exchange,
                               .finished = on_finished,
                               .now_ms = now_ms};
    const struct h2_limits limits = {.head_bytes = proxy_state_limits(c->state)->head_bytes};
    return h2_session_new(&h->host, &limits, &h->session, &err) == STATUS_OK;
}

/* False: the client broke the protocol. */
static bool read_all(struct client *c, struct h2_client *h)
{
    int reads_left = READS_MAX;
    for (;;) {
        struct bytes in = client_input(c);
        if (in.len > 0) {
            c->in_at = c->in_len;
            if (!h2_session_feed(h->session, in))
                return false;
            continue;
        }
        bool has_pending = c->tls != NULL && c->can_read && tls_stream_has_pending(c->tls);
        /* A client that does not read its answers does not get to ask for more. */
        bool has_room = client_output_len(c) < H2_OUTPUT_MAX * 2;
        if (!has_room || !(reads_left-- > 0 || has_pending) || !client_read(c))
            return true;
    }
}

static void write_all(struct client *c, struct h2_client *h)
{
    bool goes_on = true;
    while (goes_on && !c->is_dead) {
        client_ready_output(c);
        size_t before = c->out.len;
        h2_session_write(h->session, &c->out);
        if (!builder_is_good(&c->out))
            c->is_dead = true;
        bool is_new = c->out.len > before;
        goes_on = client_flush(c) && is_new;
    }
}

static enum client_wait wait_of(const struct client *c, const struct h2_client *h)
{
    static const enum client_wait waits[] = {
        [H2_WAIT_NONE] = CLIENT_WAIT_NONE, [H2_WAIT_IDLE] = CLIENT_WAIT_IDLE,
        [H2_WAIT_HEAD] = CLIENT_WAIT_HEAD, [H2_WAIT_BODY] = CLIENT_WAIT_BODY,
        [H2_WAIT_WRITE] = CLIENT_WAIT_WRITE, [H2_WAIT_TUNNEL] = CLIENT_WAIT_TUNNEL,
    };
    return client_output_len(c) > 0 ? CLIENT_WAIT_WRITE : waits[h2_session_wait(h->session)];
}

static void run(struct client *c)
{
    if (c->data == NULL && !begin(c)) {
        c->is_dead = true;
        return;
    }
    struct h2_client *h = c->data;
    (void)client_flush(c);
    bool is_good = read_all(c, h);
    if (!c->is_dead)
        write_all(c, h);
    c->is_read_paused = client_output_len(c) >= H2_OUTPUT_MAX * 2;
    c->is_busy = h2_session_stream_count(h->session) > 0;
    if (!is_good || h2_session_is_over(h->session) || c->is_read_ended)
        client_close_after(c, !is_good);
    else
        client_set_wait(c, wait_of(c, h));
}

static void drain(struct client *c)
{
    struct h2_client *h = c->data;
    if (h == NULL)
        return;
    h2_session_drain(h->session);
    /* The connection ends when the session says so. */
    c->is_busy = true;
}

static void free_data(struct client *c)
{
    struct h2_client *h = c->data;
    if (h == NULL)
        return;
    h2_session_free(h->session);
    c->data = NULL;
    free(h);
}

const struct client_protocol h2_protocol = {.run = run, .drain = drain, .free = free_data};
