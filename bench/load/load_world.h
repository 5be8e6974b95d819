/* load_world.h - what a CA looks at when it validates: a DNS where every name is at 127.0.0.1, and a web server that has
 * every challenge's answer. Nothing is kept: the answer follows from the request. */
#ifndef CATHAYA_BENCH_LOAD_LOAD_WORLD_H
#define CATHAYA_BENCH_LOAD_LOAD_WORLD_H

#include "adapters/event_loop/event_loop.h"

struct load_world;

struct load_world_config {
    const char *address;              /* of both, numeric IPv4 */
    uint16_t http_port, dns_port;     /* 0: not served */
    /* thumbprint gives that of the account which asks for the name in Host. */
    const char *(*thumbprint)(void *context, const char *host, size_t len);
    void *context;
};

MUST_USE enum status load_world_new(struct event_loop *loop, const struct load_world_config *config,
                                    struct load_world **out, struct error *err);
uint64_t load_world_http_count(const struct load_world *world);
uint64_t load_world_dns_count(const struct load_world *world);
void load_world_free(struct load_world *world);

#endif
