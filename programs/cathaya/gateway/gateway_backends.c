#include "gateway/gateway_backends.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gateway_backends {
    struct backend_group **groups; /* one per site of the configuration */
    char (*titles)[256];
    size_t count;
    struct health_checks *checks;
};

/* ---- addresses ---- */

/* A backend's address in numbers: that of the host, when it is a name. */
static enum status resolve(const char *backend, char out[BACKEND_ADDRESS_SIZE], struct error *err)
{
    char host[256], address[64], service[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    const char *colon = strrchr(backend, ':');
    bool is_plain = strncmp(backend, "unix:", 5) == 0 || backend[0] == '[' || colon == NULL;
    if (is_plain || snprintf(host, sizeof host, "%.*s", (int)(colon - backend), backend) >= (int)sizeof host)
        return snprintf(out, BACKEND_ADDRESS_SIZE, "%s", backend) < BACKEND_ADDRESS_SIZE
                   ? STATUS_OK
                   : error_set(err, STATUS_USAGE, "backends: %.80s...: too long", backend);
    int result = getaddrinfo(host, colon + 1, &hints, &found);
    if (result == 0)
        result = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, service, sizeof service,
                             NI_NUMERICHOST | NI_NUMERICSERV);
    bool is_ipv6 = result == 0 && found->ai_family == AF_INET6;
    if (found != NULL)
        freeaddrinfo(found);
    if (result != 0)
        return error_set(err, STATUS_USAGE, "backends: %s: %s", backend, gai_strerror(result));
    (void)snprintf(out, BACKEND_ADDRESS_SIZE, is_ipv6 ? "[%s]:%s" : "%s:%s", address, service);
    return STATUS_OK;
}

static struct backend_group *find_previous(const struct gateway_backends *previous, const char *title)
{
    for (size_t i = 0; previous != NULL && i < previous->count; i++)
        if (strcmp(previous->titles[i], title) == 0)
            return previous->groups[i];
    return NULL;
}

static enum status make_group(const struct gateway_site *site, const struct gateway_backends *previous,
                              struct backend_group **out, struct error *err)
{
    char texts[GATEWAY_BACKENDS_MAX][BACKEND_ADDRESS_SIZE];
    const char *addresses[GATEWAY_BACKENDS_MAX];
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < site->backend_count; i++) {
        s = resolve(site->backends[i], texts[i], err);
        addresses[i] = texts[i];
    }
    return s == STATUS_OK ? backend_group_new(addresses, site->backend_count, find_previous(previous, site->title), out, err)
                          : s;
}

/* ---- all of them ---- */

static enum status add_site(struct gateway_backends *b, const struct gateway_site *site,
                            const struct gateway_backends *previous, struct error *err)
{
    struct health_settings settings = {
        .path = site->health.path,
        .host = site->names[0],
        .interval_ms = site->health.interval_ms,
        .timeout_ms = site->health.timeout_ms,
        .rise_count = site->health.rise,
        .fall_count = site->health.fall,
        .sends_proxy = site->sends_proxy,
    };
    enum status s = make_group(site, previous, &b->groups[b->count], err);
    if (s == STATUS_OK) {
        (void)snprintf(b->titles[b->count], sizeof b->titles[0], "%s", site->title);
        b->count++;
        s = health_checks_add(b->checks, site->title, b->groups[b->count - 1], &settings, err);
    }
    return s == STATUS_OK ? s : error_prefix(err, s, "site \"%s\"", site->title);
}

enum status gateway_backends_new(struct event_loop *loop, const struct gateway_config *config,
                                 const struct gateway_backends *previous, struct events_port *events,
                                 struct gateway_backends **out, struct error *err)
{
    struct gateway_backends *b = calloc(1, sizeof *b);
    *out = NULL;
    if (b == NULL)
        return error_set(err, STATUS_NO_MEMORY, "out of memory");
    b->groups = calloc(config->site_count, sizeof *b->groups);
    b->titles = calloc(config->site_count, sizeof *b->titles);
    enum status s = b->groups == NULL || b->titles == NULL ? error_set(err, STATUS_NO_MEMORY, "out of memory")
                                                           : health_checks_new(loop, events, &b->checks, err);
    for (size_t i = 0; s == STATUS_OK && i < config->site_count; i++)
        s = add_site(b, &config->sites[i], previous, err);
    if (s != STATUS_OK) {
        gateway_backends_free(b);
        return s;
    }
    *out = b;
    return STATUS_OK;
}

void gateway_backends_free(struct gateway_backends *b)
{
    if (b == NULL)
        return;
    health_checks_free(b->checks);
    for (size_t i = 0; i < b->count; i++)
        backend_group_free(b->groups[i]);
    free(b->groups);
    free(b->titles);
    free(b);
}

struct backend_group *gateway_backends_group(const struct gateway_backends *b, size_t site)
{
    return b->groups[site];
}

const struct health_checks *gateway_backends_checks(const struct gateway_backends *b)
{
    return b->checks;
}
