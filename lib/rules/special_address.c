#include "rules/special_address.h"

#include <string.h>

/* The registries' rows, in their order; then what they leave to others. */
static const struct special_block blocks[] = {
    {{0}, 4, 8, false, true, "\"This network\""}, /* 0.0.0.0/8 */
    {{0}, 4, 32, false, true, "\"This host on this network\""}, /* 0.0.0.0/32 */
    {{10}, 4, 8, false, true, "Private-Use"}, /* 10.0.0.0/8 */
    {{100, 64}, 4, 10, false, true, "Shared Address Space"}, /* 100.64.0.0/10 */
    {{127}, 4, 8, false, true, "Loopback"}, /* 127.0.0.0/8 */
    {{169, 254}, 4, 16, false, true, "Link Local"}, /* 169.254.0.0/16 */
    {{172, 16}, 4, 12, false, true, "Private-Use"}, /* 172.16.0.0/12 */
    {{192}, 4, 24, false, true, "IETF Protocol Assignments"}, /* 192.0.0.0/24 */
    {{192}, 4, 29, false, true, "IPv4 Service Continuity Prefix"}, /* 192.0.0.0/29 */
    {{192, 0, 0, 8}, 4, 32, false, true, "IPv4 dummy address"}, /* 192.0.0.8/32 */
    {{192, 0, 0, 9}, 4, 32, true, true, "Port Control Protocol Anycast"}, /* 192.0.0.9/32 */
    {{192, 0, 0, 10}, 4, 32, true, true, "Traversal Using Relays around NAT Anycast"}, /* 192.0.0.10/32 */
    {{192, 0, 0, 170}, 4, 32, false, true, "NAT64/DNS64 Discovery"}, /* 192.0.0.170/32 */
    {{192, 0, 0, 171}, 4, 32, false, true, "NAT64/DNS64 Discovery"}, /* 192.0.0.171/32 */
    {{192, 0, 2}, 4, 24, false, true, "Documentation (TEST-NET-1)"}, /* 192.0.2.0/24 */
    {{192, 31, 196}, 4, 24, true, true, "AS112-v4"}, /* 192.31.196.0/24 */
    {{192, 52, 193}, 4, 24, true, true, "AMT"}, /* 192.52.193.0/24 */
    {{192, 88, 99}, 4, 24, false, true, "Deprecated (6to4 Relay Anycast)"}, /* 192.88.99.0/24 */
    {{192, 88, 99, 2}, 4, 32, false, true, "6a44-relay anycast address"}, /* 192.88.99.2/32 */
    {{192, 168}, 4, 16, false, true, "Private-Use"}, /* 192.168.0.0/16 */
    {{192, 175, 48}, 4, 24, true, true, "Direct Delegation AS112 Service"}, /* 192.175.48.0/24 */
    {{198, 18}, 4, 15, false, true, "Benchmarking"}, /* 198.18.0.0/15 */
    {{198, 51, 100}, 4, 24, false, true, "Documentation (TEST-NET-2)"}, /* 198.51.100.0/24 */
    {{203, 0, 113}, 4, 24, false, true, "Documentation (TEST-NET-3)"}, /* 203.0.113.0/24 */
    {{240}, 4, 4, false, true, "Reserved"}, /* 240.0.0.0/4 */
    {{255, 255, 255, 255}, 4, 32, false, true, "Limited Broadcast"}, /* 255.255.255.255/32 */
    {{0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}, 16, 128, false, true, "Loopback Address"}, /* ::1/128 */
    {{0}, 16, 128, false, true, "Unspecified Address"}, /* ::/128 */
    {{0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff}, 16, 96, false, true, "IPv4-mapped Address"}, /* ::ffff:0:0/96 */
    {{0x00, 0x64, 0xff, 0x9b}, 16, 96, true, true, "IPv4-IPv6 Translat."}, /* 64:ff9b::/96 */
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 16, 48, false, true, "IPv4-IPv6 Translat."}, /* 64:ff9b:1::/48 */
    {{0x01}, 16, 64, false, true, "Discard-Only Address Block"}, /* 100::/64 */
    {{0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}, 16, 64, false, true, "Dummy IPv6 Prefix"}, /* 100:0:0:1::/64 */
    {{0x20, 0x01}, 16, 23, false, true, "IETF Protocol Assignments"}, /* 2001::/23 */
    {{0x20, 0x01}, 16, 32, false, true, "TEREDO"}, /* 2001::/32 */
    {{0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01}, 16, 128, true, true, "Port Control Protocol Anycast"}, /* 2001:1::1/128 */
    {{0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02}, 16, 128, true, true, "Traversal Using Relays around NAT Anycast"}, /* 2001:1::2/128 */
    {{0x20, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03}, 16, 128, true, true, "DNS-SD Service Registration Protocol Anycast"}, /* 2001:1::3/128 */
    {{0x20, 0x01, 0x00, 0x02}, 16, 48, false, true, "Benchmarking"}, /* 2001:2::/48 */
    {{0x20, 0x01, 0x00, 0x03}, 16, 32, true, true, "AMT"}, /* 2001:3::/32 */
    {{0x20, 0x01, 0x00, 0x04, 0x01, 0x12}, 16, 48, true, true, "AS112-v6"}, /* 2001:4:112::/48 */
    {{0x20, 0x01, 0x00, 0x10}, 16, 28, false, true, "Deprecated (previously ORCHID)"}, /* 2001:10::/28 */
    {{0x20, 0x01, 0x00, 0x20}, 16, 28, true, true, "ORCHIDv2"}, /* 2001:20::/28 */
    {{0x20, 0x01, 0x00, 0x30}, 16, 28, true, true, "Drone Remote ID Protocol Entity Tags (DETs) Prefix"}, /* 2001:30::/28 */
    {{0x20, 0x01, 0x0d, 0xb8}, 16, 32, false, true, "Documentation"}, /* 2001:db8::/32 */
    {{0x20, 0x02}, 16, 16, false, true, "6to4"}, /* 2002::/16 */
    {{0x26, 0x20, 0x00, 0x4f, 0x80}, 16, 48, true, true, "Direct Delegation AS112 Service"}, /* 2620:4f:8000::/48 */
    {{0x3f, 0xff}, 16, 20, false, true, "Documentation"}, /* 3fff::/20 */
    {{0x5f}, 16, 16, false, true, "Segment Routing (SRv6) SIDs"}, /* 5f00::/16 */
    {{0xfc}, 16, 7, false, true, "Unique-Local"}, /* fc00::/7 */
    {{0xfe, 0x80}, 16, 10, false, true, "Link-Local Unicast"}, /* fe80::/10 */
    {{224}, 4, 4, false, false, "Multicast"}, /* 224.0.0.0/4 [RFC5771] */
    {{0xff}, 16, 8, false, false, "Multicast"}, /* ff00::/8 [RFC4291 2.7] */
    {{0xfe, 0xc0}, 16, 10, false, false, "Site-Local"}, /* fec0::/10 [RFC3879] */
    {{0}, 16, 96, false, false, "IPv4-compatible"}, /* ::/96 [RFC4291 2.5.5.1] */
    /* Before they were in the registries. */
    {{0x3f, 0xfe}, 16, 16, false, false, "6bone"}, /* 3ffe::/16 [RFC3701] */
};

