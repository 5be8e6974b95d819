/* unbound_config.h - from our configuration to a context of libunbound. Inside adapters/dns. */
#ifndef CATHAYA_ADAPTERS_DNS_UNBOUND_CONFIG_H
#define CATHAYA_ADAPTERS_DNS_UNBOUND_CONFIG_H

#include <unbound.h>

#include "adapters/dns/unbound_resolver.h"

/* unbound_config_make gives a context that is ready to resolve, which the caller deletes. */
MUST_USE enum status unbound_config_make(const struct unbound_resolver_config *config,
                                         struct ub_ctx **out, struct error *err);

#endif
