/* address_counts.h - how many connections each client address has, for all threads: a fixed table of counters. Two
 * addresses may share one (then the limit comes earlier for them); nobody can choose which, as the hash is keyed.
 * IPv6 addresses count by their /64, which is what one customer gets.
 */
#ifndef CATHAYA_ADAPTERS_PROXY_ADDRESS_COUNTS_H
#define CATHAYA_ADAPTERS_PROXY_ADDRESS_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* Some 3 for each connection of a busy gateway; 256 KiB. A power of two. */
#define ADDRESS_COUNTS_SLOTS 65536

struct address_counts {
    uint64_t key[2]; /* random */
    _Atomic uint32_t slots[ADDRESS_COUNTS_SLOTS];
};

/* address_counts_add counts one more; false when there are max (0: no limit) already. */
bool address_counts_add(struct address_counts *t, const struct sockaddr *address, uint64_t max, uint32_t *slot);
void address_counts_remove(struct address_counts *t, uint32_t slot);

#endif
