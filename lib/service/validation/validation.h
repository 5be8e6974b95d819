/* validation.h - does somebody control a name, as seen from here? The validator_port of one place: http-01
 * [RFC8555 8.3], dns-01 [RFC8555 8.4], tls-alpn-01 [RFC8737], dns-account-01, dns-persist-01, the same for
 * IP addresses where [RFC8738] has it, and then CAA [RFC8659].
 *
 * What is trusted: the resolver's word on DNSSEC; nothing that a server says. A validator is made to
 * connect where a stranger wants: it does so only to global addresses, on the ports of the methods, and
 * tells the stranger nothing that it read. On the thread of the event loop. */
#ifndef CATHAYA_SERVICE_VALIDATION_VALIDATION_H
#define CATHAYA_SERVICE_VALIDATION_VALIDATION_H

#include "metrics/metrics.h"
#include "ports/clock.h"
#include "ports/events.h"
#include "ports/fetch.h"
#include "ports/resolver.h"
#include "ports/timer.h"
#include "ports/tls_probe.h"
#include "ports/validator.h"

/* Addresses that are allowed although they are not global: a demo on loopback, a test. */
struct validation_range {
    uint8_t address[16];
    uint8_t address_len; /* 4 or 16 */
    uint8_t prefix_bits;
};

/* validation_range_parse reads "127.0.0.0/8" or "::1/128". */
MUST_USE enum status validation_range_parse(const char *text, struct validation_range *out,
                                            struct error *err);

/* 0 is the default everywhere. Borrowed arrays outlive the validation. */
struct validation_config {
    const char *const *issuers; /* our issuer domain names, for CAA and dns-persist-01 */
    size_t issuer_count;
    const struct validation_range *allowed;
    size_t allowed_count;
    uint16_t http_port; /* 80 */
    uint16_t tls_port;  /* 443, for tls-alpn-01 */
    uint32_t dns_timeout_ms;   /* 10,000: one lookup */
    uint32_t fetch_timeout_ms; /* 10,000: one request or handshake */
    uint32_t total_timeout_ms; /* 45,000: all of it */
    size_t attempts_max;       /* 1,000: at a time */
};

/* The ports' contexts outlive the validation, but for those of events and metrics that may be NULL. */
struct validation_ports {
    struct resolver_port resolver;
    struct fetch_port fetch;
    struct tls_probe_port tls_probe;
    struct timer_port timer;
    struct clock_port clock;
    const struct events_port *events; /* NULL: nobody listens */
    struct metrics *metrics;          /* NULL: nothing is counted */
};

struct validation;

MUST_USE enum status validation_new(const struct validation_config *config,
                                    const struct validation_ports *ports, struct validation **out,
                                    struct error *err);
/* validation_free forgets what is under way: no done is called any more. Answers of the ports may still
 * come afterwards, and free what is left; the timer's context outlives them. */
void validation_free(struct validation *v);

struct validator_port validation_port(struct validation *v);

/* validation_method_name is the challenge type: "http-01", ...; NULL for none. */
const char *validation_method_name(enum acme_challenge challenge);
/* validation_method_by_name is 0 for a name that is none. */
enum acme_challenge validation_method_by_name(struct bytes name);

#endif
