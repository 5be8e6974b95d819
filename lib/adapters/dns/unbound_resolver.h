/* unbound_resolver.h - the resolver port over libunbound: recursion and DNSSEC validation of our own.
 *
 * libunbound works on a thread that it starts with the first lookup and that close ends; its answers
 * come back over a descriptor that the event loop watches, so every done is called on the loop's thread.
 * Nothing is read from resolv.conf, hosts or the environment.
 */
#ifndef CATHAYA_ADAPTERS_DNS_UNBOUND_RESOLVER_H
#define CATHAYA_ADAPTERS_DNS_UNBOUND_RESOLVER_H

#include "adapters/event_loop/event_loop.h"
#include "ports/resolver.h"

/* Lookups under way at once. One validation asks about ten (CAA walks the tree), hundreds run. */
#define UNBOUND_RESOLVER_LOOKUPS_MAX 4096
/* The root's keys as Debian's dns-root-data installs them. */
#define UNBOUND_RESOLVER_ROOT_KEY "/usr/share/dns/root.key"
/* A validator must not see last minute's answer: the longest that any record is remembered. */
#define UNBOUND_RESOLVER_CACHE_TTL_MAX_S 60
#define UNBOUND_RESOLVER_CACHE_TTL_DEFAULT_S 10
/* A lookup without an answer after this is DNS_FAILED; authoritative servers retry within seconds. */
#define UNBOUND_RESOLVER_TIMEOUT_DEFAULT_MS 10000
#define UNBOUND_RESOLVER_LIST_MAX 64 /* stubs, forwarders, names, files: each list of a configuration */

/* Where the authoritative server of a zone is. address: "192.0.2.1" or "192.0.2.1@5353". */
struct unbound_resolver_stub {
    /* "." only for a server that answers for the root's NS records too: libunbound asks for them first.
     * A mock that does not is a forwarder. */
    const char *zone;
    const char *address;
};

/* Borrowed by open. All zero: recursion from the root servers, validated from UNBOUND_RESOLVER_ROOT_KEY. */
struct unbound_resolver_config {
    const struct unbound_resolver_stub *stubs; /* a zone may stand here more than once */
    size_t stub_count;
    const char *const *forwarders; /* resolvers to ask instead of recursing; ADDRESS or ADDRESS@PORT */
    size_t forwarder_count;
    const char *const *anchor_files; /* DS or DNSKEY records; none: UNBOUND_RESOLVER_ROOT_KEY */
    size_t anchor_file_count;
    const char *const *insecure_zones; /* not validated at and below these names */
    size_t insecure_zone_count;
    bool is_unvalidated;       /* no trust anchor at all; for tests, and never by leaving files out */
    bool is_loopback_only;     /* no packet to anywhere but 127.0.0.0/8, whatever a zone says */
    bool is_uncached;          /* nothing is remembered; for stubs and forwarders, slow with recursion */
    uint32_t cache_ttl_s;      /* 0: UNBOUND_RESOLVER_CACHE_TTL_DEFAULT_S */
    uint32_t timeout_ms;       /* 0: UNBOUND_RESOLVER_TIMEOUT_DEFAULT_MS */
};

struct unbound_resolver;

/* unbound_resolver_open checks the configuration (files are read, nothing is sent) and gives a resolver
 * on loop, which it borrows. STATUS_USAGE for what is wrong in the configuration or a file. */
MUST_USE enum status unbound_resolver_open(struct event_loop *loop,
                                           const struct unbound_resolver_config *config,
                                           struct unbound_resolver **out, struct error *err);

/* unbound_resolver_port is the port; it borrows the resolver. start gives STATUS_USAGE for what is no
 * name. More than DNS_RECORDS_MAX records are DNS_FAILED, for part of an answer proves nothing. */
struct resolver_port unbound_resolver_port(struct unbound_resolver *resolver);

/* unbound_resolver_close answers what is outstanding with DNS_FAILED, ends the thread and frees. Not
 * from within done. NULL is fine. */
void unbound_resolver_close(struct unbound_resolver *resolver);

#endif
