/* The TLS handshake of a client, and what follows from it: site and protocol. */
#include <string.h>

#include "adapters/proxy/client.h"

static const char *const kind_names[] = {"gm-landmark",   "gm-standalone",   "gm-classic",
                                         "intl-landmark", "intl-standalone", "intl-classic"};
#define KIND_COUNT (sizeof kind_names / sizeof *kind_names)
/* Places in handshakes_by_kind behind the real ones. */
#define KIND_CHALLENGE KIND_COUNT
#define KIND_NONE (KIND_COUNT + 1)

static void count_handshake(struct client *c, const struct tls_server_report *r)
{
    struct worker_counters *n = &c->worker->counters;
    size_t kind = r->is_acme_challenge ? KIND_CHALLENGE : r->has_kind ? (size_t)r->kind : KIND_NONE;
    counter_add(&n->handshakes, 1);
    if (r->is_resumed)
        counter_add(&n->handshakes_resumed, 1);
    if (kind < PROXY_CREDENTIAL_KINDS)
        counter_add(&n->handshakes_by_kind[kind], 1);
}

static void done(struct client *c)
{
    struct tls_server_report r;
    tls_server_report(c->tls, &r);
    count_handshake(c, &r);
    c->is_handshaken = true;
    /* By name, not by index: the handshake may have begun with an older state than the newest, or a newer one than
     * this connection's. */
    if (!client_update_state(c))
        c->site = NULL;
    if (r.has_site && r.sni != NULL)
        c->site = proxy_state_find_site(c->state, bytes_of_text(r.sni));
    if (r.has_site && c->site == NULL)
        c->site = proxy_state_default_site(c->state);
    /* The challenge was the handshake; nothing else may go over it [RFC8737 4]. */
    if (r.is_acme_challenge || c->site == NULL) {
        client_close_after(c, false);
        return;
    }
    c->tls_version = r.version;
    c->tls_group = r.group;
    c->tls_suite = r.suite;
    c->tls_kind = r.has_kind && (size_t)r.kind < KIND_COUNT ? kind_names[r.kind] : NULL;
    c->sni = r.sni;
    c->alpn = r.alpn;
    if (c->site->mode == PROXY_MODE_TCP)
        c->protocol = &tunnel_protocol;
    else if (r.alpn != NULL && strcmp(r.alpn, "h2") == 0)
        c->protocol = &h2_protocol;
    client_set_wait(c, c->site->mode == PROXY_MODE_TCP ? CLIENT_WAIT_NONE : CLIENT_WAIT_HEAD);
}

void client_handshake(struct client *c)
{
    switch (tls_stream_handshake(c->tls)) {
    case TLS_DONE:
        c->is_write_blocked = false;
        done(c);
        return;
    case TLS_WANT_WRITE:
        c->is_write_blocked = true;
        return;
    case TLS_WANT_READ:
        c->is_write_blocked = c->can_read = false;
        return;
    default:
        counter_add(&c->worker->counters.handshakes_failed, 1);
        c->is_dead = true;
        return;
    }
}
