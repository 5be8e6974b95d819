/* verify_parts.h - the inside of the public verifier, for the other faces of the library. */
#ifndef CATHAYA_API_VERIFY_PARTS_H
#define CATHAYA_API_VERIFY_PARTS_H

#include <cathaya/verify.h>

#include "base/builder.h"
#include "base/status.h"
#include "rules/trust_contents.h"
#include "rules/verify_proof.h"

struct cathaya_trust {
    struct algorithms *algorithms;
    struct trust_store *store;
    struct builder policy, ct_policies; /* texts of section 7 of the first bundle; empty: none */
};

/* verify_parts_give passes a status and its reason to the outside; what is not printable ASCII becomes '?'. */
enum cathaya_status verify_parts_give(enum status s, const struct error *inner, struct cathaya_error *err);

/* verify_parts_add_bundles is cathaya_trust_add_bundles, and gives what else is in them: contents, without a store, borrow
 * from the bundles' bytes (trust_contents_free). */
MUST_USE enum status verify_parts_add_bundles(struct cathaya_trust *trust, const struct cathaya_bundle *bundles,
                                              size_t count, int64_t at, struct trust_contents **contents,
                                              struct error *err);

/* verify_parts_fill_result fills the public result of a Merkle Tree Certificate. */
void verify_parts_fill_result(const struct trust_store *store, const struct proof_verdict *verdict, bool is_ok,
                              struct cathaya_result *out);

#endif
