/* special_address.h - which IP addresses are those of the world, and which are special: the IANA IPv4 and
 * IPv6 Special-Purpose Address Registries [RFC6890], multicast, and what is not handed out at all. */
#ifndef CATHAYA_RULES_SPECIAL_ADDRESS_H
#define CATHAYA_RULES_SPECIAL_ADDRESS_H

#include "base/bytes.h"

/* One block of a registry, or of our own additions. */
struct special_block {
    uint8_t address[16];
    uint8_t address_len; /* 4 or 16 */
    uint8_t prefix_bits;
    bool is_global;   /* "Globally Reachable" is True */
    bool is_registry; /* a row of the registries */
    const char *name; /* the registry's */
};

/* special_block_at is row i, NULL behind the last one. */
const struct special_block *special_block_at(size_t i);

/* special_address_is_global: may a packet to this address (4 or 16 bytes) be meant for somebody out in the
 * world? An address that has an IPv4 address in it (6to4, Teredo, NAT64) is global only if that one is;
 * an IPv4-mapped one never is, nor an IPv6 address outside 2000::/3 but for NAT64's prefix. *why is the
 * name of the block when it is not. */
bool special_address_is_global(const uint8_t *address, size_t len, const char **why);

/* special_address_is_registered: within any block of the two registries, whatever that says. */
bool special_address_is_registered(const uint8_t *address, size_t len);

/* special_address_is_reserved: Reserved IP Address of [BR 1.6.1], which no certificate may hold: within
 * any block of the registries, or not global. */
bool special_address_is_reserved(const uint8_t *address, size_t len, const char **why);

#endif
