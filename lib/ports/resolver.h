/* resolver.h - DNS lookups that validate DNSSEC.
 *
 * Trust: FOUND and the two negative outcomes are what the zone's owner says when is_secure, and what
 * the network says otherwise; a signed zone with a bad signature gives DNS_BOGUS, never records.
 * On the thread of the event loop.
 */
#ifndef CATHAYA_PORTS_RESOLVER_H
#define CATHAYA_PORTS_RESOLVER_H

#include "base/bytes.h"
#include "base/status.h"

enum dns_type { DNS_A = 1, DNS_TXT = 16, DNS_AAAA = 28, DNS_CAA = 257 };

enum dns_outcome {
    DNS_FOUND,
    DNS_NO_DATA, /* the name exists, without records of this type */
    DNS_NO_NAME, /* NXDOMAIN */
    DNS_FAILED,  /* SERVFAIL, refused, no answer in time: nothing is known */
    DNS_BOGUS    /* DNSSEC says that the answer is forged or broken */
};

/* More records than a sane answer has. */
#define DNS_RECORDS_MAX 64

/* Borrowed for the duration of done. */
struct dns_answer {
    enum dns_outcome outcome;
    bool is_secure;      /* validated from the trust anchor */
    uint32_t ttl_s;
    const struct bytes *records; /* RDATA as on the wire */
    size_t record_count;
    const char *why; /* reason for FAILED and BOGUS, "" otherwise */
};

typedef void resolver_done(void *cookie, const struct dns_answer *answer);

struct resolver_port {
    void *context;
    /* start looks up name (A-labels, with or without the last dot), following CNAMEs, and calls done
     * exactly once, later. STATUS_LIMIT when too many are under way; then done is not called. */
    enum status (*start)(void *context, const char *name, enum dns_type type, resolver_done *done,
                         void *cookie, struct error *err);
};

#endif
