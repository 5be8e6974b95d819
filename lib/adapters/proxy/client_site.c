/* Which state and which site a request of a client belongs to, and what its connection says of it. */
#include <sys/socket.h>

#include "adapters/proxy/client.h"

bool client_update_state(struct client *c)
{
    struct proxy_worker *w = c->worker;
    if (c->state == w->state)
        return true;
    const struct proxy_site *site = NULL;
    if (c->site != NULL) {
        site = proxy_state_site_titled(w->state, c->site->title);
        if (site == NULL || site->mode != c->site->mode)
            return false;
    }
    struct proxy_state *before = c->state;
    c->state = proxy_state_keep(w->state);
    c->site = site;
    proxy_state_free(before);
    return true;
}

const struct proxy_site *client_find_site(struct client *c, struct bytes authority, int *status)
{
    const struct proxy_site *site = proxy_state_find_site(c->state, authority);
    *status = 0;
    if (c->tls == NULL) {
        site = site != NULL ? site : proxy_state_default_site(c->state);
        *status = site == NULL ? 404 : 0;
        return site;
    }
    if (site == c->site || authority.len == 0)
        return c->site;
    if (site == NULL && c->site->is_default)
        return c->site;
    *status = 421;
    return NULL;
}

void client_fill_request(struct client *c, struct exchange_request *r)
{
    if (c->local_address.any.sa_family == AF_UNSPEC) {
        socklen_t len = sizeof c->local_address;
        if (getsockname(c->fd, &c->local_address.any, &len) != 0)
            c->local_address.any.sa_family = AF_UNSPEC;
    }
    r->is_tls = c->tls != NULL;
    r->peer = c->peer;
    r->peer_address = (const struct sockaddr_storage *)(const void *)&c->peer_address;
    r->local_address = c->local_address.any.sa_family != AF_UNSPEC
                           ? (const struct sockaddr_storage *)(const void *)&c->local_address
                           : NULL;
    r->server_name = c->sni;
    r->tls_version = c->tls_version;
    r->tls_suite = c->tls_suite;
    r->alpn = c->alpn;
    r->client = &c->upstream;
}
