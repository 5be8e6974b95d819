#include <stdio.h>
#include <string.h>

#include "rules/tls_alpn_certificate.h"
#include "service/validation/attempt.h"

#define ALPN "acme-tls/1"
/* 32 nibbles with dots and "ip6.arpa". */
#define REVERSE_NAME_SIZE 80

/* The name that stands for an address in SNI [RFC8738 6]. */
static void write_reverse(const uint8_t *ip, size_t len, char out[REVERSE_NAME_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    if (len == 4) {
        (void)snprintf(out, REVERSE_NAME_SIZE, "%u.%u.%u.%u.in-addr.arpa", ip[3], ip[2], ip[1], ip[0]);
        return;
    }
    for (size_t i = 0; i < 16; i++) {
        out[4 * i] = digits[ip[15 - i] & 15];
        out[4 * i + 2] = digits[ip[15 - i] >> 4];
        out[4 * i + 1] = out[4 * i + 3] = '.';
    }
    (void)snprintf(out + 64, REVERSE_NAME_SIZE - 64, "ip6.arpa");
}

static void probe(struct attempt *a, const char *address);

static const char *address_of(const struct attempt *a)
{
    return a->is_second_try || a->addresses.ipv6[0] == '\0' ? a->addresses.ipv4 : a->addresses.ipv6;
}

static void judge(struct attempt *a, const struct tls_probe_result *r)
{
    struct error err = {.status = STATUS_OK};
    const struct acme_identifier *id = &a->request.identifier;
    bool is_ip = a->ip_len > 0;
    if (!r->is_connected && !a->is_second_try && a->addresses.ipv6[0] != '\0' && a->addresses.ipv4[0] != '\0') {
        a->is_second_try = true;
        probe(a, a->addresses.ipv4);
    } else if (!r->is_connected) {
        attempt_fail(a, "connection", "nobody answers at %s, port %u", address_of(a), a->owner->config.tls_port);
    } else if (r->failure[0] != '\0') {
        attempt_fail(a, "tls", "no TLS connection with %s, port %u, for " ALPN, address_of(a),
                     a->owner->config.tls_port);
    } else if (!r->has_alpn) {
        attempt_fail(a, "unauthorized", "%s does not speak " ALPN, address_of(a));
    } else if (tls_alpn_certificate_check(r->certificate, is_ip,
                                          is_ip ? bytes_of(a->ip, a->ip_len) : bytes_of_text(id->value),
                                          a->digest, &err) != STATUS_OK) {
        attempt_fail(a, "unauthorized", "%s: %s", address_of(a), err.text);
    } else {
        attempt_pass(a, UINT32_MAX);
    }
}

static void on_result(void *cookie, const struct tls_probe_result *r)
{
    struct attempt *a = cookie;
    if (!a->is_over)
        judge(a, r);
    attempt_release(a);
}

static void probe(struct attempt *a, const char *address)
{
    struct validation *v = a->owner;
    struct error err = {.status = STATUS_OK};
    char reverse[REVERSE_NAME_SIZE];
    bool has_another = !a->is_second_try && a->addresses.ipv6[0] != '\0' && a->addresses.ipv4[0] != '\0';
    if (a->ip_len > 0)
        write_reverse(a->ip, a->ip_len, reverse);
    struct tls_probe_request request = {
        .address = address, .port = v->config.tls_port, .alpn = ALPN,
        .server_name = a->ip_len > 0 ? reverse : a->request.identifier.value,
        .timeout_ms = has_another ? v->config.fetch_timeout_ms / 2 + 1 : v->config.fetch_timeout_ms,
    };
    attempt_hold(a);
    if (v->ports.tls_probe.start(v->ports.tls_probe.context, &request, on_result, a, &err) == STATUS_OK)
        return;
    attempt_busy(a, &err);
    attempt_release(a);
}

static void connect_first(struct attempt *a)
{
    a->is_second_try = false;
    probe(a, a->addresses.ipv6[0] != '\0' ? a->addresses.ipv6 : a->addresses.ipv4);
}

void tls_alpn_01_start(struct attempt *a)
{
    if (a->ip_len == 0)
        addresses_find(a, a->request.identifier.value, connect_first);
    else if (addresses_set(a, a->ip, a->ip_len))
        connect_first(a);
}
