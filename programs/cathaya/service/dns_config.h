/* dns_config.h - the `dns` block of a service's configuration: how names are looked up.
 *
 *   dns {
 *       resolvers = {"127.0.0.1@53"}            # ask these; none: the authoritative servers
 *       trust-anchor = "/usr/share/dns/root.key"
 *       stub "zone.example" { address = "127.0.0.1@8053" }
 *       insecure = {"zone.example"}             # without DNSSEC at and below; a public CA has none
 *       timeout-ms = 10000
 *       loopback-only = false                   # for demos and tests: no packet leaves the machine
 *   }
 */
#ifndef CATHAYA_PROGRAM_SERVICE_DNS_CONFIG_H
#define CATHAYA_PROGRAM_SERVICE_DNS_CONFIG_H

#include <confuse.h>

#include "adapters/dns/unbound_resolver.h"

/* DNS_CONFIG_SECTION is the row of a table of options for the block. */
#define DNS_CONFIG_SECTION CFG_SEC("dns", dns_config_options, CFGF_NONE)
extern cfg_opt_t dns_config_options[];

struct dns_config {
    struct unbound_resolver_config unbound; /* for unbound_resolver_open; borrows from here and from cfg */
    struct unbound_resolver_stub stubs[UNBOUND_RESOLVER_LIST_MAX];
    const char *forwarders[UNBOUND_RESOLVER_LIST_MAX];
    const char *anchor_files[UNBOUND_RESOLVER_LIST_MAX];
    const char *insecure_zones[UNBOUND_RESOLVER_LIST_MAX];
    char *paths[UNBOUND_RESOLVER_LIST_MAX]; /* of anchor_files, owned */
};

/* dns_config_read reads the block of cfg, which outlives out and neither of them is moved; relative paths
 * begin at directory. STATUS_USAGE with what is wrong. dns_config_clear follows, also after a failure. */
MUST_USE enum status dns_config_read(cfg_t *cfg, const char *directory, struct dns_config *out,
                                     struct error *err);
void dns_config_clear(struct dns_config *config);

#endif
