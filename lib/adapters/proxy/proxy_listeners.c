/* The addresses that a proxy listens on, and whose sockets they are. */
#include <string.h>
#include <unistd.h>

#include "adapters/proxy/listen_address.h"
#include "adapters/proxy/proxy_parts.h"

static enum status new_listener(struct proxy *p, enum proxy_listener_kind kind, struct listener **out,
                                struct error *err)
{
    if (p->is_running)
        return error_set(err, STATUS_USAGE, "the proxy is running: no new listeners");
    if (p->listener_count == PROXY_LISTENERS_MAX)
        return error_set(err, STATUS_LIMIT, "more than %d addresses to listen on", PROXY_LISTENERS_MAX);
    *out = &p->listeners[p->listener_count];
    **out = (struct listener){.kind = kind};
    return STATUS_OK;
}

enum status proxy_listen(struct proxy *p, const char *address, enum proxy_listener_kind kind, struct error *err)
{
    struct listener *l = NULL;
    enum status s = new_listener(p, kind, &l, err);
    if (s == STATUS_OK)
        s = listen_address_open(address, l->fds, p->worker_count, err);
    if (s != STATUS_OK)
        return s;
    l->fd_count = p->worker_count;
    listen_address_write(l->fds[0], l->address, sizeof l->address);
    p->listener_count++;
    return STATUS_OK;
}

enum status proxy_listen_inherited(struct proxy *p, const int *fds, size_t fd_count, enum proxy_listener_kind kind,
                                   struct error *err)
{
    struct listener *l = NULL;
    char address[PROXY_ADDRESS_SIZE];
    enum status s = new_listener(p, kind, &l, err);
    if (s == STATUS_OK && (fd_count == 0 || fd_count > PROXY_WORKERS_MAX))
        s = error_set(err, STATUS_USAGE, "%zu sockets for one address", fd_count);
    for (size_t i = 0; s == STATUS_OK && i < fd_count; i++) {
        s = listen_address_check(fds[i], err);
        listen_address_write(fds[i], address, sizeof address);
        if (i == 0)
            memcpy(l->address, address, sizeof address);
        else if (s == STATUS_OK && strcmp(address, l->address) != 0)
            s = error_set(err, STATUS_USAGE, "sockets of two addresses, %s and %s", l->address, address);
        l->fds[i] = fds[i];
    }
    if (s != STATUS_OK) {
        for (size_t i = 0; i < fd_count; i++)
            (void)close(fds[i]);
        return s;
    }
    l->fd_count = fd_count;
    p->listener_count++;
    return STATUS_OK;
}

size_t proxy_listener_count(const struct proxy *proxy)
{
    return proxy->listener_count;
}

void proxy_listener(const struct proxy *proxy, size_t index, struct proxy_listener_info *out)
{
    const struct listener *l = &proxy->listeners[index];
    *out = (struct proxy_listener_info){.kind = l->kind, .fds = l->fds, .fd_count = l->fd_count};
    memcpy(out->address, l->address, sizeof out->address);
}

enum status proxy_listeners_share(struct proxy *p, const struct listener *l, struct error *err)
{
    size_t count = l->fd_count > p->worker_count ? l->fd_count : p->worker_count;
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = worker_listen(&p->members[i % p->worker_count].worker, l->fds[i % l->fd_count], l->kind, err);
    return s;
}

void proxy_listeners_close(struct proxy *p)
{
    for (size_t i = 0; i < p->listener_count; i++) {
        for (size_t j = 0; j < p->listeners[i].fd_count; j++)
            (void)close(p->listeners[i].fds[j]);
        p->listeners[i].fd_count = 0;
    }
}
