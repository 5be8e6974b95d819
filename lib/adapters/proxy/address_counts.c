#include "adapters/proxy/address_counts.h"

#include <netinet/in.h>
#include <string.h>

/* The finalizer of splitmix64, twice, with a key before each. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static uint64_t number_of(const struct sockaddr *address)
{
    uint64_t number = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohl(v4.sin_addr.s_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
            uint32_t v4 = 0;
            memcpy(&v4, v6.sin6_addr.s6_addr + 12, sizeof v4);
            return ntohl(v4);
        }
        memcpy(&number, v6.sin6_addr.s6_addr, sizeof number);
    }
    return number;
}

bool address_counts_add(struct address_counts *t, const struct sockaddr *address, uint64_t max, uint32_t *slot)
{
    uint64_t hash = mix(mix(number_of(address) ^ t->key[0]) ^ t->key[1]);
    *slot = (uint32_t)(hash & (ADDRESS_COUNTS_SLOTS - 1));
    uint32_t before = atomic_fetch_add_explicit(&t->slots[*slot], 1, memory_order_relaxed);
    if (max == 0 || before < max)
        return true;
    address_counts_remove(t, *slot);
    return false;
}

void address_counts_remove(struct address_counts *t, uint32_t slot)
{
    (void)atomic_fetch_sub_explicit(&t->slots[slot], 1, memory_order_relaxed);
}
