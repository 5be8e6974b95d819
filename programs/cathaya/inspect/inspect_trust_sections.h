/* inspect_trust_sections.h - what others define and a trust bundle carries: policy, identities, its place in the log of versions. What
 * cannot be read inside them is said there: it is not the bundle's fault. Inside inspect/. */
#ifndef CATHAYA_PROGRAM_INSPECT_INSPECT_TRUST_SECTIONS_H
#define CATHAYA_PROGRAM_INSPECT_INSPECT_TRUST_SECTIONS_H

#include <jansson.h>

#include "codec/trust_bundle/trust_bundle.h"

void inspect_trust_policy(json_t *out, const struct trust_bundle_policy *policy);
void inspect_trust_identities(json_t *out, struct bytes section);

/* inspect_trust_proof shows the log_proof of an envelope or a delta. */
void inspect_trust_proof(json_t *out, struct bytes proof);

#endif
