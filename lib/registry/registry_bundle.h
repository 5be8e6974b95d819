/* registry_bundle.h - from a registry to the trust bundle of a day: all but landmarks and identity records, which its maker adds. */
#ifndef CATHAYA_REGISTRY_REGISTRY_BUNDLE_H
#define CATHAYA_REGISTRY_REGISTRY_BUNDLE_H

#include "registry/registry.h"

/* registry_to_bundle fills an empty bundle, which borrows from registry and algorithms: anchors, CT logs, cosigners, MTC CAs with
 * their rules, revoked ranges, minimum indexes (an IssuanceLog without landmarks each), the policies, the keys of
 * section 9 and the identity signers of section 10. What is accepted or restricted at at_s is in it, and nothing else; a
 * cosigner that is not trusted is left out of the rules, and a rule that needs more members than are left makes its CA
 * left out (it is put into left_out, an array of const struct registry_thing *, when that is not NULL). version, issued_s and expires_s are the caller's. A registry with errors
 * (registry_lint) gives a bundle too: whether to sign it is the caller's decision. STATUS_LIMIT, STATUS_NO_MEMORY,
 * STATUS_REFUSED for what a bundle cannot say. After a failure only trust_bundle_clear is left to do. */
MUST_USE enum status registry_to_bundle(const struct registry *registry, const struct algorithms *algorithms, int64_t at_s,
                                        struct trust_bundle *bundle, struct array *left_out, struct error *err);

#endif