static const uint8_t global_unicast[16] = {0x20};                          /* 2000::/3 [RFC4291 2.4] */
static const uint8_t nat64[16] = {0, 0x64, 0xff, 0x9b};                    /* 64:ff9b::/96 [RFC6052] */
static const uint8_t sixtofour[16] = {0x20, 0x02};                         /* 2002::/16 [RFC3056] */
static const uint8_t teredo[16] = {0x20, 0x01};                            /* 2001::/32 [RFC4380] */

static bool is_within(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
    size_t bytes = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(address, prefix, bytes) != 0)
        return false;
    return rest == 0 || (address[bytes] ^ prefix[bytes]) >> (8 - rest) == 0;
}

const struct special_block *special_block_at(size_t i)
{
    return i < sizeof blocks / sizeof blocks[0] ? &blocks[i] : NULL;
}

/* The longest prefix, NULL when the address is in none. */
static const struct special_block *find(const uint8_t *address, size_t len, bool is_registry_only)
{
    const struct special_block *best = NULL;
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        if (blocks[i].address_len == len && (blocks[i].is_registry || !is_registry_only) &&
            is_within(address, blocks[i].address, blocks[i].prefix_bits) &&
            (best == NULL || best->prefix_bits < blocks[i].prefix_bits))
            best = &blocks[i];
    return best;
}

/* Only what stands in the address can be looked at; whether a relay is there is the network's business. */
static bool is_embedded_global(const uint8_t *address, const char **why)
{
    uint8_t client[4];
    if (is_within(address, nat64, 96))
        return special_address_is_global(address + 12, 4, why);
    if (is_within(address, sixtofour, 16))
        return special_address_is_global(address + 2, 4, why);
    for (size_t i = 0; i < 4; i++)
        client[i] = address[12 + i] ^ 0xff; /* written inverted [RFC4380 4] */
    return special_address_is_global(address + 4, 4, why) && special_address_is_global(client, 4, why);
}

bool special_address_is_global(const uint8_t *address, size_t len, const char **why)
{
    const char *ignored;
    if (why == NULL)
        why = &ignored;
    *why = "not an IP address";
    if (len != 4 && len != 16)
        return false;
    if (len == 16 && (is_within(address, nat64, 96) || is_within(address, sixtofour, 16) ||
                      is_within(address, teredo, 32)))
        return is_embedded_global(address, why);
    const struct special_block *block = find(address, len, false);
    if (block != NULL && !block->is_global) {
        *why = block->name;
        return false;
    }
    *why = "not global unicast";
    return len == 4 || is_within(address, global_unicast, 3);
}

bool special_address_is_reserved(const uint8_t *address, size_t len, const char **why)
{
    const struct special_block *block = find(address, len, true);
    if (block != NULL && why != NULL)
        *why = block->name;
    return block != NULL || !special_address_is_global(address, len, why);
}

bool special_address_is_registered(const uint8_t *address, size_t len)
{
    return find(address, len, true) != NULL;
}
