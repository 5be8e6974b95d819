/* What the workers listen on: sockets of an older process, and what it did not have. */
#include <string.h>

#include "gateway/gateway_service.h"

static const enum proxy_listener_kind listener_kinds[] = {[GATEWAY_HTTPS] = PROXY_HTTPS, [GATEWAY_HTTP] = PROXY_HTTP};

/* Port 0 of the configuration has become some port. */
static bool is_listener(const struct gateway_listener *l, const char *address, enum proxy_listener_kind kind)
{
    const char *colon = strrchr(l->address, ':');
    size_t len = colon != NULL && strcmp(colon, ":0") == 0 ? (size_t)(colon - l->address) + 1 : strlen(l->address) + 1;
    return listener_kinds[l->kind] == kind && strncmp(l->address, address, len) == 0;
}

static bool is_wanted_listener(const void *context, const char *address, enum proxy_listener_kind kind)
{
    const struct gateway_config *config = context;
    for (size_t i = 0; i < config->listener_count; i++)
        if (is_listener(&config->listeners[i], address, kind))
            return true;
    return false;
}

static bool is_open_listener(const struct gateway *g, const struct gateway_listener *l)
{
    for (size_t i = 0; i < proxy_listener_count(g->proxy); i++) {
        struct proxy_listener_info info;
        proxy_listener(g->proxy, i, &info);
        if (is_listener(l, info.address, info.kind))
            return true;
    }
    return false;
}

enum status gateway_service_open_listeners(struct gateway *g, struct error *err)
{
    struct gateway_restart_wanted wanted = {.context = g->config, .is_wanted = is_wanted_listener};
    enum status s = gateway_restart_listen(g->proxy, &wanted, err);
    if (s == STATUS_NOT_FOUND)
        s = STATUS_OK;
    size_t inherited_count = proxy_listener_count(g->proxy);
    for (size_t i = 0; s == STATUS_OK && i < g->config->listener_count; i++) {
        const struct gateway_listener *l = &g->config->listeners[i];
        if (inherited_count == 0 || !is_open_listener(g, l))
            s = proxy_listen(g->proxy, l->address, listener_kinds[l->kind], err);
    }
    return s;
}
