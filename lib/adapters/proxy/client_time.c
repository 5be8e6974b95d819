/* How long a client is waited for. */
#include "adapters/proxy/client.h"

/* For a client to read an answer that came before it had sent everything. */
#define LINGER_MS 2000

static uint64_t wait_ms(const struct client *c, enum client_wait wait)
{
    const struct proxy_limits *l = proxy_state_limits(c->state);
    switch (wait) {
    case CLIENT_WAIT_HANDSHAKE:
        return l->handshake_ms;
    case CLIENT_WAIT_IDLE:
        return l->idle_ms;
    case CLIENT_WAIT_HEAD:
        return l->head_ms;
    case CLIENT_WAIT_BODY:
        return l->body_ms;
    case CLIENT_WAIT_WRITE:
        return l->write_ms;
    case CLIENT_WAIT_TUNNEL:
        return l->tunnel_idle_ms;
    default:
        return LINGER_MS;
    }
}

void client_set_wait(struct client *c, enum client_wait wait)
{
    if (c->wait == wait)
        return;
    c->wait = wait;
    c->passed_len = 0;
    c->wait_start_ms = worker_now_ms(c->worker);
    if (wait == CLIENT_WAIT_NONE)
        deadline_stop(&c->deadline);
    else
        deadline_set(&c->worker->deadlines, &c->deadline, wait_ms(c, wait));
}

/* More time for what has passed; 0: it is over. */
static uint64_t left_ms(const struct client *c, uint64_t now_ms)
{
    const struct proxy_limits *l = proxy_state_limits(c->state);
    uint64_t end_ms = c->wait_start_ms + wait_ms(c, c->wait);
    if (c->wait == CLIENT_WAIT_BODY || c->wait == CLIENT_WAIT_WRITE)
        end_ms += c->passed_len * 1000 / l->slowest_bytes_per_s;
    return end_ms > now_ms ? end_ms - now_ms : 0;
}

void client_expired(struct deadline *d)
{
    struct client *c = (struct client *)d;
    uint64_t now_ms = worker_now_ms(c->worker), left = left_ms(c, now_ms);
    if (c->wait == CLIENT_WAIT_TUNNEL && c->passed_len > 0) {
        /* Any byte begins the time anew; when it was is known to within one such time. */
        c->passed_len = 0;
        c->wait_start_ms = now_ms;
        left = left_ms(c, now_ms);
    }
    if (left > 0) {
        deadline_set(&c->worker->deadlines, d, left);
        return;
    }
    if (c->wait != CLIENT_WAIT_IDLE && c->wait != CLIENT_WAIT_LINGER)
        counter_add(&c->worker->counters.timeouts, 1);
    enum client_wait wait = c->wait;
    bool goes_on = c->is_handshaken && !c->is_closing && c->protocol->expired != NULL && c->protocol->expired(c);
    if (!goes_on) {
        client_cut(c);
        return;
    }
    if (c->wait == wait)
        client_set_wait(c, CLIENT_WAIT_NONE);
    client_run(c);
}
