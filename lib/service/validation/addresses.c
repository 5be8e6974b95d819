#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "base/text.h"
#include "rules/special_address.h"
#include "service/validation/attempt.h"

enum status validation_range_parse(const char *text, struct validation_range *out, struct error *err)
{
    struct bytes all = bytes_of_text(text);
    const char *slash = strchr(text, '/');
    uint64_t bits;
    size_t len;
    *out = (struct validation_range){.address_len = 0};
    if (slash == NULL || !ip_address_parse(bytes_of(text, (size_t)(slash - text)), out->address, &len) ||
        !text_parse_u64(bytes_of(slash + 1, all.len - (size_t)(slash - text) - 1), len * 8, &bits))
        return error_set(err, STATUS_USAGE, "\"%.60s\" is no range of addresses such as 127.0.0.0/8", text);
    out->address_len = (uint8_t)len;
    out->prefix_bits = (uint8_t)bits;
    return STATUS_OK;
}

static bool is_within(const uint8_t *address, const struct validation_range *range)
{
    size_t bytes = range->prefix_bits / 8;
    unsigned rest = range->prefix_bits % 8;
    if (memcmp(address, range->address, bytes) != 0)
        return false;
    return rest == 0 || (address[bytes] ^ range->address[bytes]) >> (8 - rest) == 0;
}

bool addresses_is_exempt(const struct validation *v, const uint8_t *address, size_t len)
{
    for (size_t i = 0; i < v->config.allowed_count; i++)
        if (v->config.allowed[i].address_len == len && is_within(address, &v->config.allowed[i]))
            return true;
    return false;
}

/* What is no host of an intranet either: this machine, the link (where clouds keep their secrets), groups,
 * and IPv6 addresses with such an IPv4 address in them. */
static bool is_never_a_host(const uint8_t *address, size_t len)
{
    static const struct validation_range never[] = {
        {{0}, 4, 8},     {{127}, 4, 8},        {{169, 254}, 4, 16}, {{224}, 4, 3},
        {{0}, 16, 64},   {{0xfe, 0x80}, 16, 10}, {{0xff}, 16, 8},
        {{0, 0x64, 0xff, 0x9b}, 16, 96}, {{0x20, 0x01}, 16, 32}, {{0x20, 0x02}, 16, 16},
    };
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (never[i].address_len == len && is_within(address, &never[i]))
            return true;
    return false;
}

bool addresses_is_allowed(const struct attempt *a, const uint8_t *address, size_t len, const char **why)
{
    if (special_address_is_global(address, len, why) || addresses_is_exempt(a->owner, address, len))
        return true;
    return a->request.is_intranet && !is_never_a_host(address, len);
}

static void write_address(const uint8_t *address, size_t len, char out[VALIDATION_ADDRESS_SIZE])
{
    if (inet_ntop(len == 4 ? AF_INET : AF_INET6, address, out, VALIDATION_ADDRESS_SIZE) == NULL)
        out[0] = '\0';
}

static void take_address(struct attempt *a, const uint8_t *address, size_t len)
{
    struct attempt_addresses *found = &a->addresses;
    const char *why = NULL;
    char *slot = len == 4 ? found->ipv4 : found->ipv6;
    if (!addresses_is_allowed(a, address, len, &why)) {
        write_address(address, len, found->blocked);
        found->blocked_why = why;
    } else if (slot[0] == '\0') {
        write_address(address, len, slot);
    }
}

static void fail_blocked(struct attempt *a)
{
    attempt_fail(a, "connection", "%s is at %s, which is not an address of the public Internet (%s)",
                 a->addresses.host, a->addresses.blocked, a->addresses.blocked_why);
}

/* Both lookups are in. */
static void conclude(struct attempt *a)
{
    struct attempt_addresses *found = &a->addresses;
    if (found->ipv4[0] != '\0' || found->ipv6[0] != '\0')
        found->then(a);
    else if (found->blocked[0] != '\0')
        fail_blocked(a);
    else if (found->failure != NULL)
        attempt_fail(a, "dns", "looking up the addresses of %s failed: %s", found->host, found->failure);
    else
        attempt_fail(a, "dns", "%s has no A or AAAA records", found->host);
}

static void on_addresses(struct attempt *a, enum dns_type type, const struct dns_answer *answer)
{
    size_t len = type == DNS_A ? 4 : 16;
    if (answer->outcome == DNS_BOGUS) {
        lookup_fail(a, a->addresses.host, type, answer);
        return;
    }
    if (answer->outcome == DNS_FAILED)
        a->addresses.failure = type == DNS_A ? "no answer for A" : "no answer for AAAA";
    for (size_t i = 0; answer->outcome == DNS_FOUND && i < answer->record_count; i++)
        if (answer->records[i].len == len)
            take_address(a, answer->records[i].data, len);
    if (--a->addresses.pending == 0)
        conclude(a);
}

void addresses_find(struct attempt *a, const char *host, attempt_step *then)
{
    a->addresses = (struct attempt_addresses){.pending = 2, .then = then};
    (void)snprintf(a->addresses.host, sizeof a->addresses.host, "%s", host);
    lookup_start(a, a->addresses.host, DNS_AAAA, on_addresses);
    if (!a->is_over)
        lookup_start(a, a->addresses.host, DNS_A, on_addresses);
}

bool addresses_set(struct attempt *a, const uint8_t *address, size_t len)
{
    a->addresses = (struct attempt_addresses){.pending = 0};
    write_address(address, len, a->addresses.host);
    take_address(a, address, len);
    if (a->addresses.blocked[0] == '\0')
        return true;
    fail_blocked(a);
    return false;
}
