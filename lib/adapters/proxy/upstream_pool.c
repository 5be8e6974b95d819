/* Connections that are kept: for each backend, or for one client. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "adapters/proxy/upstream_parts.h"

static struct upstream_pool **bucket_of(struct upstreams *all, const struct backend *backend)
{
    /* The low bits of what malloc gives are all the same. */
    return &all->pools[((uintptr_t)backend >> 6 ^ (uintptr_t)backend >> 14) % UPSTREAM_POOL_BUCKETS];
}

static struct upstream_pool *find(struct upstreams *all, const struct backend *backend)
{
    struct upstream_pool *pool = *bucket_of(all, backend);
    while (pool != NULL && pool->backend != backend)
        pool = pool->next;
    return pool;
}

struct upstream_pool *upstream_pool_get(struct upstreams *all, struct backend *backend)
{
    struct upstream_pool *pool = find(all, backend);
    if (pool == NULL) {
        pool = calloc(1, sizeof *pool);
        if (pool == NULL)
            return NULL;
        struct upstream_pool **bucket = bucket_of(all, backend);
        pool->backend = backend_keep(backend);
        pool->next = *bucket;
        *bucket = pool;
    }
    pool->connection_count++;
    return pool;
}

void upstream_pool_release(struct upstreams *all, struct upstream_pool *pool)
{
    if (pool == NULL || --pool->connection_count > 0)
        return;
    struct upstream_pool **at = bucket_of(all, pool->backend);
    while (*at != pool)
        at = &(*at)->next;
    *at = pool->next;
    backend_free(pool->backend);
    free(pool);
}

void upstream_pool_remove(struct upstream_connection *c)
{
    if (c->client != NULL) {
        c->client->kept = NULL;
        c->client = NULL;
    } else {
        *c->link = c->next;
        if (c->next != NULL)
            c->next->link = c->link;
        c->pool->idle_count--;
    }
    c->all->idle_count--;
}

/* The loop says it when a connection is closed, but perhaps later in this very round. A request that cannot be
 * made twice looks by itself. */
static bool is_open(const struct upstream_connection *c)
{
    uint8_t byte;
    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

struct upstream_connection *upstream_pool_take(struct upstreams *all, const struct exchange *x,
                                               struct backend *backend)
{
    const struct exchange_request *request = &x->request;
    if (x->site->sends_proxy || request->is_raw)
        return NULL;
    const struct upstream_pool *pool = find(all, backend);
    bool is_repeatable = !request->has_body && (bytes_is_text(request->method, "GET") ||
                                                bytes_is_text(request->method, "HEAD"));
    /* The pool goes with its last connection. */
    while (pool != NULL && pool->idle != NULL) {
        struct upstream_connection *c = pool->idle;
        bool is_last = pool->connection_count == 1;
        upstream_pool_remove(c);
        if (is_repeatable || is_open(c))
            return c;
        upstream_connection_free(c);
        if (is_last)
            break;
    }
    return NULL;
}

static bool has_backend(const struct backend_group *group, const struct backend *backend)
{
    for (size_t i = 0; i < backend_group_count(group); i++)
        if (backend_group_at(group, i) == backend)
            return true;
    return false;
}

struct upstream_connection *upstream_pool_take_own(const struct exchange *x)
{
    const struct upstream_client *client = x->request.client;
    if (!x->site->sends_proxy || x->request.is_raw || client == NULL || client->kept == NULL)
        return NULL;
    struct upstream_connection *c = client->kept;
    const struct backend *backend = c->pool->backend;
    upstream_pool_remove(c);
    if (has_backend(x->site->backends, backend) && backend_is_up(backend) && is_open(c))
        return c;
    upstream_connection_free(c);
    return NULL;
}

bool upstream_pool_keep(struct upstream_connection *c, struct upstream_client *client, bool is_own)
{
    if (is_own ? client == NULL || client->kept != NULL
               : c->pool->idle_count >= UPSTREAM_IDLE_PER_BACKEND_MAX)
        return false;
    c->stage = UPSTREAM_IDLE;
    c->all->idle_count++;
    if (is_own) {
        c->client = client;
        client->kept = c;
        return true;
    }
    c->link = &c->pool->idle;
    c->next = c->pool->idle;
    if (c->next != NULL)
        c->next->link = &c->next;
    c->pool->idle = c;
    c->pool->idle_count++;
    return true;
}

void upstream_client_clear(struct upstream_client *client)
{
    struct upstream_connection *c = client->kept;
    if (c == NULL)
        return;
    upstream_pool_remove(c);
    upstream_connection_free(c);
}

void upstream_close_idle(struct upstreams *all)
{
    for (size_t i = 0; i < UPSTREAM_POOL_BUCKETS; i++) {
        struct upstream_pool *pool = all->pools[i];
        while (pool != NULL) {
            struct upstream_pool *next = pool->next;
            for (size_t left = pool->idle_count; left > 0; left--) {
                struct upstream_connection *c = pool->idle;
                upstream_pool_remove(c);
                upstream_connection_free(c);
            }
            pool = next;
        }
    }
}
