/* fetch_trust.h - what `cathaya fetch` trusts: a trust directory, or files that are named one by one. */
#ifndef CATHAYA_PROGRAM_FETCH_TRUST_H
#define CATHAYA_PROGRAM_FETCH_TRUST_H

#include "judging/judging_basis.h"

/* fetch_trust_load reads --trust, or --ca, --intermediate, --policy and --anchor; --log-list; and, unless --policy-check is off,
 * the policy. A --ca file may have Merkle Tree CAs and roots of directly signed chains; the key of a root says which world it is
 * for. at_s: landmarks that are expired then do not count. STATUS_USAGE and what the files are wrong with. */
MUST_USE enum status fetch_trust_load(const struct options *options, int64_t at_s, struct judging_basis **out,
                                      struct error *err);

#endif
