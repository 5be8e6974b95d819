/* fetch_trust.h - what `cathaya fetch` trusts: a trust directory, or files that are named one by one. */
#ifndef CATHAYA_PROGRAM_FETCH_TRUST_H
#define CATHAYA_PROGRAM_FETCH_TRUST_H

#include "options.h"
#include "tls/peer_trust.h"

struct fetch_trust;

/* fetch_trust_load reads --trust, or --ca, --intermediate, --policy and --anchor. A --ca file may have Merkle Tree
 * CAs and roots of directly signed chains; the key of a root says which world it is for. at_s: landmarks that are
 * expired then do not count. STATUS_USAGE and what the files are wrong with. */
MUST_USE enum status fetch_trust_load(const struct options *options, int64_t at_s, struct fetch_trust **out,
                                      struct error *err);
void fetch_trust_free(struct fetch_trust *trust);

/* fetch_trust_peer borrows it as TLS takes it. */
const struct peer_trust *fetch_trust_peer(const struct fetch_trust *trust);

#endif
