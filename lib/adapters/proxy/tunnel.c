/* Bytes both ways, whatever they mean: after 101 Switching Protocols, and for sites and listeners of TCP. */
#include <sys/socket.h>

#include "adapters/proxy/http1.h"

#define READS_MAX 4

void tunnel_begin(struct http1 *h)
{
    struct client *c = h->client;
    h->is_tunnel = true;
    h->closes = true;
    h->x.down = &tunnel_down;
    c->protocol = &tunnel_protocol;
    counter_add(&c->worker->counters.tunnels, 1);
    c->wait = CLIENT_WAIT_NONE;
    client_wake(c); /* what the client has sent behind its request waits for nobody's event */
}

/* ---- the backend's side ---- */

static void on_head(struct exchange *x, const struct exchange_response *r)
{
    struct http1 *h = http1_of(x);
    /* 101: a raw tunnel is connected. */
    h->status = r->status;
    h->has_head = true;
    client_run(h->client);
}

static bool on_body(struct exchange *x, struct bytes piece)
{
    struct http1 *h = http1_of(x);
    if (h->client->is_dead)
        return false;
    h->out_len += piece.len;
    client_write(h->client, &piece, 1);
    h->is_down_paused = client_output_len(h->client) > HTTP1_OUTPUT_HIGH;
    return !h->is_down_paused;
}

static void on_end(struct exchange *x)
{
    struct http1 *h = http1_of(x);
    h->is_backend_ended = true;
    client_run(h->client);
}

static void on_fail(struct exchange *x, enum exchange_failure why)
{
    struct http1 *h = http1_of(x);
    h->failure = why;
    counter_add(&h->client->worker->counters.failures_by_kind[why], 1);
    (void)client_flush(h->client);
    h->client->is_cut = h->client->is_dead = true;
    client_run(h->client);
    if (!h->client->is_running)
        client_kill(h->client);
}

const struct exchange_down tunnel_down = {
    .head = on_head, .body = on_body, .end = on_end, .flush = http1_on_flush, .resume = http1_on_resume, .fail = on_fail};

/* ---- the client's side ---- */

/* A site or listener of TCP: the tunnel is there from the beginning. */
static bool begin_raw(struct client *c)
{
    const struct proxy_site *site = NULL;
    struct proxy_worker *w = c->worker;
    if (client_update_state(c))
        site = c->kind == PROXY_TCP ? proxy_state_default_site(c->state) : c->site;
    if (site == NULL || site->backends == NULL || !http1_take(c))
        return false;
    struct http1 *h = c->data;
    h->has_begun = true;
    counter_add(&w->counters.requests, 1);
    tunnel_begin(h);
    h->x.request = (struct exchange_request){.is_raw = true};
    h->x.site = site;
    h->x.limits = proxy_state_limits(c->state);
    client_fill_request(c, &h->x.request);
    h->failure = w->start(w->upstreams, &h->x);
    if (h->failure != EXCHANGE_OK)
        counter_add(&w->counters.failures_by_kind[h->failure], 1);
    return h->failure == EXCHANGE_OK;
}

static void end_client_side(struct http1 *h)
{
    h->is_client_ended = true;
    h->x.is_request_ended = true;
    if (h->x.up != NULL)
        h->x.up->end(&h->x);
}

/* What the client sends, as far as upstream takes it. */
static void pass_input(struct client *c, struct http1 *h)
{
    int reads_left = READS_MAX;
    while (!c->is_dead && !h->is_up_paused && !h->is_client_ended && h->x.up != NULL) {
        struct bytes in = client_input(c);
        if (in.len > 0) {
            h->in_len += in.len;
            c->in_at = c->in_len;
            h->is_up_paused = !h->x.up->body(&h->x, in);
            continue;
        }
        bool has_pending = c->tls != NULL && c->can_read && tls_stream_has_pending(c->tls);
        if ((reads_left-- > 0 || has_pending) && client_read(c))
            continue;
        if (c->is_read_ended)
            end_client_side(h);
        break;
    }
}

/* The backend has said its last: after what is still to be written the client hears it too. */
static void end_backend_side(struct client *c, struct http1 *h)
{
    if (!h->is_backend_ended || client_output_len(c) > 0)
        return;
    if (h->is_client_ended) {
        h->is_answered = true;
        client_close_after(c, false);
        return;
    }
    if (c->is_shut)
        return;
    c->is_shut = true;
    if (c->tls != NULL)
        (void)tls_stream_close(c->tls);
    else
        (void)shutdown(c->fd, SHUT_WR);
}

static void run(struct client *c)
{
    if (c->data == NULL && !begin_raw(c)) {
        c->is_dead = true;
        return;
    }
    struct http1 *h = c->data;
    (void)client_flush(c);
    if (h->is_down_paused && client_output_len(c) == 0 && h->x.up != NULL) {
        h->is_down_paused = false;
        h->x.up->resume(&h->x);
    }
    pass_input(c, h);
    c->is_read_paused = h->is_up_paused;
    if (h->x.up != NULL)
        h->x.up->flush(&h->x);
    if (!c->is_dead)
        (void)client_flush(c);
    end_backend_side(c, h);
    if (!c->is_dead && !c->is_closing)
        client_set_wait(c, client_output_len(c) > 0 ? CLIENT_WAIT_WRITE : CLIENT_WAIT_TUNNEL);
}

static void free_data(struct client *c)
{
    struct http1 *h = c->data;
    if (h == NULL)
        return;
    counter_add(&c->worker->counters.tunnels_ended, 1);
    http1_give_back(c);
}

const struct client_protocol tunnel_protocol = {.run = run, .free = free_data};
