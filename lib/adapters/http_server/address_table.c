#include "adapters/http_server/address_table.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Above any /64 that is routed: 2000::/3 and fc00::/7 lie higher, and loopback's is 0. */
#define IPV4_MARK ((uint64_t)0x0100 << 48)
#define LOCAL_KEY ((uint64_t)0x0101 << 48)

void address_table_init(struct address_table *t)
{
    memset(t, 0, sizeof *t);
    if (getrandom(&t->seed, sizeof t->seed, 0) != (ssize_t)sizeof t->seed)
        t->seed = (uintptr_t)t;
}

void address_table_clear(struct address_table *t)
{
    for (size_t i = 0; i < ADDRESS_TABLE_BUCKETS; i++) {
        while (t->buckets[i] != NULL) {
            struct address_count *next = t->buckets[i]->next;
            free(t->buckets[i]);
            t->buckets[i] = next;
        }
    }
}

static uint64_t key_of(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    uint32_t low = 0;
    uint64_t key = 0;
    if (address->ss_family == AF_INET)
        return IPV4_MARK | ntohl(v4->sin_addr.s_addr);
    if (address->ss_family != AF_INET6)
        return LOCAL_KEY;
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        memcpy(&low, v6->sin6_addr.s6_addr + 12, sizeof low);
        return IPV4_MARK | ntohl(low);
    }
    for (size_t i = 0; i < 8; i++)
        key = key << 8 | v6->sin6_addr.s6_addr[i];
    return key;
}

static struct address_count **find(struct address_table *t, uint64_t key)
{
    uint64_t mixed = (key ^ t->seed) * 0x9e3779b97f4a7c15U;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9U;
    struct address_count **at = &t->buckets[(mixed >> 32) % ADDRESS_TABLE_BUCKETS];
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

bool address_table_add(struct address_table *t, const struct sockaddr_storage *address, size_t max,
                       uint64_t *key)
{
    *key = key_of(address);
    struct address_count **at = find(t, *key);
    if (*at == NULL) {
        *at = calloc(1, sizeof **at);
        if (*at == NULL)
            return false;
        (*at)->key = *key;
    }
    if (max > 0 && (*at)->count >= max)
        return false;
    (*at)->count++;
    return true;
}

void address_table_remove(struct address_table *t, uint64_t key)
{
    struct address_count **at = find(t, key);
    if (*at == NULL || --(*at)->count > 0)
        return;
    struct address_count *gone = *at;
    *at = gone->next;
    free(gone);
}

size_t *address_table_bodies(struct address_table *t, uint64_t key)
{
    return &(*find(t, key))->bodies_size;
}
