/* address_table.h - how many connections each client address has, and what of their bodies is in memory. IPv6 addresses count by their /64,
 * which is what one customer gets. */
#ifndef CATHAYA_ADAPTERS_HTTP_SERVER_ADDRESS_TABLE_H
#define CATHAYA_ADAPTERS_HTTP_SERVER_ADDRESS_TABLE_H

#include <sys/socket.h>

#include "base/status.h"

#define ADDRESS_TABLE_BUCKETS 1024

struct address_count {
    uint64_t key;
    size_t count;
    size_t bodies_size;
    struct address_count *next;
};

struct address_table {
    uint64_t seed; /* so that nobody can choose addresses of one bucket */
    struct address_count *buckets[ADDRESS_TABLE_BUCKETS];
};

void address_table_init(struct address_table *t);
void address_table_clear(struct address_table *t);

/* address_table_add counts one more of the address and gives its key, to be removed again; false when
 * there are max (0: no limit) already. */
MUST_USE bool address_table_add(struct address_table *t, const struct sockaddr_storage *address,
                                size_t max, uint64_t *key);
void address_table_remove(struct address_table *t, uint64_t key);

/* address_table_bodies is how much of bodies an address that was added has in memory, to be changed by whom has added it. */
size_t *address_table_bodies(struct address_table *t, uint64_t key);

#endif
